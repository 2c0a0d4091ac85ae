"""Requests for the guarded engine: the caller's body streams in, is held to what it declared, and streams on.

INVARIANT: the engine never gets the last byte of a body that was not what its caller declared: the end is held back
until the reader has judged it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from msgspec.structs import replace

from ostiary.engines.engine import Engine, EngineAddress, EngineState
from ostiary.engines.upstream import BodyMismatch, Response, Upstream, UpstreamError
from ostiary.gate.forms import FileBody
from ostiary.gate.gate import Gate, Route
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.services.faults import ServiceFault
from ostiary.services.outcome import Forward, Headers
from ostiary.services.s3.faults import engine_not_ready
from ostiary.sigv4 import BodyReader, ChunkedBody, Family, SignatureFault

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_PATIENCE: Final = 10.0
"""Seconds that a request waits for an engine that is still starting."""
_SOON: Final = frozenset({EngineState.STARTING, EngineState.RESTARTING, EngineState.READY})
_NOT_SENT_BACK: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "server", "date"})


class ClientGone(Exception):
    """The caller closed the connection."""


class Forwarder:
    """Sends requests to the engine as the gate allowed them."""

    def __init__(self, gate: Gate, engine: Engine, upstream: Upstream) -> None:
        self._gate, self._engine, self._upstream = gate, engine, upstream

    async def forward(self, route: Route, forward: Forward, receive: Receive, send: Send) -> None:
        """One request, to its end."""
        engine = self._engine.of((route.target.s3.bucket if route.target.s3 else None) or "")
        address = await self._address(engine)
        if address is None:
            await self._refuse(route, forward, send, engine_not_ready(engine.failure))
            return
        body, length = self._body(route.request, forward, receive)
        try:
            response = await self._upstream.request(
                address, forward.method, forward.raw_path, forward.raw_query, forward.headers, body, length
            )
        except SignatureFault as fault:
            told = fault.told(Family.S3)
            await self._refuse(route, forward, send, ServiceFault(told.code, told.message, told.status, fault.details))
            return
        except ServiceFault as fault:
            await self._refuse(route, forward, send, fault)
            return
        except BodyMismatch:
            text = "You did not provide the number of bytes specified by the Content-Length HTTP header"
            await self._refuse(route, forward, send, ServiceFault("IncompleteBody", text, 400))
            return
        except UpstreamError as error:
            await self._refuse(route, forward, send, engine_not_ready(str(error)))
            return
        except ClientGone:
            self._gate.finish(forward, ("RequestTimeout", "The client closed the connection.", 400))
            return
        async with response:
            hidden = forward.missing() if response.status == 404 and forward.missing is not None else None
            if hidden is not None:
                await self._refuse(route, forward, send, hidden)
                return
            if forward.respond is not None and response.status == 200:
                await response.read()
                self._gate.finish(forward, None)
                made = forward.respond(response.headers)
                await _tell(route, HttpResponse(status=made.status, headers=made.headers, body=made.body), send)
                return
            await self._send_back(route, forward, response, send)

    async def _address(self, engine: Engine) -> EngineAddress | None:
        """Where it answers; one that is about to is waited for."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while (address := engine.address()) is None:
            if engine.state not in _SOON or asyncio.get_running_loop().time() >= deadline:
                return None
            await asyncio.sleep(0.05)
        return address

    def _body(
        self, request: HttpRequest, forward: Forward, receive: Receive
    ) -> tuple[bytes | AsyncIterator[bytes], int | None]:
        if forward.body is not None:
            return forward.body, len(forward.body)
        reader: BodyReader = forward.keep["reader"]
        chunked = isinstance(reader, ChunkedBody)
        if isinstance(reader, FileBody):
            return _held(receive, reader), None
        length = request.header("x-amz-decoded-content-length" if chunked else "content-length")
        return _held(receive, reader), int(length) if length.isdecimal() else None

    async def _send_back(self, route: Route, forward: Forward, response: Response, send: Send) -> None:
        headers: Headers = [(n, v) for n, v in response.headers if n not in _NOT_SENT_BACK and n != "x-amz-request-id"]
        headers = [*headers, ("x-amz-request-id", route.request.request_id)]
        error = (f"Engine{response.status}", response.reason, response.status) if response.status >= 400 else None
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        try:
            async for part in response.parts():
                await send({"type": "http.response.body", "body": part, "more_body": True})
        finally:
            self._gate.finish(forward, error)
        await send({"type": "http.response.body", "body": b""})

    async def _refuse(self, route: Route, forward: Forward, send: Send, fault: ServiceFault) -> None:
        message = f"{fault.message} ({fault.cause})" if fault.cause else fault.message
        self._gate.finish(forward, (fault.code, message, fault.status or 400))
        response: HttpResponse = self._gate.fault_response(forward, fault)
        await _tell(route, replace(response, headers=[*response.headers, ("connection", "close")]), send)


async def _tell(route: Route, response: HttpResponse, send: Send) -> None:
    """An answer that is ready."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if route.request.method == "HEAD" else response.body})


async def _held(receive: Receive, reader: BodyReader) -> AsyncIterator[bytes]:
    """The object's bytes, the last part kept until the whole was judged. Raises `SignatureFault`, `ClientGone`."""
    last = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        for part in reader.feed(message.get("body", b"")):
            if part:
                if last:
                    yield last
                last = part
        if not message.get("more_body"):
            break
    reader.finish()
    if last:
        yield last
