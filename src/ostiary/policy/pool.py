"""policy: the policies of one type, pooled (IAM User Guide, "Policies and permissions")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.policy.compile import CompiledPolicy
from ostiary.policy.decision import Source
from ostiary.policy.placed import Placed
from ostiary.policy.plan import Plan
from ostiary.policy.statements import name_glob, read_action

_REMEMBERED_ACTIONS: Final = 256
_WORTH_GROUPING: Final = 16


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy and where it comes from."""

    policy: CompiledPolicy
    source: Source


class Groups:
    """Statements by the patterns of their Action element, of which policies share most."""

    __slots__ = ("_everything", "_exact", "_negated", "_services")

    def __init__(self, placed: Iterable[Placed]) -> None:
        self._everything: list[Placed] = []
        self._negated: list[Placed] = []
        self._exact: dict[str, list[Placed]] = {}
        self._services: dict[str, dict[str, list[Placed]]] = {}
        for one in placed:
            actions = one.statement.actions
            if actions.negated:
                self._negated.append(one)
            elif actions.everything:
                self._everything.append(one)
            else:
                for pattern in actions.patterns:
                    self._file(one, pattern)

    def _file(self, one: Placed, pattern: str) -> None:
        read = read_action(pattern)
        if read is None:
            return
        service, name = read
        if name is None:
            named = self._exact.get(service)
            if named is None:
                self._exact[service] = [one]
            else:
                named.append(one)
            return
        names = self._services.get(service)
        if names is None:
            names = self._services[service] = {}
        matching = names.get(name)
        if matching is None:
            names[name] = [one]
        else:
            matching.append(one)

    def matching(self, action: str) -> list[Placed]:
        """The statements whose Action element matches an action in lower case, in the order of the pool."""
        found = {*self._everything, *self._exact.get(action, ())}
        service, _, name = action.partition(":")
        for pattern, placed in self._services.get(service, {}).items():
            if name_glob(pattern).matches(name):
                found.update(placed)
        found.update(one for one in self._negated if one.statement.actions.match(action))
        return sorted(found, key=_by_order)


def _by_order(placed: Placed) -> int:
    return placed.order


class Pool:
    """Policies of one type. An Allow of any counts for all.

    A pool that is handed in again keeps what it has learnt: keep it for as long as the attachments stay the same.
    """

    __slots__ = ("_groups", "_placed", "plans", "plans_of_resource", "policies")

    policies: tuple[Attached, ...]
    plans: dict[str, Plan]
    """What was worked out for actions, as requests write them."""
    plans_of_resource: dict[str, Plan]
    """The same, read as policies of a resource."""

    def __init__(self, policies: Iterable[Attached] = ()) -> None:
        self.policies = tuple(policies)
        self.plans, self.plans_of_resource = {}, {}
        self._placed: tuple[Placed, ...] | None = None
        self._groups: Groups | None = None

    def __iter__(self) -> Iterator[Attached]:
        return iter(self.policies)

    def __len__(self) -> int:
        return len(self.policies)

    def __eq__(self, other: object) -> bool:
        return self.policies == other.policies if isinstance(other, Pool) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.policies)

    def __repr__(self) -> str:
        return f"Pool({self.policies!r})"

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Every statement, with the policy it stands in."""
        placed = self._placed
        if placed is None:
            listed = [
                (one.policy, statement, one.source) for one in self.policies for statement in one.policy.statements
            ]
            placed = self._placed = tuple(Placed(*each, order) for order, each in enumerate(listed))
        return placed

    def plan(self, action: str, *, of_resource: bool = False) -> Plan:
        """The statements that speak of an action; remembered, up to a bound."""
        plans = self.plans_of_resource if of_resource else self.plans
        found = plans.get(action)
        if found is None:
            if len(plans) >= _REMEMBERED_ACTIONS:
                plans.clear()
            found = plans[action] = Plan(self._matching(action.lower()), action, of_resource=of_resource)
        return found

    def _matching(self, action: str) -> list[Placed]:
        placed = self.placed
        if len(placed) < _WORTH_GROUPING:
            return [one for one in placed if one.statement.actions.match(action)]
        groups = self._groups
        if groups is None:
            groups = self._groups = Groups(placed)
        return groups.matching(action)
