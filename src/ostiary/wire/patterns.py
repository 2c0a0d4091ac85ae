"""Wire: the models' regular expressions, which are Java's, as Python's.

Java matches a pattern against the whole value. Its `\\w`, `\\d`, `\\s` are ASCII, `\\p{…}` are Unicode, `.` stops at
more line ends than Python's, `[a[b]]` is a union, and a pair of surrogate escapes is one character.

Source: Java SE API, `java.util.regex.Pattern`; Unicode Standard Annex 44, "General Category Values".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final

LARGE: Final = 4096
"""Characters; above this, only patterns that can't backtrack are tried."""

# Nothing outside these planes' ranges has a category but Cn (unassigned), Co (private use) and Cs (surrogates).
ASSIGNED: Final = ((0x0, 0xD7FF), (0xF900, 0x33FFF), (0xE0000, 0xE0FFF))
POSIX: Final = {
    "ASCII": r"\x00-\x7F",
    "Alnum": "A-Za-z0-9",
    "Alpha": "A-Za-z",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1F\x7F",
    "Digit": "0-9",
    "Graph": "!-~",
    "Lower": "a-z",
    "Print": " -~",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r" \t\n\x0B\f\r",
    "Upper": "A-Z",
    "XDigit": "0-9A-Fa-f",
    "all": r"\x00-\U0010FFFF",
}
VERTICAL: Final = r"\n\x0B\f\r\x85\u2028\u2029"
HORIZONTAL: Final = r" \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
ANY: Final = r"[^\n\r\x85\u2028\u2029]"
TOKEN: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]+\}"
    r"|[pP]\{\w+\}|[pP]\w|Q.*?(?:\\E|$)|.)|\(\?[a-zA-Z]*-?[a-zA-Z]*[:)]|\(\?<?[=!]|\(\?<\w+>|&&|.",
    re.DOTALL,
)
CANT_BACKTRACK: Final = re.compile(r"\^?\(?(?:\(\?s\)\.|\.|\[(?:[^\[\]\\]|\\.)*\]|\\\w)[*+]\)?\$?", re.DOTALL)


class Untranslatable(ValueError):
    """The pattern uses something Python has no word for."""


def escape(code: int) -> str:
    """A character as it can stand anywhere in a Python pattern."""
    return f"\\U{code:08x}"


@cache
def categories() -> dict[str, list[tuple[int, int]]]:
    """The ranges of each Unicode general category; a few milliseconds, once."""
    found: dict[str, list[tuple[int, int]]] = {}
    category = unicodedata.category
    for low, high in ASSIGNED:
        start, current = low, category(chr(low))
        for code in range(low + 1, high + 2):
            kind = category(chr(code)) if code <= high else ""
            if kind != current:
                found.setdefault(current, []).append((start, code - 1))
                start, current = code, kind
    found.setdefault("Co", []).extend([(0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD)])
    found.setdefault("Cs", []).append((0xD800, 0xDFFF))
    found.setdefault("Cn", []).extend(
        [(0x34000, 0xDFFFF), (0xE1000, 0xEFFFF), (0xFFFFE, 0xFFFFF), (0x10FFFE, 0x10FFFF)]
    )
    return found


@cache
def property_ranges(name: str) -> tuple[tuple[int, int], ...]:
    """The characters of `\\p{name}`, merged and sorted.

    Raises:
        Untranslatable: no such general category.
    """
    if name in ("IsAlphabetic", "IsLetter", "LD"):
        return property_ranges("L") + (property_ranges("Nd") if name == "LD" else ())
    if name == "IsWhitespace":
        return tuple((ord(c), ord(c)) for c in map(chr, range(0x3001)) if c.isspace())
    wanted = [ranges for kind, ranges in categories().items() if kind.startswith(name)]
    if not wanted or len(name) > 2:
        raise Untranslatable(rf"\p{{{name}}}")
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pair for ranges in wanted for pair in ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def property_class(token: str) -> str:
    """`\\p{L}` or `\\P{L}` as the inside of a character class."""
    name = token[2:].strip("{}")
    negated = token[1] == "P"
    if name in POSIX and not negated:
        return POSIX[name]
    ranges = property_ranges(name)
    if negated:
        edges = [-1, *(edge for pair in ranges for edge in pair), 0x110000]
        ranges = tuple((a + 1, b - 1) for a, b in zip(edges[::2], edges[1::2], strict=True) if a + 1 <= b - 1)
    return "".join(f"{escape(a)}-{escape(b)}" if a != b else escape(a) for a, b in ranges)


