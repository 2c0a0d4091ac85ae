"""Policies and requests in a line each."""

from __future__ import annotations

import json
from typing import Any

from ostiary.policy import (
    Attached,
    Decision,
    InForce,
    PolicyType,
    Principal,
    Request,
    RoleSession,
    Source,
    User,
    compile_policy,
    decide,
)

ACCOUNT = "111122223333"
OTHER = "444455556666"
BUCKET = "arn:aws:s3:::example-bucket"
OBJECT = f"{BUCKET}/reports/q1.csv"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"

ALICE = User(arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT)
SESSION = RoleSession(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1", role_arn=ROLE, account=ACCOUNT)


def allow(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement; `principal`, `condition` and other elements by their lower-case name."""
    return _statement("Allow", action, resource, more)


def deny(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return _statement("Deny", action, resource, more)


_NAMES = {
    "principal": "Principal",
    "not_principal": "NotPrincipal",
    "condition": "Condition",
    "not_action": "NotAction",
    "not_resource": "NotResource",
    "sid": "Sid",
}


def _statement(effect: str, action: Any, resource: Any, more: dict[str, Any]) -> dict[str, Any]:
    made = {"Effect": effect, "Action": action, "Resource": resource, **{_NAMES[name]: more[name] for name in more}}
    if "NotAction" in made:
        del made["Action"]
    if "NotResource" in made or resource is None:
        del made["Resource"]
    return made


def document(*statements: dict[str, Any], version: str | None = "2012-10-17") -> str:
    head = {} if version is None else {"Version": version}
    return json.dumps({**head, "Statement": list(statements)})


def attached(kind: PolicyType, *statements: dict[str, Any], version: str | None = "2012-10-17") -> Attached:
    return Attached(compile_policy(document(*statements, version=version)), Source(type=kind, name=kind.value))


def in_force(version: str | None = "2012-10-17", **types: Any) -> InForce:
    """`in_force(identity=[statement, …], scp=[[statement, …], …])`: one policy a type and level."""
    made: dict[str, Any] = {}
    for name, statements in types.items():
        kind = PolicyType(name)
        if name in ("scp", "rcp"):
            made[name] = [(attached(kind, *level, version=version),) for level in statements]
        else:
            made[name] = (attached(kind, *statements, version=version),)
    return InForce(**made)


def request(
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    principal: Principal = ALICE,
    owner: str | None = ACCOUNT,
    **more: Any,
) -> Request:
    """`context` holds the condition keys."""
    return Request(
        principal=principal, action=action, resource=resource, resource_account=owner, context=more.get("context", {})
    )


def verdict(asked: Request, **types: Any) -> str:
    """The outcome in the simulator's words."""
    return outcome(decide(in_force(**types), asked))


def outcome(decision: Decision) -> str:
    return decision.verdict.value


def holds(condition: dict[str, Any], context: dict[str, Any], version: str | None = "2012-10-17") -> bool:
    """Whether a condition holds, seen through an Allow that has it."""
    types = in_force(version=version, identity=[allow("*", "*", condition=condition)])
    return outcome(decide(types, request(context=context))) == "allowed"
