"""Wire: the constraints of the service models, and what is said of a value that breaks one.

A `Checker` is compiled once per shape; shapes without a constraint anywhere below have none and cost nothing.

Source: Smithy, "Constraint traits"; the wording is that of AWS's recorded validation errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ostiary.wire.models import SECRET_MEMBERS
from ostiary.wire.patterns import matcher
from ostiary.wire.scalars import write_boolean, write_iso8601
from ostiary.wire.shapes import COMPILING, Node

HIDDEN: Final = "*****"
MOST: Final = 50
"""Violations that are reported at once."""
_SMALLEST_MAP: Final = 16
_FULL: Final = 0.75
"""Java's HashMap: its places at first, and how many of them may be taken before it doubles them."""
NOT_NULL: Final = "Member must not be null"
NEVER_NULL: Final = {"tagKeyType"}
"""Scalars of which a list's message adds that they must not be null: IAM was seen to say so of tag keys alone."""
SIZED: Final = {"string", "list", "map", "blob"}
SCALARS: Final = {"string", "integer", "long", "float", "double", "blob", "boolean", "timestamp"}


@dataclass(frozen=True, slots=True)
class Violation:
    """One value that breaks one constraint."""

    path: str
    """`tags.1.member.key`"""
    value: str | None
    """As AWS would print it; None: it is missing."""
    constraint: str
    """`Member must have length less than or equal to 64`"""
    pattern: str | None = None
    """The pattern, when that is what is broken."""
    sensitive: bool = False

    def told(self, *, quoted: bool) -> str:
        """What AWS says of it.

        Args:
            quoted: whether the service says the value back; a secret is never said back.
        """
        hidden = self.sensitive or not quoted
        shown = "Value null" if self.value is None else "Value" if hidden else f"Value '{self.value}'"
        return f"{shown} at '{self.path}' failed to satisfy constraint: {self.constraint}"


class Enough(Exception):
    """The report is full."""


class Report(list[Violation]):
    """The violations of one input, in order; a flood of them ends the search, so that no answer is huge."""

    __slots__ = ()

    def append(self, violation: Violation) -> None:
        super().append(violation)
        if len(self) >= MOST:
            raise Enough


Checker = Callable[[Any, str, Report], None]
Rule = tuple[Callable[[Any], bool], str, str | None]
"""Is the value fine? if not: what AWS says, and the pattern."""


def lower_first(name: str) -> str:
    """`UserName` as messages say it: `userName`."""
    return name[:1].lower() + name[1:]


def rules(node: Node) -> list[Rule]:
    """The constraints of a shape itself, in the order AWS lists them."""
    shape, kind = node.shape, node.type
    found: list[Rule] = []
    noun, measure = ("length", len) if kind in SIZED else ("value", None)
    if shape.max is not None:
        found.append((at_most(shape.max, measure), f"Member must have {noun} less than or equal to {shape.max}", None))
    if shape.min is not None:
        text = f"Member must have {noun} greater than or equal to {shape.min}"
        found.append((at_least(shape.min, measure), text, None))
    if kind == "string" and shape.pattern is not None:
        text = f"Member must satisfy regular expression pattern: {shape.pattern}"
        found.append((Lazy(shape.pattern), text, shape.pattern))
    if kind == "string" and shape.enum:
        text = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        found.append((frozenset(shape.enum).__contains__, text, None))
    return found


class Lazy:
    """A pattern that is compiled when first needed: those of Unicode properties are large."""

    __slots__ = ("_pattern", "_test")

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._test: Callable[[str], bool] | None = None

    def __call__(self, value: str) -> bool:
        if self._test is None:
            self._test = matcher(self._pattern)
        return self._test(value)


def at_most(limit: float, measure: Callable[[Any], int] | None) -> Callable[[Any], bool]:
    """`value <= limit`, by length or by itself; not-a-number is never fine."""
    if measure is None:
        return lambda value: bool(value <= limit)
    return lambda value: measure(value) <= limit


def at_least(limit: float, measure: Callable[[Any], int] | None) -> Callable[[Any], bool]:
    """`value >= limit`, by length or by itself."""
    if measure is None:
        return lambda value: bool(value >= limit)
    return lambda value: measure(value) >= limit


