"""analysis: whether all that one pattern covers is covered by another, and whether nothing is covered by both.

Both answers are on the safe side: True is certain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ostiary.analysis.reference import overlap

_PIECE: Final = re.compile(r"\$\{[^}]*\}|.", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_COMPONENTS: Final = 6


@lru_cache(maxsize=65536)
def covers(wide: str, narrow: str) -> bool:
    """Whether each text that `narrow` covers is covered by `wide` (`*` any run, `?` one character, `${…}` itself)."""
    if wide in ("*", narrow):
        return True
    return _covers(_pieces(wide), _pieces(narrow))


@lru_cache(maxsize=65536)
def covers_resource(wide: str, narrow: str) -> bool:
    """The same for ARN patterns, whose components are compared one by one."""
    if wide in ("*", narrow):
        return True
    wides, narrows = _split(wide), _split(narrow)
    if len(wides) != _COMPONENTS or len(narrows) != _COMPONENTS:
        return False
    return all(covers(one, other) for one, other in zip(wides, narrows, strict=True))


def disjoint(one: str, other: str) -> bool:
    """Whether no text is covered by both, whatever their variables stand for."""
    return not overlap(_VARIABLE.sub("*", one), _VARIABLE.sub("*", other))


def _pieces(pattern: str) -> list[str]:
    return _PIECE.findall(pattern)


def _split(pattern: str) -> list[str]:
    """The components; a colon in a variable separates nothing."""
    found = [""]
    for piece in _pieces(pattern):
        if piece == ":" and len(found) < _COMPONENTS:
            found.append("")
        else:
            found[-1] += piece
    return found


def _covers(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """As a text is held against a glob, the other pattern's pieces being the text: what varies is covered by what
    varies as much."""
    reached = {0}
    reached = _past_stars(wide, reached)
    for piece in narrow:
        following = set()
        for at in reached:
            if at == len(wide):
                continue
            sign = wide[at]
            if sign == "*":
                following.add(at)
            elif sign == "?":
                if piece == "?" or (len(piece) == 1 and piece != "*"):
                    following.add(at + 1)
            elif sign == piece and piece != "*":
                following.add(at + 1)
        reached = _past_stars(wide, following)
        if not reached:
            return False
    return len(wide) in reached


def _past_stars(wide: Sequence[str], reached: set[int]) -> set[int]:
    found = set(reached)
    for at in reached:
        while at < len(wide) and wide[at] == "*":
            at += 1
            found.add(at)
    return found
