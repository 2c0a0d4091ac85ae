"""services/console: what principals may do and when they last did it, allowed apart from refused; and the least policy
for what was done.

Source: IAM User Guide, "Refine permissions using last accessed information", "IAM Access Analyzer policy generation".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.policy import Attached
from ostiary.services.console.trail import own_calls
from ostiary.services.iam import simulation_policies
from ostiary.services.iam.asks import ask_record
from ostiary.services.iam.entities_by_arn import find, kind_and_name
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.granted_services import Granted, service_name
from ostiary.services.iam.names import GROUP, ROLE, USER, Kind
from ostiary.services.iam.report_jobs import tracked_since
from ostiary.services.operation import Call
from ostiary.services.view import seen, view
from ostiary.store.records import NamedRecord
from ostiary.store.reports import ServiceAccess
from ostiary.store.transaction import Transaction

EVENTS: Final = 20_000
"""Of the latest requests of a principal so many are read for its policy."""
_MOST_RESOURCES: Final = 20
"""Resources of an action that are named one by one; more become what they have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A row of the list."""

    name: str
    arn: str
    services: int
    allowed: int | None
    refused: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """A page of the list."""

    rows: tuple[Principal, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A service, or an action."""

    name: str
    title: str
    granted: bool
    by: tuple[tuple[str, str | None, str | None], ...]
    """Name, ARN and owner of the policies that grant it."""
    allowed: int | None
    refused: int | None
    tried: int | None
    """When it was last tried; earlier releases did not keep apart what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What one principal may do and did."""

    name: str
    kind: str
    arn: str
    uses: tuple[Use, ...]
    since: int
    policies_seen: bool
    """Whether it is told which policies grant it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A policy of what was done."""

    name: str
    kind: str
    arn: str
    document: str
    actions: int
    calls: int


def _listed(call: Call, _tx: Transaction) -> Iterable[Ask]:
    listing = "iam:ListRoles" if call.params["Kind"] == "role" else "iam:ListUsers"
    return (Ask(action=listing), Ask(action="iam:GetServiceLastAccessedDetails"))


@view("iam", "GetServiceLastAccessedDetails", asks=_listed)
def principals_used(call: Call, tx: Transaction) -> Principals:
    """Users or roles with what they did last."""
    call.house.write_record()
    kind: Kind[Any] = ROLE if call.params["Kind"] == "role" else USER
    listed = "roles" if kind is ROLE else "users"
    told, since = {"find": call.params["Find"]}, tracked_since(call)
    rows = []
    with call.house.store.read() as fresh:
        names = fresh.postures.names(listed, call.account, limit=call.params["Limit"], skip=call.params["Skip"], **told)
        for name in names:
            record = kind.rows(fresh).get(call.account, name)
            if record is not None:
                rows.append(_principal(kind, record, fresh.service_accesses.of(record.id, since)))
        return Principals(rows=tuple(rows), count=fresh.postures.count(listed, call.account, **told))


def _principal(kind: Kind[Any], record: NamedRecord, accesses: Sequence[ServiceAccess]) -> Principal:
    return Principal(
        name=record.name,
        arn=kind.arn(record),
        services=len({each.service for each in accesses if each.allowed is not None}),
        allowed=max((each.allowed for each in accesses if each.allowed is not None), default=None),
        refused=max((each.refused for each in accesses if each.refused is not None), default=None),
    )


def _on_one(call: Call, tx: Transaction) -> Iterator[Ask]:
    arn = call.params["Arn"]
    entity = find(tx, call.account, arn)
    action = "iam:GenerateServiceLastAccessedDetails"
    yield Ask(action=action, resource=arn) if entity is None else ask_record(call, tx, action, *entity)
    yield Ask(action="iam:GetServiceLastAccessedDetails")


@view("iam", "GetServiceLastAccessedDetails", asks=_on_one)
def uses_of(call: Call, tx: Transaction) -> Uses:
    """The services of a user or role; with `Service`, the actions of that one. Raises `NoSuchEntity`."""
    call.house.write_record()
    kind, record = _entity(call, tx, call.params["Arn"])
    since, service = tracked_since(call), call.params.get("Service") or ""
    with call.house.store.read() as fresh:
        accesses = fresh.service_accesses.of(record.id, since)
    in_play = simulation_policies.of_entity(call, tx, kind, record)
    attached = [each for each in in_play.identity if not simulation_policies.stands_for_setting(each.source)]
    shown = seen(call, "iam:ListPoliciesGrantingServiceAccess", call.params["Arn"])
    granted = Granted([[each.policy for each in attached]])
    found = _actions(granted, accesses, service) if service else _services(granted, accesses)
    uses = tuple(_use(name, attached if shown else (), service, *told) for name, told in found.items())
    return Uses(
        name=record.name,
        kind=kind.resource,
        arn=kind.arn(record),
        uses=tuple(sorted(uses, key=lambda each: (-(each.tried or 0), each.name))),
        since=since,
        policies_seen=shown,
    )


