"""policy: reading a document's text (RFC 8259; IAM User Guide, "Grammar of the IAM JSON policy language").

The standard library reads the JSON; numbers keep their text, and a key given twice in one object is refused.
Where something stands is found by `Layout`, which walks the text again and only when somebody asks.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from json.scanner import make_scanner
from typing import Any, Final, NamedTuple, NoReturn, cast

from ostiary.policy.decision import Position
from ostiary.policy.faults import MalformedPolicy
from ostiary.policy.number import Number

Path = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""

Json = None | bool | str | list["Json"] | dict[str, "Json"]
"""What a document holds. A number is a `Number`, which is a `str`."""

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


class _DuplicateKey(Exception):
    """An object has a key twice."""


def read(text: str) -> Json:
    """The value a document's text stands for.

    Raises:
        MalformedPolicy: the text is no JSON, is nested too deep, or has a key twice in one object.
    """
    try:
        return _decoded(text)
    except _DuplicateKey:
        _refuse_duplicate(text)
    except json.JSONDecodeError as error:
        raise MalformedPolicy(
            "Syntax errors in policy.", finding="JSON_SYNTAX_ERROR", line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise MalformedPolicy("Syntax errors in policy.", finding="JSON_SYNTAX_ERROR") from None


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKey
    return found


def _no_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"`{name}` is no JSON", name, 0)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Number, parse_int=Number, parse_constant=_no_constant
)
_SCAN: Final = make_scanner(cast(Any, _DECODER))


def _decoded(text: str) -> Json:
    """What the decoder says; asked without its detours where the text begins with its value."""
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        return cast(Json, _DECODER.decode(text))
    if end != len(text) and text[end:].strip(" \t\r\n"):
        return cast(Json, _DECODER.decode(text))
    return cast(Json, value)


def _refuse_duplicate(text: str) -> NoReturn:
    seen: set[Path] = set()
    layout = Layout(text)
    for spot in layout.walk():
        if spot.path in seen:
            at = layout.position(spot.shown)
            raise MalformedPolicy(
                "Syntax errors in policy.",
                finding="JSON_SYNTAX_ERROR",
                pointer=pointer(spot.path),
                line=at.line,
                column=at.column,
            )
        seen.add(spot.path)
    raise MalformedPolicy("Syntax errors in policy.", finding="JSON_SYNTAX_ERROR")


def pointer(path: Path) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


class Spot(NamedTuple):
    """Where a value stands; offsets into the text."""

    path: Path
    shown: int
    """Where its key starts, or the value itself in a list."""
    before: int
    """Where the token before it ends, commas left aside."""
    start: int
    end: int


class Layout:
    """Where the values of a document stand in its text. The text must be JSON that `read` has accepted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, offset: int) -> Position:
        """The line and column of an offset."""
        line = bisect_right(self._lines, offset)
        return Position(line=line, column=offset - self._lines[line - 1] + 1, offset=offset)

    def walk(self) -> Iterator[Spot]:
        """Every value, in the order in which the values end."""
        open_spots: list[tuple[int, int, int, bool]] = []  # shown, before, start, is an object
        steps: list[str | int] = []
        key: int | None = None
        before = 0
        expect_key = False
        for match in _TOKEN.finditer(self._text):
            first, start, end = match.group()[0], match.start(), match.end()
            if first in "{[":
                open_spots.append((start if key is None else key, before, start, first == "{"))
                expect_key, key = first == "{", None
                steps.append(0)
            elif first in "}]":
                steps.pop()
                shown, token_before, began, _ = open_spots.pop()
                expect_key, key = False, None
                yield Spot(tuple(steps), shown, token_before, began, end)
            elif first == ",":
                expect_key = open_spots[-1][3]
                if not expect_key:
                    steps[-1] = cast(int, steps[-1]) + 1
                continue  # a statement starts where the one before it ends, not after the comma
            elif first == ":":
                expect_key = False
            elif expect_key:
                steps[-1], key = json.loads(match.group()), start
            else:
                yield Spot(tuple(steps), start if key is None else key, before, start, end)
                key = None
            before = end

    def find(self, path: Path) -> Position:
        """Where the value of a path starts (its key, if it has one); the nearest parent if there is no such value."""
        best, offset = -1, 0
        for spot in self.walk():
            if path[: len(spot.path)] == spot.path and len(spot.path) > best:
                best, offset = len(spot.path), spot.shown
        return self.position(offset)

    def statements(self) -> list[tuple[Position, Position]]:
        """Start and end of each statement as AWS's simulator counts them.

        The start is the place right after the token before the statement; for a single object, right after its own
        brace. The end is right after the closing brace.
        """
        single: list[tuple[Position, Position]] = []
        listed: list[tuple[Position, Position]] = []
        for spot in self.walk():
            if len(spot.path) == 2 and spot.path[0] == "Statement" and isinstance(spot.path[1], int):
                listed.append((self.position(spot.before), self.position(spot.end)))
            elif spot.path == ("Statement",):
                single = [(self.position(spot.start + 1), self.position(spot.end))]
        return listed or single