class Checkers:
    """Compiles the checkers of one service; a shape that contains itself is closed with a late binding."""

    def __init__(self, *, skip_patterns: bool = False) -> None:
        self._skip_patterns = skip_patterns
        self._known: dict[tuple[Node, str | None], Checker | None] = {}

    def checker(self, node: Node, member: str | None = None) -> Checker | None:
        """The checker of a shape, as a member of this name; None: nothing to check."""
        key = (node, member if member in SECRET_MEMBERS else None)
        with COMPILING:
            if key not in self._known:
                # Until it is compiled, whoever refers to the shape gets a checker that looks it up when called.
                self._known[key] = lambda value, path, report: self._late(key, value, path, report)
                self._known[key] = self._compile(node, member)
            return self._known[key]

    def _late(self, key: tuple[Node, str | None], value: Any, path: str, report: Report) -> None:
        if (check := self._known[key]) is not None:
            check(value, path, report)

    def _rules(self, node: Node) -> list[Rule]:
        return [rule for rule in rules(node) if not (self._skip_patterns and rule[2])]

    def _compile(self, node: Node, member: str | None) -> Checker | None:
        secret = node.shape.sensitive or member in SECRET_MEMBERS
        if node.type == "structure":
            return self._structure(node)
        if node.type == "list":
            return both(self._own(node, secret), self._list(node, member, secret))
        if node.type == "map":
            return both(self._own(node, secret), self._map(node, secret))
        return self._own(node, secret)

    def _own(self, node: Node, secret: bool) -> Checker | None:
        """The constraints on the value itself."""
        found = self._rules(node)
        if not found:
            return None

        def check(value: Any, path: str, report: Report) -> None:
            for fine, text, pattern in found:
                if not fine(value):
                    report.append(Violation(path, shown(node, value), text, pattern, secret))

        return check

    def _structure(self, node: Node) -> Checker | None:
        required = frozenset(node.shape.required)
        fields = [
            (name, lower_first(name), name in required, self.checker(inner, name))
            for name, inner in node.members()
            if not inner.streaming
        ]
        fields = [row for row in fields if row[2] or row[3]]
        union = node.shape.union
        if not fields and not union:
            return None

        def check(value: Mapping[str, Any], path: str, report: Report) -> None:
            prefix = f"{path}." if path else ""
            if union and len(value) > 1:
                report.append(Violation(path, ", ".join(value), "Member must have exactly one member set"))
            for name, shown_name, needed, inner in fields:
                found = value.get(name)
                if found is not None:
                    if inner is not None:
                        inner(found, prefix + shown_name, report)
                elif needed:
                    report.append(Violation(prefix + shown_name, None, NOT_NULL))

        return check

    def _list(self, node: Node, member: str | None, secret: bool) -> Checker | None:
        element = node.element
        if element.type in SCALARS:
            return self._scalars(node, element, secret or element.shape.sensitive, "Member", list)
        inner = self.checker(element, member)
        if inner is None:
            return None

        def check(value: Sequence[Any], path: str, report: Report) -> None:
            for number, item in enumerate(value, 1):
                inner(item, f"{path}.{number}.member", report)

        return check

    def _map(self, node: Node, secret: bool) -> Checker | None:
        secret = secret or node.key.shape.sensitive or node.value.shape.sensitive
        keys = self._scalars(node, node.key, secret, "Map keys", lambda value: list(value))
        if node.value.type in SCALARS:
            return both(keys, self._scalars(node, node.value, secret, "Map value", lambda value: list(value.values())))
        inner = self.checker(node.value)
        if inner is None:
            return keys

        def check(value: Mapping[str, Any], path: str, report: Report) -> None:
            for name, item in value.items():
                inner(item, f"{path}.{name}.member", report)

        return both(keys, check)

    def _scalars(
        self, node: Node, element: Node, secret: bool, noun: str, items: Callable[[Any], list[Any]]
    ) -> Checker | None:
        """Scalars in a list or a map are reported together, with all that is asked of them."""
        found = self._rules(element)
        if not found:
            return None
        never_null = [NOT_NULL] if element.name in NEVER_NULL else []
        text = f"{noun} must satisfy constraint: [{', '.join([*(rule[1] for rule in found), *never_null])}]"

        def check(value: Any, path: str, report: Report) -> None:
            if not all(fine(item) for item in items(value) for fine, _, _ in found):
                report.append(Violation(path, shown(node, value), text, sensitive=secret))

        return check


def both(one: Checker | None, other: Checker | None) -> Checker | None:
    """One after the other."""
    if one is None or other is None:
        return one or other

    def check(value: Any, path: str, report: Report) -> None:
        one(value, path, report)
        other(value, path, report)

    return check


def shown(node: Node, value: Any, member: str | None = None) -> str:
    """A value as AWS, in Java, prints it; nothing sensitive."""
    if node.shape.sensitive or (member is not None and member in SECRET_MEMBERS):
        return HIDDEN
    if isinstance(value, bool):
        return write_boolean(value)
    if isinstance(value, datetime):
        return write_iso8601(value)
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if node.type == "list":
        return f"[{', '.join(shown(node.element, item, member) for item in value)}]"
    if node.type == "map":
        return "{" + ", ".join(f"{k}={shown(node.value, v)}" for k, v in value.items()) + "}"
    if node.type == "structure":
        inner = dict(node.members())
        return f"{node.name}({', '.join(f'{lower_first(k)}={shown(inner[k], v, k)}' for k, v in value.items())})"
    return str(value)


def summary(report: Report, *, quoted: bool = True) -> str:
    """`1 validation error detected: …`, as AWS joins them."""
    noun = "error" if len(report) == 1 else "errors"
    told = "; ".join(each.told(quoted=quoted) for each in _as_hashed(report))
    return f"{len(report)} validation {noun} detected: {told}"


def _as_hashed(report: Report) -> Sequence[Violation]:
    """In the order in which a hash map of Java has their paths: the one that all of AWS's recorded answers are in."""
    if len(report) < 2:
        return report
    places = _SMALLEST_MAP
    while len({each.path for each in report}) > places * _FULL:
        places *= 2
    return sorted(report, key=lambda each: _java_hash(each.path) & (places - 1))


def _java_hash(text: str) -> int:
    """`String.hashCode` as `HashMap` spreads it. Paths are ASCII."""
    code = 0
    for letter in text:
        code = (31 * code + ord(letter)) & 0xFFFFFFFF
    return code ^ (code >> 16)
