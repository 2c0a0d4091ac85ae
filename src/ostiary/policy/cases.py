"""policy: decision cases written as JSON, the format of this project's test vectors.

One case is an object with `id`, `policies`, `request` and `expected`; a file is a list of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from ostiary.policy.request import Request

_PRINCIPALS: Final[dict[str, type[Principal]]] = {
    "user": User,
    "assumed-role": RoleSession,
    "federated-user": FederatedUser,
    "root": Root,
    "service": Service,
    "federated": Federated,
    "anonymous": Anonymous,
}


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
    """The request of a case; a list in the context is a multivalued key."""
    context = {key: tuple(value) if isinstance(value, list) else value for key, value in members["context"].items()}
    return Request(
        principal=read_principal(members["principal"]),
        action=members["action"],
        resource=members["resource"],
        resource_account=members.get("resource_account"),
        context=context,
        resource_in_management_account=members.get("resource_in_management_account", False),
    )


def read_policies(members: Mapping[str, Any]) -> InForce:
    """The policies of a case. An absent member does not apply."""

    def attached(kind: PolicyType, document: object, name: str) -> Attached:
        return Attached(compile_policy(json.dumps(document)), Source(type=kind, name=name))

    def listed(kind: PolicyType, documents: list[object] | None, prefix: str = "") -> Pool | None:
        if documents is None:
            return None
        return Pool(attached(kind, one, f"{prefix}{kind.value}[{at}]") for at, one in enumerate(documents))

    def single(kind: PolicyType) -> Pool | None:
        document = members.get(kind.value)
        return None if document is None else Pool([attached(kind, document, kind.value)])

    def levels(kind: PolicyType) -> tuple[Pool, ...] | None:
        found = members.get(kind.value)
        if found is None:
            return None
        return tuple(listed(kind, level, f"level {at}: ") or Pool() for at, level in enumerate(found))

    return InForce(
        identity=listed(PolicyType.IDENTITY, members.get("identity")) or Pool(),
        resource=single(PolicyType.RESOURCE),
        boundary=single(PolicyType.BOUNDARY),
        session=listed(PolicyType.SESSION, members.get("session")),
        scp=levels(PolicyType.SCP),
        rcp=levels(PolicyType.RCP),
        endpoint=single(PolicyType.ENDPOINT),
    )


def is_case(entry: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value has the members of a decision case."""
    if not isinstance(entry, dict):
        return False
    members = (entry.get("policies"), entry.get("request"), entry.get("expected"))
    return all(isinstance(one, dict) for one in members) and "decision" in entry["expected"]
