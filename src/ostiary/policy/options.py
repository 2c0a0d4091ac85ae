"""policy: what stands in the way of a request, and what may be done about each; of an allowed one, what refuses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ostiary.policy.amend import Element, narrowed, new_statement, widened
from ostiary.policy.combine import decide
from ostiary.policy.compile import CURRENT_VERSION, CompiledPolicy, compile_statement
from ostiary.policy.decision import Decision, Effect, PolicyType, Verdict
from ostiary.policy.in_force import InForce
from ostiary.policy.mend import Goal
from ostiary.policy.placed import Placed
from ostiary.policy.pool import Pool
from ostiary.policy.reports import StatementReport, TypeReport
from ostiary.policy.request import Request
from ostiary.policy.statements import Statement
from ostiary.policy.suggestion import PolicyChange, Remedy, changed
from ostiary.policy.width import Neighbourhood

_MOST_NEAR: Final = 3
"""Statements of one kind that are worth mending."""
_SINGLE: Final = frozenset({PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.BOUNDARY, PolicyType.ENDPOINT})
"""Of these there is one document: what is added, is added to it."""
_GRANTING: Final = (PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.TRUST)
_DENYING: Final = (*_GRANTING, PolicyType.ENDPOINT, PolicyType.SCP, PolicyType.RCP)
"""Where a Deny is added, the nearest first."""
_NAMES: Final = {
    PolicyType.BOUNDARY: "permissions boundary",
    PolicyType.ENDPOINT: "VPC endpoint's policy",
    PolicyType.RESOURCE: "resource's policy",
    PolicyType.SCP: "SCPs",
    PolicyType.RCP: "RCPs",
}


@dataclass(frozen=True, slots=True)
class Option:
    """Something that may be done about an obstacle: policies changed, or the context so that tests say otherwise."""

    changes: tuple[PolicyChange, ...] = ()
    goals: tuple[Goal, ...] = ()

    @property
    def width(self) -> int:
        """How many neighbouring requests it bears on."""
        return sum([change.width for change in self.changes])


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A Deny that matches, or a type of policy (of organizations, a level) that does not allow."""

    options: tuple[Option, ...]
    """The last one is sure to do away with it."""


