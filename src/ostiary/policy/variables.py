"""policy: `${key}` in values (IAM User Guide, "IAM policy elements: Variables and tags").

A `Template` is a value read once; it is never changed by a request. What a variable stands for is literal text:
a `*` in it is no wildcard, a `:` no separator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.policy.globs import Glob, Part, Segment, Wild, parts_of, segment
from ostiary.policy.request import ContextValue

Keys = Mapping[str, ContextValue]
"""The condition context, its keys in lower case."""

_VARIABLE: Final = re.compile(r"\$\{(?:([*?$])|([^{}']*?)(?:, '([^']*)')?)\}")
_ESCAPES: Final = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`; the key in lower case."""

    key: str
    default: str | None

    def value(self, keys: Keys) -> str | None:
        """The text it stands for, or None: the key is absent without a default, or has several values."""
        found = keys.get(self.key)
        if found is None:
            return self.default
        return found if isinstance(found, str) else None


TemplatePart = Part | Variable


class Template:
    """A value cut into literals, wildcards and variables."""

    __slots__ = ("_glob", "_mould", "parts", "variables")

    parts: tuple[TemplatePart, ...]
    variables: tuple[Variable, ...]
    """The variables, in order."""

    def __init__(self, parts: tuple[TemplatePart, ...]) -> None:
        self.parts = parts
        self.variables = tuple([part for part in parts if isinstance(part, Variable)])
        self._glob: Glob | None = None
        self._mould: list[Segment | list[TemplatePart]] | None = None
        """What stands between the stars; a list where it has variables."""

    def resolve(self, keys: Keys) -> list[Part] | None:
        """The parts with every variable replaced by its value, or None if one has no value."""
        return _resolved(self.parts, keys)

    def text(self, keys: Keys) -> str | None:
        """The value as plain text (wildcards are themselves), or None if a variable has no value."""
        resolved = self.resolve(keys)
        return None if resolved is None else plain(resolved)

    def glob(self, keys: Keys) -> Glob | None:
        """The value as a pattern, or None if a variable has no value."""
        if self._glob is not None:
            return self._glob
        mould = self._mould
        if mould is None:
            mould = self._mould = _mould(self.parts)
        segments: list[Segment] = []
        for piece in mould:
            if isinstance(piece, list):
                resolved = _resolved(piece, keys)
                if resolved is None:
                    return None
                segments.append(segment(resolved))
            else:
                segments.append(piece)
        made = Glob(segments=segments)
        if not self.variables:
            self._glob = made
        return made


def _resolved(parts: Iterable[TemplatePart], keys: Keys) -> list[Part] | None:
    resolved: list[Part] = []
    for part in parts:
        if isinstance(part, Variable):
            value = part.value(keys)
            if value is None:
                return None
            resolved.append(value)
        else:
            resolved.append(part)
    return resolved


def _mould(parts: Iterable[TemplatePart]) -> list[Segment | list[TemplatePart]]:
    """What stands between the stars, ready where no variable has a say in it."""
    pieces: list[list[TemplatePart]] = [[]]
    for part in parts:
        if part is Wild.STAR:
            pieces.append([])
        else:
            pieces[-1].append(part)
    mould: list[Segment | list[TemplatePart]] = []
    for piece in pieces:
        constant = [part for part in piece if not isinstance(part, Variable)]
        mould.append(piece if len(constant) < len(piece) else segment(constant))
    return mould


def plain(parts: list[Part]) -> str:
    """The text of a pattern's parts, its wildcards as ordinary characters."""
    return "".join(part.value if isinstance(part, Wild) else part for part in parts)


def template(text: str, *, variables: bool) -> Template:
    """Read a value; `variables` says whether the policy's version has them (2012-10-17)."""
    if not variables or "${" not in text:
        return Template(tuple(parts_of(text)))
    parts: list[TemplatePart] = []
    at = 0
    for match in _VARIABLE.finditer(text):
        parts.extend(parts_of(text[at : match.start()]))
        escape, key, default = match.groups()
        parts.append(escape if escape is not None else Variable(key.lower(), default))
        at = match.end()
    parts.extend(parts_of(text[at:]))
    return Template(tuple(parts))
