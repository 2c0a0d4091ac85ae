"""policy: the wildcards `*` and `?` (IAM User Guide, "IAM JSON policy elements: Resource").

`*` stands for any run of characters, also none; `?` for exactly one; every other character is itself, the line feed
included. A pattern is cut at its stars into segments, each found once, leftmost first: no backtracking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

from ostiary.policy.places import Places


class Wild(Enum):
    """A wildcard in a pattern."""

    STAR = "*"
    ONE = "?"


Part = str | Wild
"""A piece of a pattern: literal text or a wildcard."""

_WINDOW: Final = 512
"""The least number of places looked at at once."""

_CUT: Final = re.compile(r"([*?])")
_WILDS: Final[dict[str, Part]] = {"*": Wild.STAR, "?": Wild.ONE}


def parts_of(pattern: str) -> list[Part]:
    """A pattern's text cut into literals and wildcards."""
    return [_WILDS.get(piece, piece) for piece in _CUT.split(pattern) if piece]


class Gapped:
    """Text between two stars with a `?` in it: literals at fixed offsets, any character in the gaps."""

    __slots__ = ("_anchor", "_characters", "_literals", "length")

    length: int

    def __init__(self, literals: Iterable[tuple[int, str]], length: int) -> None:
        self._literals = tuple(literals)
        self.length = length
        self._anchor = -1
        """Index of the longest literal, the one to look for; found on first use."""
        self._characters: tuple[tuple[int, str], ...] | None = None

    def stands_at(self, text: str, at: int) -> bool:
        """Whether the segment is what stands at a place where the text is long enough."""
        for offset, literal in self._literals:  # noqa: SIM110  a generator costs more than the loop
            if not text.startswith(literal, at + offset):
                return False
        return True

    def find(self, text: str, start: int, end: int, places: Places) -> int:
        """The first place in `text[start:end]` where the segment stands, or -1. `places`: those of the same text."""
        last = end - self.length
        if not self._literals or start > last:
            return start if start <= last else -1
        if self._anchor < 0:
            self._anchor = max(range(len(self._literals)), key=lambda index: len(self._literals[index][1]))
        offset, literal = self._literals[self._anchor]
        at = start
        while True:
            found = text.find(literal, at + offset, last + offset + len(literal))
            if found < 0:
                return -1
            if self.stands_at(text, found - offset):
                return found - offset
            at = found - offset + 1
            if places.patience <= 0:
                return self._sift(places, at, last)
            places.patience -= len(self._literals)

    def _sift(self, places: Places, start: int, last: int) -> int:
        """The first place from `start` to `last` where every character of the segment stands, or -1.

        All places of a window are looked at together, a bit each; the window grows, so that what is near costs little.
        """
        characters = self._characters
        if characters is None:
            characters = self._characters = tuple(
                [(offset + at, one) for offset, literal in self._literals for at, one in enumerate(literal)]
            )
        width = max(_WINDOW, 4 * self.length)
        while start <= last:
            count = min(width, last - start + 1)
            left = (1 << count) - 1
            for offset, character in characters:
                left &= places.of(character) >> (start + offset)
                if not left:
                    break
            if left:
                return start + (left & -left).bit_length() - 1
            start += count
            width *= 2
        return -1


Segment = str | Gapped
"""What stands between two stars."""


def segment(parts: Sequence[Part]) -> Segment:
    """The segment of literals and `?`."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    literals: list[tuple[int, str]] = []
    length = 0
    for part in parts:
        if not isinstance(part, str):
            length += 1
            continue
        if literals and literals[-1][0] + len(literals[-1][1]) == length:
            offset, before = literals.pop()
            literals.append((offset, before + part))
        elif part:
            literals.append((length, part))
        length += len(part)
    if not literals:
        return Gapped((), length) if length else ""
    return literals[0][1] if len(literals[0][1]) == length else Gapped(literals, length)


def between_stars(parts: Iterable[Part]) -> list[Segment]:
    """What stands before, between and after the stars of a pattern."""
    segments: list[Segment] = []
    open_parts: list[Part] = []
    for part in parts:
        if part is Wild.STAR:
            segments.append(segment(open_parts))
            open_parts = []
        else:
            open_parts.append(part)
    segments.append(segment(open_parts))
    return segments


class Glob:
    """A pattern that must cover the whole text."""

    __slots__ = ("_head", "_middle", "_plain", "_starred", "_tail", "exact", "prefix")

    exact: str | None
    """The one text it covers, if it has no wildcard."""
    prefix: str | None
    """If the only wildcard is a star at the end: the text before it."""

    def __init__(self, parts: Iterable[Part] = (), *, segments: Sequence[Segment] | None = None) -> None:
        """It is made of its parts, or of what stands between its stars."""
        cut = between_stars(parts) if segments is None else segments
        self._starred = len(cut) > 1
        self._head, self._tail = cut[0], cut[-1]
        self._middle = [one for one in cut[1:-1] if one != ""]
        self._plain = all(one.__class__ is str for one in self._middle)
        """Nothing between two stars has a `?`."""
        plain = self._head if isinstance(self._head, str) else None
        self.exact = plain if not self._starred else None
        self.prefix = plain if self._starred and not self._middle and self._tail == "" else None

    def matches(self, text: str) -> bool:
        """Whether the pattern covers the whole text."""
        if self.exact is not None:
            return text == self.exact
        if self.prefix is not None:
            return text.startswith(self.prefix)
        head, tail = self._head, self._tail
        if not self._starred:
            return len(text) == _length(head) and _stands_at(head, text, 0)
        at, end = _length(head), len(text) - _length(tail)
        if end < at or not _stands_at(head, text, 0) or not _stands_at(tail, text, end):
            return False
        return self._in_order(text, at, end)

    def _in_order(self, text: str, at: int, end: int) -> bool:
        """Whether the segments of the middle stand one after the other in `text[at:end]`."""
        if self._plain:
            for literal in self._middle:
                at = text.find(literal, at, end)  # type: ignore[arg-type]
                if at < 0:
                    return False
                at += len(literal)  # type: ignore[arg-type]
            return True
        places = Places(text)
        for one in self._middle:
            at = text.find(one, at, end) if isinstance(one, str) else one.find(text, at, end, places)
            if at < 0:
                return False
            at += _length(one)
        return True


def _length(one: Segment) -> int:
    return len(one) if isinstance(one, str) else one.length


def _stands_at(one: Segment, text: str, at: int) -> bool:
    return text.startswith(one, at) if isinstance(one, str) else one.stands_at(text, at)


def glob(pattern: str) -> Glob:
    """The glob of a pattern without variables."""
    return Glob(parts_of(pattern))
