"""Room `engines`: a request as it goes on the wire: its head, and its body held back until its end has come.

Source: RFC 9112, sections 3, 5 and 7.1.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Protocol

from ostiary.engines.engine import Headers

_SMALL: Final = 64 * 1024
"""A body of no more bytes is sent in one piece, and can be sent once more."""
Body = bytes | AsyncIterator[bytes]


class BodyMismatch(ValueError):
    """The body handed in is longer or shorter than its announced length. The request was broken off."""


class Writer(Protocol):
    """What takes a body."""

    async def send(self, data: bytes) -> None:
        """Write, and wait while it is slow."""
        ...


class Source:
    """The body of a request, as it goes on the wire.

    INVARIANT: the engine has the whole body only after the stream has ended well: a stream that finds at its end that a
    checksum is wrong, and raises, leaves no object. For this the last part is kept back until the end, and not even the
    head is sent before there is a first part to send: SeaweedFS takes a body of which nothing came for an empty one.
    """

    def __init__(self, body: Body, length: int | None) -> None:
        self.ended = isinstance(body, bytes)
        """Whether everything has been drawn from the stream."""
        self.first = body if isinstance(body, bytes) else b""
        """What goes with the head."""
        self.whole = self.ended
        """Whether `first` is all of it, so that it can be sent once more."""
        self._wire: AsyncIterator[bytes] | None = None
        if not isinstance(body, bytes):
            self._wire = self._chunked(body) if length is None else self._counted(body, length)

    async def prime(self) -> None:
        """Wait for the first part. Raises what the stream raises, `BodyMismatch`."""
        if self._wire is not None:
            self.first = await anext(self._wire)
            self.whole = self.ended

    async def send(self, connection: Writer) -> None:
        """All but the first part. Raises `BodyMismatch`, `UpstreamBroken`, and what the stream raises."""
        assert self._wire is not None
        async for piece in self._wire:
            await connection.send(piece)

    async def _chunked(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for part in stream:
            if part:
                yield b"%x\r\n%b\r\n" % (len(part), part)
        self.ended = True
        yield b"0\r\n\r\n"

    async def _counted(self, stream: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
        drawn, last = 0, b""
        async for part in stream:
            drawn += len(part)
            if drawn > length:
                raise BodyMismatch(f"the body is longer than the announced {length} bytes")
            if drawn == length or length <= _SMALL:
                last += part
            elif part:
                yield part
        if drawn < length:
            raise BodyMismatch(f"the body ended after {drawn} of {length} bytes")
        self.ended = True
        yield last


def head_of(method: str, path: str, query: str, headers: Headers, length: int | None, *, chunked: bool) -> bytes:
    lines = [f"{method} {path}?{query} HTTP/1.1" if query else f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    if chunked:
        lines.append("transfer-encoding: chunked")
    elif length or method in ("PUT", "POST"):
        lines.append(f"content-length: {length}")
    text = "\r\n".join(lines)
    # INVARIANT: nothing that a client sent can end a line early and begin a request of its own
    if text.count("\r") != len(lines) - 1 or text.count("\n") != len(lines) - 1 or " " in path + query:
        raise ValueError("a header, the path or the query holds a line break or a blank")
    return text.encode("latin-1") + b"\r\n\r\n"
