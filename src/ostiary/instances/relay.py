"""Relays: what is said to a listener inside the namespace is carried to a server outside it.

The endpoint's relays carry bytes and look at nothing. The metadata relay reads requests, because it vouches to the
server for the instance they come from: each request is written anew, with the instance's header and without any such
header of the client's.

Source: RFC 9112 (HTTP/1.1 messages), RFC 9110 section 7.6.1 (connection-specific fields).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Final

import httptools

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

INSTANCE_HEADER: Final = b"x-ostiary-instance-id"
"""The header in which the relay names the instance to the metadata door; the door's word for it is the same."""

_CHUNK: Final = 1 << 16
_NOT_FORWARDED: Final = frozenset(
    {
        INSTANCE_HEADER, b"connection", b"content-length", b"expect", b"keep-alive", b"te", b"trailer",
        b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
_BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nServer: EC2ws\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_BAD_GATEWAY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: EC2ws\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


def carrying(connect: Connect) -> Handler:
    """A handler that carries every byte to a fresh connection and back. What can't be reached closes the client's."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            try:
                far_reader, far_writer = await connect()
            except OSError:
                return
            async with _closing(far_writer):
                await _both(_carry_questions(reader, far_writer), _carry_answers(far_reader, writer))

    return handle


def vouching(connect: Connect, instance_id: str) -> Handler:
    """A handler that carries metadata requests, each with the instance's name on it, and the answers back."""
    vouched = INSTANCE_HEADER + b": " + instance_id.encode("ascii")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            try:
                far_reader, far_writer = await connect()
            except OSError:
                writer.write(_BAD_GATEWAY)
                return
            async with _closing(far_writer):
                forward = _forward_requests(reader, far_writer, writer, vouched)
                await _both(forward, _carry_answers(far_reader, writer))

    return handle


def until_cancelled(handler: Handler) -> Handler:
    """The handler, ending quietly when the loop ends under it: Python 3.11 reports that as an error otherwise."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await handler(reader, writer)

    return handle


class _Requests:
    """Collects whole requests from what the parser reports, rewritten. Bodies mean nothing to metadata: dropped."""

    def __init__(self, vouched: bytes) -> None:
        self.ready = b""
        self._vouched = vouched
        self._url, self._headers = b"", list[bytes]()
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        self._url, self._headers = b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() not in _NOT_FORWARDED:
            self._headers.append(name + b": " + value)

    def on_message_complete(self) -> None:
        line = self.parser.get_method() + b" " + self._url + b" HTTP/1.1"
        ending = () if self.parser.should_keep_alive() else (b"Connection: close",)
        self.ready += b"\r\n".join((line, *self._headers, self._vouched, *ending, b"", b""))


async def _forward_requests(
    reader: asyncio.StreamReader, far: asyncio.StreamWriter, client: asyncio.StreamWriter, vouched: bytes
) -> None:
    requests = _Requests(vouched)
    while data := await reader.read(_CHUNK):
        try:
            requests.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            client.write(_BAD_REQUEST)
            raise ConnectionAbortedError("not a request for metadata") from None
        far.write(requests.ready)
        requests.ready = b""
        await far.drain()
    far.write_eof()


async def _carry_questions(reader: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        far.write(data)
        await far.drain()
    if far.can_write_eof():
        far.write_eof()


async def _carry_answers(far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await far.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    raise ConnectionAbortedError("the server has finished, so nothing more is to be said")


async def _both(questions: Coroutine[Any, Any, None], answers: Coroutine[Any, Any, None]) -> None:
    """Run both directions until the answers have ended or either has failed; the other then ends too."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(questions)
            group.create_task(answers)
    except* OSError:
        pass


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
