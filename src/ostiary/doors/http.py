"""The HTTP server under every door: uvicorn with httptools, bounded and quiet.

Source: uvicorn documentation, "Settings"; RFC 6585 section 5 (431).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEADER_BYTES: Final = 64 * 1024
_MOST_SILENT_SECONDS: Final = 60.0
"""How long a client may pause in the middle of a request, or before its first."""
FAREWELL_SECONDS: Final = 0.5
GRACEFUL_SECONDS: Final = 20
"""How long requests that run may take to end when the server stops."""
_TOO_LARGE_BODY: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>RequestHeaderSectionTooLarge</Code><Message>Your request '
    b"header section exceeds the maximum allowed size.</Message></Error>"
)
TOO_LARGE_HEAD: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: application/xml\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_TOO_LARGE_BODY), _TOO_LARGE_BODY)
)
"""The whole answer."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate of the endpoint, PEM files."""

    certificate: Path
    key: Path


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol with bounds on what a client may say around its body, and on how long it may say nothing."""

    _head_bytes = 0
    _trailer_bytes = 0
    _in_head = True
    _unfinished = True
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._wait_no_more()
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEADER_BYTES + 65_536:
                self._refuse()
                return
        super().data_received(data)
        if self._unfinished and not self.transport.is_closing():
            self._wait_for_more()

    def on_message_begin(self) -> None:
        self._in_head = self._unfinished = True
        self._head_bytes = self._trailer_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)
            return
        # A trailer: what comes after the body was not signed, so that it is read past and never becomes a header.
        self._trailer_bytes += len(name) + len(value) + 4
        if self._trailer_bytes > MOST_HEADER_BYTES:
            self._refuse()

    def on_headers_complete(self) -> None:
        size = sum(len(name) + len(value) + 4 for name, value in self.headers) + len(self.url)
        self._in_head = False
        if size > MOST_HEADER_BYTES:
            self._refuse()
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._unfinished = False

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():  # idle; over TLS a client may never answer the farewell
            self.loop.call_later(FAREWELL_SECONDS, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(TOO_LARGE_HEAD)
            self.transport.close()

    def _wait_for_more(self) -> None:
        self._patience = self.loop.call_later(_MOST_SILENT_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if self.flow.read_paused:  # it is us who keep the client waiting
            self._wait_for_more()
        elif not self.transport.is_closing():
            self.transport.close()


class Listener(Protocol):
    """What serves sockets until it is told to stop."""

    async def serve(self, sockets: list[socket.socket]) -> None:
        """Serve, and after `stop` let running requests end."""
        ...

    def stop(self) -> None:
        """No more requests."""
        ...


class Server(uvicorn.Server):
    """One listener. Signals are the business of whoever runs several."""

    def stop(self) -> None:
        """No more requests."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def listener(app: Any, *, tls: Tls | None = None, loop: str = "none") -> Server:
    """A server for an ASGI application; give it sockets with `serve`."""
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        loop=loop,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    return Server(config)


def bound(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.create_server((host, port), family=family, backlog=2048)
    made.setblocking(False)
    return made


def address(sock: socket.socket, tls: bool) -> str:
    """`http://127.0.0.1:4700`."""
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"


async def serve_all(servers: Sequence[tuple[Listener, list[socket.socket]]], stop: asyncio.Event) -> None:
    """Serve until `stop`, then let running requests end."""
    tasks = [asyncio.create_task(server.serve(sockets=sockets)) for server, sockets in servers]
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for server, _ in servers:
        server.stop()
    await asyncio.gather(*tasks)
    waiting.cancel()
