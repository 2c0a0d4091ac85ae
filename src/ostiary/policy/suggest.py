"""policy: what would allow a refused request. Every suggestion has been tried before it is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from typing import Any, Final

from ostiary.policy.combine import decide
from ostiary.policy.compile import CompiledPolicy, compile_policy
from ostiary.policy.decision import Decision, Effect, PolicyType, Source, Verdict
from ostiary.policy.evaluate import layers
from ostiary.policy.in_force import InForce
from ostiary.policy.pool import Attached, Pool
from ostiary.policy.principals import Anonymous, Federated, Principal, Service
from ostiary.policy.request import ContextValue, Request
from ostiary.policy.statements import Statement
from ostiary.policy.trial_values import trial_values

_MFA: Final[dict[str, ContextValue]] = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}

_MOST: Final = 10
_MOST_TRIED: Final = 200

Context = dict[str, ContextValue | None]
"""Changes to a context; None takes the key away."""


class Remedy(Enum):
    """What kind of change a suggestion is."""

    ADD_ALLOW = "addAllow"
    REMOVE_DENY = "removeDeny"
    CHANGE_CONTEXT = "changeContext"
    USE_MFA = "useMfa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A change after which the request would be allowed."""

    remedy: Remedy
    text: str
    """One sentence for people."""
    add: tuple[tuple[PolicyType, str], ...] = ()
    """Statements to add, as JSON, and the type of policy each is missing in."""
    remove: tuple[tuple[Source, int], ...] = ()
    """Deny statements in the way: policy and index."""
    context: tuple[tuple[str, ContextValue | None], ...] = ()
    """Condition keys and the value that would pass; None: the key would have to be absent."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "remedy": self.remedy.value,
            "text": self.text,
            "add": [{"type": kind.value, "statement": json.loads(text)} for kind, text in self.add],
            "remove": [{"policy": source.name, "statement": index} for source, index in self.remove],
            "context": {key: list(value) if isinstance(value, tuple) else value for key, value in self.context},
        }


def suggestions(in_force: InForce, request: Request, decision: Decision) -> tuple[Suggestion, ...]:
    """What would allow the request, the least change first."""
    found: list[Suggestion] = []
    mfa = _with(request, dict(_MFA))
    if _allowed(in_force, mfa):
        found.append(Suggestion(remedy=Remedy.USE_MFA, text="sign in with MFA", context=tuple(_MFA.items())))
    found.extend(islice(_context_changes(in_force, request), _MOST))
    if decision.verdict is Verdict.EXPLICIT_DENY:
        found.extend(_without_denies(in_force, request, decision))
    else:
        found.extend(_with_allows(in_force, request, decision))
    return tuple(found)


def _allowed(in_force: InForce, request: Request) -> bool:
    return decide(in_force, request).verdict is Verdict.ALLOWED


def _with(request: Request, changes: Context) -> Request:
    changed = {key.lower() for key in changes}
    context = {key: value for key, value in request.context.items() if key.lower() not in changed}
    return replace(request, context={**context, **{key: one for key, one in changes.items() if one is not None}})


def _context_changes(in_force: InForce, request: Request) -> Iterator[Suggestion]:
    """A value that would make a failing Allow hold, or a matching Deny not hold."""
    seen: set[tuple[tuple[str, ContextValue | None], ...]] = {tuple(_MFA.items())}
    for statement in islice(_near_misses(in_force, request), _MOST_TRIED):
        for changes in _changes(statement, request):
            items = tuple(sorted(changes.items(), key=lambda item: item[0].lower()))
            mfa_only = {key.lower() for key in changes} <= {key.lower() for key in _MFA}
            if items in seen or not changes or (mfa_only and _allowed(in_force, _with(request, dict(_MFA)))):
                continue
            seen.add(items)
            if _allowed(in_force, _with(request, changes)):
                shown = " and ".join(_shown(key, value) for key, value in items)
                yield Suggestion(
                    remedy=Remedy.CHANGE_CONTEXT, text=f"the request would be allowed {shown}", context=items
                )


def _shown(key: str, value: ContextValue | None) -> str:
    if value is None:
        return f"without `{key}`"
    return f"with `{key}` = `{value if isinstance(value, str) else ', '.join(value)}`"


def _near_misses(in_force: InForce, request: Request) -> Iterator[Statement]:
    """Statements with conditions that speak of this action, resource and caller."""
    applying = layers(in_force, request)
    for layer in applying.all:
        for level in layer.levels:
            bearing = level.plan(request.action, of_resource=layer.of_resource).bearing(request.resource)
            for check in (*bearing.denies, *bearing.allows):
                statement = check.placed.statement
                bounded = applying.boundary is not None and statement.effect is Effect.DENY
                if (
                    statement.tests
                    and statement.concerns(request.resource, request.keys, of_resource=layer.of_resource)
                    and statement.names(request.principal, of_resource=layer.of_resource, bounded=bounded)
                ):
                    yield statement


def _changes(statement: Statement, request: Request) -> Iterator[Context]:
    """Contexts in which an Allow holds, all failing tests mended; or in which one test of a Deny fails."""
    if statement.effect is Effect.DENY:
        if statement.condition_holds(request.keys):
            for test in statement.tests:
                for value in trial_values(test, request.keys):
                    if not test.holds(_with(request, {test.key: value}).keys):
                        yield {test.key: value}
                        break
        return
    changes: Context = {}
    for test in statement.tests:
        if test.holds(_with(request, changes).keys):
            continue
        for value in trial_values(test, request.keys):
            if test.holds(_with(request, {**changes, test.key: value}).keys):
                changes[test.key] = value
                break
    yield changes


def _without_denies(in_force: InForce, request: Request, decision: Decision) -> Iterator[Suggestion]:
    """Name the Denies in the way, if nothing else stands in it."""
    blocking = [(one.source, one.statement_index) for one in decision.matched]
    gone = set(blocking)

    def lighten(pool: Pool) -> Pool:
        return Pool(Attached(_without(one, gone), one.source) for one in pool)

    lighter = _mapped(in_force, lambda _, pool: lighten(pool))
    after = decide(lighter, request)
    names = ", ".join(f"statement {index} of `{source.name}`" for source, index in blocking)
    if after.verdict is Verdict.ALLOWED:
        text = f"the request would be allowed without the Deny: {names}"
        yield Suggestion(remedy=Remedy.REMOVE_DENY, text=text, remove=tuple(blocking))
        return
    for one in _with_allows(lighter, request, after):
        yield replace(one, text=f"without the Deny ({names}), {one.text}", remove=tuple(blocking))


def _without(one: Attached, gone: set[tuple[Source, int]]) -> CompiledPolicy:
    policy = one.policy
    kept = tuple(statement for statement in policy.statements if (one.source, statement.index) not in gone)
    return policy if len(kept) == len(policy.statements) else CompiledPolicy(policy.text, policy.version, kept)


def _with_allows(in_force: InForce, request: Request, decision: Decision) -> Iterator[Suggestion]:
    """Add the missing Allow where one is missing, until the request is allowed."""
    added: list[tuple[PolicyType, str]] = []
    while decision.verdict is Verdict.IMPLICIT_DENY and decision.decided_by is not None:
        kind = decision.decided_by
        if any(kind is one for one, _ in added):
            return  # An Allow there changes nothing.
        statement = _allow(kind, request)
        added.append((kind, statement))
        in_force = _granting(in_force, kind, statement)
        decision = decide(in_force, request)
    if added and decision.verdict is Verdict.ALLOWED:
        missing = " and in ".join(f"the {kind.value} policy" for kind, _ in added)
        text = f"an Allow of `{request.action}` on `{request.resource}` is missing in {missing}"
        yield Suggestion(remedy=Remedy.ADD_ALLOW, text=text, add=tuple(added))


_OF_RESOURCE: Final = frozenset({PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ENDPOINT})


def _allow(kind: PolicyType, request: Request) -> str:
    statement: dict[str, object] = {"Effect": "Allow", "Action": request.action}
    if kind in _OF_RESOURCE:
        statement["Principal"] = _principal(request.principal)
    if kind is not PolicyType.TRUST:
        statement["Resource"] = request.resource
    return json.dumps(statement)


def _principal(principal: Principal) -> object:
    match principal:
        case Anonymous():
            return "*"
        case Service():
            return {"Service": principal.arn}
        case Federated():
            return {"Federated": principal.arn}
        case _:
            return {"AWS": principal.arn}


def _granting(in_force: InForce, kind: PolicyType, statement: str) -> InForce:
    policy = compile_policy(f'{{"Version": "2012-10-17", "Statement": [{statement}]}}')
    extra = Attached(policy, Source(type=kind, name="suggested"))
    role = PolicyType.RESOURCE if kind is PolicyType.TRUST else kind

    def widen(of: PolicyType, pool: Pool) -> Pool:
        return Pool((*pool, extra)) if of is role else pool

    return _mapped(in_force, widen, fill=role)


def _mapped(in_force: InForce, change: Callable[[PolicyType, Pool], Pool], fill: PolicyType | None = None) -> InForce:
    """The same policies, each pool changed; the type `fill` is there even if it was not."""

    def one(kind: PolicyType, pool: Pool | None) -> Pool | None:
        given = Pool() if pool is None and kind is fill else pool
        return None if given is None else change(kind, given)

    def levels(kind: PolicyType, pools: tuple[Pool, ...] | None) -> tuple[Pool, ...] | None:
        return None if pools is None else tuple(change(kind, pool) for pool in pools)

    return InForce(
        identity=one(PolicyType.IDENTITY, in_force.identity) or (),
        resource=one(PolicyType.RESOURCE, in_force.resource),
        boundary=one(PolicyType.BOUNDARY, in_force.boundary),
        session=one(PolicyType.SESSION, in_force.session),
        scp=levels(PolicyType.SCP, in_force.scp),
        rcp=levels(PolicyType.RCP, in_force.rcp),
        endpoint=one(PolicyType.ENDPOINT, in_force.endpoint),
    )
