"""Accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from ostiary.store import tables
from ostiary.store.named import Rows
from ostiary.store.records import AccountRecord, AlreadyExists


class Accounts(Rows):
    """Accounts with their root users."""

    def add(self, record: AccountRecord) -> None:
        """Raises `AlreadyExists` when the id, the address or the canonical id is taken."""
        try:
            self._connection.execute(insert(tables.accounts).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.id) from None
        self._touch(record.id)

    def get(self, account: str) -> AccountRecord | None:
        """By id."""
        row = self._connection.execute(select(tables.accounts).where(tables.accounts.c.id == account)).first()
        return None if row is None else AccountRecord(**row._mapping)

    def by_alias(self, alias: str) -> AccountRecord | None:
        """By alias."""
        row = self._connection.execute(select(tables.accounts).where(tables.accounts.c.alias == alias)).first()
        return None if row is None else AccountRecord(**row._mapping)

    def all(self) -> Sequence[AccountRecord]:
        """Every account, the oldest first."""
        asked = select(tables.accounts).order_by(tables.accounts.c.created, tables.accounts.c.id)
        return [AccountRecord(**row._mapping) for row in self._connection.execute(asked)]

    def change(self, account: str, **values: Any) -> None:
        """Set columns. Raises `AlreadyExists` when an alias is taken."""
        try:
            asked = update(tables.accounts).where(tables.accounts.c.id == account)
            self._connection.execute(asked.values(**values))
        except IntegrityError:
            raise AlreadyExists(account) from None
        self._touch(account)