_Told = tuple[bool, list[ServiceAccess]]


def _services(granted: Granted, accesses: Sequence[ServiceAccess]) -> dict[str, _Told]:
    may = set(granted.services())
    names = may | {each.service for each in accesses}
    return {name: (name in may, [each for each in accesses if each.service == name]) for name in sorted(names)}


def _actions(granted: Granted, accesses: Sequence[ServiceAccess], service: str) -> dict[str, _Told]:
    may = set(granted.actions(service))
    of_service = [each for each in accesses if each.service == service]
    names = may | {each.action for each in of_service}
    return {name: (name in may, [each for each in of_service if each.action == name]) for name in sorted(names)}


def _use(
    name: str, attached: Sequence[Attached], service: str, granted: bool, accesses: Sequence[ServiceAccess]
) -> Use:
    by: dict[tuple[str, str | None, str | None], None] = {}
    for each in attached if granted else ():
        alone = Granted([[each.policy]])
        if (name in alone.actions(service)) if service else alone.includes(name):
            by[each.source.name, each.source.arn, each.source.owner] = None
    return Use(
        name=name,
        title=name if service else service_name(name),
        granted=granted,
        by=tuple(by),
        allowed=max((each.allowed for each in accesses if each.allowed), default=None),
        refused=max((each.refused for each in accesses if each.refused), default=None),
        tried=max((each.at for each in accesses), default=None),
    )


def _on_events(call: Call, tx: Transaction) -> Iterator[Ask]:
    yield from _on_one(call, tx)
    yield Ask(action="cloudtrail:LookupEvents")


@view("cloudtrail", "LookupEvents", asks=_on_events)
def policy_of_use(call: Call, tx: Transaction) -> Made:
    """The least policy for what a user or role was allowed in so many days. Raises `NoSuchEntity`."""
    call.house.write_record()
    kind, record = _entity(call, tx, call.params["Arn"])
    since = call.now - int(call.params["Days"]) * 86_400
    found: dict[str, set[str]] = {}
    calls = 0
    with call.house.store.read() as fresh:
        for action, resource in own_calls(fresh, call.account, record.id, since, EVENTS):
            found.setdefault(action, set()).add(resource)
            calls += 1
    document = {"Version": "2012-10-17", "Statement": list(_statements(found))}
    return Made(
        name=record.name,
        kind=kind.resource,
        arn=kind.arn(record),
        document=json.dumps(document, indent=2),
        actions=len(found),
        calls=calls,
    )


def _entity(call: Call, tx: Transaction, arn: str) -> tuple[Kind[Any], NamedRecord]:
    found = find(tx, call.account, arn)
    if found is None or found[0] is GROUP:
        _, kind, name = kind_and_name(arn)
        raise NoSuchEntity(kind.missing.format(name))
    return found


def _statements(found: Mapping[str, set[str]]) -> Iterator[dict[str, Any]]:
    """A statement for each set of resources; its actions sorted."""
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for action, resources in sorted(found.items()):
        service = action.partition(":")[0]
        together.setdefault((service, _resources(resources)), []).append(action)
    numbers: dict[str, int] = {}
    for (service, named), actions in together.items():
        numbers[service] = numbers.get(service, 0) + 1
        name = re.sub(r"[^A-Za-z0-9]", "", service).capitalize()
        yield {
            "Sid": f"{name}{numbers[service]}",
            "Effect": "Allow",
            "Action": actions if len(actions) > 1 else actions[0],
            "Resource": list(named) if len(named) > 1 else named[0],
        }


def _resources(found: set[str]) -> tuple[str, ...]:
    """The resources as patterns that match them; many with a common beginning become that beginning."""
    if "*" in found:
        return ("*",)
    if len(found) <= _MOST_RESOURCES:
        return tuple(sorted(map(_literal, found)))
    by_place: dict[str, list[str]] = {}
    for each in found:
        head, slash, _ = each.partition("/")
        by_place.setdefault(head + slash, []).append(each)
    return tuple(sorted(_common(each) for each in by_place.values()))


def _common(found: Sequence[str]) -> str:
    if len(found) == 1:
        return _literal(found[0])
    first, last = min(found), max(found)
    begun = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    cut = max(begun.rfind("/"), begun.rfind(":")) + 1
    return f"{_literal(begun[:cut])}*"


def _literal(arn: str) -> str:
    """An ARN in which no character stands for others."""
    return re.sub(r"[*?$]", r"${\g<0>}", arn)
