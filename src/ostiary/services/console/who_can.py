"""services/console: who can do something: every principal of the account held against one action and one resource.

Each is decided by the judge that decides requests, as if nothing were known of how they ask. Whoever is refused only
because of a condition is tried again with values that meet it: what then is allowed depends on these.

Source: IAM User Guide, "Policy evaluation logic"; GetAccountAuthorizationDetails, whose permission is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Final

from ostiary import catalog, policy
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.judge import Ask, Judgement
from ostiary.identifiers import root_arn
from ostiary.policy import Effect, Matched, PolicyType, StatementReport, TypeReport, Verdict
from ostiary.policy.mend import Goal, mended
from ostiary.policy.suggestion import with_context
from ostiary.services.console.supposing import Supposed, about, root_caller, standing_caller
from ostiary.services.console.thresholds import DAY
from ostiary.services.iam.names import ROLE, USER
from ostiary.services.operation import Call, on_everything
from ostiary.services.view import view
from ostiary.store.transaction import Transaction

LOOKED: Final = 1_000
"""Principals that one call looks at."""
USED_DAYS: Final = 90
_TOLD: Final = frozenset({PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.TRUST})
_EITHER: Final = frozenset({PolicyType.IDENTITY, PolicyType.RESOURCE})
_MOST_TRIED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A statement that gives the right."""

    policy: str
    arn: str | None
    owner: str | None
    version: str | None
    statement: str
    """Its Sid, or its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """A principal that can, or could under conditions."""

    kind: str
    """`root`, `user` or `role`."""
    name: str
    arn: str
    sure: bool
    """Whatever the circumstances."""
    paths: tuple[Path, ...]
    conditions: tuple[str, ...]
    """`Bool aws:MultiFactorAuthPresent true`: what it depends on."""
    used: int | None
    """When it last was allowed to, in the last 90 days."""
    tried: int | None
    """When it last tried, in the last 90 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoCan:
    """Those of a part of the account."""

    able: tuple[Able, ...]
    looked_at: int
    after: str
    """Where to go on; empty at the end."""
    foreign: bool
    """The resource is another account's."""


@view("iam", "GetAccountAuthorizationDetails", asks=on_everything("iam:GetAccountAuthorizationDetails"))
def who_can(call: Call, tx: Transaction) -> WhoCan:
    """Those who can do `Action` on `Resource`, from `After` on. Raises `InvalidInput`."""
    call.house.write_record()
    params = call.params
    supposed = about(call, tx, params["Action"], params["Resource"], params.get("Context") or {})
    service, _, name = params["Action"].partition(":")
    since = call.now - USED_DAYS * DAY
    with call.house.store.read() as fresh:
        used = fresh.service_accesses.of_action(call.account, service.lower(), _written(params["Action"], name))
    able: list[Able] = []
    looked, last = 0, ""
    for place, caller in islice(_principals(call, tx, params.get("After") or ""), LOOKED + 1):
        if looked == LOOKED:
            return WhoCan(able=tuple(able), looked_at=looked, after=last, foreign=supposed.foreign)
        looked, last = looked + 1, place
        found = _able(call, supposed, caller)
        if found is not None:
            at, allowed = used.get(caller.entity_id, (0, None))
            able.append(_shown(caller, *found, used=_late(allowed, since), tried=_late(at, since)))
    return WhoCan(able=tuple(able), looked_at=looked, after="", foreign=supposed.foreign)


def _written(action: str, name: str) -> str:
    """The action's name as the catalogue writes it, under which it is recorded."""
    found = catalog.expand(action)
    return found[0].partition(":")[2] if len(found) == 1 else name


def _late(at: int | None, since: int) -> int | None:
    return at if at is not None and at >= since else None


def _principals(call: Call, tx: Transaction, after: str) -> Iterator[tuple[str, Caller]]:
    """Everybody after a place: the root user, then users, then roles, by name."""
    book, account = call.house.book, call.account
    part, begun = after[:1], after[1:]
    if not after:
        yield "0", root_caller(book, account)
    for number, kind in (("1", USER), ("2", ROLE)):
        if part > number:
            continue
        rows: Any = kind.rows(tx)
        key = begun if part == number else ""
        while page := rows.page(account, after=key, limit=500):
            for record in page:
                standing = book.user(record.id) if kind is USER else book.role(record.id)
                if standing is not None:
                    yield f"{number}{record.name.lower()}", standing_caller(book, standing)
            key = page[-1].name.lower()


