"""services/iam: users.

Source: IAM API Reference, CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser, TagUser, UntagUser, ListUserTags,
PutUserPermissionsBoundary, DeleteUserPermissionsBoundary.
"""

from __future__ import annotations

from typing import Any

from ostiary.identifiers import root_arn
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import on_existing, on_new, on_self_or_user, own_or_named
from ostiary.services.iam.boundaries import accept_boundary, shown_boundary
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.managed import refuse_service_role_policy
from ostiary.services.iam.names import USER, moment, path_of
from ostiary.services.iam.paging import by_name, page
from ostiary.services.iam.shared import conflict, on_old_and_new, refuse_policies, update_named
from ostiary.services.iam.tags import page_of_tags, put_tags, read_tags, tagged
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import UserRecord
from ostiary.store.transaction import Transaction


def shown_user(user: UserRecord) -> dict[str, Any]:
    """A user as the listings show one."""
    shown: dict[str, Any] = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": USER.arn(user),
        "CreateDate": moment(user.created),
    }
    if user.password_used is not None:
        shown["PasswordLastUsed"] = moment(user.password_used)
    return shown


def whole_user(tx: Transaction, user: UserRecord) -> dict[str, Any]:
    """A user with its boundary and tags."""
    return {**shown_user(user), **shown_boundary(user.boundary), **tagged(tx, user.id)}


def named_user(call: Call, tx: Transaction) -> UserRecord:
    """The user that `UserName` names. Raises `NoSuchEntity`."""
    return USER.get(tx, call.account, call.params["UserName"])


@operation("iam", "CreateUser", asks=on_new("iam:CreateUser", USER), changes=True)
def create_user(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add a user to the caller's account."""
    tags = read_tags(call.params.get("Tags"))
    user = UserRecord(
        id=USER.new_id(call),
        account=call.account,
        name=call.params["UserName"],
        path=path_of(call),
        created=call.now,
        boundary=accept_boundary(call, tx),
    )
    USER.add(tx, user)
    quotas.check_all(tx, call.account, "UsersPerAccount", tx.users)
    if not tags:
        return {"User": {**shown_user(user), **shown_boundary(user.boundary)}}
    put_tags(tx, call.account, user.id, tags)
    return {"User": whole_user(tx, user)}


@operation("iam", "GetUser", asks=on_self_or_user("iam:GetUser"))
def get_user(call: Call, tx: Transaction) -> dict[str, Any]:
    """One user; without a name the caller."""
    name = own_or_named(call)
    if name is None:
        return {"User": _shown_root(call, tx)}
    return {"User": whole_user(tx, USER.get(tx, call.account, name))}


def _shown_root(call: Call, tx: Transaction) -> dict[str, Any]:
    """The root user has neither a name nor a path."""
    account = tx.accounts.get(call.account)
    if account is None:
        raise NoSuchEntity(f"Account {call.account} does not exist.")
    return {"UserId": account.id, "Arn": root_arn(account.id), "CreateDate": moment(account.created)}


@operation("iam", "ListUsers", asks=on_everything("iam:ListUsers"))
def list_users(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's users by name, without tags and boundaries."""
    prefix = call.params.get("PathPrefix", "/")
    users, rest = page(
        call, lambda after, limit: tx.users.page(call.account, path_prefix=prefix, after=after, limit=limit), by_name
    )
    return {"Users": [shown_user(user) for user in users], **rest}


@operation("iam", "UpdateUser", asks=on_old_and_new("iam:UpdateUser", USER), changes=True)
def update_user(call: Call, tx: Transaction) -> dict[str, Any]:
    """Rename or move a user."""
    return update_named(call, tx, USER)


@operation("iam", "DeleteUser", asks=on_existing("iam:DeleteUser", USER), changes=True)
def delete_user(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a user that has nothing any more but tags and a boundary."""
    user = named_user(call, tx)
    refuse_policies(tx, user.id)
    conflict(bool(tx.groups.of_user(user.id, limit=1)), "remove users from group")
    conflict(bool(tx.access_keys.of(user.id)), "delete access keys")
    conflict(tx.login_profiles.get(user.id) is not None, "delete login profile")
    conflict(bool(tx.signing_certificates.of(user.id)), "delete certificates")
    referenced = bool(tx.ssh_public_keys.of(user.id)) or bool(tx.service_credentials.of(user.id))
    conflict(referenced, "remove referenced objects")
    conflict(bool(tx.mfa_devices.of(user.id)), "delete MFA device")
    tx.passwords_set.forget(user.id)
    tx.tags.remove(user.id)
    tx.users.remove(user.id)
    return {}


@operation("iam", "TagUser", asks=on_existing("iam:TagUser", USER), changes=True)
def tag_user(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags."""
    tags = read_tags(call.params["Tags"])
    put_tags(tx, call.account, named_user(call, tx).id, tags)
    return {}


@operation("iam", "UntagUser", asks=on_existing("iam:UntagUser", USER), changes=True)
def untag_user(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags; keys that are not there are no fault."""
    tx.tags.remove(named_user(call, tx).id, call.params["TagKeys"])
    return {}


@operation("iam", "ListUserTags", asks=on_existing("iam:ListUserTags", USER))
def list_user_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """A user's tags by key."""
    return page_of_tags(call, tx, named_user(call, tx).id)


@operation("iam", "PutUserPermissionsBoundary", asks=on_existing("iam:PutUserPermissionsBoundary", USER), changes=True)
def put_user_permissions_boundary(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set or replace a user's boundary."""
    user = named_user(call, tx)
    boundary = accept_boundary(call, tx)
    refuse_service_role_policy(call.params["PermissionsBoundary"], "User")
    tx.users.change(user.id, boundary=boundary)
    return {}


@operation(
    "iam", "DeleteUserPermissionsBoundary", asks=on_existing("iam:DeleteUserPermissionsBoundary", USER), changes=True
)
def delete_user_permissions_boundary(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take a user's boundary away; none is no fault."""
    tx.users.change(named_user(call, tx).id, boundary=None)
    return {}
