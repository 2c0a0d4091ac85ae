"""Doing and looking as whoever is signed in: an operation of AWS's, or a view, comes in at `authorize` like all others.

Source: IAM User Guide, "Policy evaluation logic"; what is recorded is audit's to say.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from ostiary import policy
from ostiary.audit.record import Happening
from ostiary.audit.redact import redacted
from ostiary.audit.replay import would_lose
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask, Judgement
from ostiary.authorization.temporary import refusal
from ostiary.gate.authenticate import vouched_for
from ostiary.gate.authorize import Refused, authorize, denial_text
from ostiary.gate.denied import with_references
from ostiary.gate.operate import carry_out
from ostiary.gate.target import Target
from ostiary.services.console import drafts
from ostiary.services.faults import ServiceFault
from ostiary.services.iam import quotas
from ostiary.services.operation import OPERATIONS, Call, House, Operation
from ostiary.services.view import View
from ostiary.wire import models
from ostiary.wire.directory import directory
from ostiary.wire.faults import WireFault
from ostiary.wire.parse import checked

T = TypeVar("T")

_INTERNAL: Final = ("InternalFailure", "The request processing has failed because of an unknown error.", 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether somebody may do something, and if not, why."""

    allowed: bool
    action: str = ""
    reason: str = ""
    """AWS's words; empty when allowed."""


