"""analysis: the table of checks. A check belongs to one issue code and gives a hit for each time it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.analysis.paper import Paper
from ostiary.policy.parse import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hit is. The value at `path`, its key, or a part of its text."""

    path: Path
    key: bool = False
    substring: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A check applies: where, and what fills the gaps of the wording."""

    places: tuple[Place, ...]
    fields: dict[str, str]
    variant: int = 0
    """Which of the issue's wordings, where it has several."""


Check = Callable[[Paper], Iterator[Hit]]

CHECKS: Final[dict[str, Check]] = {}
"""One function for an issue code."""


def check(code: str) -> Callable[[Check], Check]:
    """Enter a function into the table."""

    def enter(function: Check) -> Check:
        if code in CHECKS:
            raise ValueError(f"{code} has two checks")
        CHECKS[code] = function
        return function

    return enter


def hit(*places: Place | Path, variant: int = 0, **fields: str) -> Hit:
    """A hit at values (paths) or at other places."""
    return Hit(tuple(one if isinstance(one, Place) else Place(one) for one in places), fields, variant)


def key_at(path: Path) -> Place:
    """The key that leads to a value."""
    return Place(path, key=True)


def part_of(path: Path, start: int, length: int) -> Place:
    """A part of a string."""
    return Place(path, substring=(start, length))
