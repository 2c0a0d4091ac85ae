"""Requests for the guarded engine: the caller's body streams in, is held to what it declared, and streams on.

INVARIANT: the engine never gets the last byte of a body that was not what its caller declared: the end is held back
until the reader has judged it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from ostiary.doors.api.exchange import ClientGone, Exchange
from ostiary.doors.api.spool import Spool
from ostiary.engines.engine import Engine, EngineAddress, EngineState
from ostiary.engines.passage import Passage
from ostiary.engines.upstream import BodyMismatch, Response, Upstream, UpstreamError
from ostiary.gate.forms import FileBody
from ostiary.gate.gate import Gate
from ostiary.gate.request import HttpResponse
from ostiary.gate.trail import Route
from ostiary.services.faults import ServiceFault
from ostiary.services.outcome import Forward, Headers
from ostiary.services.s3.engine_calls import of_engine
from ostiary.services.s3.faults import engine_not_ready
from ostiary.services.s3.refusals import mended
from ostiary.services.s3.requests import MARKER
from ostiary.sigv4 import BodyReader, ChunkedBody, Family, SignatureFault

_PATIENCE: Final = 10.0
"""Seconds that a request waits for an engine that is still starting."""
_AT_ONCE: Final = 256 * 1024
"""Bytes of a body that is judged before anything is sent, if it has come whole."""
_SOON: Final = frozenset({EngineState.STARTING, EngineState.RESTARTING, EngineState.READY})
_NOT_SENT_BACK: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "server", "date", MARKER, "x-amz-request-id"}
    | {"vary"}  # the engine is asked by us alone, whatever Origin the caller has
    | {"seaweed-x-amz-etag", "seaweed-x-amz-owner"}  # of nobody's concern but the engine's
)
_OF_REFUSALS: Final = ("x-amz-version-id", "x-amz-delete-marker", "retry-after", "content-range")
"""Headers of an engine's refusal that say more of it."""
GONE: Final = ("RequestTimeout", "The client closed the connection.", 400)


Begin = Callable[[Exchange, Coroutine[Any, Any, None]], None]


def _nobody(_exchange: Exchange, _doing: Coroutine[Any, Any, None]) -> None:
    raise RuntimeError("nobody carries it out")


