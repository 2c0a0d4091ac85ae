"""policy: the policies of one type, pooled and indexed by action (IAM User Guide, "Policies and permissions")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ostiary.policy.decision import Matched, Source
from ostiary.policy.statements import Statement, resource_keys

if TYPE_CHECKING:
    from ostiary.policy.compile import CompiledPolicy

_REMEMBERED_ACTIONS: Final = 256
_WORTH_AN_INDEX: Final = 4


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy and where it comes from."""

    policy: CompiledPolicy
    source: Source


class Placed:
    """A statement and the policy it stands in."""

    __slots__ = ("_matched", "attached", "order", "statement")

    def __init__(self, attached: Attached, statement: Statement, order: int = 0) -> None:
        self.attached, self.statement = attached, statement
        self.order = order
        """Where it stands among the statements of its pool."""
        self._matched: Matched | None = None

    def matched(self) -> Matched:
        """What a decision says of the statement."""
        if self._matched is None:
            start, end = self.attached.policy.position(self.statement.index)
            self._matched = Matched(
                source=self.attached.source,
                statement_index=self.statement.index,
                sid=self.statement.sid,
                effect=self.statement.effect,
                start=start,
                end=end,
            )
        return self._matched


class Index:
    """Statements found by resource: those that may match it, and no others if that can be told from its text."""

    __slots__ = ("_by_key", "_open", "all")

    all: tuple[Placed, ...]

    def __init__(self, placed: list[Placed]) -> None:
        self.all = tuple(placed)
        anywhere: list[Placed] = []
        by_key: dict[str, list[Placed]] = {}
        for one in placed:
            resources = one.statement.resources
            if resources is None or resources.keys is None or len(placed) < _WORTH_AN_INDEX:
                anywhere.append(one)
                continue
            for key in resources.keys:
                by_key.setdefault(key, []).append(one)
        self._open = tuple(anywhere)
        self._by_key = {key: tuple(found) for key, found in by_key.items()}

    def near(self, resource: str) -> tuple[Placed, ...]:
        """The statements that may match a resource, in the order of the pool."""
        if not self._by_key:
            return self._open
        head, tail = resource_keys(resource)
        found = self._by_key.get(head, ()) + self._by_key.get(tail, ())
        if not found:
            return self._open
        return tuple(sorted({*found, *self._open}, key=_by_order))


def _by_order(placed: Placed) -> int:
    return placed.order


Candidates = tuple[Index, Index]
"""Denies and Allows."""


class Pool:
    """Policies of one type. An Allow of any counts for all.

    A pool that is handed in again keeps what it has learnt: keep it for as long as the attachments stay the same.
    """

    __slots__ = ("_by_action", "policies")

    policies: tuple[Attached, ...]

    def __init__(self, policies: Iterable[Attached] = ()) -> None:
        self.policies = tuple(policies)
        self._by_action: dict[str, Candidates] = {}

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

    def candidates(self, action: str) -> Candidates:
        """The statements whose Action part matches an action in lower case."""
        found = self._by_action.get(action)
        if found is None:
            denies: list[Placed] = []
            allows: list[Placed] = []
            for attached in self.policies:
                denying, allowing = attached.policy.for_action(action)
                denies.extend(Placed(attached, one, at) for at, one in enumerate(denying, len(denies)))
                allows.extend(Placed(attached, one, at) for at, one in enumerate(allowing, len(allows)))
            if len(self._by_action) >= _REMEMBERED_ACTIONS:
                self._by_action.clear()
            found = self._by_action[action] = (Index(denies), Index(allows))
        return found
