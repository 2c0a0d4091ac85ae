"""policy: a suggestion: changes to policies and to the request that turn a decision round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from ostiary.policy.compile import CompiledPolicy
from ostiary.policy.decision import PolicyType, Source, Verdict
from ostiary.policy.in_force import InForce
from ostiary.policy.parse import Json
from ostiary.policy.pool import Attached, Pool
from ostiary.policy.request import ContextValue, Request
from ostiary.policy.statements import Statement

Context = dict[str, ContextValue | None]
"""Changes to a condition context; None takes the key away."""


class Remedy(Enum):
    """What kind of change something is."""

    USE_MFA = "useMfa"
    CHANGE_CONTEXT = "changeContext"
    ADD_ALLOW = "addAllow"
    WIDEN_ALLOW = "widenAllow"
    NARROW_DENY = "narrowDeny"
    REMOVE_DENY = "removeDeny"
    REMOVE_ALLOW = "removeAllow"
    ADD_DENY = "addDeny"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextChange:
    """The request made in other circumstances."""

    remedy: Remedy
    text: str
    values: tuple[tuple[str, ContextValue | None], ...]
    """Condition keys and the value that would pass; None: the key would have to be absent."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        listed = {key: list(value) if isinstance(value, tuple) else value for key, value in self.values}
        return {"remedy": self.remedy.value, "text": self.text, "context": listed}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """A statement added, written otherwise or taken away."""

    remedy: Remedy
    text: str
    type: PolicyType
    level: int
    """Of SCPs and RCPs the level, from the root (0) down; else 0."""
    source: Source | None
    """The policy in which a statement changes; None: a statement is added."""
    index: int | None
    """Which statement changes."""
    statement: dict[str, Json] | None
    """The statement as it would stand; None: it goes."""
    policy: CompiledPolicy | None = field(repr=False, compare=False)
    """The policy as it is, that of the others of its type if a statement is added; None if there is none."""
    compiled: Statement | None = field(repr=False, compare=False)
    width: int
    """How many neighbouring requests the change bears on; see `ostiary.policy.width`."""

    def same_place(self, other: PolicyChange) -> bool:
        """Whether both change the same statement: of one policy, wherever it is attached."""
        if self.source is None or self.index != other.index:
            return False
        return self.policy is other.policy and self.source == other.source

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        source = self.source
        return {
            "remedy": self.remedy.value,
            "text": self.text,
            "type": self.type.value,
            "level": self.level,
            "policy": source.name if source is not None else None,
            "policy_arn": source.arn if source is not None else None,
            "owner": source.owner if source is not None else None,
            "statement": self.index,
            "becomes": self.statement,
            "width": self.width,
        }


Change = ContextChange | PolicyChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Changes that together, and none of them less, turn the decision round."""

    changes: tuple[Change, ...]
    verdict: Verdict
    """What the decision would be."""
    among: int
    """How many neighbouring requests there are, see `ostiary.policy.width`."""

    @property
    def width(self) -> int:
        """How many neighbouring requests its changes bear on, those of several added up; 0: no policy changes."""
        return sum([change.width for change in self.changes if isinstance(change, PolicyChange)])

    @property
    def text(self) -> str:
        """One sentence for people."""
        return "; and ".join(change.text for change in self.changes)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The kinds of its changes."""
        return tuple(change.remedy for change in self.changes)

    @property
    def context(self) -> tuple[tuple[str, ContextValue | None], ...]:
        """Every condition key that would have to be otherwise, with its value; None: absent."""
        return tuple(pair for change in self.changes if isinstance(change, ContextChange) for pair in change.values)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "text": self.text,
            "verdict": self.verdict.value,
            "width": self.width,
            "among": self.among,
            "changes": [change.as_dict() for change in self.changes],
        }


def with_context(request: Request, changes: Context) -> Request:
    """The request in other circumstances."""
    gone = {key.lower() for key in changes}
    context = {key: value for key, value in request.context.items() if key.lower() not in gone}
    context.update({key: value for key, value in changes.items() if value is not None})
    return replace(request, context=context)


def changed(in_force: InForce, request: Request, changes: Iterable[Change]) -> tuple[InForce, Request]:
    """Policies and request after the changes, as far as the request's action goes.

    Pools in which nothing changes are the same objects; of the others, policies that do not speak of the action are
    left out.
    """
    context: Context = {}
    of_policies: list[PolicyChange] = []
    for change in changes:
        if isinstance(change, ContextChange):
            context.update(change.values)
        else:
            of_policies.append(change)
    if of_policies:
        in_force = _rewritten(in_force, request.action, of_policies)
    return in_force, with_context(request, context) if context else request


_OF_RESOURCE: Final = (PolicyType.RESOURCE, PolicyType.TRUST)


def _rewritten(in_force: InForce, action: str, changes: Sequence[PolicyChange]) -> InForce:
    def one(pool: Pool | None, *kinds: PolicyType, of_resource: bool = False) -> Pool | None:
        concerned = [change for change in changes if change.type in kinds]
        return _pool(pool or Pool(), concerned, 0, action, of_resource=of_resource) if concerned else pool

    def levels(pools: tuple[Pool, ...] | None, kind: PolicyType) -> tuple[Pool, ...] | None:
        concerned = [change for change in changes if change.type is kind]
        if pools is None or not concerned:
            return pools
        return tuple([_pool(pool, concerned, at, action, of_resource=False) for at, pool in enumerate(pools)])

    return InForce(
        identity=one(in_force.identity, PolicyType.IDENTITY) or (),
        resource=one(in_force.resource, *_OF_RESOURCE, of_resource=True),
        boundary=one(in_force.boundary, PolicyType.BOUNDARY),
        session=one(in_force.session, PolicyType.SESSION),
        scp=levels(in_force.scp, PolicyType.SCP),
        rcp=levels(in_force.rcp, PolicyType.RCP),
        endpoint=one(in_force.endpoint, PolicyType.ENDPOINT, of_resource=True),
    )


def _pool(pool: Pool, changes: Sequence[PolicyChange], level: int, action: str, *, of_resource: bool) -> Pool:
    speaking = {id(placed.policy) for placed in pool.plan(action, of_resource=of_resource).placed}
    policies: list[Attached] = []
    added: list[Attached] = []
    for change in changes:
        if change.source is None and change.level == level and change.compiled is not None:
            alone = CompiledPolicy("", "", (change.compiled,))
            added.append(Attached(alone, Source(type=change.type, name="suggested")))
    for one in pool.policies:
        # The policy itself changes, wherever it is attached.
        inside = [change for change in changes if _is(one, change)]
        if inside:
            policies.append(Attached(_edited(one.policy, inside), one.source))
        elif id(one.policy) in speaking:
            policies.append(one)
    return Pool((*policies, *added))


def _is(one: Attached, change: PolicyChange) -> bool:
    return one.policy is change.policy and one.source == change.source


def _edited(policy: CompiledPolicy, changes: Sequence[PolicyChange]) -> CompiledPolicy:
    becomes = {change.index: change.compiled for change in changes}
    kept = [becomes.get(statement.index, statement) for statement in policy.statements]
    return CompiledPolicy(policy.text, policy.version, tuple([one for one in kept if one is not None]))
