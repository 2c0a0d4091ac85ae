"""A connection of the AWS endpoint: HTTP/1.1 on httptools, bounded in all that a client may say or keep silent.

Requests are parsed as they come and carried out one after the other; those that nobody has to wait for are answered
before the next event of the loop, with no task of their own.

Source: RFC 9112; RFC 6585 section 5 (431).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, cast

import httptools

from ostiary.doors.api.exchange import Exchange
from ostiary.doors.http import MOST_HEADER_BYTES, TOO_LARGE_HEAD

MOST_SILENT_SECONDS: Final = 60.0
"""How long a client may pause in the middle of a request, or before its first."""
KEPT_SECONDS: Final = 75.0
"""How long an unused connection is kept."""
LINGERING_SECONDS: Final = 2.0
"""How long what a client still sends is read when it has its answer and nothing more will be: else it may lose it."""
_BAD: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\n"
    b"connection: close\r\n\r\nInvalid HTTP request received."
)
_NAMES: Final = {
    spelling.encode(): name
    for name in (
        *("accept", "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "authorization", "connection"),
        *("content-length", "content-md5", "content-type", "date", "expect", "host", "range", "transfer-encoding"),
        *("user-agent", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-target"),
    )
    for spelling in (name, name.title(), name.title().replace("Sha", "SHA"))
}


class Application(Protocol):
    """What carries exchanges out."""

    @property
    def most_body(self) -> int:
        """Bytes of a body that are read into memory."""
        ...

    @property
    def running(self) -> bool:
        """Whether anything is being done."""
        ...

    def second(self) -> int:
        """The time, in seconds since 1970."""
        ...

    def streams(self, exchange: Exchange) -> bool:
        """Whether its body is taken as it comes, told from its head."""
        ...

    def take(self, exchange: Exchange) -> None:
        """Carry out an exchange whose body has come whole, is streamed, or is too large."""
        ...


class Connection(asyncio.Protocol):
    """INVARIANT: of the exchanges that have begun, the first alone is carried out; the others wait in line."""

    def __init__(self, application: Application, connections: set[Connection]) -> None:
        """
        Args:
            application: what carries exchanges out.
            connections: those that are open.
        """
        self._application, self._connections = application, connections
        self._parser = httptools.HttpRequestParser(self)
        self._current: Exchange | None = None
        self._line: deque[Exchange] = deque()
        self._coming: Exchange | None = None
        """The one whose body is being read."""
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._head_bytes = self._trailer_bytes = self._chunk = self._rest = 0
        self._in_head, self._unfinished, self._broken = True, True, b""
        self._held = self._going = self._lingering = False
        self.stopping = False
        self._writable: asyncio.Future[None] | None = None
        self._resume: Callable[[], None] | None = None
        self.source_ip, self.secure = "", False
        self.tls_version: str | None = None

    # what asyncio tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._connections.add(self)
        peer = transport.get_extra_info("peername")
        self.source_ip = str(peer[0]) if isinstance(peer, tuple) else "127.0.0.1"
        tls = transport.get_extra_info("ssl_object")
        self.secure = tls is not None
        self.tls_version = (tls.version() or "").removeprefix("TLSv") or None if tls is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        for exchange in (self._current, self._coming, *self._line):
            if exchange is not None:
                exchange.lost()
        self._line.clear()
        self.resume_writing()

    def eof_received(self) -> None:
        return None

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None
        if self._resume is not None:
            resume, self._resume = self._resume, None
            resume()

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        if self._broken or self._lingering:
            return
        if self._rest:
            data = self._stream(data)
            if not data:
                return
        self._chunk = len(data)
        if self._in_head:
            self._head_bytes += self._chunk
        self._parse(data)
        if self._in_head and self._head_bytes > 2 * MOST_HEADER_BYTES:  # what came may be a body for the most part
            self._broken = self._broken or TOO_LARGE_HEAD
        self._go_on()

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # we speak nothing else, and say so by answering; what follows is not read
        except httptools.HttpParserError:
            self._broken = self._broken or _BAD

    def _stream(self, data: bytes) -> bytes:
        """The rest of a body of known length goes past the parser, uncopied. What follows it is given back."""
        exchange, size, following = self._coming, len(data), b""
        assert exchange is not None
        if size > self._rest:
            data, following = data[: self._rest], data[self._rest :]
            size = self._rest
        self._rest -= size
        exchange.feed(data)
        if not self._rest:
            self._parser = httptools.HttpRequestParser(self)
            self._complete(exchange)
            self._in_head, self._head_bytes = True, 0
            if not following:
                self._go_on()
        elif exchange.full:
            self.regulate()
        return following

    # what the parser tells us

    def on_message_begin(self) -> None:
        self._in_head = self._unfinished = True
        self._head_bytes, self._trailer_bytes = self._chunk, 0
        self._url, self._headers = b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            self._headers.append((_NAMES.get(name) or name.decode("latin-1").lower(), value.decode("latin-1")))
            return
        # a trailer: what comes after the body was not signed, so that it is read past and never becomes a header
        self._trailer_bytes += len(name) + len(value) + 4
        if self._trailer_bytes > MOST_HEADER_BYTES:
            self._refuse()

    def on_headers_complete(self) -> None:
        self._in_head = False
        parser = self._parser
        if self._head_bytes > MOST_HEADER_BYTES:
            size = sum(len(name) + len(value) + 4 for name, value in self._headers) + len(self._url)
            if size > MOST_HEADER_BYTES:
                self._refuse()
        path, query = _target(self._url)
        modern = parser.get_http_version() != "1.0"
        close = not modern or not parser.should_keep_alive() or parser.should_upgrade()
        exchange = Exchange(self, parser.get_method().decode(), path, query, self._headers, modern=modern, close=close)
        self._coming = exchange
        told = exchange.first_headers
        if "content-length" in told:
            exchange.length = int(told["content-length"])
        if "expect" in told and told["expect"].lower() == "100-continue":
            exchange.expects = modern
        self._line.append(exchange)

    def on_body(self, part: bytes) -> None:
        exchange = self._coming
        if exchange is None:
            return
        exchange.size += len(part)
        exchange.feed(part)

    def on_message_complete(self) -> None:
        if self._coming is not None:
            self._complete(self._coming)

    def _complete(self, exchange: Exchange) -> None:
        self._unfinished, self._coming = False, None
        exchange.expects = False
        exchange.finished()

    def _refuse(self) -> None:
        self._broken = TOO_LARGE_HEAD
        raise ValueError("more than is read")  # ends the parsing

    # what is done next

    def _go_on(self) -> None:
        """Carry out what has come; one after the other, since each may be answered before the next is looked at."""
        self._going = True
        while not self._lingering and not self._transport.is_closing():
            current = self._current
            if current is not None and not (current.answered and current.complete):
                break
            self._current = None
            if not self._line or not self._may_start(self._line[0]):
                break
            self._current = exchange = self._line.popleft()
            self._application.take(exchange)
        self._going = False
        if self._broken:
            self._give_up()
        self.regulate()

    def _give_up(self) -> None:
        """What the client says is no HTTP: once the requests before are answered, it is told so."""
        current = self._current
        if current is not None and not current.complete:
            self._current = None
            current.lost()  # nothing more of its body will come
        elif current is not None or self._line or self._lingering:
            return
        if current is not None and current.begun:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write(self._broken)
            self._linger()

    def _may_start(self, exchange: Exchange) -> bool:
        exchange.too_large = max(exchange.length, exchange.size) > self._application.most_body
        if exchange.complete:
            return True
        if not exchange.judged:
            exchange.judged = True
            exchange.streamed = self._application.streams(exchange)
            if exchange.streamed and exchange.length and not self._broken:
                self._rest = exchange.length - exchange.size
        if exchange.streamed or exchange.too_large:
            return True
        if self._broken:  # the rest will never come
            self._line.clear()
        elif exchange.expects:
            exchange.ask_for_body()
        return False

    def regulate(self) -> None:
        """Read the socket, or don't: while requests wait in line, or more of a body than should."""
        coming, current = self._coming, self._current
        hold = (current is not None and bool(self._line)) or (coming is not None and coming.full)
        if hold is not self._held and not self._transport.is_closing():
            self._held = hold
            self._heard = self._loop.time()
            (self._transport.pause_reading if hold else self._transport.resume_reading)()

    # what an exchange wants

    @property
    def second(self) -> int:
        """The time, in seconds since 1970."""
        return self._application.second()

    def write(self, *parts: bytes | memoryview) -> None:
        """Say something."""
        if len(parts) == 1:
            self._transport.write(parts[0])
        else:
            self._transport.writelines(parts)

    def takes(self, resume: Callable[[], None]) -> bool:
        """Whether the client is not slow; if it is, `resume` is called when it has caught up, or is gone."""
        if self._writable is None:
            return True
        self._resume = resume
        return False

    async def drained(self) -> None:
        """Wait while the client is slow."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    def answered(self, *, close: bool) -> None:
        """The current exchange has its answer."""
        current = self._current
        self._heard = self._loop.time()
        if close and (current is None or current.complete or current.expects):
            self._transport.close()
        elif close:
            self._linger()
        elif not self._going:
            self._go_on()

    def abort(self) -> None:
        """Break the connection off."""
        self._transport.abort()

    def _linger(self) -> None:
        """Close, but read what the client is still sending, so that it reads its answer before it hears of it."""
        self._lingering, self._rest = True, 0
        if self._held:
            self._held = False
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._loop.call_later(LINGERING_SECONDS, self._transport.close)

    # what the listener wants

    def end_if_silent(self, now: float) -> None:
        """Close when the client has been silent for longer than it may."""
        if self._transport.is_closing() or self._held or self._lingering:
            return
        most = MOST_SILENT_SECONDS if self._unfinished else KEPT_SECONDS
        if (self._unfinished or self._current is None) and now - self._heard > most:
            self._transport.close()

    def stop(self) -> bool:
        """No request after this one; whether the connection was idle, and is closed now."""
        self.stopping = True
        busy = bool(self._line) or (self._current is not None and not self._current.answered)
        if not busy:
            self._transport.close()
        return not busy


def _target(url: bytes) -> tuple[str, str]:
    """Path and query as they came. Raises for what is no URL."""
    if url[:1] == b"/" and b"#" not in url:
        path, _, query = url.partition(b"?")
    else:
        parsed = httptools.parse_url(url)
        path, query = parsed.path, parsed.query or b""
    return path.decode("ascii"), query.decode("latin-1")