class Drafter:
    """Drafts options for one request."""

    __slots__ = ("_allows", "_denies", "_in_force", "_reports", "_request", "neighbours")

    neighbours: Neighbourhood

    def __init__(self, in_force: InForce, request: Request, reports: Sequence[TypeReport]) -> None:
        self._in_force, self._request = in_force, request
        self._reports = {report.type: report for report in reports if report.applies}
        self._denies: list[tuple[TypeReport, StatementReport]] = []
        self._allows: dict[tuple[PolicyType, int], list[StatementReport]] = {}
        involved: list[Statement] = []
        service = request.action_key.partition(":")[0]
        for report in self._reports.values():
            for one in report.statements:
                if not _is_near(one, service):
                    continue
                involved.append(one.placed.statement)
                if one.placed.statement.effect is Effect.DENY:
                    self._denies.append((report, one))
                else:
                    self._allows.setdefault((report.type, one.level), []).append(one)
        self.neighbours = Neighbourhood(request, involved)

    def obstacles(self, decision: Decision) -> list[Obstacle]:
        """What stands in the way of a refused request; nothing if no change of policies could allow it."""
        found: list[Obstacle] = []
        lighter = self._in_force
        if decision.verdict is Verdict.EXPLICIT_DENY:
            denies = [(report.type, one) for report, one in self._denies if one.matched]
            removals = [self._removal(Remedy.REMOVE_DENY, kind, one) for kind, one in denies]
            lighter, _ = changed(lighter, self._request, removals)
            decision = decide(lighter, self._request)
            for (kind, one), removal in zip(denies, removals, strict=True):
                found.append(Obstacle((*self._against(kind, one), Option((removal,)))))
        seen: set[PolicyType] = set()
        while decision.verdict is not Verdict.ALLOWED:
            silent = decision.decided_by
            if silent is None or silent in seen:
                return []  # An Allow there changes nothing.
            seen.add(silent)
            additions = self._additions(silent)
            lighter, _ = changed(lighter, self._request, additions)
            found += [self._silence(silent, addition) for addition in additions]
            decision = decide(lighter, self._request)
        return found

    def refusals(self) -> Iterator[Option]:
        """What may refuse an allowed request."""
        groups = {place: [one for one in near if one.matched] for place, near in self._allows.items()}
        grants: list[PolicyChange] = []
        for (kind, _), carrying in groups.items():
            removals = [self._removal(Remedy.REMOVE_ALLOW, kind, one) for one in carrying]
            if removals:
                yield Option(tuple(removals))
                grants += removals if kind in _GRANTING else ()
                yield from _failing(carrying)
        for _, one in self._denies:
            if one.failed == ("condition",):
                yield Option(goals=_goals(one))
        for kind in [kind for kind in _DENYING if kind in self._reports][:1]:
            yield Option((self._addition(Remedy.ADD_DENY, kind, self._reports[kind].levels - 1),))
        if len(grants) > 1:
            yield Option(tuple(grants))

    def _against(self, kind: PolicyType, one: StatementReport) -> Iterator[Option]:
        """What may be done about a Deny, short of removing it."""
        for test in one.tests:
            yield Option(goals=(Goal(test.test, False),))
        for words, statement in narrowed(one, self._request) if _editable(one.placed) else ():
            yield Option((self._rewriting(Remedy.NARROW_DENY, kind, one, words, statement),))

    def _silence(self, kind: PolicyType, addition: PolicyChange) -> Obstacle:
        """What may be done about a type that does not allow: mend or widen an Allow that is near; add one."""
        options: list[Option] = []
        # In the same account the resource's policy may allow in place of an identity policy.
        kinds = _GRANTING if kind is PolicyType.IDENTITY else (kind,)
        for other in kinds:
            level = addition.level if other is kind else 0
            near = [one for one in self._allows.get((other, level), ()) if not one.matched]
            failing = [one for one in near if one.failed == ("condition",)]
            options += [Option(goals=_goals(one)) for one in failing[:_MOST_NEAR]]
            options += islice(self._wider(other, near), _MOST_NEAR)
            if other is not kind and other in self._reports:
                options.append(Option((self._addition(Remedy.ADD_ALLOW, other, 0),)))
        options.append(Option((addition,)))
        return Obstacle(tuple(options))

    def _wider(self, kind: PolicyType, near: Sequence[StatementReport]) -> Iterator[Option]:
        of_resource = self._reports[kind].of_resource if kind in self._reports else False
        for one in [one for one in near if _editable(one.placed)]:
            for words, statement in widened(one, self._request, of_resource=of_resource):
                yield Option((self._rewriting(Remedy.WIDEN_ALLOW, kind, one, words, statement),))

    def _additions(self, kind: PolicyType) -> list[PolicyChange]:
        """An Allow for each level of a type that has none."""
        report = self._reports.get(kind)
        levels = range(report.levels if report is not None else 1)
        granted = {level for level in levels if any(one.matched for one in self._allows.get((kind, level), ()))}
        return [self._addition(Remedy.ADD_ALLOW, kind, level) for level in levels if level not in granted]

    def _addition(self, remedy: Remedy, kind: PolicyType, level: int) -> PolicyChange:
        allow = remedy is Remedy.ADD_ALLOW
        policy = self._document(kind)
        version = CURRENT_VERSION if policy is None else policy.version
        statement = new_statement("Allow" if allow else "Deny", kind, self._request, version)
        compiled = compile_statement(statement, 0, version)
        what = "an Allow" if allow else "a Deny"
        text = f"add {what} of `{self._request.action}` on `{self._request.resource}` to {self._where(kind, level)}"
        return PolicyChange(
            remedy=remedy,
            text=text,
            type=kind,
            level=level,
            source=None,
            index=None,
            statement=statement,
            policy=policy,
            compiled=compiled,
            width=self.neighbours.reach(compiled, kind),
        )

    def _document(self, kind: PolicyType) -> CompiledPolicy | None:
        pools: dict[PolicyType, Pool | None] = {
            PolicyType.BOUNDARY: self._in_force.boundary,
            PolicyType.ENDPOINT: self._in_force.endpoint,
        }
        pool = pools.get(kind, self._in_force.resource) if kind in _SINGLE else None
        return pool.policies[0].policy if pool else None

    def _where(self, kind: PolicyType, level: int) -> str:
        report = self._reports.get(kind)
        if kind is PolicyType.TRUST:
            return "the role's trust policy"
        if report is not None and report.levels > 1:
            return f"level {level + 1} of the {_NAMES.get(kind, kind.value)}"
        return f"the {_NAMES.get(kind, f'{kind.value} policies')}"

    def _removal(self, remedy: Remedy, kind: PolicyType, one: StatementReport) -> PolicyChange:
        return self._change(remedy, kind, one, f"remove {_what(one.placed)}", None)

    def _rewriting(
        self, remedy: Remedy, kind: PolicyType, one: StatementReport, words: str, statement: Element
    ) -> PolicyChange:
        return self._change(remedy, kind, one, f"{words} in {_what(one.placed)}", statement)

    def _change(
        self, remedy: Remedy, kind: PolicyType, one: StatementReport, text: str, statement: Element | None
    ) -> PolicyChange:
        placed = one.placed
        index, policy = placed.statement.index, placed.policy
        compiled = None if statement is None else compile_statement(statement, index, policy.version)
        reach = 0 if compiled is None else self.neighbours.reach(compiled, kind)
        return PolicyChange(
            remedy=remedy,
            text=text,
            type=kind,
            level=one.level,
            source=placed.source,
            index=index,
            statement=statement,
            policy=policy,
            compiled=compiled,
            width=abs(reach - self.neighbours.reach(placed.statement, kind)),
        )


def _is_near(one: StatementReport, service: str) -> bool:
    """Whether a statement fails in one part at most; if in its action, it is one that speaks of the service."""
    failed = len(one.failed)
    if failed == 0:
        return True
    if failed > 1:
        return False
    services = one.placed.statement.actions.services
    return one.action or services is None or service in services


def _editable(placed: Placed) -> bool:
    """Whether a statement may be written otherwise: AWS's own managed policies may not."""
    return "::aws:policy/" not in (placed.source.arn or "")


def _what(placed: Placed) -> str:
    statement, source = placed.statement, placed.source
    named = f'"{statement.sid}"' if statement.sid else f"statement {statement.index + 1}"
    owner = f" of {source.owner}" if source.owner else ""
    return f"the {statement.effect.value} {named} of `{source.arn or source.name}`{owner}"


def _goals(one: StatementReport) -> tuple[Goal, ...]:
    return tuple([Goal(test.test, True) for test in one.tests])


def _failing(carrying: Sequence[StatementReport]) -> Iterator[Option]:
    """Circumstances in which none of the statements that carry an allow matches."""
    if len(carrying) == 1:
        for test in carrying[0].tests:
            yield Option(goals=(Goal(test.test, False),))
    elif all(one.tests for one in carrying):
        yield Option(goals=tuple([Goal(one.tests[0].test, False) for one in carrying]))
