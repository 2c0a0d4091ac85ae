"""A server that answers exactly the bytes it is told to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ostiary.engines.engine import EngineAddress


class Peer:
    """One connection, seen from the server."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number, self.reader, self.writer = number, reader, writer

    async def request(self) -> tuple[str, dict[str, str]]:
        """The request line and the headers of the next request."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        return head[0], {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in head[1:] if x)}

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def leave(self) -> None:
        self.writer.transport.abort()


class Nasty:
    """What has come so far."""

    def __init__(self) -> None:
        self.connections = 0
        self.address = EngineAddress(host="127.0.0.1", port=0, secure=False, akid="a", secret="s", region="us-east-1")


@asynccontextmanager
async def nasty(behave: Callable[[Peer], object], tls: ssl.SSLContext | None = None) -> AsyncIterator[Nasty]:
    """Serve every connection with `behave`."""
    seen = Nasty()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        try:
            await behave(Peer(seen.connections, reader, writer))  # type: ignore[misc]
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    host = "127.0.0.1" if tls is None else "localhost"
    seen.address = EngineAddress(host=host, port=port, secure=tls is not None, akid="a", secret="s", region="us-east-1")
    try:
        yield seen
    finally:
        server.close()
