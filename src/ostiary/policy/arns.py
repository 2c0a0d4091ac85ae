"""policy: ARN patterns (IAM User Guide, "IAM JSON policy elements: Resource" and "Condition operators", ARN operators).

A pattern and an ARN are split at the first five colons; each of the six components must match. Variables are text
before anything is split, so a colon in a variable's name or value separates nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from ostiary.policy.globs import Glob, Wild
from ostiary.policy.variables import Keys, Template, TemplatePart, Variable

COMPONENTS = 6


def split_components(parts: tuple[TemplatePart, ...]) -> list[list[TemplatePart]]:
    """The parts of each component: cut at the first five colons of the literal text."""
    components: list[list[TemplatePart]] = [[]]
    for part in parts:
        if not isinstance(part, str):
            components[-1].append(part)
            continue
        pieces = part.split(":", COMPONENTS - len(components))
        components[-1].append(pieces[0])
        components.extend([piece] for piece in pieces[1:])
    return components


class ArnPattern:
    """One ARN pattern of a policy. `open_ended` patterns (Resource) may end early in a `*` that reaches to the end.

    Only that last `*` passes colons: `arn:aws:*3*` covers what `s3` owns, not `arn:aws:sqs:eu-west-3:…`.
    """

    __slots__ = ("_components", "_starred", "_text", "constant", "head", "tail_head", "variable")

    constant: Glob | None
    """A glob over the whole ARN that says the same, where there is one."""
    head: str
    """The literal text that every ARN it covers begins with."""
    tail_head: str | None
    """The literal text that the resource component of every ARN it covers begins with; None if that is not known."""
    variable: bool
    """Whether what it covers depends on the condition context."""

    def __init__(self, value: Template, *, open_ended: bool) -> None:
        pieces = split_components(value.parts)
        complete = len(pieces) == COMPONENTS
        possible = complete or (open_ended and bool(pieces[-1]) and pieces[-1][-1] is Wild.STAR)
        self._components: tuple[Glob | Template, ...] = ()
        self._text: Template | None = None
        self._starred = False
        self.constant = None
        self.head = _head(value.parts)
        self.tail_head = _head(pieces[-1]) if complete else None
        self.variable = bool(value.variables)
        # No wildcard before the last component: five literal colons hold the components apart.
        whole = _literal(pieces[:-1])
        if complete and not self.variable and whole:
            self.constant = Glob(part for part in value.parts if not isinstance(part, Variable))
        elif possible and complete and whole and not any(isinstance(part, Wild) for part in value.parts[:-1]):
            self._starred = value.parts[-1] is Wild.STAR
            if self._starred or not isinstance(value.parts[-1], Wild):
                self._text = Template(value.parts[:-1] if self._starred else value.parts)
        if possible and self.constant is None and self._text is None:
            self._components = tuple(_component(piece) for piece in pieces)

    def matches(self, arn: str, keys: Keys) -> bool:
        """Whether the pattern covers the ARN."""
        if self.constant is not None:
            return self.constant.matches(arn)
        if not arn.startswith(self.head):
            return False
        if self._text is not None:
            text = self._text.text(keys)
            return text is not None and (arn.startswith(text) if self._starred else arn == text)
        return bool(self._components) and self._by_component(arn, keys)

    def _by_component(self, arn: str, keys: Keys) -> bool:
        values = arn.split(":", COMPONENTS - 1)
        if len(values) != COMPONENTS:
            return False
        # A pattern that ends early says nothing of the components after its last.
        for component, value in zip(self._components, values, strict=False):  # noqa: SIM110
            if not _covers(component, value, keys):
                return False
        return True


def _head(parts: Sequence[TemplatePart]) -> str:
    return parts[0] if parts and isinstance(parts[0], str) else ""


def _literal(pieces: list[list[TemplatePart]]) -> bool:
    return all(isinstance(part, str) for piece in pieces for part in piece)


def _component(parts: list[TemplatePart]) -> Glob | Template:
    value = Template(tuple(parts))
    return value if value.variables else Glob(part for part in parts if not isinstance(part, Variable))


def _covers(component: Glob | Template, value: str, keys: Keys) -> bool:
    pattern = component if isinstance(component, Glob) else component.glob(keys)
    return pattern is not None and pattern.matches(value)