class Forwarder:
    """Sends requests to the engine as the gate allowed them."""

    def __init__(self, gate: Gate, engine: Engine, upstream: Upstream, directory: Path) -> None:
        """`directory`: where bodies are held that can't be sent on before their end."""
        self._gate, self._engine, self._upstream, self._directory = gate, engine, upstream, directory
        self.begin: Begin = _nobody
        """Carries out what takes longer, in a task."""

    def finish(self, forward: Forward, error: tuple[str, str, int] | None, sent: int) -> None:
        """Record it; `sent`: bytes that went to the caller."""
        self._gate.finish(forward, error, (len(forward.body or b""), sent))

    def go_on(
        self, route: Route, forward: Forward, exchange: Exchange, taken: tuple[EngineAddress, Passage, bytes] | None
    ) -> None:
        """Go on with what can't be passed on by callbacks; `taken`: an answer that has begun."""
        if taken is None:
            self.begin(exchange, self.forward(route, forward, exchange))
        else:
            self.begin(exchange, self._answer_taken(route, forward, exchange, taken))

    async def _answer_taken(
        self, route: Route, forward: Forward, exchange: Exchange, taken: tuple[EngineAddress, Passage, bytes]
    ) -> None:
        await self.answer(route, forward, exchange, self._upstream.take_over(*taken))

    def pass_on(self, route: Route, forward: Forward, exchange: Exchange) -> bool:
        """Do it at once, by callbacks, if it is one of the many: a body that is small and has come, an engine that is
        there, a connection to it. False: it is still to be done.
        """
        if forward.respond is not None or (forward.body is None and not _has_come(exchange)):
            return False
        address = self._engine_of(route).address()
        if address is None:
            return False
        if not self._upstream.has_idle(address):
            return False
        if forward.body is None:
            try:
                forward = structs.replace(forward, body=_judged(forward.keep["reader"], exchange.body))
            except (SignatureFault, ServiceFault) as fault:
                self.refuse(forward, exchange, _told(fault))
                return True
        sink = _Passing(self, route, forward, exchange, address)
        self._upstream.pass_on(
            address, forward.method, forward.raw_path, forward.raw_query, forward.headers, forward.body or b"", sink
        )
        return True

    def _engine_of(self, route: Route) -> Engine:
        return self._engine.of((route.target.s3.bucket if route.target.s3 else None) or "")

    async def forward(self, route: Route, forward: Forward, exchange: Exchange) -> None:
        """One request, to its end."""
        engine = self._engine_of(route)
        address = await self._address(engine)
        if address is None:
            self.refuse(forward, exchange, engine_not_ready(engine.failure))
            return
        body, length = self._body(forward, exchange)
        spool: Spool | None = None
        try:
            if length is None and not isinstance(body, bytes) and not engine.takes_unsized:
                spool = Spool(self._directory)
                await spool.fill(body)
                body, length = spool.parts(), spool.length
            response = await self._upstream.request(
                address, forward.method, forward.raw_path, forward.raw_query, forward.headers, body, length
            )
        except (SignatureFault, ServiceFault) as fault:
            self.refuse(forward, exchange, _told(fault))
            return
        except BodyMismatch:
            text = "You did not provide the number of bytes specified by the Content-Length HTTP header"
            self.refuse(forward, exchange, ServiceFault("IncompleteBody", text, 400))
            return
        except UpstreamError as error:
            self.refuse(forward, exchange, engine_not_ready(str(error)))
            return
        except ClientGone:
            self._gate.finish(forward, GONE)
            return
        except OSError as error:
            self.refuse(forward, exchange, engine_not_ready(f"the body can't be held: {error.strerror}"))
            return
        finally:
            if spool is not None:
                spool.close()
        await self.answer(route, forward, exchange, response)

    async def answer(self, route: Route, forward: Forward, exchange: Exchange, response: Response) -> None:
        """What the engine says, to the caller."""
        async with response:
            hidden = forward.missing() if response.status == 404 and forward.missing is not None else None
            if hidden is not None:
                self.refuse(forward, exchange, hidden)
                return
            if forward.respond is not None and response.status == 200:
                body = await response.read()
                self._gate.finish(forward, None, (exchange.length, 0))
                made = forward.respond(response.headers, body)
                headers = (*made.headers, *forward.cross_origin)
                exchange.answer(HttpResponse(status=made.status, headers=headers, body=made.body))
                return
            if response.status >= 400 and exchange.method != "HEAD":
                await self._tell(route, forward, response, exchange)
                return
            await self._send_back(route, forward, response, exchange)

    async def _tell(self, route: Route, forward: Forward, response: Response, exchange: Exchange) -> None:
        """The engine's refusal in an answer of our own, under our own request id."""
        body = await response.read()
        received = exchange.length if forward.body is None else len(forward.body)
        fault = of_engine(response.status, body)
        if fault is None:
            self._gate.finish(forward, error_of(response.status, response.reason), (received, len(body)))
            headers = sent_back(response.headers, route, forward)
            exchange.answer(HttpResponse(status=response.status, headers=headers, body=body))
            return
        if route.target.s3 is not None:
            fault = mended(route.target.s3, fault)
        told = self._gate.fault_response(forward, fault)
        self._gate.finish(forward, (fault.code, fault.message, response.status), (received, len(told.body)))
        kept = [each for each in response.headers if each[0].startswith(_OF_REFUSALS) and each[0] not in _NOT_SENT_BACK]
        exchange.answer(structs.replace(told, headers=(*told.headers, *kept)))

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
        error, sent = error_of(response.status, response.reason), 0
        received = exchange.length if forward.body is None else len(forward.body)
        whole = response.whole() if exchange.method != "HEAD" else None
        if whole is not None:
            self._gate.finish(forward, error, (received, len(whole)))
            headers = sent_back(response.headers, route, forward)
            exchange.answer(HttpResponse(status=response.status, headers=headers, body=whole))
            return
        exchange.begin(response.status, sent_back(response.headers, route, forward))
        try:
            async for part in response.parts():
                await exchange.send(part)
                sent += len(part)
        finally:
            self._gate.finish(forward, error, (received, sent))
        exchange.end()

    def refuse(self, forward: Forward, exchange: Exchange, fault: ServiceFault) -> None:
        message = f"{fault.message} ({fault.cause})" if fault.cause else fault.message
        self._gate.finish(forward, (fault.code, message, fault.status or 400))
        response: HttpResponse = self._gate.fault_response(forward, fault)
        exchange.answer(structs.replace(response, headers=(*response.headers, ("connection", "close"))))


