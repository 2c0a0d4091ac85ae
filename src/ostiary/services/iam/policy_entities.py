"""services/iam: who has a managed policy: ListEntitiesForPolicy.

Source: IAM API Reference, ListEntitiesForPolicy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ostiary.services.iam import managed
from ostiary.services.iam.managed import NOT_ATTACHABLE, on_policy
from ostiary.services.iam.paging import page_of
from ostiary.services.operation import Call, operation
from ostiary.store.records import GroupRecord, NamedRecord, RoleRecord, UserRecord
from ostiary.store.transaction import Transaction

_MEMBERS: Final[tuple[tuple[str, type[NamedRecord], str, str, str], ...]] = (
    ("Group", GroupRecord, "PolicyGroups", "GroupName", "GroupId"),
    ("User", UserRecord, "PolicyUsers", "UserName", "UserId"),
    ("Role", RoleRecord, "PolicyRoles", "RoleName", "RoleId"),
)
"""EntityFilter's word, the record, and the output's members."""


@operation("iam", "ListEntitiesForPolicy", asks=on_policy("iam:ListEntitiesForPolicy"))
def list_entities_for_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """The users, groups and roles that have the policy, attached or as their boundary."""
    policy = managed.get(tx, call.account, call.params["PolicyArn"], NOT_ATTACHABLE)
    prefix = call.params.get("PathPrefix", "/")
    found = {each.id: each for each in _holders(call, tx, policy.arn) if each.path.startswith(prefix)}
    page, rest = page_of(call, list(found.values()), _place)
    lists = {
        listed: [{name: each.name, unique_id: each.id} for each in page if isinstance(each, record)]
        for _, record, listed, name, unique_id in _MEMBERS
    }
    return {**lists, **rest}


def _holders(call: Call, tx: Transaction, arn: str) -> Iterator[NamedRecord]:
    wanted = {call.params["EntityFilter"]} if call.params.get("EntityFilter") else {"User", "Role", "Group"}
    purpose = call.params.get("PolicyUsageFilter")
    if purpose != "PermissionsBoundary":
        for unique_id in tx.attachments.holders(call.account, arn):
            for kind, rows in (("User", tx.users), ("Group", tx.groups), ("Role", tx.roles)):
                record: NamedRecord | None = rows.by_id(unique_id) if kind in wanted else None
                if record is not None:
                    yield record
    if purpose != "PermissionsPolicy":
        yield from tx.users.with_boundary(call.account, arn) if "User" in wanted else ()
        yield from tx.roles.with_boundary(call.account, arn) if "Role" in wanted else ()


def _place(entity: NamedRecord) -> str:
    number = next(n for n, (_, record, *_rest) in enumerate(_MEMBERS) if isinstance(entity, record))
    return f"{number}{entity.name.lower()}"
