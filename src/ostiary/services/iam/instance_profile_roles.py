"""services/iam: the role of an instance profile: AddRoleToInstanceProfile, RemoveRoleFromInstanceProfile.

Source: IAM API Reference, the operations of the same names; IAM User Guide, "Grant a user permissions to pass a role
to an AWS service": adding a role passes it to EC2 (R102).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from ostiary.authorization.judge import Ask
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import ask_named, on_existing
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.names import INSTANCE_PROFILE, ROLE
from ostiary.services.operation import Call, operation
from ostiary.store.transaction import Transaction

_EC2: Final = "ec2.amazonaws.com"
_NOT_THERE: Final = "Role {} in Instance Profile {} cannot be found."


def _add_and_pass(call: Call, tx: Transaction) -> Iterable[Ask]:
    profile, role = call.params["InstanceProfileName"], call.params["RoleName"]
    yield ask_named(call, tx, "iam:AddRoleToInstanceProfile", INSTANCE_PROFILE, profile)
    passing = ask_named(call, tx, "iam:PassRole", ROLE, role)
    yield replace(passing, context={**passing.context, "iam:PassedToService": _EC2})


@operation("iam", "AddRoleToInstanceProfile", asks=_add_and_pass, changes=True)
def add_role_to_instance_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Put a role into an instance profile that has none."""
    profile = INSTANCE_PROFILE.get(tx, call.account, call.params["InstanceProfileName"])
    role = ROLE.get_to_change(tx, call.account, call.params["RoleName"])
    there = 0 if profile.role_id is None else 1
    quotas.check(tx, call.account, "InstanceSessionsPerInstanceProfile", there + 1)
    INSTANCE_PROFILE.change(tx, profile.id, role_id=role.id)
    return {}


@operation(
    "iam",
    "RemoveRoleFromInstanceProfile",
    asks=on_existing("iam:RemoveRoleFromInstanceProfile", INSTANCE_PROFILE),
    changes=True,
)
def remove_role_from_instance_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take the role out."""
    profile = INSTANCE_PROFILE.get(tx, call.account, call.params["InstanceProfileName"])
    role = ROLE.get_to_change(tx, call.account, call.params["RoleName"])
    if profile.role_id != role.id:
        raise NoSuchEntity(_NOT_THERE.format(role.name, profile.name))
    INSTANCE_PROFILE.change(tx, profile.id, role_id=None)
    return {}
