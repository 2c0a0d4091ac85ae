"""services/iam: login profiles: passwords of users for the console.

Source: IAM API Reference, CreateLoginProfile, GetLoginProfile, UpdateLoginProfile, DeleteLoginProfile; IAM User Guide,
"Default password policy".
"""

from __future__ import annotations

import string
from typing import Any, Final

from ostiary.credentials.passwords import hash_password
from ostiary.services.iam.asks import on_existing, on_self_or_user, own_or_named
from ostiary.services.iam.faults import EntityAlreadyExists, NoSuchEntity, PasswordPolicyViolation, ValidationError
from ostiary.services.iam.names import USER, moment
from ostiary.services.operation import Call, operation
from ostiary.store.records import AlreadyExists, LoginProfileRecord, UserRecord
from ostiary.store.transaction import Transaction

_NO_PASSWORD: Final = (
    "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"
)
_SHORTEST: Final = 8
_CLASSES_NEEDED: Final = 3
_CLASSES: Final = (
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits,
    "!@#$%^&*()_+-=[]{}|'",
)


@operation("iam", "CreateLoginProfile", asks=on_self_or_user("iam:CreateLoginProfile"), changes=True)
def create_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give a user a password."""
    user, password = _user(call, tx), call.params.get("Password")
    if password is None:
        raise ValidationError(_NO_PASSWORD)
    profile = LoginProfileRecord(
        user_id=user.id,
        password=_hashed(call, tx, password),
        created=call.now,
        reset_required=bool(call.params.get("PasswordResetRequired", False)),
    )
    try:
        tx.login_profiles.add(profile)
    except AlreadyExists:
        raise EntityAlreadyExists(f"Login Profile for user {user.name} already exists.") from None
    return {"LoginProfile": _shown(user, profile)}


@operation("iam", "GetLoginProfile", asks=on_self_or_user("iam:GetLoginProfile"))
def get_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Whether a user has a password, since when, and whether it must be changed."""
    user = _user(call, tx)
    return {"LoginProfile": _shown(user, _profile(tx, user))}


@operation("iam", "UpdateLoginProfile", asks=on_existing("iam:UpdateLoginProfile", USER), changes=True)
def update_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set a new password, or whether it must be changed."""
    user = _user(call, tx)
    _profile(tx, user)
    new: dict[str, Any] = {}
    if "Password" in call.params:
        new["password"] = _hashed(call, tx, call.params["Password"])
    if "PasswordResetRequired" in call.params:
        new["reset_required"] = call.params["PasswordResetRequired"]
    if new:
        tx.login_profiles.change(user.id, **new)
    return {}


@operation("iam", "DeleteLoginProfile", asks=on_self_or_user("iam:DeleteLoginProfile"), changes=True)
def delete_login_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take a user's password away; access keys go on working."""
    user = _user(call, tx)
    _profile(tx, user)
    tx.login_profiles.remove(user.id)
    return {}


def _user(call: Call, tx: Transaction) -> UserRecord:
    """The user that is meant. The root user has no login profile: it must name a user."""
    name = own_or_named(call)
    if name is None:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return USER.get(tx, call.account, name)


def _profile(tx: Transaction, user: UserRecord) -> LoginProfileRecord:
    found = tx.login_profiles.get(user.id)
    if found is None:
        raise NoSuchEntity(f"Login Profile for User {user.name} cannot be found.")
    return found


def _hashed(call: Call, tx: Transaction, password: str) -> str:
    """The hash of a password that AWS's default password policy takes."""
    account = tx.accounts.get(call.account)
    named = account is not None and password.lower() in (account.name.lower(), account.email.lower())
    classes = sum(any(character in each for character in password) for each in _CLASSES)
    if len(password) < _SHORTEST or classes < _CLASSES_NEEDED or named:
        raise PasswordPolicyViolation("Password does not conform to the account password policy.")
    return hash_password(password)


def _shown(user: UserRecord, profile: LoginProfileRecord) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": moment(profile.created),
        "PasswordResetRequired": profile.reset_required,
    }
