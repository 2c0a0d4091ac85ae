"""Calls that are recorded as the gate records them, below the wire."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ostiary.audit.record import Happening
from ostiary.audit.redact import redacted
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Judgement
from ostiary.gate.authorize import Refused
from ostiary.gate.operate import carry_out
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import OPERATIONS, Call
from ostiary.wire.models import service
from tests.sts.people import facts
from tests.world import World


def happened(world: World, request_id: str, caller: Caller | None, *judgements: Judgement, **more: Any) -> Happening:
    """Something that happened."""
    given = {"event_source": "s3.amazonaws.com", "event_name": "GetObject", **more}
    return Happening(facts=facts(world, request_id=request_id), caller=caller, judgements=judgements, **given)


def recorded_call(world: World, audit: AuditWriter, request_id: str, operation: str, by: Caller, **params: Any) -> str:
    """Make a call and record what came of it; the error code, or an empty text."""
    world.house.book.refresh()
    service_name, name = operation.split(":")
    about = facts(world, request_id=request_id)
    model = service(service_name).operation(name)
    call = Call(service=service_name, operation=name, caller=by, params=params, facts=about, house=world.house)
    happening = Happening(
        facts=about,
        caller=by,
        event_source=f"{service_name}.amazonaws.com",
        event_name=name,
        account=by.account,
        parameters=redacted(params, model.input),
    )
    try:
        _, permitted, written = carry_out(OPERATIONS[service_name, name], call, happening, model.output)
    except ServiceFault as fault:
        judgements = fault.judgements if isinstance(fault, Refused) else ()
        audit.note(replace(happening, error=(fault.code, fault.message), judgements=judgements))
        return fault.code
    if not written:
        audit.note(replace(happening, judgements=permitted.judgements))
    return ""
