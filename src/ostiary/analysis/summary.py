"""analysis: what a policy gives, service by service and by access level, for people to read.

A document is read at its word: a row says what an Allow speaks of, whatever a Deny takes away again; the denials are
rows of their own. `effective` puts several documents together.

Source: IAM User Guide, "Policy summary", "Access level summaries within policy summaries"; Service Authorization
Reference, access levels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from ostiary import catalog
from ostiary.analysis.model import PolicyType
from ostiary.analysis.paper import Paper, Statement
from ostiary.analysis.reference import expanded
from ostiary.policy import MalformedPolicy
from ostiary.policy.parse import read

LEVELS: Final = ("List", "Read", "Write", "Permissions management", "Tagging")
"""AWS's access levels in the order in which they are shown."""
EVERY_SERVICE: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSummary:
    """What a document says of one service, for one set of resources under one set of conditions."""

    service: str
    """The prefix; `*` for all services, where the document does not name them."""
    name: str
    """AWS's name of it; of `*` and of what AWS does not have it is empty."""
    effect: str
    """`Allow` or `Deny`."""
    levels: tuple[str, ...]
    """The access levels of the actions; none when no such action is known."""
    full: tuple[str, ...]
    """Those of which no action of the service is left out."""
    actions: tuple[str, ...]
    """As they are written, without the prefix where the service is named. `negated`: all but these."""
    negated: bool
    resources: tuple[str, ...]
    """As they are written."""
    all_but_resources: bool
    """The statement has NotResource."""
    conditions: tuple[str, ...]
    """`StringEquals aws:PrincipalTag/team = storage`, one for each test."""
    every_action: bool
    """Whether no action of the service (of all services) is left out, so that the levels need not be told."""

    @property
    def everywhere(self) -> bool:
        """Whether it is about all resources."""
        return not self.all_but_resources and "*" in self.resources


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccess:
    """What several documents together let somebody do with one service, at most."""

    service: str
    name: str
    levels: tuple[str, ...]
    full: tuple[str, ...]
    actions: frozenset[str]
    limited: bool
    """Every Allow that matters is limited to some resources."""
    conditional: bool
    """Every Allow that matters has conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gives:
    """A document in one word."""

    kind: str
    """`full`, `permissions`, `write`, `read`, `deny` (only takes away) or `nothing`."""
    services: tuple[str, ...]
    """Prefixes; `*` for all of them."""


@lru_cache(maxsize=4096)
def summarize(text: str) -> tuple[ServiceSummary, ...]:
    """What a document says, the services in their order, Allow before Deny. What can't be read says nothing."""
    rows: dict[tuple[object, ...], _Row] = {}
    for statement in _statements(text):
        for service, patterns in _by_service(statement).items():
            scope = (
                statement.effect,
                service,
                statement.action_element == "NotAction",
                statement.resource_element,
                tuple(item.text for item in statement.resources),
                _conditions(statement),
            )
            rows.setdefault(scope, _Row(statement, service)).patterns.update(dict.fromkeys(patterns))
    return tuple(sorted((row.summary() for row in rows.values()), key=lambda each: (each.effect, each.service)))


@lru_cache(maxsize=4096)
def gives(text: str) -> Gives:
    """What a document gives, in one word."""
    found = summarize(text)
    allowed = [row for row in found if row.effect == "Allow" and row.levels]
    services = tuple(dict.fromkeys(row.service for row in allowed))
    if not allowed:
        denies = any(row.effect == "Deny" for row in found)
        return Gives(kind="deny" if denies else "nothing", services=services)
    levels = {level for row in allowed for level in row.levels}
    if any(row.service == EVERY_SERVICE and row.every_action for row in allowed):
        kind = "full"
    elif "Permissions management" in levels:
        kind = "permissions"
    else:
        kind = "read" if levels <= {"List", "Read"} else "write"
    return Gives(kind=kind, services=(EVERY_SERVICE,) if EVERY_SERVICE in services else services)


def effective(documents: Iterable[str], boundary: str | None = None) -> tuple[ServiceAccess, ...]:
    """What identity policies together give, at most: what they allow, less what is denied altogether and what the
    boundary does not allow. Resources and conditions are not put together: the Allow's own are told of."""
    parts = [_actions_of(text) for text in documents]
    cap = None if boundary is None else _actions_of(boundary)
    found = []
    for service in sorted({service for part in parts for service in part.allowed}):
        actions = frozenset().union(*(part.allowed.get(service, frozenset()) for part in parts))
        for part in (*parts, *((cap,) if cap else ())):
            actions -= part.denied.get(service, frozenset())
        if cap is not None:
            actions &= cap.allowed.get(service, frozenset())
        if actions:
            rows = [part.scopes[service] for part in parts if service in part.scopes]
            found.append(_access(service, actions, rows))
    return tuple(found)


