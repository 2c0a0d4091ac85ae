"""An upload by an HTML form: read as far as its file begins, so that the gate can judge it; the file streams after."""

from __future__ import annotations

from ostiary.doors.api.exchange import Exchange
from ostiary.gate.forms import read_on
from ostiary.gate.gate import Gate
from ostiary.gate.request import HttpRequest
from ostiary.gate.trail import Route
from ostiary.services.faults import ServiceFault


async def read_form(gate: Gate, head: HttpRequest, exchange: Exchange) -> Route:
    """The route of a form; the exchange has the rest of its body. Raises `ClientGone`."""
    try:
        form = gate.form(head)
    except ServiceFault as fault:
        return gate.route_form(head, None, fault)
    while not form.file_begun and not form.over and (part := await exchange.read()):
        try:
            read_on(form, part)
        except ServiceFault as fault:
            return gate.route_form(head, form, fault)
    return gate.route_form(head, form)
