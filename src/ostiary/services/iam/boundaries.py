"""services/iam: permissions boundaries.

Source: IAM API Reference, PutRolePermissionsBoundary, DeleteRolePermissionsBoundary; IAM User Guide, "Permissions
boundaries for IAM entities". IAM answers `Policy` as the type, whatever the API model says.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.services.iam import managed
from ostiary.services.iam.asks import on_existing
from ostiary.services.iam.names import ROLE
from ostiary.services.operation import Call, operation
from ostiary.store.transaction import Transaction

_MISSING: Final = "Scope ARN: {} does not exist or is not attachable."


def accept_boundary(call: Call, tx: Transaction) -> str | None:
    """The policy that the request names as a boundary, if it does.

    Raises:
        NoSuchEntity: the account has no such policy.
        InvalidInput: the ARN is not a policy's.
    """
    arn: str | None = call.params.get("PermissionsBoundary")
    if arn is not None:
        managed.get_attachable(tx, call.account, arn, _MISSING)
    return arn


def shown_boundary(arn: str | None) -> dict[str, Any]:
    """The member `PermissionsBoundary` of a shown entity; absent when it has none."""
    if arn is None:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


@operation("iam", "PutRolePermissionsBoundary", asks=on_existing("iam:PutRolePermissionsBoundary", ROLE), changes=True)
def put_role_permissions_boundary(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set or replace a role's boundary."""
    role = ROLE.get_to_change(tx, call.account, call.params["RoleName"])
    boundary = accept_boundary(call, tx)
    managed.refuse_service_role_policy(call.params["PermissionsBoundary"], "Role")
    ROLE.change(tx, role.id, boundary=boundary)
    return {}


@operation(
    "iam", "DeleteRolePermissionsBoundary", asks=on_existing("iam:DeleteRolePermissionsBoundary", ROLE), changes=True
)
def delete_role_permissions_boundary(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove a role's boundary."""
    role = ROLE.get_to_change(tx, call.account, call.params["RoleName"])
    ROLE.change(tx, role.id, boundary=None)
    return {}
