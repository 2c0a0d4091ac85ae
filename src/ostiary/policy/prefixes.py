"""policy: what is filed under the beginning of a text (no specification: an index).

The texts are sorted; of those that begin a given text the longest stands right before the place where the given text
would stand, or is a beginning of what stands there. One bisection finds them all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Prefixes(Generic[Item]):
    """Items filed under texts, found by a longer text."""

    __slots__ = ("_items", "_parents", "_texts")

    def __init__(self, filed: Iterable[tuple[str, Item]]) -> None:
        by_text: dict[str, list[Item]] = {}
        for text, item in filed:
            by_text.setdefault(text, []).append(item)
        self._texts = sorted(by_text)
        self._items = [by_text[text] for text in self._texts]
        self._parents: list[int] = []
        """Of each text the place of the longest other one that begins it; -1 if there is none."""
        above: list[int] = []
        for at, text in enumerate(self._texts):
            while above and not text.startswith(self._texts[above[-1]]):
                above.pop()
            self._parents.append(above[-1] if above else -1)
            above.append(at)

    def __bool__(self) -> bool:
        return bool(self._texts)

    def beginning(self, text: str) -> list[Item]:
        """The items whose text `text` begins with."""
        found: list[Item] = []
        at = bisect_right(self._texts, text) - 1
        while at >= 0:
            if text.startswith(self._texts[at]):
                found += self._items[at]
            at = self._parents[at]
        return found

    def below(self, text: str) -> list[Item]:
        """The items whose own text begins with `text`, or is it."""
        found: list[Item] = []
        for at in range(bisect_left(self._texts, text), len(self._texts)):
            if not self._texts[at].startswith(text):
                break
            found += self._items[at]
        return found
