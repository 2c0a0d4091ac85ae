"""services/iam: groups and their members.

Source: IAM API Reference, CreateGroup, GetGroup, ListGroups, UpdateGroup, DeleteGroup, AddUserToGroup,
RemoveUserFromGroup, ListGroupsForUser.
"""

from __future__ import annotations

from typing import Any

from ostiary.services.iam import quotas
from ostiary.services.iam.asks import on_existing, on_new
from ostiary.services.iam.names import GROUP, USER, moment, path_of
from ostiary.services.iam.paging import by_name, page
from ostiary.services.iam.shared import conflict, on_old_and_new, refuse_policies, update_named
from ostiary.services.iam.users import shown_user
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import GroupRecord, UserRecord
from ostiary.store.transaction import Transaction


def shown_group(group: GroupRecord) -> dict[str, Any]:
    """A group as the API shows it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": GROUP.arn(group),
        "CreateDate": moment(group.created),
    }


@operation("iam", "CreateGroup", asks=on_new("iam:CreateGroup", GROUP), changes=True)
def create_group(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add a group to the caller's account."""
    group = GroupRecord(
        id=GROUP.new_id(call),
        account=call.account,
        name=call.params["GroupName"],
        path=path_of(call),
        created=call.now,
    )
    GROUP.add(tx, group)
    quotas.check(tx, call.account, "GroupsPerAccount", tx.groups.count(call.account))
    return {"Group": shown_group(group)}


@operation("iam", "GetGroup", asks=on_existing("iam:GetGroup", GROUP))
def get_group(call: Call, tx: Transaction) -> dict[str, Any]:
    """A group with a page of its users."""
    group = _named_group(call, tx)
    users, rest = page(call, lambda after, limit: tx.groups.members(group.id, after=after, limit=limit), by_name)
    return {"Group": shown_group(group), "Users": [shown_user(user) for user in users], **rest}


@operation("iam", "ListGroups", asks=on_everything("iam:ListGroups"))
def list_groups(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's groups by name."""
    prefix = call.params.get("PathPrefix", "/")
    groups, rest = page(
        call, lambda after, limit: tx.groups.page(call.account, path_prefix=prefix, after=after, limit=limit), by_name
    )
    return {"Groups": [shown_group(group) for group in groups], **rest}


@operation("iam", "UpdateGroup", asks=on_old_and_new("iam:UpdateGroup", GROUP), changes=True)
def update_group(call: Call, tx: Transaction) -> dict[str, Any]:
    """Rename or move a group."""
    return update_named(call, tx, GROUP)


@operation("iam", "DeleteGroup", asks=on_existing("iam:DeleteGroup", GROUP), changes=True)
def delete_group(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a group without members and policies."""
    group = _named_group(call, tx)
    refuse_policies(tx, group.id)
    conflict(bool(tx.groups.members(group.id, limit=1)), "remove users from group")
    tx.groups.remove(group.id)
    return {}


@operation("iam", "AddUserToGroup", asks=on_existing("iam:AddUserToGroup", GROUP), changes=True)
def add_user_to_group(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make a user a member; a member stays one."""
    group, user = _group_and_user(call, tx)
    tx.groups.enrol(group.id, user.id)
    quotas.check(tx, call.account, "GroupsPerUser", len(tx.groups.of_user(user.id)))
    return {}


@operation("iam", "RemoveUserFromGroup", asks=on_existing("iam:RemoveUserFromGroup", GROUP), changes=True)
def remove_user_from_group(call: Call, tx: Transaction) -> dict[str, Any]:
    """End a membership; there may be none."""
    group, user = _group_and_user(call, tx)
    tx.groups.dismiss(group.id, user.id)
    return {}


@operation("iam", "ListGroupsForUser", asks=on_existing("iam:ListGroupsForUser", USER))
def list_groups_for_user(call: Call, tx: Transaction) -> dict[str, Any]:
    """The groups a user is in, by name."""
    user = USER.get(tx, call.account, call.params["UserName"])
    groups, rest = page(call, lambda after, limit: tx.groups.of_user(user.id, after=after, limit=limit), by_name)
    return {"Groups": [shown_group(group) for group in groups], **rest}


def _named_group(call: Call, tx: Transaction) -> GroupRecord:
    return GROUP.get(tx, call.account, call.params["GroupName"])


def _group_and_user(call: Call, tx: Transaction) -> tuple[GroupRecord, UserRecord]:
    user = USER.get(tx, call.account, call.params["UserName"])  # of two that are missing IAM names the user
    return _named_group(call, tx), user