class _Passing:
    """An answer on its way from the engine to the caller. A `Sink`."""

    __slots__ = ("_address", "_error", "_exchange", "_forward", "_forwarder", "_route", "_sent")

    def __init__(
        self, forwarder: Forwarder, route: Route, forward: Forward, exchange: Exchange, address: EngineAddress
    ) -> None:
        self._forwarder, self._route, self._forward = forwarder, route, forward
        self._exchange, self._address = exchange, address
        self._error: tuple[str, str, int] | None = None
        self._sent = 0

    @property
    def gone(self) -> bool:
        return self._exchange.gone

    def wants(self, status: int) -> bool:
        return status < 400

    def whole(self, status: int, reason: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self._forwarder.finish(self._forward, error_of(status, reason), len(body))
        sent = sent_back(headers, self._route, self._forward)
        self._exchange.answer(HttpResponse(status=status, headers=sent, body=body))

    def begin(self, passage: Passage, status: int, reason: str, headers: list[tuple[str, str]], data: bytes) -> bool:
        self._error = error_of(status, reason)
        self._sent = len(data)
        self._exchange.begin(status, sent_back(headers, self._route, self._forward), data)
        return self._exchange.takes(passage.go_on)

    def part(self, passage: Passage, data: bytes | memoryview) -> bool:
        self._sent += len(data)
        return self._exchange.pass_on(data, passage.go_on)

    def end(self) -> None:
        self._forwarder.finish(self._forward, self._error, self._sent)
        self._exchange.end()

    def otherwise(self, passage: Passage, received: bytes) -> None:
        self._forwarder.go_on(self._route, self._forward, self._exchange, (self._address, passage, received))

    def again(self) -> None:
        self._forwarder.go_on(self._route, self._forward, self._exchange, None)

    def failed(self, error: UpstreamError) -> None:
        if self._exchange.gone:
            self._forwarder.finish(self._forward, GONE, self._sent)
        elif self._exchange.begun:
            self._forwarder.finish(self._forward, ("EngineBrokeOff", str(error), 500), self._sent)
            self._exchange.break_off()
        else:
            self._forwarder.refuse(self._forward, self._exchange, engine_not_ready(str(error)))


def _has_come(exchange: Exchange) -> bool:
    return exchange.complete and exchange.length <= _AT_ONCE and exchange.size <= _AT_ONCE


def _judged(reader: BodyReader, body: bytes) -> bytes:
    """A whole body, held to what was declared of it. Raises `SignatureFault`, `ServiceFault`."""
    parts = reader.feed(body)
    reader.finish()
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _told(fault: SignatureFault | ServiceFault) -> ServiceFault:
    if isinstance(fault, ServiceFault):
        return fault
    told = fault.told(Family.S3)
    return ServiceFault(told.code, told.message, told.status, fault.details)


def sent_back(headers: Headers, route: Route, forward: Forward) -> Headers:
    """The engine's headers as the caller gets them."""
    kept = [each for each in headers if each[0] not in _NOT_SENT_BACK and not each[0].startswith("seaweed-")]
    kept.append(("x-amz-request-id", route.request.request_id))
    kept += forward.cross_origin
    return kept


def error_of(status: int, reason: str) -> tuple[str, str, int] | None:
    """What the record says of the engine's answer."""
    return (f"Engine{status}", reason, status) if status >= 400 else None


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
