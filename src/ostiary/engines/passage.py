"""Room `engines`: an answer passed on as it comes, by callbacks, for requests without a body: no task, no parser of
parts, no copy. What is not plain (an answer in chunks, or one that ends with its connection) is handed over to
`connection.Exchange`, which reads everything.

Source: RFC 9112, sections 4 and 6; RFC 9110 section 6.4.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from ostiary.engines.call import UpstreamBroken, UpstreamError, UpstreamTimeout

if TYPE_CHECKING:
    from ostiary.engines.connection import Connection

_STATUS: Final = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\r\n]*))?(?=\r|\Z)").match
_FIELDS: Final = re.compile(r"\r\n([^\s:][^\r\n:]*):[ \t]*([^\r\n]*)").findall
_DIGITS: Final = re.compile(r"[0-9]{1,18}", re.ASCII).fullmatch
_FRAMING: Final = ("content-length", "connection")
_LONGEST_HEAD: Final = 128 * 1024
_NO_BODY: Final = frozenset((204, 304))


class Sink(Protocol):
    """Where an answer goes. INVARIANT: either `whole`, or `begin`, parts and `end`, or `otherwise`; or `failed`."""

    @property
    def gone(self) -> bool:
        """Whether nobody wants the answer any more."""
        ...

    def wants(self, status: int) -> bool:
        """Whether an answer of this status is passed on; if not, `otherwise` gets it."""
        ...

    def whole(self, status: int, reason: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """All of it."""
        ...

    def begin(self, passage: Passage, status: int, reason: str, headers: list[tuple[str, str]], data: bytes) -> bool:
        """The head and as much of the body as came with it; parts follow. Otherwise as `part`."""
        ...

    def part(self, passage: Passage, data: bytes | memoryview) -> bool:
        """A part of the body; whether more may come at once. If not, call the passage's `go_on` later.

        What `data` shows is there until this returns, and then for as long as somebody holds it.
        """
        ...

    def end(self) -> None:
        """That was the last part."""
        ...

    def otherwise(self, passage: Passage, received: bytes) -> None:
        """An answer that is not passed on like this, as far as it came; the connection is the sink's now."""
        ...

    def again(self) -> None:
        """The connection had been closed while it lay unused: nothing was answered."""
        ...

    def failed(self, error: UpstreamError) -> None:
        """No answer, or not to its end."""
        ...


class Passage:
    """One exchange on a connection, in the place of `connection.Exchange`."""

    __slots__ = ("_buffer", "_done", "_left", "_over", "_paused", "_reused", "_sink", "bodyless", "connection", "heard")

    def __init__(self, connection: Connection, sink: Sink, over: _Over, *, bodyless: bool, now: float) -> None:
        """
        Args:
            over: told when the connection is free again, and whether it may be kept.
            bodyless: the answer has no body whatever it says (HEAD).
        """
        self.connection, self._sink, self._over, self.bodyless = connection, sink, over, bodyless
        self._buffer, self._left = b"", -1
        self._reused = connection.used > 0
        self._done = self._paused = False
        self.heard = now

    # what the connection tells

    def feed(self, data: bytes | memoryview) -> None:
        """What the socket gave."""
        if self._done:
            return
        self.heard = self.connection.now()
        if self._left >= 0:
            self._body(data)
            return
        self._buffer = data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            self._head(data, end)
        elif len(data) > _LONGEST_HEAD:
            self.fail(UpstreamBroken("the engine's answer has no end of its head"))

    def lost(self) -> None:
        """The connection is gone."""
        if self._done:
            return
        if self._reused and not self._buffer and self._left < 0:
            self._finish(keep=False)
            self._sink.again()
        else:
            where = "in the middle of its answer" if self._left >= 0 else "before it answered"
            self.fail(UpstreamBroken(f"the engine closed {where}"))

    # what the sink and the client tell

    def go_on(self) -> None:
        """The sink takes parts again."""
        if self._paused and not self._done:
            self._paused = False
            self.connection.hold(False)

    def fail(self, error: UpstreamError) -> None:
        """Break it off."""
        if not self._done:
            self._finish(keep=False)
            self._sink.failed(error)

    def look(self, now: float, patience: float) -> None:
        """Break it off if nobody wants it any more, or nothing has come for too long."""
        if self._sink.gone:
            self.fail(UpstreamBroken("the client is gone"))
        elif not self._paused and now - self.heard > patience:
            self.fail(UpstreamTimeout(f"nothing came from the engine for {patience:g} seconds"))

    # the answer

    def _head(self, data: bytes, end: int) -> None:
        text = data[:end].decode("latin-1")
        found = _STATUS(text)
        fields = _FIELDS(text, found.end()) if found is not None else []
        # INVARIANT: every line is a header, and every line break ends one: nothing is read past
        if found is None or not len(fields) == text.count("\n") == text.count("\r"):
            self.fail(UpstreamBroken("the engine's answer is not HTTP"))
            return
        status = int(found[2])
        if status < 200:
            self._buffer = b""
            self.feed(data[end + 4 :])
            return
        headers = [(name.lower(), value.rstrip(" \t")) for name, value in fields]
        named = dict(headers)
        length = named.get("content-length")
        plain = (
            found[1] == "1"
            and "transfer-encoding" not in named
            and named.get("connection", "keep-alive").lower() == "keep-alive"
            and (length is None or _DIGITS(length) is not None)
            and (len(named) == len(headers) or _each_once(headers))
        )
        empty = self.bodyless or status in _NO_BODY
        if not plain or (length is None and not empty) or not self._sink.wants(status):
            self._done = True
            self._over(self, None)
            self._sink.otherwise(self, data)
            return
        size = 0 if empty else int(length or "0")
        body = data[end + 4 :]
        self._buffer = b""
        if len(body) >= size:
            self._finish(keep=len(body) == size)
            self._sink.whole(status, found[3] or "", headers, body[:size])
            return
        self._left = size - len(body)
        self._pace(self._sink.begin(self, status, found[3] or "", headers, body))

    def _body(self, data: bytes | memoryview) -> None:
        if self._sink.gone:
            self.fail(UpstreamBroken("the client is gone"))
            return
        left = self._left - len(data)
        if left < 0:
            data = data[: self._left]
        self._left = max(left, 0)
        more = self._sink.part(self, data)
        if left <= 0:
            self._finish(keep=left == 0)
            self._sink.end()
        else:
            self._pace(more)

    def _pace(self, more: bool) -> None:
        if not more and not self._paused:
            self._paused = True
            self.connection.hold(True)

    def _finish(self, *, keep: bool) -> None:
        self._done = True
        if self._paused:
            self._paused = False
            self.connection.hold(False)
        self._over(self, keep and not self.connection.closed)


def _each_once(headers: list[tuple[str, str]]) -> bool:
    names = [name for name, _ in headers]
    return all(names.count(name) < 2 for name in _FRAMING)


class _Over(Protocol):
    def __call__(self, passage: Passage, keep: bool | None) -> None:
        """`keep`: whether the connection may carry another exchange; None: somebody goes on with this one."""
