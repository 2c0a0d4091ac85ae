"""services/iam: login profiles: passwords of users for the console.

Source: IAM API Reference, CreateLoginProfile, GetLoginProfile, UpdateLoginProfile, DeleteLoginProfile.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.services.iam import root_password
from ostiary.services.iam.asks import on_existing, on_self_or_user, own_or_named
from ostiary.services.iam.faults import EntityAlreadyExists, ValidationError
from ostiary.services.iam.names import USER, moment
from ostiary.services.iam.passwords import NewPassword, keep, new_password, profile_of
from ostiary.services.operation import Call, operation
from ostiary.store.records import LoginProfileRecord, UserRecord
from ostiary.store.transaction import Transaction

_NO_PASSWORD: Final = (
    "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"
)


def _prepare_first(call: Call, tx: Transaction) -> NewPassword | str:
    password = call.params.get("Password")
    if password is None:
        raise ValidationError(_NO_PASSWORD)
    if root_password.is_meant(call):
        return root_password.prepare(call, tx, password)
    user = _user(call, tx)
    _refuse_second(tx, user)
    return new_password(tx, user, password)


@operation(
    "iam", "CreateLoginProfile", asks=on_self_or_user("iam:CreateLoginProfile"), changes=True, prepare=_prepare_first
)
def create_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give a user a password."""
    if root_password.is_meant(call):
        return root_password.create(call, tx)
    user = _user(call, tx)
    _refuse_second(tx, user)
    keep(tx, user, call.prepared, call.now)
    profile = LoginProfileRecord(
        user_id=user.id,
        password=call.prepared.hashed,
        created=call.now,
        reset_required=bool(call.params.get("PasswordResetRequired", False)),
    )
    tx.login_profiles.add(profile)
    return {"LoginProfile": _shown(user, profile)}


@operation("iam", "GetLoginProfile", asks=on_self_or_user("iam:GetLoginProfile"))
def get_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Whether a user has a password, since when, and whether it must be changed."""
    if root_password.is_meant(call):
        return root_password.get(call, tx)
    user = _user(call, tx)
    return {"LoginProfile": _shown(user, profile_of(tx, user))}


def _prepare_next(call: Call, tx: Transaction) -> NewPassword | None:
    user = _user(call, tx)
    profile_of(tx, user)
    return new_password(tx, user, call.params["Password"]) if "Password" in call.params else None


@operation(
    "iam",
    "UpdateLoginProfile",
    asks=on_existing("iam:UpdateLoginProfile", USER),
    changes=True,
    prepare=_prepare_next,
)
def update_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set a new password, or whether it must be changed."""
    user = _user(call, tx)
    profile_of(tx, user)
    new: dict[str, Any] = {}
    if call.prepared is not None:
        keep(tx, user, call.prepared, call.now)
        new["password"] = call.prepared.hashed
    if "PasswordResetRequired" in call.params:
        new["reset_required"] = call.params["PasswordResetRequired"]
    if new:
        tx.login_profiles.change(user.id, **new)
    return {}


@operation("iam", "DeleteLoginProfile", asks=on_self_or_user("iam:DeleteLoginProfile"), changes=True)
def delete_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take a user's password away; access keys go on working."""
    if root_password.is_meant(call):
        return root_password.delete(call, tx)
    user = _user(call, tx)
    profile_of(tx, user)
    tx.login_profiles.remove(user.id)
    return {}


def _user(call: Call, tx: Transaction) -> UserRecord:
    """The user that is meant. The root user has no login profile: it must name a user."""
    name = own_or_named(call)
    if name is None:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return USER.get(tx, call.account, name)


def _refuse_second(tx: Transaction, user: UserRecord) -> None:
    if tx.login_profiles.get(user.id) is not None:
        raise EntityAlreadyExists(f"Login Profile for user {user.name} already exists.")


def _shown(user: UserRecord, profile: LoginProfileRecord) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": moment(profile.created),
        "PasswordResetRequired": profile.reset_required,
    }
