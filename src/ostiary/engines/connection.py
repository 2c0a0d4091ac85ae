"""Room `engines`: one HTTP/1.1 connection to an engine, on httptools and asyncio's raw protocol.

Both ways have back-pressure: writing waits while the socket's buffer is full, reading is paused while nobody takes
what has come.

Source: RFC 9112; RFC 9110 section 6.4.1 (which answers have no body).
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, cast

import httptools

from ostiary.engines.call import UpstreamBroken, UpstreamTimeout
from ostiary.engines.passage import Passage

_MOST_WAITING: Final = 512 * 1024
"""Bytes of an answer that may wait to be taken before the socket is no longer read."""


_ROOM: Final = 1024 * 1024
"""Bytes that a Unix socket takes before the engine reads them."""


class Landing:
    """Where what comes from engines lands, whichever connection of a loop it is on: it is passed on before more is
    read, so that one place will do, and stays in the processor's cache. A writer that could not get rid of it all at
    once keeps it, and the next bytes land somewhere else.
    """

    def __init__(self) -> None:
        self.place = bytearray(_LANDING)

    def free(self) -> bytearray:
        """A place that nobody holds."""
        if sys.getrefcount(self.place) > _HELD_BY_US:
            self.place = bytearray(_LANDING)
        return self.place


_LANDING: Final = 256 * 1024
_HELD_BY_US: Final = 2
"""References to it while nobody else has any: our own, and that of the one who counts them."""


class Connection(asyncio.BufferedProtocol):
    """Carries one exchange at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, landing: Landing) -> None:
        self._loop, self._landing = loop, landing
        self._transport: asyncio.Transport | None = None
        self.closed = False
        self.used = 0
        """How many exchanges it has begun."""
        self.idle_since = 0.0
        self._writable: asyncio.Future[None] | None = None
        self._paused = False
        self._exchange: Exchange | Passage | None = None

    # what asyncio tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        plug = transport.get_extra_info("socket")
        if plug is not None and plug.family == socket.AF_UNIX:  # unlike TCP's, its room does not grow by itself
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._landing.free()

    def buffer_updated(self, nbytes: int) -> None:
        if self._exchange is None:
            self.close()  # an answer nobody asked for
        else:
            self._exchange.feed(memoryview(self._landing.place)[:nbytes])

    def eof_received(self) -> None:
        return None  # the transport closes itself, then connection_lost tells the exchange

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._writable is not None and not self._writable.done():
            self._writable.set_exception(UpstreamBroken("the engine closed while it was being sent to"))
            self._writable.exception()  # seen, in case nobody is waiting any more
        if self._exchange is not None:
            self._exchange.lost()

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # what an exchange wants

    def begin(self, head: bytes, *, bodyless: bool) -> Exchange:
        """Send the head of a request; `bodyless`: its answer has no body whatever it says (HEAD)."""
        assert self._transport is not None
        self.used += 1
        self._exchange = exchange = Exchange(self._loop, self, bodyless=bodyless)
        self._transport.write(head)
        return exchange

    def carry(self, head: bytes, passage: Passage) -> None:
        """Send a request whose answer is passed on."""
        assert self._transport is not None
        self.used += 1
        self._exchange = passage
        self._transport.write(head)

    def take_over(self, passage: Passage, received: bytes) -> Exchange:
        """Read an answer that can't be passed on, from its beginning, as any other."""
        self._exchange = exchange = Exchange(self._loop, self, bodyless=passage.bodyless)
        exchange.feed(received)
        return exchange

    def now(self) -> float:
        """The loop's time."""
        return self._loop.time()

    async def send(self, data: bytes) -> None:
        """Write, and wait while the socket's buffer is full. Raises `UpstreamBroken`."""
        if self.closed or self._transport is None:
            raise UpstreamBroken("the engine closed while it was being sent to")
        self._transport.write(data)
        if self._writable is not None:
            await asyncio.shield(self._writable)

    def end(self) -> None:
        """The exchange is over and the connection may carry another."""
        self._exchange = None
        self.idle_since = self._loop.time()

    def hold(self, paused: bool) -> None:
        """Stop or go on reading from the socket."""
        if paused is not self._paused and self._transport is not None and not self.closed:
            self._paused = paused
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def close(self) -> None:
        """Break it off, whatever is under way."""
        if self._transport is not None and not self._transport.is_closing():
            plug = self._transport.get_extra_info("socket")
            if plug is not None and self._exchange is not None:  # a reset, that can't be taken for a proper end
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        self.closed = True


