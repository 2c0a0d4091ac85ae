"""policy: the policies of one type, pooled and indexed by action (IAM User Guide, "Policies and permissions")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ostiary.policy.decision import Matched, Source
from ostiary.policy.statements import Statement

if TYPE_CHECKING:
    from ostiary.policy.compile import CompiledPolicy

_REMEMBERED_ACTIONS: Final = 1024


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy and where it comes from."""

    policy: CompiledPolicy
    source: Source


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement and the policy it stands in."""

    attached: Attached
    statement: Statement

    def matched(self) -> Matched:
        """What a decision says of the statement."""
        start, end = self.attached.policy.position(self.statement.index)
        return Matched(
            source=self.attached.source,
            statement_index=self.statement.index,
            sid=self.statement.sid,
            effect=self.statement.effect,
            start=start,
            end=end,
        )


Candidates = tuple[tuple[Placed, ...], tuple[Placed, ...]]
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
                denies.extend(Placed(attached, statement) for statement in denying)
                allows.extend(Placed(attached, statement) for statement in allowing)
            if len(self._by_action) >= _REMEMBERED_ACTIONS:
                self._by_action.clear()
            found = self._by_action[action] = (tuple(denies), tuple(allows))
        return found
