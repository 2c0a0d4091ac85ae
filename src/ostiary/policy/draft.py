"""policy: a document on its way through the grammar: its text, its value, and how to refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.policy.faults import MalformedPolicy
from ostiary.policy.kinds import PolicyKind
from ostiary.policy.number import Number
from ostiary.policy.parse import Json, Layout, Path, pointer

SYNTAX: Final = "Syntax errors in policy."
LEGACY: Final = "The policy failed legacy parsing"
INVALID_JSON: Final = "This policy contains invalid Json"
ORGANIZATIONS: Final = "The provided policy document does not meet the requirements of the specified policy type."

_UNREADABLE: Final[dict[PolicyKind, str]] = {
    PolicyKind.TRUST: INVALID_JSON,
    PolicyKind.RESOURCE: INVALID_JSON,
    PolicyKind.SCP: ORGANIZATIONS,
    PolicyKind.RCP: ORGANIZATIONS,
}


def wording(kind: PolicyKind, message: str) -> str:
    """The message as the service that stores this kind gives it: Organizations has one text for everything."""
    return ORGANIZATIONS if kind in (PolicyKind.SCP, PolicyKind.RCP) else message


def unreadable(kind: PolicyKind) -> str:
    """What a text that is no JSON is answered with."""
    return _UNREADABLE.get(kind, SYNTAX)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document being checked."""

    text: str
    kind: PolicyKind
    value: dict[str, Json]

    def refuse(self, path: Path, message: str = SYNTAX, finding: str | None = None) -> MalformedPolicy:
        """The refusal, to be raised, with the place of what `path` leads to."""
        at = Layout(self.text).find(path)
        return MalformedPolicy(
            wording(self.kind, message), finding=finding, pointer=pointer(path), line=at.line, column=at.column
        )

    def statements(self) -> Iterator[tuple[Path, dict[str, Json]]]:
        """The statements with their paths; what is no object is left out."""
        body = self.value.get("Statement")
        listed = body if isinstance(body, list) else [body]
        for index, statement in enumerate(listed):
            path: Path = ("Statement", index) if isinstance(body, list) else ("Statement",)
            if isinstance(statement, dict):
                yield path, statement

    def strings(self, statement: dict[str, Json], path: Path, *names: str) -> Iterator[tuple[Path, str]]:
        """The strings under the named elements, one or a list, each with its path."""
        for name in names:
            value = statement.get(name)
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if is_text(item):
                        yield (*path, name, index), str(item)
            elif is_text(value):
                yield (*path, name), str(value)


def is_text(value: Json) -> bool:
    """Whether a value is a JSON string (and no number)."""
    return isinstance(value, str) and not isinstance(value, Number)


def is_scalar(value: Json) -> bool:
    """Whether a value is a JSON string, number or boolean: what a condition may compare with."""
    return isinstance(value, str | bool)