class Exchange:
    """One answer as it comes in. Its methods without `async` are httptools' callbacks and the connection's calls."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: Connection, *, bodyless: bool) -> None:
        self._loop, self._connection, self._bodyless = loop, connection, bodyless
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._parts: deque[bytes] = deque()
        self._waiting = 0
        self._framed = False
        self._tainted = False
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[str, str]] = []
        self.has_head = False
        self.complete = False
        self.reusable = False
        self.failure: UpstreamBroken | None = None

    # httptools

    # INVARIANT: once the answer is complete, nothing that follows in the same bytes becomes part of it

    def on_message_begin(self) -> None:
        if self.complete:
            self._tainted = True

    def on_status(self, reason: bytes) -> None:
        if not self.has_head:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.has_head:
            return  # a trailer
        lower = name.decode("latin-1").lower()
        self._framed = self._framed or lower in ("content-length", "transfer-encoding")
        self.headers.append((lower, value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        status: int = self._parser.get_status_code()
        if self.has_head or 100 <= status < 200:
            return
        self.status, self.has_head = status, True
        self.reusable = self._parser.should_keep_alive()
        self.complete = self._bodyless or status in (204, 304)

    def on_body(self, part: bytes) -> None:
        if self.complete:
            self._tainted = True
            return
        self._parts.append(part)
        self._waiting += len(part)
        if self._waiting > _MOST_WAITING:
            self._connection.hold(True)

    def on_message_complete(self) -> None:
        if self.has_head:
            self.complete = True
        else:  # an informational answer; the real one follows
            self.headers.clear()
            self.reason, self._framed = b"", False

    # the connection

    def feed(self, data: bytes | memoryview) -> None:
        """What the socket gave."""
        if self.complete:
            self._tainted = True
        else:
            try:
                self._parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
                if not self.complete:
                    self.failure = UpstreamBroken(f"the engine's answer is not HTTP: {type(error).__name__}")
                self.reusable = False
        if self._tainted:  # more than it announced: nothing on this connection can be believed
            self.reusable = False
        self._wake()

    def lost(self) -> None:
        """The connection is gone."""
        self.reusable = False
        if self.has_head and not self._framed:
            self.complete = True  # RFC 9112 section 6.3: the end of the connection is the end of the body
        elif not self.complete and self.failure is None:
            where = "in the middle of its answer" if self.has_head else "before it answered"
            self.failure = UpstreamBroken(f"the engine closed {where}")
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # the one who asked

    @property
    def unread(self) -> bool:
        """Whether parts of the body have come that nobody took."""
        return bool(self._parts)

    async def head(self, timeout: float) -> None:
        """Wait for status and headers. Raises `UpstreamBroken`, `UpstreamTimeout`."""
        while not self.has_head:
            if self.failure is not None:
                raise self.failure
            await self._wait(timeout)

    async def head_or(self, sending: asyncio.Future[None]) -> None:
        """Wait for status and headers as long as the request is being sent: the caller's silence is the door's affair.

        Raises `UpstreamBroken`.
        """
        sending.add_done_callback(lambda _: self._wake())
        while not (self.has_head or sending.done()):
            if self.failure is not None:
                raise self.failure
            self._waiter = self._loop.create_future()
            await self._waiter

    def taken(self) -> bytes:
        """What has come of the body; nobody is to take it once more."""
        body = b"".join(self._parts)
        self._parts.clear()
        self._waiting = 0
        return body

    async def body(self, timeout: float) -> AsyncIterator[bytes]:
        """The body as it comes. Raises `UpstreamBroken`, `UpstreamTimeout`."""
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._waiting -= len(part)
                if self._waiting <= _MOST_WAITING // 2:
                    self._connection.hold(False)
                yield part
            if self.complete:
                return
            if self.failure is not None:
                raise self.failure
            await self._wait(timeout)

    async def _wait(self, timeout: float) -> None:
        self._waiter = waiter = self._loop.create_future()
        alarm = self._loop.call_later(timeout, self._give_up, waiter, timeout)
        try:
            await waiter
        finally:
            alarm.cancel()

    @staticmethod
    def _give_up(waiter: asyncio.Future[None], timeout: float) -> None:
        if not waiter.done():
            waiter.set_exception(UpstreamTimeout(f"nothing came from the engine for {timeout:g} seconds"))
