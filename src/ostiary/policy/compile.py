"""policy: a document made ready for decisions.

Lenient about what may be stored (an unknown condition operator never holds), strict about what can't be understood:
a statement that is not read as its author wrote it must not decide anything.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from ostiary.policy.conditions import Test
from ostiary.policy.decision import Effect, Position
from ostiary.policy.faults import MalformedPolicy
from ostiary.policy.number import Number
from ostiary.policy.parse import Json, Layout, Path, pointer, read
from ostiary.policy.principals import named
from ostiary.policy.statements import Actions, Principals, Resources, Statement

CURRENT_VERSION: Final = "2012-10-17"
OLD_VERSION: Final = "2008-10-17"

_KNOWN: Final = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_REMEMBERED_POLICIES: Final = 8192


class CompiledPolicy:
    """A policy ready for decisions. Never changes; shared by everyone who has the same text attached."""

    __slots__ = ("_positions", "statements", "text", "version")

    text: str
    version: str
    statements: tuple[Statement, ...]

    def __init__(self, text: str, version: str, statements: tuple[Statement, ...]) -> None:
        self.text, self.version, self.statements = text, version, statements
        self._positions: tuple[tuple[Position, Position], ...] | None = None

    def position(self, index: int) -> tuple[Position, Position]:
        """Start and end of a statement in the text, as AWS's simulator counts them; found on first use."""
        if self._positions is None:
            self._positions = tuple(Layout(self.text).statements())
        return self._positions[index]


_lock: Final = Lock()
_compiled: Final[OrderedDict[str, CompiledPolicy]] = OrderedDict()


def compile_policy(text: str) -> CompiledPolicy:
    """Make a document ready for decisions; the same object for the same text, from a cache of bounded size.

    Raises:
        MalformedPolicy: the document can't be read as a policy.
    """
    with _lock:
        found = _compiled.get(text)
        if found is not None:
            _compiled.move_to_end(text)
            return found
    made = _compile(text)
    with _lock:
        found = _compiled.setdefault(text, made)
        while len(_compiled) > _REMEMBERED_POLICIES:
            _compiled.popitem(last=False)
    return found


