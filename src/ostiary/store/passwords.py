"""Password policies of accounts, and the passwords that users had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store.link import Prepared, Question, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.tables import password_policies, passwords_set

KEPT: Final = 24
"""Passwords that are remembered for each user: as many as a policy can ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicyRecord:
    """An account's own password policy. The defaults are those of UpdateAccountPasswordPolicy."""

    account: str
    minimum_length: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    users_may_change: bool = False
    max_age: int = 0
    """Days; 0: passwords don't expire."""
    reuse_prevention: int = 0
    """How many of the latest passwords may not be taken again."""
    hard_expiry: bool | None = None
    """None: it was never said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSet:
    """A password that was set."""

    password: str = field(repr=False)
    """A PHC string (Argon2id)."""
    at: int


def entity_of(account: str) -> str:
    """What is touched when an account's password policy changes."""
    return "password-policy:" + account


_p: Final = password_policies.c
_POLICY: Final = records(password_policies, PasswordPolicyRecord, _p.account == given("account"))
_REMOVE: Final = Prepared(delete(password_policies).where(_p.account == given("account")))
_policy: Final = upsert(password_policies)
_PUT: Final = Prepared(
    _policy.on_conflict_do_update(
        index_elements=["account"],
        set_={name: _policy.excluded[name] for name in PasswordPolicyRecord.__dataclass_fields__ if name != "account"},
    ),
    tuple(PasswordPolicyRecord.__dataclass_fields__),
)

_s: Final = passwords_set.c
_latest: Final = _s.sequence.desc()
_OF_USER: Final = Question(
    PasswordSet, select(_s.password, _s.at).where(_s.user_id == given("user_id")).order_by(_latest).limit(KEPT)
)
_SET: Final = Prepared(insert(passwords_set), ("user_id", "password", "at"))
_kept: Final = select(_s.sequence).where(_s.user_id == given("kept_of")).order_by(_latest).limit(KEPT)
_PRUNE: Final = Prepared(delete(passwords_set).where(_s.user_id == given("user"), _s.sequence.not_in(_kept)))
_FORGET: Final = Prepared(delete(passwords_set).where(_s.user_id == given("user_id")))


class PasswordPolicies(Rows):
    """At most one for each account."""

    def get(self, account: str) -> PasswordPolicyRecord | None:
        """None: AWS's default policy holds."""
        return self._link.one(_POLICY, account=account)

    def put(self, record: PasswordPolicyRecord) -> None:
        """Set, or replace as a whole."""
        self._link.run(_PUT, **values_of(record))
        self._touch(entity_of(record.account))

    def remove(self, account: str) -> bool:
        """Go back to the default; False when there was none."""
        done = self._link.run(_REMOVE, account=account)
        self._touch(entity_of(account))
        return done == 1


class PasswordsSet(Rows):
    """The passwords that users have and had: what may not be taken again, and since when the present one is there."""

    def of(self, user_id: str) -> Sequence[PasswordSet]:
        """The latest, the newest first."""
        return self._link.all(_OF_USER, user_id=user_id)

    def add(self, user_id: str, password: str, at: int) -> None:
        """Remember one that was set; the oldest are forgotten."""
        self._link.run(_SET, user_id=user_id, password=password, at=at)
        self._link.run(_PRUNE, user=user_id, kept_of=user_id)
        self._touch(user_id)

    def forget(self, user_id: str) -> None:
        """All of a user's."""
        self._link.run(_FORGET, user_id=user_id)
        self._touch(user_id)
