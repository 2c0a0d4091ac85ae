"""services/console: whose password this is, and what must be shown besides.

The answer to a wrong user and to a wrong password is one answer and takes one time: a password is always compared.

Source: IAM User Guide, "Sign in to the AWS Management Console"; OWASP Authentication Cheat Sheet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Final

from ostiary.credentials.passwords import hash_password, password_matches
from ostiary.services.console.guessing import may_try, succeeded
from ostiary.services.iam.passwords import PasswordState, password_state
from ostiary.services.operation import House
from ostiary.store.mfa import MfaDeviceRecord
from ostiary.store.records import AccountRecord
from ostiary.store.transaction import Transaction

_LONGEST_PASSWORD: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who somebody says to be."""

    account: str = ""
    """Id or alias of the account, for a user of it."""
    user: str = ""
    """A user's name; empty for the root user."""
    email: str = ""
    """The root user's address."""
    password: str = field(repr=False)

    @property
    def subject(self) -> str:
        """What attempts are counted under."""
        return f"{self.account}/{self.user}" if self.user else self.email


class Refusal(StrEnum):
    """Why a sign-in is refused."""

    WRONG = "wrong"
    """Nobody has this name and this password."""
    LOCKED = "locked"
    """Too many failures: nothing is compared for a while."""
    EXPIRED = "expired"
    """The password is right, and past its hard expiry."""


class SignInRefused(Exception):
    """Nobody is signed in."""

    def __init__(self, refusal: Refusal, account: str = "", principal_id: str = "") -> None:
        super().__init__(refusal.value)
        self.refusal, self.account, self.principal_id = refusal, account, principal_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whose password was right."""

    account: str
    principal_id: str
    """A user's unique id, or the account id for the root user."""
    mark: str = field(repr=False)
    devices: tuple[MfaDeviceRecord, ...] = ()
    """One of these must be shown too."""


@dataclass(frozen=True, slots=True)
class _Found:
    account: AccountRecord
    principal_id: str
    hashed: str


def check_password(house: House, claim: Claim, address: str, now: int) -> Known:
    """Find whose password it is. Takes tens of milliseconds, whoever it is.

    Raises:
        SignInRefused: with the account where the claim names one that exists, for its record.
    """
    with house.store.read() as tx:
        account = named_account(tx, claim)
    named = account.id if account is not None else ""
    if not may_try(house, claim.subject, address, now):
        raise SignInRefused(Refusal.LOCKED, named)
    with house.store.read() as tx:
        found = _find(tx, account, claim)
    nobodys = _nobodys()  # asked for always: the first time it takes as long as a comparison
    hashed = found.hashed if found is not None else nobodys
    right = len(claim.password) <= _LONGEST_PASSWORD and password_matches(hashed, claim.password)
    if not right or found is None:
        raise SignInRefused(Refusal.WRONG, named, found.principal_id if found else "")
    succeeded(house, claim.subject, address)
    if password_standing(house, found.account.id, found.principal_id, now) is PasswordState.LOCKED:
        raise SignInRefused(Refusal.EXPIRED, named, found.principal_id)
    with house.store.read() as tx:
        devices = tuple(tx.mfa_devices.of(found.principal_id))
    return Known(account=found.account.id, principal_id=found.principal_id, mark=mark_of(found.hashed), devices=devices)


def named_account(tx: Transaction, claim: Claim) -> AccountRecord | None:
    """The account that a claim names."""
    if not claim.user:
        wanted = claim.email.strip().lower()
        return tx.accounts.by_email(wanted) if wanted else None
    named = claim.account.strip().replace("-", "") if claim.account.strip()[:1].isdigit() else claim.account.strip()
    return tx.accounts.get(named) or tx.accounts.by_alias(claim.account.strip().lower())


def _find(tx: Transaction, account: AccountRecord | None, claim: Claim) -> _Found | None:
    if account is None:
        return None
    if not claim.user:
        return _Found(account, account.id, account.root_password) if account.root_password else None
    user = tx.users.get(account.id, claim.user)
    profile = None if user is None else tx.login_profiles.get(user.id)
    return None if profile is None else _Found(account, profile.user_id, profile.password)


def password_standing(house: House, account: str, principal_id: str, now: int) -> PasswordState:
    """Whether the present password is still good. That of the root user always is."""
    if principal_id == account:
        return PasswordState.GOOD
    with house.store.read() as tx:
        profile = tx.login_profiles.get(principal_id)
        return PasswordState.LOCKED if profile is None else password_state(tx, account, profile, now)


def present_mark(tx: Transaction, account: str, principal_id: str) -> str | None:
    """The mark of a principal's present password; None: it has none, or is gone."""
    if principal_id == account:
        found = tx.accounts.get(account)
        hashed = None if found is None else found.root_password
    else:
        profile = tx.login_profiles.get(principal_id)
        hashed = None if profile is None else profile.password
    return None if hashed is None else mark_of(hashed)


def mark_of(hashed: str) -> str:
    """What tells one password's hash from the next, and is worth nothing itself."""
    return hashlib.sha256(b"password mark/" + hashed.encode()).hexdigest()


@cache
def _nobodys() -> str:
    """What the password of somebody who isn't there is compared with."""
    return hash_password("nobody has this password")