def _access(service: str, actions: frozenset[str], scopes: Collection[tuple[bool, bool]]) -> ServiceAccess:
    levels, full = _levels(service, actions)
    return ServiceAccess(
        service=service,
        name=_name(service),
        levels=levels,
        full=full,
        actions=actions,
        limited=all(limited for limited, _ in scopes),
        conditional=all(conditional for _, conditional in scopes),
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The actions of a document, by service."""

    allowed: dict[str, frozenset[str]]
    denied: dict[str, frozenset[str]]
    """Altogether: on every resource, without conditions."""
    scopes: dict[str, tuple[bool, bool]]
    """Whether every Allow is limited to resources, and has conditions."""


@lru_cache(maxsize=1024)
def _actions_of(text: str) -> _Parts:
    allowed: dict[str, frozenset[str]] = {}
    denied: dict[str, frozenset[str]] = {}
    scopes: dict[str, tuple[bool, bool]] = {}
    for row in summarize(text):
        limited, conditional = not row.everywhere, bool(row.conditions)
        if row.effect == "Deny" and (limited or conditional):
            continue
        for service, names in _named(row).items():
            into = allowed if row.effect == "Allow" else denied
            into[service] = into.get(service, frozenset()) | names
            if row.effect == "Allow":
                before = scopes.get(service, (True, True))
                scopes[service] = (before[0] and limited, before[1] and conditional)
    return _Parts(allowed, denied, scopes)


def _named(row: ServiceSummary) -> dict[str, frozenset[str]]:
    """The actions that a row speaks of, by service."""
    if row.service != EVERY_SERVICE:
        return {row.service: _matching(row.service, row.actions)}
    if not row.negated:
        return _everything()
    left = dict(_everything())
    for pattern in row.actions:
        prefix, _, name = pattern.partition(":")
        if pattern == "*":
            return {}
        if prefix.lower() in left:
            left[prefix.lower()] -= _matching(prefix.lower(), (name,))
    return {service: names for service, names in left.items() if names}


@cache
def _everything() -> dict[str, frozenset[str]]:
    return {service: _matching(service, ("*",)) for service in catalog.services()}


def _matching(service: str, names: Iterable[str]) -> frozenset[str]:
    return frozenset(each.partition(":")[2] for name in names for each in expanded(f"{service}:{name}"))


class _Row:
    """A row while its statements are read."""

    def __init__(self, statement: Statement, service: str) -> None:
        self.statement, self.service = statement, service
        self.patterns: dict[str, None] = {}

    def summary(self) -> ServiceSummary:
        statement = self.statement
        negated = statement.action_element == "NotAction"
        if self.service == EVERY_SERVICE:
            levels: tuple[str, ...] = LEVELS
            full: tuple[str, ...] = () if negated else LEVELS
        else:
            levels, full = _levels(self.service, _matching(self.service, self.patterns))
        return ServiceSummary(
            service=self.service,
            name=_name(self.service),
            effect=statement.effect or "",
            levels=levels,
            full=full,
            actions=tuple(self.patterns),
            negated=negated,
            resources=tuple(item.text for item in statement.resources),
            all_but_resources=statement.resource_element == "NotResource",
            conditions=_conditions(statement),
            every_action=not negated and _is_whole(self.service, full),
        )


def _statements(text: str) -> Iterator[Statement]:
    try:
        value = read(text)
    except MalformedPolicy:
        return
    if isinstance(value, dict):
        paper = Paper(text=text, value=value, policy_type=PolicyType.IDENTITY, resource_type=None)
        yield from (each for each in paper.statements if each.effect in ("Allow", "Deny") and each.actions)


def _by_service(statement: Statement) -> dict[str, list[str]]:
    """The patterns of a statement by service; NotAction speaks of all services, and keeps its prefixes."""
    if statement.action_element == "NotAction":
        return {EVERY_SERVICE: [action.text for action in statement.actions]}
    found: dict[str, list[str]] = {}
    for action in statement.actions:
        found.setdefault(action.service, []).append(action.text.partition(":")[2] or action.text)
    return found


def _conditions(statement: Statement) -> tuple[str, ...]:
    return tuple(
        f"{test.operator} {test.key} = {', '.join(value.text for value in test.values)}" for test in statement.tests
    )


def _levels(service: str, actions: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The access levels of a service's actions, and those of which none is left out."""
    of_level = _by_level(service)
    some = tuple(level for level in LEVELS if not of_level[level].isdisjoint(actions))
    return some, tuple(level for level in some if of_level[level] <= frozenset(actions))


def _is_whole(service: str, full: Collection[str]) -> bool:
    levels = LEVELS if service == EVERY_SERVICE else [level for level in LEVELS if _by_level(service)[level]]
    return bool(levels) and set(full) == set(levels)


@cache
def _by_level(service: str) -> dict[str, frozenset[str]]:
    known = catalog.service(service)
    actions = known.actions.values() if known is not None else ()
    return {level: frozenset(each.name for each in actions if each.access_level == level) for level in LEVELS}


@cache
def _name(service: str) -> str:
    known = catalog.service(service)
    return "" if known is None else known.name
