"""policy: what each type of policy, each statement and each condition says of a request; a part of an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary.policy.conditions import Test
from ostiary.policy.decision import Effect, Matched, PolicyType, Position, Verdict
from ostiary.policy.evaluate import layers
from ostiary.policy.in_force import InForce
from ostiary.policy.layers import Layer
from ostiary.policy.placed import Placed
from ostiary.policy.principals import Strength
from ostiary.policy.request import ContextValue, Request
from ostiary.policy.variables import Keys

PARTS: Final = ("action", "resource", "principal", "condition")
"""What of a statement may fail to match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """One condition key under one operator, held against the request."""

    __test__ = False

    test: Test = field(repr=False, compare=False)
    found: ContextValue | None
    """The request's value; None if the key is missing."""
    holds: bool

    @property
    def operator(self) -> str:
        """As written."""
        return self.test.operator

    @property
    def key(self) -> str:
        """As written."""
        return self.test.key

    @property
    def wanted(self) -> tuple[str, ...]:
        """The policy's values as written."""
        return self.test.values

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        found = list(self.found) if isinstance(self.found, tuple) else self.found
        return {
            "operator": self.operator,
            "key": self.key,
            "policy_values": list(self.wanted),
            "request_value": found,
            "key_missing": self.found is None,
            "holds": self.holds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementReport:
    """One statement and why it does or does not bear on the request."""

    placed: Placed = field(repr=False, compare=False)
    level: int
    """Of an organization's policies the level they stand at, from the root (0) down; else 0."""
    action: bool
    resource: bool
    principal: bool
    tests: tuple[TestReport, ...]
    strength: Strength
    """How it names the caller; other than NONE only if everything matches."""

    @property
    def statement(self) -> Matched:
        """Which statement, with its source and position; whether it matched is said below."""
        return self.placed.matched()

    @property
    def matched(self) -> bool:
        """Whether the statement applies to the request."""
        return self.strength is not Strength.NONE

    @property
    def condition(self) -> bool:
        """Whether every test of its Condition holds."""
        for test in self.tests:  # noqa: SIM110  a generator costs more than the loop
            if not test.holds:
                return False
        return True

    @property
    def failed(self) -> tuple[str, ...]:
        """What does not match: of `PARTS`."""
        parts = (self.action, self.resource, self.principal, self.condition)
        return tuple([name for name, holds in zip(PARTS, parts, strict=True) if not holds])

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **place_as_dict(self.statement),
            "matched": self.matched,
            "failed": list(self.failed),
            "conditions": [test.as_dict() for test in self.tests],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeReport:
    """What the policies of one type say."""

    type: PolicyType
    applies: bool
    """False if policies were given but do not bind this caller, action or resource."""
    verdict: Verdict
    """ALLOWED: it allows; IMPLICIT_DENY: it is silent; EXPLICIT_DENY: it denies. By itself, not for the request."""
    strength: Strength
    statements: tuple[StatementReport, ...]
    levels: int = 1
    """How many levels there are, each of which must allow."""
    of_resource: bool = False

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "type": self.type.value,
            "applies": self.applies,
            "verdict": self.verdict.value,
            "statements": [one.as_dict() for one in self.statements],
        }


def type_reports(in_force: InForce, request: Request) -> tuple[TypeReport, ...]:
    """What each type says: first those that apply, in the order in which they are asked for Denies."""
    applying = layers(in_force, request)
    bounded = applying.boundary is not None
    reports = [_type_report(layer, request, applies=True, bounded=bounded) for layer in applying.all]
    present = {report.type for report in reports}
    for layer in _given(in_force):
        if layer.type not in present:
            reports.append(_type_report(layer, request, applies=False, bounded=bounded))
    return tuple(reports)


def missing_keys(reports: tuple[TypeReport, ...], request: Request) -> tuple[str, ...]:
    """The condition keys that the request lacks and that statements about it ask for.

    Statements count whose action, resource and principal match; and of a statement whose resource would depend on a
    variable without a value, that variable's key.
    """
    found: dict[str, str] = {}
    for report in reports:
        if report.applies:
            for one in report.statements:
                for key in _asked_for(one, request.resource):
                    if key.lower() not in request.keys:
                        found.setdefault(key.lower(), key)
    return tuple(sorted(found.values(), key=str.lower))


