"""analysis: a document laid out for the checks: its statements, and in them each action, resource, principal and test.

What has the wrong JSON type is left out here; the checks in `structure` name it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ostiary.analysis.model import PolicyType, ResourceType
from ostiary.policy.conditions import OperatorName, read_operator
from ostiary.policy.number import Number
from ostiary.policy.parse import Json, Path

CURRENT_VERSION: Final = "2012-10-17"


@dataclass(frozen=True, slots=True)
class Item:
    """A string of the document and the way to it."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """An action pattern of a statement."""

    path: Path
    text: str

    @property
    def service(self) -> str:
        """The prefix in lower case; of `*` it is `*`."""
        return self.text.partition(":")[0].lower()

    @property
    def wild(self) -> bool:
        """Whether it has a wildcard."""
        return "*" in self.text or "?" in self.text


@dataclass(frozen=True, slots=True)
class Principal:
    """An entry of a Principal or NotPrincipal element; `key` is empty for the bare string."""

    path: Path
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value that a test compares with."""

    path: Path
    raw: Json

    @property
    def text(self) -> str:
        """As the engine reads it."""
        return str(self.raw).lower() if isinstance(self.raw, bool) else str(self.raw)

    @property
    def json_type(self) -> str:
        """Its JSON type."""
        if isinstance(self.raw, bool):
            return "boolean"
        return "number" if isinstance(self.raw, Number) else "string"


@dataclass(frozen=True, slots=True)
class Test:
    """One key under one operator."""

    path: Path
    operator: str
    name: OperatorName | None
    """The operator taken apart; None if there is no such operator."""
    key: str
    values: tuple[Value, ...]
    empty: bool
    """The list of values has none."""

    @property
    def base(self) -> str:
        """The operator without set operator and IfExists; empty if there is no such operator."""
        return self.name.base if self.name else ""

    @property
    def negated(self) -> bool:
        """Whether it is one of the Not… operators."""
        return "Not" in self.base

    @property
    def strict(self) -> bool:
        """Whether the test fails when the key is absent: positive, without IfExists."""
        return self.name is not None and not self.name.if_exists and not self.negated and self.base != "Null"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement. `action_element` and `resource_element` say which of the two forms it has, if any."""

    path: Path
    value: dict[str, Json]
    effect: str | None
    action_element: str | None
    actions: tuple[Action, ...]
    resource_element: str | None
    resources: tuple[Item, ...]
    principal_element: str | None
    principals: tuple[Principal, ...]
    tests: tuple[Test, ...]

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return self.effect == "Allow"

    def mentions(self, *keys: str) -> bool:
        """Whether a test asks for one of the keys (given in lower case)."""
        return any(test.key.lower() in keys for test in self.tests)


@dataclass(frozen=True)
class Paper:
    """A document being judged."""

    text: str
    value: dict[str, Json]
    policy_type: PolicyType
    resource_type: ResourceType | None

    @property
    def version(self) -> Json:
        """The Version element, if there is one."""
        return self.value.get("Version")

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Those that are objects."""
        body = self.value.get("Statement")
        listed = isinstance(body, list)
        found: list[Statement] = []
        for index, one in enumerate(body if isinstance(body, list) else [body]):
            if isinstance(one, dict):
                found.append(_statement(("Statement", index) if listed else ("Statement",), one))
        return tuple(found)

    @cached_property
    def trust(self) -> bool:
        """Whether it is a role's trust policy: said to be one, or a resource policy that speaks of STS only."""
        if self.policy_type is not PolicyType.RESOURCE or self.resource_type is not None:
            return self.resource_type is ResourceType.ROLE_TRUST and self.policy_type is PolicyType.RESOURCE
        services = [action.service for statement in self.statements for action in statement.actions]
        return bool(services) and all(service == "sts" for service in services)

    def tests(self) -> Iterator[tuple[Statement, Test]]:
        """Every test with its statement."""
        for statement in self.statements:
            for test in statement.tests:
                yield statement, test

    def resources(self) -> Iterator[tuple[Statement, Item]]:
        """Every resource but `*`, with its statement."""
        for statement in self.statements:
            for item in statement.resources:
                if item.text != "*":
                    yield statement, item


def is_string(value: Json) -> bool:
    """Whether a value is a JSON string (and no number)."""
    return isinstance(value, str) and not isinstance(value, Number)


def entries(value: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    """The values of a list, or the one value."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield (*path, index), item
    else:
        yield path, value


def _statement(path: Path, value: dict[str, Json]) -> Statement:
    effect = value.get("Effect")
    action = next((name for name in ("Action", "NotAction") if name in value), None)
    resource = next((name for name in ("Resource", "NotResource") if name in value), None)
    principal = next((name for name in ("Principal", "NotPrincipal") if name in value), None)
    return Statement(
        path=path,
        value=value,
        effect=effect if isinstance(effect, str) else None,
        action_element=action,
        actions=tuple(Action(item.path, item.text) for item in _strings(value, path, action)),
        resource_element=resource,
        resources=tuple(_strings(value, path, resource)),
        principal_element=principal,
        principals=tuple(_principals(value.get(principal), (*path, principal)) if principal else ()),
        tests=tuple(_tests(value.get("Condition"), (*path, "Condition"))),
    )


def _strings(value: dict[str, Json], path: Path, name: str | None) -> Iterator[Item]:
    if name is None:
        return
    for at, item in entries(value[name], (*path, name)):
        if is_string(item):
            yield Item(at, str(item))


def _principals(element: Json, path: Path) -> Iterator[Principal]:
    if is_string(element):
        yield Principal(path, "", str(element))
    elif isinstance(element, dict):
        for key, listed in element.items():
            for at, item in entries(listed, (*path, key)):
                if is_string(item):
                    yield Principal(at, key, str(item))


def _tests(block: Json, path: Path) -> Iterator[Test]:
    if not isinstance(block, dict):
        return
    for operator, keys in block.items():
        if not isinstance(keys, dict):
            continue
        name = read_operator(operator)
        for key, listed in keys.items():
            at = (*path, operator, key)
            values = tuple(Value(where, raw) for where, raw in entries(listed, at) if isinstance(raw, str | bool))
            yield Test(at, operator, name, key, values, listed == [])
