"""services/iam: what a new password must be, and how long one is good.

A password is hashed before the transaction of the change begins (`prepare`), as others wait for that transaction. What
the hash rests on is looked at again inside: if it has changed meanwhile, the change is refused.

Source: IAM User Guide, "Set an account password policy for IAM users", "Default password policy".
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ostiary.credentials.passwords import hash_password, password_matches
from ostiary.services.iam.faults import EntityTemporarilyUnmodifiable, NoSuchEntity, PasswordPolicyViolation
from ostiary.store.passwords import PasswordPolicyRecord
from ostiary.store.records import LoginProfileRecord, UserRecord
from ostiary.store.transaction import Transaction

SYMBOLS: Final = "!@#$%^&*()_+-=[]{}|'"
_CLASSES: Final = {
    "uppercase": string.ascii_uppercase,
    "lowercase": string.ascii_lowercase,
    "numbers": string.digits,
    "symbols": SYMBOLS,
}
"""The columns of a policy that ask for a class of characters, and the characters."""
_DEFAULT_SHORTEST: Final = 8
_DEFAULT_CLASSES: Final = 3
_DAY: Final = 86_400
_NOT_CONFORMING: Final = "Password does not conform to the account password policy."
_REUSED: Final = "Policy constraint violation with password reuse prevention during password change."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """A password that the policy takes, hashed."""

    hashed: str = field(repr=False)
    rests_on: tuple[object, ...] = field(repr=False)


def new_password(tx: Transaction, user: UserRecord, password: str) -> NewPassword:
    """Hold a new password against the policy and the passwords before, and hash it. Takes tens of milliseconds.

    Raises:
        PasswordPolicyViolation: too weak, or used before.
    """
    policy = tx.password_policies.get(user.account)
    fits = _fits_default(tx, user.account, password) if policy is None else _fits(policy, password)
    if not fits:
        raise PasswordPolicyViolation(_NOT_CONFORMING)
    if policy is not None:
        former = _former(tx, user)[: policy.reuse_prevention]
        if any(password_matches(each, password) for each in former):
            raise reused()
    return NewPassword(hashed=hash_password(password), rests_on=_basis(tx, user))


def reused() -> PasswordPolicyViolation:
    """The refusal of a password that was used before."""
    return PasswordPolicyViolation(_REUSED)


def keep(tx: Transaction, user: UserRecord, new: NewPassword, at: int) -> None:
    """Remember a new password as the latest. The login profile is the caller's to change, after this.

    Raises:
        EntityTemporarilyUnmodifiable: user, password or policy changed since it was prepared.
    """
    if new.rests_on != _basis(tx, user):
        raise EntityTemporarilyUnmodifiable(
            f"Login Profile for User {user.name} cannot be modified while login profile is being changed."
        )
    tx.passwords_set.add(user.id, new.hashed, at)


def profile_of(tx: Transaction, user: UserRecord) -> LoginProfileRecord:
    """A user's login profile. Raises `NoSuchEntity`."""
    found = tx.login_profiles.get(user.id)
    if found is None:
        raise NoSuchEntity(f"Login Profile for User {user.name} cannot be found.")
    return found


def password_changed(tx: Transaction, profile: LoginProfileRecord) -> int:
    """Since when the present password is there, seconds since 1970."""
    latest = next(iter(tx.passwords_set.of(profile.user_id)), None)
    return latest.at if latest is not None and latest.password == profile.password else profile.created


def password_expires(tx: Transaction, account: str, profile: LoginProfileRecord) -> int | None:
    """When the present password expires by the account's policy as it is now; None: never."""
    policy = tx.password_policies.get(account)
    if policy is None or not policy.max_age:
        return None
    return password_changed(tx, profile) + policy.max_age * _DAY


class PasswordState(StrEnum):
    """What a right password is good for at a sign-in."""

    GOOD = "good"
    MUST_CHANGE = "must change"
    """The user must choose another one first: it expired, or an administrator said so."""
    LOCKED = "locked"
    """Expired, and the policy has hard expiry: an administrator must set another one."""


def password_state(tx: Transaction, account: str, profile: LoginProfileRecord, now: int) -> PasswordState:
    """Whether a password can still be used to sign in. ChangePassword, which is signed by a key, takes it always."""
    policy = tx.password_policies.get(account)
    expires = password_expires(tx, account, profile)
    expired = expires is not None and now >= expires
    if expired and policy is not None and policy.hard_expiry:
        return PasswordState.LOCKED
    return PasswordState.MUST_CHANGE if expired or profile.reset_required else PasswordState.GOOD


def _fits(policy: PasswordPolicyRecord, password: str) -> bool:
    has = _classes(password)
    return len(password) >= policy.minimum_length and all(has[name] for name in _CLASSES if getattr(policy, name))


def _fits_default(tx: Transaction, account: str, password: str) -> bool:
    """AWS's default policy: eight characters, three of the four classes, not the account's name or address."""
    found = tx.accounts.get(account)
    named = found is not None and password.lower() in (found.name.lower(), found.email.lower())
    return len(password) >= _DEFAULT_SHORTEST and sum(_classes(password).values()) >= _DEFAULT_CLASSES and not named


def _classes(password: str) -> dict[str, bool]:
    return {name: any(each in characters for each in password) for name, characters in _CLASSES.items()}


def _former(tx: Transaction, user: UserRecord) -> list[str]:
    """The hashes of the passwords that were set, the newest first; the present one is the first."""
    former = [each.password for each in tx.passwords_set.of(user.id)]
    profile = tx.login_profiles.get(user.id)
    if profile is not None and profile.password not in former:
        former.insert(0, profile.password)
    return former


def _basis(tx: Transaction, user: UserRecord) -> tuple[object, ...]:
    profile = tx.login_profiles.get(user.id)
    policy = tx.password_policies.get(user.account)
    return user.id, policy, None if profile is None else profile.password, tuple(_former(tx, user))
