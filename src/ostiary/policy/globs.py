"""policy: the wildcards `*` and `?` (IAM User Guide, "IAM JSON policy elements: Resource").

`*` stands for any run of characters, also none; `?` for exactly one; every other character is itself, the line feed
included. A pattern is cut at its stars into segments, each found once, leftmost first: no backtracking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Wild(Enum):
    """A wildcard in a pattern."""

    STAR = "*"
    ONE = "?"


Part = str | Wild
"""A piece of a pattern: literal text or a wildcard."""

_MANY: Final = 8
"""Literals of a segment that are worth more than comparing one after the other."""

_CUT: Final = re.compile(r"([*?])")
_WILDS: Final[dict[str, Part]] = {"*": Wild.STAR, "?": Wild.ONE}


def parts_of(pattern: str) -> list[Part]:
    """A pattern's text cut into literals and wildcards."""
    return [_WILDS.get(piece, piece) for piece in _CUT.split(pattern) if piece]


@dataclass(slots=True)
class _Segment:
    """Text between two stars: literals at fixed offsets, any character in the gaps."""

    length: int
    literals: tuple[tuple[int, str], ...]
    anchor: int
    """Index of the longest literal, the one to look for; -1 if there is none."""

    def stands_at(self, text: str, at: int) -> bool:
        return all(text.startswith(literal, at + offset) for offset, literal in self.literals)

    def find(self, text: str, start: int, end: int) -> int:
        """The first place in `text[start:end]` where the segment stands, or -1."""
        last = end - self.length
        if len(self.literals) > _MANY:
            return self._scan(text, start, end)
        if self.anchor < 0:
            return start if start <= last else -1
        offset, literal = self.literals[self.anchor]
        at = start
        while True:
            found = text.find(literal, at + offset, last + offset + len(literal))
            if found < 0:
                return -1
            at = found - offset
            if len(self.literals) == 1 or self.stands_at(text, at):
                return at
            at += 1

    def _scan(self, text: str, start: int, end: int) -> int:
        """The same for many literals: all places where the segment may have begun are followed at once, a bit each."""
        gaps = (1 << self.length) - 1
        at_character: dict[str, int] = {}
        for offset, literal in self.literals:
            gaps &= ~((1 << len(literal)) - 1 << offset)
            for place, character in enumerate(literal, offset):
                at_character[character] = at_character.get(character, 0) | 1 << place
        masks = {character: places | gaps for character, places in at_character.items()}
        reached, whole = 0, 1 << self.length - 1
        for at in range(start, end):
            reached = (reached << 1 | 1) & masks.get(text[at], gaps)
            if reached & whole:
                return at - self.length + 1
        return -1


def _segment(parts: list[Part]) -> _Segment:
    if len(parts) == 1 and isinstance(parts[0], str):
        return _Segment(len(parts[0]), ((0, parts[0]),), 0)
    literals: list[tuple[int, str]] = []
    length = 0
    for part in parts:
        if isinstance(part, str):
            if literals and literals[-1][0] + len(literals[-1][1]) == length:
                offset, before = literals.pop()
                literals.append((offset, before + part))
            else:
                literals.append((length, part))
            length += len(part)
        else:
            length += 1
    anchor = max(range(len(literals)), key=lambda index: len(literals[index][1]), default=-1)
    return _Segment(length, tuple(literals), anchor)


class Glob:
    """A pattern that must cover the whole text."""

    __slots__ = ("_head", "_least", "_middle", "_starred", "_tail", "exact", "prefix")

    exact: str | None
    """The one text it covers, if it has no wildcard."""
    prefix: str | None
    """If the only wildcard is a star at the end: the text before it."""

    def __init__(self, parts: Iterable[Part]) -> None:
        segments: list[list[Part]] = [[]]
        for part in parts:
            if part is Wild.STAR:
                segments.append([])
            elif part != "":
                segments[-1].append(part)
        self._starred = len(segments) > 1
        self._head = _segment(segments[0])
        self._tail = _segment(segments[-1])
        self._middle = tuple(_segment(parts) for parts in segments[1:-1] if parts)
        least = self._head.length + sum(segment.length for segment in self._middle)
        self._least = least + (self._tail.length if self._starred else 0)
        plain = self._plain(self._head)
        self.exact = plain if not self._starred else None
        self.prefix = plain if self._starred and not self._middle and not self._tail.length else None

    @staticmethod
    def _plain(segment: _Segment) -> str | None:
        if not segment.length:
            return ""
        literal = segment.literals[0][1] if segment.literals else ""
        return literal if len(literal) == segment.length else None

    def matches(self, text: str) -> bool:
        """Whether the pattern covers the whole text."""
        if self.exact is not None:
            return text == self.exact
        if self.prefix is not None:
            return text.startswith(self.prefix)
        length = len(text)
        if not self._starred:
            return length == self._head.length and self._head.stands_at(text, 0)
        if length < self._least or not self._head.stands_at(text, 0):
            return False
        end = length - self._tail.length
        if not self._tail.stands_at(text, end):
            return False
        at = self._head.length
        for segment in self._middle:
            found = segment.find(text, at, end)
            if found < 0:
                return False
            at = found + segment.length
        return at <= end


def glob(pattern: str) -> Glob:
    """The glob of a pattern without variables."""
    return Glob(parts_of(pattern))