class _Reader:
    """Reads one document, remembering where it is for the sake of errors."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables = False

    def refuse(self, path: Path, *more: str | int, message: str = "Syntax errors in policy.") -> MalformedPolicy:
        whole = (*path, *more)
        at = Layout(self.text).find(whole)
        return MalformedPolicy(message, pointer=pointer(whole), line=at.line, column=at.column)

    def strings(self, value: Json, path: Path, *more: str | int) -> tuple[str, ...]:
        """One string or a list of them."""
        if value.__class__ is str:
            return (value,)
        if isinstance(value, list):
            texts = [item for item in value if item.__class__ is str]
            if len(texts) == len(value):
                return tuple(texts)
        raise self.refuse(path, *more)

    def scalars(self, value: Json, path: Path, *more: str | int) -> tuple[str, ...]:
        """One string, number or boolean or a list of them, as their text."""
        if value.__class__ is str:
            return (value,)
        texts: list[str] = []
        for item in value if isinstance(value, list) else [value]:
            if item.__class__ is str:
                texts.append(item)
            elif isinstance(item, bool):
                texts.append("true" if item else "false")
            elif isinstance(item, Number):
                texts.append(str(item))
            else:
                raise self.refuse(path, *more)
        return tuple(texts)

    def statement(self, value: Json, index: int, path: Path) -> Statement:
        if not isinstance(value, dict):
            raise self.refuse(path)
        if not _KNOWN.issuperset(value):
            raise self.refuse(path, next(key for key in value if key not in _KNOWN))
        effect, sid = value.get("Effect"), value.get("Sid")
        if effect not in ("Allow", "Deny"):
            raise self.refuse(path, "Effect")
        if sid is not None and not isinstance(sid, str):
            raise self.refuse(path, "Sid")
        return Statement(
            index=index,
            sid=sid,
            effect=Effect.ALLOW if effect == "Allow" else Effect.DENY,
            actions=self.actions(value, path),
            resources=self.resources(value, path),
            principals=self.principals(value, path) if "Principal" in value or "NotPrincipal" in value else None,
            tests=self.tests(value["Condition"], (*path, "Condition")) if "Condition" in value else (),
        )

    def either(self, value: dict[str, Json], name: str, negated: str, path: Path) -> str | None:
        """Which of two elements the statement has."""
        if negated not in value:
            return name if name in value else None
        if name in value:
            raise self.refuse(path, negated)
        return negated

    def actions(self, value: dict[str, Json], path: Path) -> Actions:
        name = self.either(value, "Action", "NotAction", path)
        if name is None:
            raise self.refuse(path, message="Policy statement must contain actions.")
        return Actions(self.strings(value[name], path, name), negated=name != "Action")

    def resources(self, value: dict[str, Json], path: Path) -> Resources | None:
        name = self.either(value, "Resource", "NotResource", path)
        if name is None:
            return None
        patterns = self.strings(value[name], path, name)
        return Resources(patterns, negated=name != "Resource", variables=self.variables)

    def principals(self, value: dict[str, Json], path: Path) -> Principals | None:
        name = self.either(value, "Principal", "NotPrincipal", path)
        if name is None:
            return None
        element, negated = value[name], name != "Principal"
        if element == "*":
            return Principals(named({"AWS": ("*",)}), negated)
        if element == []:
            return Principals(named({}), negated)
        if not isinstance(element, dict):
            raise self.refuse(path, name)
        entries = {key: self.strings(entry, path, name, key) for key, entry in element.items()}
        return Principals(named(entries), negated)

    def tests(self, block: Json, path: Path) -> tuple[Test, ...]:
        if not isinstance(block, dict):
            raise self.refuse(path)
        found: list[Test] = []
        for operator, keys in block.items():
            if not isinstance(keys, dict):
                raise self.refuse(path, operator)
            for key, values in keys.items():
                texts = self.scalars(values, path, operator, key)
                found.append(Test(operator, key, texts, variables=self.variables))
        return tuple(found)


def _compile(text: str) -> CompiledPolicy:
    document = read(text)
    reader = _Reader(text)
    if not isinstance(document, dict):
        raise reader.refuse(())
    version = document.get("Version", OLD_VERSION)
    if version not in (CURRENT_VERSION, OLD_VERSION) or isinstance(version, Number):
        raise reader.refuse(("Version",))
    reader.variables = version == CURRENT_VERSION
    for key in document:
        if key not in ("Version", "Id", "Statement"):
            raise reader.refuse((key,))
    if "Statement" not in document:
        raise reader.refuse(())
    body = document["Statement"]
    statements = (
        [reader.statement(item, index, ("Statement", index)) for index, item in enumerate(body)]
        if isinstance(body, list)
        else [reader.statement(body, 0, ("Statement",))]
    )
    return CompiledPolicy(text, str(version), tuple(statements))


def compile_statement(value: Json, index: int, version: str) -> Statement:
    """Make one statement ready that stands, or would stand, at a place of a document of a version.

    Raises:
        MalformedPolicy: it can't be read as a statement.
    """
    reader = _Reader("{}")
    reader.variables = version == CURRENT_VERSION
    return reader.statement(value, index, ("Statement", index))


def referenced_condition_keys(policy: CompiledPolicy) -> set[str]:
    """The condition keys a policy's conditions and variables ask for, as written in conditions, else in lower case."""
    keys: set[str] = set()
    for statement in policy.statements:
        for test in statement.tests:
            keys.add(test.key)
            keys.update(test.variable_keys)
        if statement.resources is not None:
            keys.update(statement.resources.variable_keys)
    written = {key.lower(): key for key in sorted(keys, reverse=True)}
    return set(written.values())
