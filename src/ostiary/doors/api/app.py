"""The application of the AWS endpoint. No framework: every request goes to one gate."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from ostiary.clock import Clock
from ostiary.doors.api.exchange import ClientGone, Exchange
from ostiary.doors.api.forms import read_form
from ostiary.doors.api.forwarding import Forwarder
from ostiary.doors.api.hands import Desk, Hands, OneHand
from ostiary.doors.api.proxies import Proxies
from ostiary.gate.forward_auth import ForwardAuth
from ostiary.gate.gate import Gate
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.gate.trail import Route
from ostiary.services.operation import MustWait
from ostiary.services.outcome import Forward

_THREADS: Final = 16


class ApiApp:
    """Takes exchanges from the connections."""

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        forwarder: Forwarder | None,
        forward_auth: ForwardAuth,
        most_body: int,
        report: Callable[[str], None],
        proxies: Proxies | None = None,
    ) -> None:
        self._gate, self._clock, self._forwarder, self._report = gate, clock, forwarder, report
        self._proxies, self._forward_auth = proxies, forward_auth
        self.most_body = most_body
        """Bytes of a body that are read into memory."""
        self._desk = Desk()
        self._hands = Hands(self._desk, _THREADS)
        self._changing = OneHand(self._desk, gate.answer_together)
        self._tasks: set[asyncio.Task[None]] = set()
        if forwarder is not None:
            forwarder.begin = self._begin

    @property
    def running(self) -> bool:
        """Whether anything is being done."""
        return bool(self._tasks or self._desk.running)

    def second(self) -> int:
        """The time, in seconds since 1970."""
        return int(self._clock.now().timestamp())

    def streams(self, exchange: Exchange) -> bool:
        """Whether the body goes to the engine as it comes, rather than into memory."""
        if exchange.request is None:
            exchange.request = self._request(exchange, None)  # as long as it is incomplete
        return self._gate.streams(exchange.request) or self._gate.takes_form(exchange.request)

    def take(self, exchange: Exchange) -> None:
        """Carry out an exchange. What nobody has to wait for is answered when this returns."""
        try:
            self._take(exchange)
        except Exception as error:
            self._failed(exchange, error)

    def _take(self, exchange: Exchange) -> None:
        request = exchange.request
        if request is None:
            request = self._request(exchange, exchange.body)
            exchange.streamed = self._gate.streams(request) or self._gate.takes_form(request)
        if exchange.streamed:
            request = request if request.body is None else replace(request, body=None)
            if exchange.method == "POST":
                self._begin(exchange, self._form(exchange, request))
                return
        elif exchange.too_large:
            exchange.answer(self._gate.too_large(request))
            return
        else:
            page = self._gate.published(request)
            if page is not None:
                exchange.answer(page)
                return
            if self._forward_auth.asked(request):
                self._tell(exchange, request)
                return
            request = request if request.body is not None else replace(request, body=exchange.body)
            exchange.drop()
        self._carry_out(exchange, self._gate.route(request))

    def _tell(self, exchange: Exchange, request: HttpRequest) -> None:
        """Answer a proxy that asks about a request."""
        try:
            exchange.answer(self._forward_auth.answer(request, patient=False))
        except MustWait:
            self._hands.do(partial(self._forward_auth.answer, request, patient=True), partial(self._told, exchange))

    def _told(self, exchange: Exchange, outcome: HttpResponse | BaseException) -> None:
        if isinstance(outcome, BaseException):
            self._failed(exchange, outcome)
        else:
            exchange.answer(outcome)

    async def _form(self, exchange: Exchange, head: HttpRequest) -> None:
        self._carry_out(exchange, await read_form(self._gate, head, exchange))

    def _carry_out(self, exchange: Exchange, route: Route) -> None:
        if not route.blocking:
            try:
                self._given(exchange, route, self._gate.answer(route))
                return
            except MustWait:
                pass
        if route.waits_for_disk:
            self._changing.do(route, partial(self._given_by_hand, exchange, route))
            return
        route = replace(route, patient=True)
        self._hands.do(partial(self._gate.answer, route), partial(self._given_by_hand, exchange, route))

    def _given_by_hand(self, exchange: Exchange, route: Route, outcome: HttpResponse | Forward | BaseException) -> None:
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            self._given(exchange, route, outcome)
        except Exception as error:
            self._failed(exchange, error)

    def _given(self, exchange: Exchange, route: Route, outcome: HttpResponse | Forward) -> None:
        if isinstance(outcome, HttpResponse):
            exchange.answer(outcome)
            return
        assert self._forwarder is not None  # without an engine no operation forwards
        if self._forwarder.pass_on(route, outcome, exchange):
            return
        self._begin(exchange, self._forwarder.forward(route, outcome, exchange))

    def _begin(self, exchange: Exchange, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._do(exchange, doing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, exchange: Exchange, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except ClientGone:
            pass
        except BaseException as error:
            self._failed(exchange, error)

    def _failed(self, exchange: Exchange, error: BaseException) -> None:
        """Told by its type: its text may hold what a client sent."""
        self._report(f"a request could not be answered to its end: {type(error).__name__}")
        exchange.break_off()

    def _request(self, exchange: Exchange, body: bytes | None) -> HttpRequest:
        at = self._clock.now()
        source_ip, secure = exchange.source_ip, exchange.secure
        if self._proxies is not None:
            source_ip, secure = self._proxies.origin(source_ip, secure, exchange.headers)
        return HttpRequest(
            method=exchange.method,
            raw_path=exchange.raw_path,
            raw_query=exchange.raw_query,
            headers=exchange.headers,
            body=body,
            source_ip=source_ip,
            secure=secure,
            tls_version=exchange.tls_version if source_ip == exchange.source_ip else None,  # else it is the proxy's
            at=at,
            request_id=new_request_id(at),
            first_headers=exchange.first_headers,
        )

    def close(self) -> None:
        """Let running operations end."""
        self._hands.close()
        self._changing.close()


_chance: Final[list[str]] = []
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def _drawn() -> str:
    """The random half of an id; the system is asked for those of many ids at once."""
    try:
        return _chance.pop()
    except IndexError:
        many = os.urandom(2560).hex()
        for start in range(0, len(many), 20):
            first, rest = many[start : start + 3], many[start + 3 : start + 20]
            _chance.append(f"-7{first}-{_VARIANT[rest[0]]}{rest[1:4]}-{rest[4:16]}")
        return _chance.pop()


def new_request_id(at: datetime) -> str:
    """A UUID of version 7: ids are in the order of time, so that the record's index grows at its end alone.

    Source: RFC 9562 section 5.7.
    """
    stamp = f"{int(at.timestamp() * 1000):012x}"
    return f"{stamp[:8]}-{stamp[8:]}{_drawn()}"
