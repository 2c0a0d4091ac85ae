"""services/iam: instance profiles: making, showing, listing and deleting them.

Source: IAM API Reference, CreateInstanceProfile, GetInstanceProfile, ListInstanceProfiles,
ListInstanceProfilesForRole, DeleteInstanceProfile.
"""

from __future__ import annotations

from typing import Any

from ostiary.services.iam import quotas
from ostiary.services.iam.asks import on_existing, on_new
from ostiary.services.iam.names import INSTANCE_PROFILE, ROLE, moment, path_of
from ostiary.services.iam.paging import by_name, page
from ostiary.services.iam.roles import shown_role
from ostiary.services.iam.shared import conflict
from ostiary.services.iam.tags import put_tags, read_tags, shown_tags
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import InstanceProfileRecord
from ostiary.store.transaction import Transaction


def shown_profile(tx: Transaction, profile: InstanceProfileRecord) -> dict[str, Any]:
    """An instance profile with its role, without its tags."""
    role = None if profile.role_id is None else tx.roles.by_id(profile.role_id)
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": INSTANCE_PROFILE.arn(profile),
        "CreateDate": moment(profile.created),
        "Roles": [] if role is None else [shown_role(tx, role)],
    }


@operation("iam", "CreateInstanceProfile", asks=on_new("iam:CreateInstanceProfile", INSTANCE_PROFILE), changes=True)
def create_instance_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add an instance profile without a role."""
    tags = read_tags(call.params.get("Tags"), case_matters=True)
    count = tx.instance_profiles.count(call.account)
    quotas.check(tx, call.account, "InstanceProfilesPerAccount", count + 1)
    record = InstanceProfileRecord(
        id=INSTANCE_PROFILE.new_id(call),
        account=call.account,
        name=call.params["InstanceProfileName"],
        path=path_of(call),
        created=call.now,
    )
    INSTANCE_PROFILE.add(tx, record)
    put_tags(tx, call.account, record.id, tags)
    shown = shown_profile(tx, record)
    return {"InstanceProfile": {**shown, "Tags": shown_tags(tags)} if tags else shown}


@operation("iam", "GetInstanceProfile", asks=on_existing("iam:GetInstanceProfile", INSTANCE_PROFILE))
def get_instance_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """An instance profile with its role and tags."""
    profile = INSTANCE_PROFILE.get(tx, call.account, call.params["InstanceProfileName"])
    return {"InstanceProfile": {**shown_profile(tx, profile), "Tags": shown_tags(tx.tags.of(profile.id))}}


@operation("iam", "ListInstanceProfiles", asks=on_everything("iam:ListInstanceProfiles"))
def list_instance_profiles(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's instance profiles by name."""
    prefix = call.params.get("PathPrefix", "/")
    found, rest = page(
        call,
        lambda after, limit: tx.instance_profiles.page(call.account, path_prefix=prefix, after=after, limit=limit),
        by_name,
    )
    return {"InstanceProfiles": [shown_profile(tx, profile) for profile in found], **rest}


@operation("iam", "ListInstanceProfilesForRole", asks=on_existing("iam:ListInstanceProfilesForRole", ROLE))
def list_instance_profiles_for_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """The instance profiles that hold a role, by name."""
    role = ROLE.get(tx, call.account, call.params["RoleName"])
    found, rest = page(
        call, lambda after, limit: tx.instance_profiles.of_role(role.id, after=after, limit=limit), by_name
    )
    return {"InstanceProfiles": [shown_profile(tx, profile) for profile in found], **rest}


@operation(
    "iam", "DeleteInstanceProfile", asks=on_existing("iam:DeleteInstanceProfile", INSTANCE_PROFILE), changes=True
)
def delete_instance_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete an instance profile that holds no role."""
    profile = INSTANCE_PROFILE.get(tx, call.account, call.params["InstanceProfileName"])
    conflict(profile.role_id is not None, "remove roles from instance profile")
    tx.tags.remove(profile.id)
    tx.instance_profiles.remove(profile.id)
    return {}
