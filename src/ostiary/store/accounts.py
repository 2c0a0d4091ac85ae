"""Accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, literal_column

from ostiary.store.link import IntegrityError, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import AccountRecord, AlreadyExists
from ostiary.store.tables import accounts

_a: Final = accounts.c
_ADD: Final = adding(accounts, AccountRecord)
_GET: Final = records(accounts, AccountRecord, _a.id == given("id"))
_BY_CANONICAL_ID: Final = records(accounts, AccountRecord, _a.canonical_id == given("canonical_id"))
_BY_EMAIL: Final = records(accounts, AccountRecord, func.lower(_a.email) == given("email"))
_BY_ALIAS: Final = records(accounts, AccountRecord, _a.alias == given("alias"))
# several can be made within a second
_oldest_first: Final[tuple[Any, ...]] = (_a.created, literal_column("accounts.rowid"))
_ALL: Final = records(accounts, AccountRecord, order_by=_oldest_first)


class Accounts(Rows):
    """Accounts with their root users."""

    def add(self, record: AccountRecord) -> None:
        """Raises `AlreadyExists` when the id, the address or the canonical id is taken."""
        try:
            self._link.run(_ADD, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.id) from None
        self._touch(record.id)

    def get(self, account: str) -> AccountRecord | None:
        """By id."""
        return self._link.one(_GET, id=account)

    def by_canonical_id(self, canonical_id: str) -> AccountRecord | None:
        """By the id that S3 shows and ACLs name."""
        return self._link.one(_BY_CANONICAL_ID, canonical_id=canonical_id)

    def by_alias(self, alias: str) -> AccountRecord | None:
        """By alias."""
        return self._link.one(_BY_ALIAS, alias=alias)

    def by_email(self, email: str) -> AccountRecord | None:
        """By the root user's address, which is given in lower case."""
        found = self._link.all(_BY_EMAIL, email=email)
        return found[0] if found else None

    def all(self) -> Sequence[AccountRecord]:
        """Every account, the oldest first."""
        return self._link.all(_ALL)

    def change(self, account: str, **values: Any) -> None:
        """Set columns. Raises `AlreadyExists` when an alias is taken."""
        try:
            self._link.run(changing(accounts, tuple(values)), row=account, **values)
        except IntegrityError:
            raise AlreadyExists(account) from None
        self._touch(account)
