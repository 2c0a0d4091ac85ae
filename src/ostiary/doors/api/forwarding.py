"""Requests for the guarded engine: the caller's body streams in, is held to what it declared, and streams on.

INVARIANT: the engine never gets the last byte of a body that was not what its caller declared: the end is held back
until the reader has judged it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from msgspec.structs import replace

from ostiary.doors.api.exchange import ClientGone, Exchange
from ostiary.engines.engine import Engine, EngineAddress, EngineState
from ostiary.engines.upstream import BodyMismatch, Response, Upstream, UpstreamError
from ostiary.gate.forms import FileBody
from ostiary.gate.gate import Gate, Route
from ostiary.gate.request import HttpResponse
from ostiary.services.faults import ServiceFault
from ostiary.services.outcome import Forward, Headers
from ostiary.services.s3.faults import engine_not_ready
from ostiary.services.s3.requests import MARKER
from ostiary.sigv4 import BodyReader, ChunkedBody, Family, SignatureFault

_PATIENCE: Final = 10.0
"""Seconds that a request waits for an engine that is still starting."""
_SOON: Final = frozenset({EngineState.STARTING, EngineState.RESTARTING, EngineState.READY})
_NOT_SENT_BACK: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "server", "date", MARKER})


class Forwarder:
    """Sends requests to the engine as the gate allowed them."""

    def __init__(self, gate: Gate, engine: Engine, upstream: Upstream) -> None:
        self._gate, self._engine, self._upstream = gate, engine, upstream

    async def forward(self, route: Route, forward: Forward, exchange: Exchange) -> None:
        """One request, to its end."""
        engine = self._engine.of((route.target.s3.bucket if route.target.s3 else None) or "")
        address = await self._address(engine)
        if address is None:
            self._refuse(forward, exchange, engine_not_ready(engine.failure))
            return
        body, length = self._body(forward, exchange)
        try:
            response = await self._upstream.request(
                address, forward.method, forward.raw_path, forward.raw_query, forward.headers, body, length
            )
        except SignatureFault as fault:
            told = fault.told(Family.S3)
            self._refuse(forward, exchange, ServiceFault(told.code, told.message, told.status, fault.details))
            return
        except ServiceFault as fault:
            self._refuse(forward, exchange, fault)
            return
        except BodyMismatch:
            text = "You did not provide the number of bytes specified by the Content-Length HTTP header"
            self._refuse(forward, exchange, ServiceFault("IncompleteBody", text, 400))
            return
        except UpstreamError as error:
            self._refuse(forward, exchange, engine_not_ready(str(error)))
            return
        except ClientGone:
            self._gate.finish(forward, ("RequestTimeout", "The client closed the connection.", 400))
            return
        async with response:
            hidden = forward.missing() if response.status == 404 and forward.missing is not None else None
            if hidden is not None:
                self._refuse(forward, exchange, hidden)
                return
            if forward.respond is not None and response.status == 200:
                await response.read()
                self._gate.finish(forward, None)
                made = forward.respond(response.headers)
                exchange.answer(HttpResponse(status=made.status, headers=made.headers, body=made.body))
                return
            await self._send_back(route, forward, response, exchange)

    async def _address(self, engine: Engine) -> EngineAddress | None:
        """Where it answers; one that is about to is waited for."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while (address := engine.address()) is None:
            if engine.state not in _SOON or asyncio.get_running_loop().time() >= deadline:
                return None
            await asyncio.sleep(0.05)
        return address

    def _body(self, forward: Forward, exchange: Exchange) -> tuple[bytes | AsyncIterator[bytes], int | None]:
        if forward.body is not None:
            return forward.body, len(forward.body)
        reader: BodyReader = forward.keep["reader"]
        if isinstance(reader, FileBody):
            return _held(exchange, reader), None
        named = "x-amz-decoded-content-length" if isinstance(reader, ChunkedBody) else "content-length"
        length = next((value for name, value in exchange.headers if name == named), "")
        return _held(exchange, reader), int(length) if length.isdecimal() else None

    async def _send_back(self, route: Route, forward: Forward, response: Response, exchange: Exchange) -> None:
        headers: Headers = [(n, v) for n, v in response.headers if n not in _NOT_SENT_BACK and n != "x-amz-request-id"]
        headers = [*headers, ("x-amz-request-id", route.request.request_id)]
        error = (f"Engine{response.status}", response.reason, response.status) if response.status >= 400 else None
        exchange.begin(response.status, headers)
        try:
            async for part in response.parts():
                await exchange.send(part)
        finally:
            self._gate.finish(forward, error)
        exchange.end()

    def _refuse(self, forward: Forward, exchange: Exchange, fault: ServiceFault) -> None:
        message = f"{fault.message} ({fault.cause})" if fault.cause else fault.message
        self._gate.finish(forward, (fault.code, message, fault.status or 400))
        response: HttpResponse = self._gate.fault_response(forward, fault)
        exchange.answer(replace(response, headers=(*response.headers, ("connection", "close"))))


async def _held(exchange: Exchange, reader: BodyReader) -> AsyncIterator[bytes]:
    """The object's bytes, the last part kept until the whole was judged. Raises `SignatureFault`, `ClientGone`."""
    last, over = b"", False
    while not over:
        came = await exchange.read()
        over = not came
        for part in reader.feed(came):
            if part:
                if last:
                    yield last
                last = part
    reader.finish()
    if last:
        yield last
