"""The ASGI application of the AWS endpoint. No framework: every request goes to one gate.

Source: ASGI specification 3.0, "HTTP & WebSocket message format"; RFC 9110 (100-continue comes with the first read).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from ostiary.clock import Clock
from ostiary.doors.api.forms import read_form
from ostiary.doors.api.forwarding import ClientGone, Forwarder
from ostiary.gate.gate import Gate, Route
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.services.operation import MustWait
from ostiary.services.outcome import Forward

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_THREADS: Final = 16
_DISCARDED: Final = 1024 * 1024
"""Bytes of a refused upload that are read to keep the connection."""
_62_BITS: Final = (1 << 62) - 1


class TooLarge(Exception):
    """The body is longer than is read into memory."""


class ApiApp:
    """Takes requests from the HTTP server."""

    def __init__(self, gate: Gate, clock: Clock, forwarder: Forwarder | None, max_body: int) -> None:
        self._gate, self._clock, self._forwarder, self._max_body = gate, clock, forwarder, max_body
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="operate")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        head = self._head(scope)
        page = self._gate.published(head)
        if page is not None:
            await answer(send, head, page)
            return
        if self._gate.takes_form(head):
            await self._form(head, receive, send)
            return
        if self._gate.streams(head):
            request = head
        else:
            try:
                body = await read_body(receive, head, self._max_body)
            except TooLarge:
                await answer(send, head, self._gate.too_large(head))
                return
            except ClientGone:
                return
            request = with_body(head, body)
        await self._finish(self._gate.route(request), receive, send)

    async def _form(self, head: HttpRequest, receive: Receive, send: Send) -> None:
        try:
            route, rest = await read_form(self._gate, head, receive)
        except ClientGone:
            return
        await self._finish(route, rest, send)

    async def _finish(self, route: Route, receive: Receive, send: Send) -> None:
        head = request = route.request
        outcome = await self._outcome(route)
        if isinstance(outcome, Forward):
            assert self._forwarder is not None  # without an engine no operation forwards
            await self._forwarder.forward(route, outcome, receive, send)
        else:
            if request.body is None:
                outcome = await refused_early(receive, head, outcome)
            await answer(send, head, outcome)

    async def _outcome(self, route: Route) -> HttpResponse | Forward:
        if not route.blocking:
            try:
                return self._gate.answer(route)
            except MustWait:
                pass
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._gate.answer, replace(route, patient=True))

    def _head(self, scope: Scope) -> HttpRequest:
        client, at = scope.get("client"), self._clock.now()
        return HttpRequest(
            method=scope["method"],
            raw_path=scope["raw_path"].decode("latin-1"),
            raw_query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            body=None,
            source_ip=client[0] if client else "127.0.0.1",
            secure=scope.get("scheme") == "https",
            at=at,
            request_id=new_request_id(at),
        )

    def close(self) -> None:
        """Let running operations end."""
        self._threads.shutdown(wait=True)


_chance: Final[list[bytes]] = []


def _drawn() -> bytes:
    """Ten random bytes; the system is asked for those of many ids at once."""
    try:
        return _chance.pop()
    except IndexError:
        many = os.urandom(2560)
        _chance.extend(many[start : start + 10] for start in range(10, 2560, 10))
        return many[:10]


def new_request_id(at: datetime) -> str:
    """A UUID of version 7: ids are in the order of time, so that the record's index grows at its end alone.

    Source: RFC 9562 section 5.7.
    """
    chance = int.from_bytes(_drawn(), "big")
    stamp, first, rest = int(at.timestamp() * 1000), chance >> 62 & 0xFFF, chance & _62_BITS
    digits = f"{stamp << 80 | 7 << 76 | first << 64 | 2 << 62 | rest:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def with_body(head: HttpRequest, body: bytes) -> HttpRequest:
    """The same request, its body read."""
    return HttpRequest(
        method=head.method,
        raw_path=head.raw_path,
        raw_query=head.raw_query,
        headers=head.headers,
        body=body,
        source_ip=head.source_ip,
        secure=head.secure,
        at=head.at,
        request_id=head.request_id,
    )


async def refused_early(receive: Receive, head: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer to an upload that is refused before its body was read.

    What the client sends on this connection next must not be taken for the body: either the body is read and thrown
    away, or the connection ends. One who waits for 100-continue sends none.
    """
    length = head.header("content-length")
    small = length.isdecimal() and int(length) <= _DISCARDED
    if small and not head.header("expect"):
        with contextlib.suppress(TooLarge, ClientGone):
            await read_body(receive, head, _DISCARDED)
            return response
    return replace(response, headers=[*response.headers, ("connection", "close")])


async def read_body(receive: Receive, head: HttpRequest, most: int) -> bytes:
    """The whole body. Raises `TooLarge`, `ClientGone`."""
    length = head.header("content-length")
    if length.isdecimal() and int(length) > most:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            raise TooLarge
        if part:
            parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def answer(send: Send, head: HttpRequest, response: HttpResponse) -> None:
    """Send an answer that is ready."""
    body = b"" if head.method == "HEAD" else response.body
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if not any(name == b"content-length" for name, _ in headers) and response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