def character(token: str) -> str | None:
    """The one character an escape stands for, ready for a Python pattern."""
    if len(token) == 12:  # a pair of surrogates
        high, low = int(token[2:6], 16), int(token[8:12], 16)
        return escape(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if token[1] in "ux" and len(token) > 2:
        return escape(int(token[2:].strip("{}"), 16))
    if token == r"\e":
        return escape(0x1B)
    if not token[1].isalnum():
        return re.escape(token[1])
    return token if token[1] in "tnrfa" else None


class Translator:
    """Walks a Java pattern once and writes the Python one."""

    def __init__(self, pattern: str) -> None:
        self._tokens = TOKEN.findall(pattern)
        self._at = 0

    def whole(self) -> str:
        """The pattern outside of character classes."""
        out = []
        while self._at < len(self._tokens):
            token = self._next()
            if token == "[":
                out.append(self._class())
            elif token == ".":
                out.append(ANY)
            elif token.startswith("\\"):
                out.append(self._escape(token))
            elif token.startswith("(?<") and token.endswith(">"):
                out.append("(?P" + token[2:])
            elif token == "{" and not re.match(r"\d+(,\d*)?\}", "".join(self._tokens[self._at : self._at + 12])):
                out.append(r"\{")
            else:
                out.append(token)
        return "".join(out)

    def _next(self) -> str:
        token: str = self._tokens[self._at]
        self._at += 1
        return token

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _escape(self, token: str) -> str:
        """An escape outside of a class."""
        if token[1] in "pP":
            return f"[{property_class(token)}]"
        if token.startswith(r"\Q"):
            return re.escape(token[2:].removesuffix(r"\E"))
        outside = {r"\z": r"\Z", r"\Z": r"(?=\n?\Z)", r"\h": f"[{HORIZONTAL}]", r"\v": f"[{VERTICAL}]"}
        outside[r"\R"] = f"(?:\\r\\n|[{VERTICAL}])"
        return outside.get(token) or character(token) or self._plain(token)

    def _plain(self, token: str) -> str:
        if token[1] in "wWdDsSbBAZ" or token[1].isdigit():
            return token
        raise Untranslatable(token)

    def _class(self) -> str:
        """A character class; `[` has been read."""
        negated = self._peek() == "^"
        if negated:
            self._next()
        out: list[str] = []
        after_set = False
        while True:
            if self._at >= len(self._tokens):
                raise Untranslatable("unclosed class")
            token = self._next()
            if token == "]" and out:
                return f"[{'^' if negated else ''}{''.join(out)}]"
            if token == "-" and out and after_set:
                token = r"\-"  # Java takes a hyphen after a set for itself
            after_set = len(token) > 1 and token[1] in "wdsWDSpP"
            out.append(self._in_class(token))

    def _in_class(self, token: str) -> str:
        if token == "&&":
            raise Untranslatable("&&")
        if token == "[":
            inner = self._class()
            if inner.startswith("[^"):
                raise Untranslatable("a negated class inside a class")
            return inner[1:-1]
        if token.startswith("\\"):
            if token[1] in "pP":
                return property_class(token)
            inside = {r"\h": HORIZONTAL, r"\v": VERTICAL, r"\b": None}
            return inside.get(token) or character(token) or self._plain(token)
        # A token of several characters has lost its meaning in here; `-` and `^` keep theirs.
        return "".join(c if c in "-^" else re.escape(c) for c in token)


def translate(pattern: str) -> str:
    """Write a Java pattern in Python.

    Raises:
        Untranslatable: it uses something Python has no word for.
    """
    flags = re.match(r"\(\?([sim]+)\)", pattern)
    rest = pattern[flags.end() :] if flags else pattern
    written = Translator(rest).whole()
    if not flags:
        return written
    if "s" in flags[1]:
        written = written.replace(ANY, r"[\s\S]")
    return f"(?{flags[1]}){written}"


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """A test whether a whole value matches, in time linear in a large value.

    Raises:
        Untranslatable: as `translate`.
    """
    try:
        fullmatch = re.compile(translate(pattern), re.ASCII).fullmatch
    except re.error as error:
        raise Untranslatable(f"{pattern}: {error}") from error
    if CANT_BACKTRACK.fullmatch(pattern):
        return lambda value: fullmatch(value) is not None
    # INVARIANT: a pattern that might backtrack is never run on a large value; that is a refusal.
    return lambda value: len(value) <= LARGE and fullmatch(value) is not None
