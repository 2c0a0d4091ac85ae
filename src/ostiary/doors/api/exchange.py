"""One request and its answer on a connection: what the application reads, and what it says.

Both ways hold little in memory: the socket is no longer read while parts of a body wait to be taken, and `send` waits
while the client is slow.

Source: RFC 9112, sections 6 (framing) and 9.3 (persistence); RFC 9110, section 10.1.1 (100-continue comes with the
first read).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ostiary.gate.request import HttpRequest, HttpResponse, first_of_each
from ostiary.services.outcome import Headers

if TYPE_CHECKING:
    from ostiary.doors.api.connection import Connection

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_MOST_WAITING: Final = 256 * 1024
"""Bytes of a body that may wait to be taken before the socket is no longer read."""
_DISCARDED: Final = 1024 * 1024
"""Bytes of a body whose request was answered already that are read to keep the connection."""
_NO_BODY: Final = frozenset((204, 304))
_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\ndate: " for status in HTTPStatus}


class ClientGone(Exception):
    """The caller closed the connection."""


class Exchange:
    """INVARIANT: it is answered once: by `answer`, or by `begin`, `send` and `end`; or it is broken off."""

    __slots__ = (
        "_chunked",
        "_close",
        "_connection",
        "_parts",
        "_silent",
        "_waiter",
        "_waiting",
        "answered",
        "begun",
        "complete",
        "expects",
        "first_headers",
        "gone",
        "headers",
        "judged",
        "length",
        "method",
        "modern",
        "raw_path",
        "raw_query",
        "request",
        "size",
        "streamed",
        "too_large",
    )

    def __init__(
        self,
        connection: Connection,
        method: str,
        raw_path: str,
        raw_query: str,
        headers: list[tuple[str, str]],
        *,
        modern: bool,
        close: bool,
    ) -> None:
        """
        Args:
            modern: the client understands HTTP/1.1.
            close: the connection ends with this exchange.
        """
        self._connection = connection
        self.method, self.raw_path, self.raw_query, self.headers = method, raw_path, raw_query, headers
        self.first_headers = first_of_each(headers)
        self.modern, self._close = modern, close
        self.length = self.size = self._waiting = 0
        self.complete = self.answered = self.begun = self.gone = False
        self.streamed = self.judged = self.too_large = self.expects = False
        """Whether the body is taken as it comes; whether that is known; whether it is longer than is read into memory;
        whether it waits to be asked for."""
        self.request: HttpRequest | None = None
        """As the application reads it, once it has."""
        self._parts: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._silent = self._chunked = False

    # the connection

    def feed(self, part: bytes) -> None:
        """A part of the body has come."""
        if self.answered:
            return
        self._parts.append(part)
        self._waiting += len(part)
        self._wake()

    def finished(self) -> None:
        """The body has come to its end."""
        self.complete = True
        self._wake()

    def lost(self) -> None:
        """The connection is gone."""
        self.gone = True
        self._wake()

    def drop(self) -> None:
        """Keep nothing of a body that nobody will read."""
        self._parts.clear()
        self._waiting = 0

    @property
    def full(self) -> bool:
        """Whether more of the body waits than should."""
        return self.streamed and self._waiting > _MOST_WAITING

    @property
    def body(self) -> bytes:
        """A body that has come whole, or as much of it as has come."""
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # the application

    @property
    def source_ip(self) -> str:
        """Where the client is."""
        return self._connection.source_ip

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""
        return self._connection.secure

    @property
    def tls_version(self) -> str | None:
        """`1.2` or `1.3`; None without TLS."""
        return self._connection.tls_version

    async def read(self) -> bytes:
        """What has come of the body; empty at its end. Raises `ClientGone`."""
        if self.expects and not (self._parts or self.complete or self.begun):
            self.ask_for_body()
        while not self._parts:
            if self.gone:
                raise ClientGone
            if self.complete:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        part = self._parts.popleft()
        self._waiting -= len(part)
        self._connection.regulate()
        return part

    def ask_for_body(self) -> None:
        """Tell a client that waits to be told to send the body."""
        self.expects = False
        if not self.gone:
            self._connection.write(CONTINUE)

    def answer(self, response: HttpResponse) -> None:
        """The whole answer at once."""
        if self.gone:
            return
        headers, body = response.headers, response.body
        head = self._head(response.status, headers, None if response.status in _NO_BODY else len(body))
        self._connection.write(head if self.method == "HEAD" else head + body)
        self._end()

    def begin(self, status: int, headers: Headers, first: bytes = b"") -> None:
        """The head of an answer whose body comes in parts; of a body of known length as much as there is already."""
        self._silent = self.method == "HEAD" or status in _NO_BODY
        if not self._silent and not _has(headers, "content-length"):
            self._chunked = self.modern
            self._close = self._close or not self.modern
            headers = (*headers, ("transfer-encoding", "chunked")) if self.modern else headers
        head = self._head(status, headers)
        if not self.gone:
            self._connection.write(*((head, first) if first and not self._silent else (head,)))

    async def send(self, part: bytes) -> None:
        """A part of the answer's body. Waits while the client is slow; raises `ClientGone`."""
        if self.gone:
            raise ClientGone
        if not part or self._silent:
            return
        if self._chunked:
            self._connection.write(b"%x\r\n" % len(part), part, b"\r\n")
        else:
            self._connection.write(part)
        await self._connection.drained()

    def pass_on(self, part: bytes | memoryview, resume: Callable[[], None]) -> bool:
        """A part of the answer's body, of the announced length; whether more may come at once. If not, `resume` is
        called when it may.
        """
        if self.gone or self._silent:
            return True
        self._connection.write(part)
        return self._connection.takes(resume)

    def takes(self, resume: Callable[[], None]) -> bool:
        """Whether the client is not slow; see `pass_on`."""
        return self.gone or self._connection.takes(resume)

    def end(self) -> None:
        """The answer's body was sent whole."""
        if self.gone:
            return
        if self._chunked:
            self._connection.write(b"0\r\n\r\n")
        self._end()

    def break_off(self) -> None:
        """The answer can't be given, or not to its end: the client must not take it for whole."""
        if not self.gone and not self.begun:
            self._close = True
            self.answer(HttpResponse(status=500, headers=(("connection", "close"),)))
        elif not self.gone:
            self._connection.abort()

    def _head(self, status: int, headers: Headers, length: int | None = None) -> bytes:
        """Status and headers, and the length of the body where they don't tell it and it is known.

        After it, it is settled whether the connection is kept.
        """
        told, connection = dict(headers), self._connection
        close = self._close or connection.stopping or not self._can_be_read_past()
        close = self._close = close or ("connection" in told and "close" in told["connection"])
        line = _LINES.get(status) or f"HTTP/1.1 {status} \r\ndate: "
        lines = [f"{name}: {value}\r\n" for name, value in headers]
        if length is not None and "content-length" not in told:
            lines.append(f"content-length: {length}\r\n")
        if close and "connection" not in told:
            lines.append("connection: close\r\n")
        text = f"{line}{_date(connection.second)}\r\n{''.join(lines)}\r\n"
        # INVARIANT: nothing that is said in a header ends its line early and begins one, or an answer, of its own
        if text.count("\n") != len(lines) + 3 or text.count("\r") != len(lines) + 3:
            raise ValueError("a header holds a line break")
        head = text.encode("latin-1")
        self.begun = True
        return head

    def _can_be_read_past(self) -> bool:
        """Whether the rest of the body is read, so that it is not taken for the next request.

        What is long is not; and one who waits for 100-continue sends none.
        """
        return self.complete or (not self.expects and 0 < self.length <= _DISCARDED)

    def _end(self) -> None:
        self.answered = True
        self.drop()
        self._connection.answered(close=self._close)


def _has(headers: Sequence[tuple[str, str]], name: str) -> bool:
    return name in dict(headers)


@lru_cache(maxsize=8)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