def place_as_dict(one: Matched) -> dict[str, Any]:
    """A statement's place, JSON-ready."""
    return {
        "type": one.source.type.value,
        "policy": one.source.name,
        "policy_arn": one.source.arn,
        "owner": one.source.owner,
        "version": one.source.version,
        "statement": one.statement_index,
        "sid": one.sid,
        "effect": one.effect.value,
        "start": _position(one.start),
        "end": _position(one.end),
    }


def _position(at: Position) -> dict[str, int]:
    return {"line": at.line, "column": at.column, "offset": at.offset}


def _asked_for(one: StatementReport, resource: str) -> Iterator[str]:
    if not (one.action and one.principal):
        return
    resources = one.placed.statement.resources
    if one.resource:
        for report in one.tests:
            yield report.key
            yield from report.test.variable_keys
    elif resources is not None and resources.settled(resource) is None:
        yield from resources.variable_keys


_UNLEVELLED: Final = (
    (PolicyType.ENDPOINT, "endpoint"),
    (PolicyType.RESOURCE, "resource"),
    (PolicyType.IDENTITY, "identity"),
    (PolicyType.BOUNDARY, "boundary"),
    (PolicyType.SESSION, "session"),
)


def _given(in_force: InForce) -> Iterator[Layer]:
    """Every type of which policies were handed in, whether it applies or not."""
    for kind, levels in ((PolicyType.RCP, in_force.rcp), (PolicyType.SCP, in_force.scp)):
        if levels:
            yield Layer(kind, tuple(levels))
    for kind, name in _UNLEVELLED:
        policies = getattr(in_force, name)
        if policies is not None and len(policies):
            own = policies.policies[0].source.type if kind is PolicyType.RESOURCE else kind
            yield Layer(own, (policies,), of_resource=kind in (PolicyType.RESOURCE, PolicyType.ENDPOINT))


def _type_report(layer: Layer, request: Request, *, applies: bool, bounded: bool) -> TypeReport:
    statements: list[StatementReport] = []
    denies = False
    grants: list[Strength] = []
    keys, action = request.keys, request.action_key
    for number, level in enumerate(layer.levels):
        strongest = Strength.NONE
        for placed in level.placed:
            # A boundary turns NotPrincipal with Deny against everyone; an Allow does not know of it.
            allow = placed.statement.effect is Effect.ALLOW
            one = _statement_report(placed, number, request, action, keys, layer.of_resource, bounded and not allow)
            statements.append(one)
            if not allow:
                denies = denies or one.matched
            elif one.strength > strongest:
                strongest = one.strength
        grants.append(strongest)
    # Every level must have an Allow of its own; the strongest counts.
    strength = max(grants) if grants and all(grants) else Strength.NONE
    silent = Verdict.ALLOWED if strength else Verdict.IMPLICIT_DENY
    return TypeReport(
        type=layer.type,
        applies=applies,
        verdict=Verdict.EXPLICIT_DENY if denies else silent,
        strength=strength,
        statements=tuple(statements),
        levels=len(layer.levels),
        of_resource=layer.of_resource,
    )


def _statement_report(
    placed: Placed, level: int, request: Request, action: str, keys: Keys, of_resource: bool, bounded: bool
) -> StatementReport:
    statement = placed.statement
    acts = statement.actions.match(action)
    concerns = statement.concerns(request.resource, keys, of_resource=of_resource)
    names = statement.names(request.principal, of_resource=of_resource, bounded=bounded)
    tests = tuple([_test_report(test, keys) for test in statement.tests]) if statement.tests else ()
    matched = acts and concerns and statement.condition_holds(keys)
    return StatementReport(
        placed=placed,
        level=level,
        action=acts,
        resource=concerns,
        principal=names is not Strength.NONE,
        tests=tests,
        strength=names if matched else Strength.NONE,
    )


def _test_report(test: Test, keys: Keys) -> TestReport:
    return TestReport(test=test, found=keys.get(test.key.lower()), holds=test.holds(keys))
