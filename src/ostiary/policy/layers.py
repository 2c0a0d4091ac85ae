"""policy: the types of policy that apply to a request, heard together (IAM User Guide, "Policy evaluation logic")."""

from __future__ import annotations

from typing import Final

from ostiary.policy.arns import COMPONENTS
from ostiary.policy.decision import Decision, PolicyType, Verdict
from ostiary.policy.memory import Memo
from ostiary.policy.placed import Check
from ostiary.policy.plan import BEARING_ON_NOTHING, SILENT, Bearing
from ostiary.policy.pool import Pool
from ostiary.policy.request import Request
from ostiary.policy.special import Traits, traits
from ostiary.policy.variables import Keys

_REMEMBERED_ACTIONS: Final = 256
_REMEMBERED_DENIALS: Final = 32
_NO_KEYS: Final[Keys] = {}

SILENT_DECISIONS: Final = {kind: Decision(verdict=Verdict.IMPLICIT_DENY, decided_by=kind) for kind in PolicyType}
"""The refusal of a type that says nothing."""


class Layer:
    """The policies of one type that apply. Organizations' come in levels, each of which must allow."""

    __slots__ = ("levels", "of_resource", "type")

    def __init__(self, kind: PolicyType, levels: tuple[Pool, ...], *, of_resource: bool = False) -> None:
        self.type, self.levels, self.of_resource = kind, levels, of_resource

    def bearings(self, action: str, resource: str) -> tuple[Bearing, ...]:
        """The statements that may bear on an action on a resource, level by level."""
        return tuple([pool.plan(action, of_resource=self.of_resource).bearing(resource) for pool in self.levels])


class Layers:
    """Every type that applies to a request."""

    __slots__ = ("all", "boundary", "filters", "identity", "joint_plans", "resource", "session")

    filters: tuple[Layer, ...]
    """RCP, SCP and endpoint policy: they grant nothing, and each must allow."""
    all: tuple[Layer, ...]
    """The layers there are, in the order in which they are reported."""

    def __init__(
        self,
        filters: tuple[Layer, ...],
        resource: Layer | None,
        identity: Layer | None,
        boundary: Layer | None,
        session: Layer | None,
    ) -> None:
        self.filters, self.resource, self.identity = filters, resource, identity
        self.boundary, self.session = boundary, session
        self.all = (*filters, *(one for one in (resource, identity, boundary, session) if one is not None))
        self.joint_plans: dict[str, JointPlan] = {}

    def joint_plan(self, action: str) -> JointPlan:
        """What the layers have to say about an action; remembered, up to a bound."""
        found = self.joint_plans.get(action)
        if found is None:
            if len(self.joint_plans) >= _REMEMBERED_ACTIONS:
                self.joint_plans.clear()
            found = self.joint_plans[action] = JointPlan(self, action)
        return found


class JointPlan:
    """An action before all layers."""

    __slots__ = ("_action", "_layers", "_memo", "places", "special")

    special: Traits
    places: dict[str, Joint]
    """What is remembered, by the head of a resource: of what is in a bucket the bucket, elsewhere all of it."""

    def __init__(self, layers: Layers, action: str) -> None:
        self._layers, self._action = layers, action
        self.special = traits(action)
        self._memo: Memo[Joint] = Memo()
        self.places = self._memo.places

    def joint(self, head: str, resource: str) -> Joint:
        """Find what the layers have to say about the action on a resource."""
        found = Joint(self._layers, self._action, resource)
        cut = self.special.of_bucket and head.endswith("/")
        if head.count(":") >= COMPONENTS - 1 or not cut:
            self._memo.keep(head, found)
        return found


class Joint:
    """The bearings of all layers on an action on a resource. Never changes."""

    __slots__ = (
        "_asks_keys",
        "_bounded",
        "_checks",
        "_denials",
        "_denies",
        "filters",
        "has_session",
        "identity",
        "limits",
        "resource",
    )

    filters: tuple[tuple[Decision, tuple[Bearing, ...]], ...]
    """Of the types that must allow, those that do not allow everything; the decision if they are silent."""
    resource: Bearing
    identity: Bearing
    limits: tuple[tuple[Decision, Bearing], ...]
    """Of boundary and session policy, those that do not allow everything; the decision if they are silent."""
    has_session: bool
    """Whether there is a session policy."""

    def __init__(self, layers: Layers, action: str, resource: str) -> None:
        heard = [layer.bearings(action, resource) for layer in layers.all]
        self._denies: tuple[tuple[PolicyType, Check], ...] = tuple(
            [
                (layer.type, check)
                for layer, levels in zip(layers.all, heard, strict=True)
                for bearing in levels
                for check in bearing.denies
            ]
        )
        self._checks = tuple([check for _, check in self._denies])
        self._asks_keys = any(check.asks_keys for check in self._checks)
        self._bounded = layers.boundary is not None
        self._denials: dict[int, Decision] = {}
        filters: list[tuple[Decision, tuple[Bearing, ...]]] = []
        for layer, levels in zip(layers.filters, heard, strict=False):
            told = tuple([one for one in levels if not one.always_grants]) if levels else (BEARING_ON_NOTHING,)
            if told:
                filters.append((SILENT_DECISIONS[layer.type], told))
        self.filters = tuple(filters)
        own = iter(heard[len(layers.filters) :])
        self.resource = BEARING_ON_NOTHING if layers.resource is None else next(own)[0]
        self.identity = BEARING_ON_NOTHING if layers.identity is None else next(own)[0]
        limits = [(layer.type, next(own)[0]) for layer in (layers.boundary, layers.session) if layer is not None]
        self.limits = tuple([(SILENT_DECISIONS[kind], one) for kind, one in limits if not one.always_grants])
        self.has_session = layers.session is not None

    def refusal(self, request: Request) -> Decision | None:
        """Steps 1 to 3: a Deny anywhere; RCP, SCP and endpoint policy must each allow."""
        if self._checks:
            resource, keys = request.resource, request.keys if self._asks_keys else _NO_KEYS
            found, bit = 0, 1
            for check in self._checks:
                only = check.only
                if only is not None:
                    if only(keys):
                        found |= bit
                elif check.holds(resource, keys) and (
                    check.principals is None or check.strength(request.principal, bounded=self._bounded)
                ):
                    found |= bit
                bit += bit
            if found:
                decision = self._denials.get(found)
                return self._denied(found) if decision is None else decision
        for silence, levels in self.filters:
            for bearing in levels:
                if bearing.granting(request) is SILENT:
                    return silence
        return None

    def _denied(self, found: int) -> Decision:
        """The first type that denies is named; every Deny that matches is listed."""
        denies = [each for at, each in enumerate(self._denies) if found >> at & 1]
        statements = tuple([check.placed for _, check in denies])
        decision = Decision(verdict=Verdict.EXPLICIT_DENY, decided_by=denies[0][0], statements=statements)
        if len(self._denials) >= _REMEMBERED_DENIALS:
            self._denials.clear()
        self._denials[found] = decision
        return decision
