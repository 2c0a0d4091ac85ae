"""The server of the AWS endpoint: accepts connections, ends the silent ones, and lets requests end when it stops."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Final

from ostiary.doors.api.connection import Application, Connection
from ostiary.doors.http import FAREWELL_SECONDS, GRACEFUL_SECONDS, Tls

LOOK_SECONDS: Final = 1.0
"""How often silent connections are looked for."""
_BACKLOG: Final = 2048


class ApiServer:
    """One listener."""

    def __init__(self, app: Application, *, tls: Tls | None = None) -> None:
        self._app, self._tls = app, _context(tls)
        self._connections: set[Connection] = set()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """No more requests."""
        self._stop.set()

    async def serve(self, sockets: list[socket.socket]) -> None:
        """Serve until `stop`, then let running requests end."""
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_server(
                lambda: Connection(self._app, self._connections), sock=each, ssl=self._tls, backlog=_BACKLOG
            )
            for each in sockets
        ]
        looking = asyncio.create_task(self._look())
        await self._stop.wait()
        looking.cancel()
        for server in made:
            server.close()
        await self._drain()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = loop.time()
            for connection in list(self._connections):
                connection.end_if_silent(now)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        for connection in list(self._connections):
            if connection.stop():  # over TLS a client may never answer the farewell
                loop.call_later(FAREWELL_SECONDS, connection.abort)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACEFUL_SECONDS):
                while self._connections or self._app.running:
                    await asyncio.sleep(0.05)
        for connection in list(self._connections):
            connection.abort()


def _context(tls: Tls | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(tls.certificate, tls.key)
    return made
