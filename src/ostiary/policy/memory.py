"""policy: what indexes remember of resources, up to one bound for all of them (no specification: an index).

Not compiled (`scripts/compiled.py`): mypyc's classes can't be referred to weakly, and what belongs to a pool that is
gone shall go with it. Who looks something up holds the `places` themselves.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, Final, Generic, TypeVar
from weakref import ref

_LONGEST_REMEMBERED: Final = 256

Found = TypeVar("Found")


class Memory:
    """How many places all memos may remember together; when they are too many, all are forgotten."""

    __slots__ = ("_bound", "_known", "_lock", "_taken")

    def __init__(self, bound: int) -> None:
        self._bound, self._taken = bound, 0
        self._known: list[ref[Memo[Any]]] = []
        self._lock = Lock()

    def take(self, memo: Memo[Found], head: str, found: Found) -> None:
        """Put an entry into a memo."""
        with self._lock:
            if self._taken >= self._bound:
                self._make_room()
            if not memo.places:
                self._known.append(ref(memo))
            memo.places[head] = found
            self._taken += 1

    def _make_room(self) -> None:
        """What belonged to pools that are gone is gone already; if that is not enough, forget the rest."""
        living = [memo for known in self._known if (memo := known()) is not None]
        self._taken = sum(len(memo.places) for memo in living)
        if self._taken > self._bound // 2:
            for memo in living:
                memo.places.clear()
            living, self._taken = [], 0
        self._known = [ref(memo) for memo in living]


_MEMORY: Final = Memory(65_536)


class Memo(Generic[Found]):
    """What was found for resources, by the part of them that counts (their head)."""

    __slots__ = ("__weakref__", "places")

    places: dict[str, Found]
    """Always the same dictionary."""

    def __init__(self) -> None:
        self.places = {}

    def keep(self, head: str, found: Found) -> None:
        """Remember what was found for a head."""
        if len(head) <= _LONGEST_REMEMBERED:
            _MEMORY.take(self, head, found)
