"""policy: why a request is decided as it is, told statement by statement, and what would change it.

Nothing here is computed for a decision; `explain` evaluates again, keeping what `decide` throws away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ostiary.policy.combine import decide
from ostiary.policy.compile import referenced_condition_keys
from ostiary.policy.conditions import Test
from ostiary.policy.decision import Decision, Effect, Matched, PolicyType, Verdict
from ostiary.policy.evaluate import allowing, denying, layers
from ostiary.policy.in_force import InForce
from ostiary.policy.layers import Layer
from ostiary.policy.placed import Placed
from ostiary.policy.principals import Strength
from ostiary.policy.request import ContextValue, Request
from ostiary.policy.suggest import Suggestion, suggestions


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """One condition key under one operator, held against the request."""

    __test__ = False

    operator: str
    key: str
    wanted: tuple[str, ...]
    """The policy's values as written."""
    found: ContextValue | None
    """The request's value; None if the key is missing."""
    holds: bool

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

    statement: Matched
    """Which statement, with its source and position; whether it matched is said below."""
    action: bool
    resource: bool
    principal: bool
    tests: tuple[TestReport, ...]
    strength: Strength
    """How it names the caller; other than NONE only if everything matches."""

    @property
    def matched(self) -> bool:
        """Whether the statement applies to the request."""
        return self.strength is not Strength.NONE

    @property
    def failed(self) -> tuple[str, ...]:
        """What does not match: of `action`, `resource`, `principal`, `condition`."""
        parts = {
            "action": self.action,
            "resource": self.resource,
            "principal": self.principal,
            "condition": all(test.holds for test in self.tests),
        }
        return tuple(name for name, holds in parts.items() if not holds)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **_place(self.statement),
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

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "type": self.type.value,
            "applies": self.applies,
            "verdict": self.verdict.value,
            "statements": [one.as_dict() for one in self.statements],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with everything that led to it."""

    decision: Decision
    types: tuple[TypeReport, ...]
    missing_keys: tuple[str, ...]
    """Condition keys that the policies ask for and the request does not have."""
    suggestions: tuple[Suggestion, ...]
    """What would allow a refused request; each was tried."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        by = self.decision.decided_by
        return {
            "decision": self.decision.verdict.value,
            "decided_by": by.value if by is not None else None,
            "because": [_place(one) for one in self.decision.matched],
            "types": [one.as_dict() for one in self.types],
            "missing_context_keys": list(self.missing_keys),
            "suggestions": [one.as_dict() for one in self.suggestions],
        }


def explain(in_force: InForce, request: Request) -> Explanation:
    """Decide a request and tell why, statement by statement."""
    decision = decide(in_force, request)
    applying = layers(in_force, request)
    bounded = applying.boundary is not None
    reports = [_type_report(layer, request, applies=True, bounded=bounded) for layer in applying.all]
    present = {report.type for report in reports}
    for layer in _given(in_force):
        if layer.type not in present:
            reports.append(_type_report(layer, request, applies=False, bounded=bounded))
    return Explanation(
        decision=decision,
        types=tuple(reports),
        missing_keys=_missing(applying.all, request),
        suggestions=() if decision.verdict is Verdict.ALLOWED else suggestions(in_force, request, decision),
    )


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
    strength = allowing(layer, request)
    if denying(layer, request, bounded=bounded):
        verdict = Verdict.EXPLICIT_DENY
    else:
        verdict = Verdict.ALLOWED if strength else Verdict.IMPLICIT_DENY
    return TypeReport(
        type=layer.type,
        applies=applies,
        verdict=verdict,
        strength=strength,
        statements=tuple(
            _statement_report(placed, request, of_resource=layer.of_resource, bounded=bounded)
            for level in layer.levels
            for placed in level.placed
        ),
    )


def _statement_report(placed: Placed, request: Request, *, of_resource: bool, bounded: bool) -> StatementReport:
    statement = placed.statement
    # A boundary turns NotPrincipal with Deny against everyone; an Allow does not know of it.
    bounded = bounded and statement.effect is Effect.DENY
    action = statement.actions.match(request.action_key)
    return StatementReport(
        statement=placed.matched(),
        action=action,
        resource=statement.concerns(request.resource, request.keys, of_resource=of_resource),
        principal=bool(statement.names(request.principal, of_resource=of_resource, bounded=bounded)),
        tests=tuple(_test_report(test, request) for test in statement.tests),
        strength=statement.matches(request, of_resource=of_resource, bounded=bounded) if action else Strength.NONE,
    )


def _test_report(test: Test, request: Request) -> TestReport:
    return TestReport(
        operator=test.operator,
        key=test.key,
        wanted=test.values,
        found=request.keys.get(test.key.lower()),
        holds=test.holds(request.keys),
    )


def _missing(applying: tuple[Layer, ...], request: Request) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for layer in applying:
        for level in layer.levels:
            for attached in level:
                for key in referenced_condition_keys(attached.policy):
                    if key.lower() not in request.keys:
                        found.setdefault(key.lower(), key)
    return tuple(sorted(found.values(), key=str.lower))


def _place(one: Matched) -> dict[str, Any]:
    return {
        "type": one.source.type.value,
        "policy": one.source.name,
        "policy_arn": one.source.arn,
        "owner": one.source.owner,
        "version": one.source.version,
        "statement": one.statement_index,
        "sid": one.sid,
        "effect": one.effect.value,
        "start": {"line": one.start.line, "column": one.start.column},
        "end": {"line": one.end.line, "column": one.end.column},
    }
