"""Rows for tests, short to write."""

from __future__ import annotations

from typing import Any

from ostiary.store.records import (
    AccessKeyRecord,
    AccountRecord,
    GroupRecord,
    InstanceProfileRecord,
    PolicyRecord,
    PolicyVersionRecord,
    RoleRecord,
    UserRecord,
)

ACCOUNT = "111122223333"
OTHER = "444455556666"


def account(number: str, **more: Any) -> AccountRecord:
    values = {"name": f"a{number}", "email": f"{number}@example.com", "created": 1, "data_key": b"wrapped"}
    return AccountRecord(id=number, canonical_id=number.zfill(64), **{**values, **more})


def _named(name: str, prefix: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"{prefix}{name.upper()}", "account": ACCOUNT, "name": name, "path": "/", "created": 1, **more}


def user(name: str, **more: Any) -> UserRecord:
    return UserRecord(**_named(name, "AIDA", more))


def group(name: str, **more: Any) -> GroupRecord:
    return GroupRecord(**_named(name, "AGPA", more))


def role(name: str, **more: Any) -> RoleRecord:
    return RoleRecord(**_named(name, "AROA", {"trust": "{}", **more}))


def profile(name: str, **more: Any) -> InstanceProfileRecord:
    return InstanceProfileRecord(**_named(name, "AIPA", more))


def policy(name: str, **more: Any) -> PolicyRecord:
    return PolicyRecord(**_named(name, "ANPA", {"updated": 1, **more}))


def version(policy_id: str, number: int, document: str = "{}") -> PolicyVersionRecord:
    return PolicyVersionRecord(policy_id=policy_id, number=number, document=document, created=number)


def key(key_id: str, owner: str, **more: Any) -> AccessKeyRecord:
    values = {"account": ACCOUNT, "secret": b"sealed", "active": True, "created": 1}
    return AccessKeyRecord(id=key_id, owner_id=owner, **{**values, **more})
