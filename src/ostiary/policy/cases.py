"""policy: decision cases written as data, the format of this project's test vectors.

One case is an object with `id`, `policies`, `request` and `expected`; a file is a list of them. Who reads the file
(JSON or YAML) is no matter of this room: what stands here starts from the values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from ostiary.policy.compile import compile_policy
from ostiary.policy.decision import PolicyType, Source
from ostiary.policy.in_force import InForce
from ostiary.policy.pool import Attached, Pool
from ostiary.policy.principals import (
    Anonymous,
    Federated,
    FederatedUser,
    Principal,
    RoleSession,
    Root,
    Service,
    User,
)
from ostiary.policy.request import ContextValue, Request

Load = Callable[[str], str]
"""Gives the text of a document that a case refers to as `{"file": name}`. Its errors are its own."""

_PRINCIPALS: Final[dict[str, type[Principal]]] = {
    "user": User,
    "assumed-role": RoleSession,
    "federated-user": FederatedUser,
    "root": Root,
    "service": Service,
    "federated": Federated,
    "anonymous": Anonymous,
}
_LISTED: Final = (PolicyType.IDENTITY, PolicyType.SESSION)
_SINGLE: Final = (PolicyType.RESOURCE, PolicyType.BOUNDARY, PolicyType.ENDPOINT)
_LEVELLED: Final = (PolicyType.SCP, PolicyType.RCP)
_OF_POLICIES: Final = frozenset(kind.value for kind in (*_LISTED, *_SINGLE, *_LEVELLED))
_OF_REQUEST: Final = frozenset(
    {"principal", "action", "resource", "resource_account", "context", "resource_in_management_account"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDocument:
    """One policy document of a case."""

    type: PolicyType
    level: int | None
    """Which level of an organization's policies, from the root down; None for the other types."""
    path: tuple[str | int, ...]
    """Where it stands in the member `policies`."""
    written: object
    """The document itself, or `{"file": name}`."""

    @property
    def file(self) -> str | None:
        """The name of the file that holds the document; None if it stands in the case."""
        written = self.written
        if isinstance(written, dict) and set(written) == {"file"} and isinstance(written["file"], str):
            return written["file"]
        return None

    @property
    def name(self) -> str:
        """What a decision calls the document."""
        inner = self.path[1:] if self.level is None else self.path[2:]
        name = self.file or f"{self.type.value}{''.join(f'[{step}]' for step in inner)}"
        return name if self.level is None else f"level {self.level}: {name}"

    def text(self, load: Load | None) -> str:
        """The document's text.

        Raises:
            ValueError: it stands in a file, and files can't be loaded here.
        """
        if self.file is None:
            return json.dumps(self.written)
        if load is None:
            raise ValueError(f"`{self.file}`: documents in files are not read here")
        return load(self.file)


def case_documents(policies: Mapping[str, Any]) -> Iterator[CaseDocument]:
    """The documents in the member `policies` of a case, type by type.

    Raises:
        ValueError: there is a member of another name, or one that is no list where a list must stand.
    """
    _known(policies, _OF_POLICIES, "policies")
    for kind in _LISTED:
        for at, one in enumerate(_list(policies, kind)):
            yield CaseDocument(type=kind, level=None, path=(kind.value, at), written=one)
    for kind in _SINGLE:
        if policies.get(kind.value) is not None:
            yield CaseDocument(type=kind, level=None, path=(kind.value,), written=policies[kind.value])
    for kind in _LEVELLED:
        for level, documents in enumerate(_list(policies, kind)):
            if not isinstance(documents, list):
                raise ValueError(f"policies: `{kind.value}` is a list of levels, each a list of documents")
            for at, one in enumerate(documents):
                yield CaseDocument(type=kind, level=level, path=(kind.value, level, at), written=one)


def read_policies(policies: Mapping[str, Any], load: Load | None = None) -> InForce:
    """The policies of a case. An absent member does not apply.

    Raises:
        MalformedPolicy: a document can't be read as a policy.
        ValueError: the case is not of the form; or a document stands in a file, and no `load` is given.
    """
    found: dict[tuple[PolicyType, int | None], list[Attached]] = {}
    for one in case_documents(policies):
        attached = Attached(compile_policy(one.text(load)), Source(type=one.type, name=one.name))
        found.setdefault((one.type, one.level), []).append(attached)

    def pool(kind: PolicyType) -> Pool | None:
        return None if policies.get(kind.value) is None else Pool(found.get((kind, None), ()))

    def levels(kind: PolicyType) -> tuple[Pool, ...] | None:
        if policies.get(kind.value) is None:
            return None
        return tuple(Pool(found.get((kind, level), ())) for level in range(len(policies[kind.value])))

    return InForce(
        identity=pool(PolicyType.IDENTITY) or Pool(),
        resource=pool(PolicyType.RESOURCE),
        boundary=pool(PolicyType.BOUNDARY),
        session=pool(PolicyType.SESSION),
        scp=levels(PolicyType.SCP),
        rcp=levels(PolicyType.RCP),
        endpoint=pool(PolicyType.ENDPOINT),
    )


def read_principal(members: Mapping[str, Any]) -> Principal:
    """The principal of a case.

    Raises:
        ValueError: there is no such type of principal, or a member is missing or unknown.
    """
    kind = _PRINCIPALS.get(members.get("type", ""))
    if kind is None:
        raise ValueError(f"unknown type of principal `{members.get('type')}`")
    try:
        return kind(**{name: value for name, value in members.items() if name != "type"})
    except TypeError as error:
        raise ValueError(f"principal: {error}") from None


def read_request(members: Mapping[str, Any]) -> Request:
    """The request of a case; a list in the context is a multivalued key.

    Raises:
        ValueError: a member is missing, unknown or of another type than it must be.
    """
    _known(members, _OF_REQUEST, "request")
    for name in ("principal", "action", "resource", "context"):
        if name not in members:
            raise ValueError(f"request: no `{name}`")
    for name in ("principal", "context"):
        if not isinstance(members[name], dict):
            raise ValueError(f"request: `{name}` is no object")
    for name in ("action", "resource"):
        if not isinstance(members[name], str):
            raise ValueError(f"request: `{name}` is no string")
    return Request(
        principal=read_principal(members["principal"]),
        action=members["action"],
        resource=members["resource"],
        resource_account=members.get("resource_account"),
        context={key: _context_value(key, value) for key, value in members["context"].items()},
        resource_in_management_account=members.get("resource_in_management_account", False),
    )


def is_case(entry: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value has the members of a decision case."""
    if not isinstance(entry, dict):
        return False
    members = (entry.get("policies"), entry.get("request"), entry.get("expected"))
    return all(isinstance(one, dict) for one in members) and "decision" in entry["expected"]


def _context_value(key: str, value: object) -> ContextValue:
    if isinstance(value, list):
        return tuple(_text(key, one) for one in value)
    return _text(key, value)


def _text(key: str, value: object) -> str:
    """The text of a value, as AWS sends it: `true`, not `True`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise ValueError(f"request: the value of `{key}` is no string; write it in quotes")


def _list(policies: Mapping[str, Any], kind: PolicyType) -> list[Any]:
    found = policies.get(kind.value)
    if found is None:
        return []
    if not isinstance(found, list):
        raise ValueError(f"policies: `{kind.value}` is no list")
    return found


def _known(members: Mapping[str, Any], names: frozenset[str], of: str) -> None:
    """A misspelt member would silently make another case of it."""
    unknown = sorted(str(name) for name in members if name not in names)
    if unknown:
        raise ValueError(f"{of}: unknown member `{unknown[0]}`; there are {', '.join(sorted(names))}")