def _able(
    call: Call, supposed: Supposed, caller: Caller
) -> tuple[bool, tuple[Matched, ...], tuple[StatementReport, ...]] | None:
    """Whether for sure, by which statements, and the statements whose conditions it depends on; None: not at all."""
    ask: Ask = supposed.ask
    judgement = call.house.judge.suppose(caller, ask)
    if judgement.allowed:
        reports = policy.explain(judgement.in_force, judgement.request).types
        depends = tuple(_depending(reports, judgement.decision.matched))
        return not depends, judgement.decision.matched, depends
    return _conditional(judgement)


def _depending(reports: Sequence[TypeReport], matched: Sequence[Matched]) -> Iterator[StatementReport]:
    """Statements with conditions that carry an allow, or would deny if their conditions held."""
    for report in reports:
        if report.applies:
            for one in report.statements:
                if one.tests:
                    carries = one.matched and one.statement in matched
                    would_deny = one.statement.effect is Effect.DENY and one.failed == ("condition",)
                    if carries or would_deny:
                        yield one


def _conditional(
    judgement: Judgement,
) -> tuple[bool, tuple[Matched, ...], tuple[StatementReport, ...]] | None:
    """Whether values for condition keys would allow what is refused: found, and tried with the judge's own engine."""
    reports = [one for one in policy.explain(judgement.in_force, judgement.request).types if one.applies]
    denies = [one for report in reports for one in report.statements if one.matched and _denies(one)]
    if not all(one.tests for one in denies):
        return None
    needed = list(_needed(reports))
    if not all(needed):
        return None
    for chosen in islice(product(*needed), _MOST_TRIED):
        goals = [Goal(test.test, True) for one in chosen for test in one.tests]
        goals += [Goal(one.tests[0].test, False) for one in denies]
        changes = mended(goals, judgement.request) if goals else None
        if changes is None:
            continue
        values = {key: value for change in changes for key, value in change.values}
        if any(key.lower() in judgement.request.keys for key in values):
            continue  # who asks, and what was said of the request, is not for circumstances to change
        decision = policy.decide(judgement.in_force, with_context(judgement.request, values))
        if decision.verdict is Verdict.ALLOWED:
            return False, decision.matched, (*(one for one in chosen if one.tests), *denies)
    return None


def _denies(one: StatementReport) -> bool:
    return one.statement.effect is Effect.DENY


def _needed(reports: Sequence[TypeReport]) -> Iterator[list[StatementReport]]:
    """For each kind and level that does not allow yet, the Allows that fail in their condition alone.

    Of the policies of the one who asks and of the resource one is enough.
    """
    granting: list[StatementReport] = []
    granted = False
    for report in reports:
        for level in range(report.levels):
            allows = [one for one in report.statements if one.level == level and not _denies(one)]
            near = [one for one in allows if one.failed == ("condition",)]
            if report.type in _EITHER:
                granted = granted or any(one.matched for one in allows)
                granting += near
            elif not any(one.matched for one in allows):
                yield near
    if not granted and any(report.type in _EITHER for report in reports):
        yield granting


def _shown(
    caller: Caller,
    sure: bool,
    matched: Iterable[Matched],
    depends: Iterable[StatementReport],
    *,
    used: int | None,
    tried: int | None,
) -> Able:
    kinds = {CallerKind.ROOT: "root", CallerKind.USER: "user", CallerKind.ROLE_SESSION: "role"}
    conditions = dict.fromkeys(
        f"{'' if not _denies(one) else 'Deny '}{test.operator} {test.key} {', '.join(test.wanted)}"
        for one in depends
        for test in one.tests
    )
    return Able(
        kind=kinds[caller.kind],
        name=caller.name or "root",
        arn=root_arn(caller.account) if caller.kind is CallerKind.ROOT else caller.arn,
        sure=sure,
        paths=tuple(dict.fromkeys(_path(one) for one in matched if one.source.type in _TOLD)),
        conditions=tuple(conditions),
        used=used,
        tried=tried,
    )


def _path(one: Matched) -> Path:
    source = one.source
    return Path(
        policy=source.name,
        arn=source.arn,
        owner=source.owner,
        version=source.version,
        statement=one.sid or str(one.statement_index + 1),
    )