class Performer:
    """What a caller does through no wire: the same permissions, the same record."""

    def __init__(self, house: House, audit: AuditWriter, report: Callable[[str], None]) -> None:
        self.house, self._audit, self._report = house, audit, report

    def perform(self, caller: Caller, facts: RequestFacts, service: str, name: str, params: Mapping[str, Any]) -> Any:
        """Do an operation of AWS's.

        Returns:
            the answer as the service model names its members.

        Raises:
            ServiceFault: refused, or it can't be done.
        """
        model = models.service(service).operation(name)
        target = Target(
            service=service,
            signing_name=directory().by_name[service].signing_name,
            protocol=directory().by_name[service].protocols[0],
            operation=name,
            known=model.service,
            model=model,
        )
        given = {key: value for key, value in params.items() if value is not None}
        return self._do(OPERATIONS[service, name], target, caller, facts, given)

    def look(self, caller: Caller, facts: RequestFacts, view: View[T], params: Mapping[str, Any]) -> T:
        """What a view shows. Raises `ServiceFault`."""
        target = Target(service=view.service, signing_name=view.service, operation=view.name)
        found: T = self._do(view.operation, target, caller, facts, params)
        return found

    def look_again(self, caller: Caller, facts: RequestFacts, view: View[T], params: Mapping[str, Any]) -> T:
        """The same look once more, a moment later: it is decided anew, and not recorded. Raises `ServiceFault`.

        INVARIANT: the caller of this has proof that the look itself is on record.
        """
        self.house.book.refresh()
        call = self._call(view.operation, caller, facts, params)
        with self.house.store.read() as tx:
            authorize(view.operation, call, tx)
            found: T = view.operation.do(call, tx)
        return found

    def may(
        self, caller: Caller, facts: RequestFacts, service: str, name: str, params: Mapping[str, Any]
    ) -> Permission:
        """Whether an operation would be permitted. Nothing is done, and nothing recorded."""
        row = OPERATIONS[service, name]
        try:
            with self.house.store.read() as tx:
                authorize(row, self._call(row, caller, facts, params), tx)
        except Refused as refused:
            return Permission(allowed=False, action=refused.judgements[-1].request.action, reason=refused.message)
        except ServiceFault as fault:  # there is no such entity, say: what will be told when it is tried
            return Permission(allowed=fault.status != 403, action=f"{service}:{name}", reason=fault.message)
        return Permission(allowed=True, action=f"{service}:{name}")

    def could(self, caller: Caller, facts: RequestFacts, action: str, resource: str = "*") -> Permission:
        """Whether there is anything that an action would be permitted on, as far as its policies tell.

        For what is offered before it is known on which resource it will be done: allowed on everything, or allowed by
        some statement on something.
        """
        judgement = self.house.judge.judge(caller, Ask(action=action, resource=resource), facts)
        if judgement.allowed or _allowed_somewhere(judgement):
            return Permission(allowed=True, action=action)
        service = action.partition(":")[0]
        return Permission(allowed=False, action=action, reason=denial_text(service, caller, judgement))

    def would_lose(
        self, caller: Caller, facts: RequestFacts, params: Mapping[str, Any], asks: Iterable[Ask]
    ) -> list[str]:
        """Which of these permissions callers would take from themselves by a draft (the parameters of
        `drafts.replayed`). Nothing is done, and nothing recorded."""
        with self.house.store.read() as tx:
            swap = drafts.swap(self._call(drafts.replayed.operation, caller, facts, params), tx)
        return [] if swap is None else would_lose(self.house.judge, caller, facts, asks, swap)

    def quota(self, caller: Caller, name: str) -> int:
        """A quota of the caller's account, by IAM's name for it."""
        with self.house.store.read() as tx:
            return quotas.quota(tx, caller.account, name)

    def _do(
        self, row: Operation, target: Target, caller: Caller, facts: RequestFacts, params: Mapping[str, Any]
    ) -> Any:
        self.house.book.refresh()
        call = self._call(row, caller, facts, params)
        happening = Happening(
            facts=facts,
            caller=caller,
            event_source=target.event_source,
            event_name=target.operation,
            account=caller.account,
            read_only=target.read_only or not row.changes,
            parameters=redacted(params, target.model.input if target.model else None) or None,
        )
        fault: ServiceFault
        try:
            if target.model is not None and target.model.input is not None:
                checked(target.model, dict(params), target.protocol)
            call = vouched_for(row, call)
            if call.vouched is not None:
                asked = {**(happening.parameters or {}), **call.vouched.told}
                happening = replace(happening, caller=call.caller, account=call.vouched.account, parameters=asked)
            told = (
                None
                if target.service == "iam" and _at_home(caller)
                else refusal(caller, target.service, target.operation)
            )
            if told is not None:
                raise ServiceFault(*told, 403)
            given, permitted, recorded = carry_out(row, call, happening, target.output_shape, self._audit.kept)
        except Refused as refused:
            fault = with_references(refused, call)
            happening = replace(happening, judgements=refused.judgements)
        except ServiceFault as found:
            fault = found
        except WireFault as found:
            fault = ServiceFault(found.code, found.message, found.status)
        except Exception as error:
            fault = self.unforeseen(facts, error)
        else:
            if not recorded:
                judgements = (*permitted.judgements, *call.further)
                self._audit.note(replace(happening, judgements=judgements))
            return given
        self._audit.note(replace(happening, error=(fault.code, fault.message)))
        raise fault

    def _call(self, row: Operation, caller: Caller, facts: RequestFacts, params: Mapping[str, Any]) -> Call:
        return Call(
            service=row.service, operation=row.name, caller=caller, params=params, facts=facts, house=self.house
        )

    def unforeseen(self, facts: RequestFacts, error: Exception) -> ServiceFault:
        """Tell the operator where; nobody else, and never the text, which may hold what was sent."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename.rsplit('/ostiary/', 1)[-1]}:{last.lineno}"
        self._report(f"{facts.request_id}: {type(error).__name__} at {place}")
        return ServiceFault(*_INTERNAL)


def _at_home(caller: Caller) -> bool:
    """Federated users may call IAM from the console, and only from there.

    Source: IAM User Guide, "Compare AWS STS credentials": "This limitation does not apply to console sessions".
    """
    return caller.kind is CallerKind.FEDERATED_USER


def _allowed_somewhere(judgement: Judgement) -> bool:
    reports = policy.explain(judgement.in_force, judgement.request).types
    return any(
        one.action and one.statement.effect is policy.Effect.ALLOW
        for report in reports
        if report.type is policy.PolicyType.IDENTITY
        for one in report.statements
    )
