"""analysis: policy variables (IAM User Guide, "IAM policy elements: Variables and tags")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.analysis.check import Hit, Place, check, hit, key_at, part_of
from ostiary.analysis.paper import CURRENT_VERSION, Paper
from ostiary.policy.parse import Path

_OPEN: Final = "${"
_CLOSED: Final = re.compile(r"\$\{([^{}]*)\}")
_LITERALS: Final = frozenset("*?$")
_SYMBOLS: Final = re.compile(r"[^A-Za-z0-9_.:/=+@\- ]")
"""What no condition key, and no tag key in it, has."""
_RESOURCE_FIELD: Final = 5
"""How many colons stand before the part of an ARN that may hold variables."""


@dataclass(frozen=True, slots=True)
class _Variable:
    path: Path
    start: int
    text: str
    """With `${` and `}`."""
    name: str
    default: str | None
    """What stands after the comma."""

    @property
    def place(self) -> Place:
        return part_of(self.path, self.start, len(self.text))


def _strings(paper: Paper) -> Iterator[tuple[Path, str]]:
    """The strings that may hold variables."""
    for _, item in paper.resources():
        yield item.path, item.text
    for _, test in paper.tests():
        for value in test.values:
            if isinstance(value.raw, str):
                yield value.path, value.text


def _variables(paper: Paper) -> Iterator[_Variable]:
    for path, text in _strings(paper):
        for found in _CLOSED.finditer(text) if _OPEN in text else ():
            if found[1] not in _LITERALS:
                name, comma, default = found[1].partition(",")
                yield _Variable(path, found.start(), found[0], name, default if comma else None)


@check("MISSING_BRACE_IN_VARIABLE")
def _brace(paper: Paper) -> Iterator[Hit]:
    for path, text in _strings(paper):
        last = text.rfind(_OPEN)
        if last >= 0 and "}" not in text[last:]:
            yield hit(part_of(path, last, len(text) - last))


@check("EMPTY_VARIABLE")
def _empty(paper: Paper) -> Iterator[Hit]:
    for variable in _variables(paper):
        if not variable.name.strip():
            yield hit(variable.place, variable=variable.text)


@check("UNSUPPORTED_SPACE_IN_VARIABLE")
def _space(paper: Paper) -> Iterator[Hit]:
    for variable in _variables(paper):
        # A tag key may have spaces.
        if variable.name.strip() and " " in variable.name.partition("/")[0]:
            yield hit(variable.place)


@check("UNSUPPORTED_SYMBOL_IN_VARIABLE")
def _symbol(paper: Paper) -> Iterator[Hit]:
    for variable in _variables(paper):
        symbol = _SYMBOLS.search(variable.name)
        if symbol:
            yield hit(variable.place, symbol=symbol[0])


@check("MISSING_QUOTE_IN_VARIABLE")
def _quote(paper: Paper) -> Iterator[Hit]:
    for variable in _variables(paper):
        default = None if variable.default is None else variable.default.strip()
        if default is not None and not (len(default) > 1 and default[0] == default[-1] == "'"):
            yield hit(variable.place)


@check("VARIABLE_UNSUPPORTED_IN_VERSION")
def _version(paper: Paper) -> Iterator[Hit]:
    if paper.version != CURRENT_VERSION:
        for variable in _variables(paper):
            yield hit(variable.place)


@check("INVALID_VARIABLE_FOR_OPERATOR")
def _operator(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.base and not test.base.startswith(("String", "Arn")):
            for value in test.values:
                if _CLOSED.search(value.text):
                    yield hit(value.path)


@check("VARIABLE_UNSUPPORTED_IN_ELEMENT")
def _element(paper: Paper) -> Iterator[Hit]:
    if paper.version != CURRENT_VERSION:
        return
    for place, text in _elsewhere(paper):
        found = _CLOSED.search(text)
        if found:
            yield hit(place, variable=found[0])
    for _, item in paper.resources():
        for found in _CLOSED.finditer(item.text):
            before = _CLOSED.sub("", item.text[: found.start()])
            if before.count(":") < _RESOURCE_FIELD and found[1] not in _LITERALS:
                yield hit(part_of(item.path, found.start(), len(found[0])), variable=found[0])


def _elsewhere(paper: Paper) -> Iterator[tuple[Place, str]]:
    """The strings that may hold no variables."""
    for statement in paper.statements:
        for action in statement.actions:
            yield Place(action.path), action.text
        for principal in statement.principals:
            yield Place(principal.path), principal.text
        for name in ("Sid", "Effect"):
            value = statement.value.get(name)
            if isinstance(value, str):
                yield Place((*statement.path, name)), value
        for test in statement.tests:
            yield key_at(test.path), test.key
