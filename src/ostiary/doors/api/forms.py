"""An upload by an HTML form: read as far as its file begins, so that the gate can judge it; the file streams after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ostiary.doors.api.forwarding import ClientGone
from ostiary.gate.forms import read_on
from ostiary.gate.gate import Gate, Route
from ostiary.gate.request import HttpRequest
from ostiary.services.faults import ServiceFault

Receive = Callable[[], Awaitable[dict[str, Any]]]


async def read_form(gate: Gate, head: HttpRequest, receive: Receive) -> tuple[Route, Receive]:
    """The route of a form, and where the rest of its body comes from. Raises `ClientGone`."""
    try:
        form = gate.form(head)
    except ServiceFault as fault:
        return gate.route_form(head, None, fault), receive
    more, wrong = True, None
    while more and not form.file_begun and not form.over:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = bool(message.get("more_body"))
        try:
            read_on(form, message.get("body", b""))
        except ServiceFault as fault:
            wrong = fault
            break
    return gate.route_form(head, form, wrong), receive if more else _nothing_more


async def _nothing_more() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
