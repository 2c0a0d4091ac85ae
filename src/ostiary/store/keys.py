"""Access keys with their last use, and login profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from ostiary.store import tables
from ostiary.store.named import Rows
from ostiary.store.records import AccessKeyRecord, AccessKeyUse, AlreadyExists, LoginProfileRecord


class AccessKeys(Rows):
    """Long-term keys of users and root users. Touching a key touches the id of the key."""

    def add(self, record: AccessKeyRecord) -> None:
        """Raises `AlreadyExists`."""
        try:
            self._connection.execute(insert(tables.access_keys).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.id) from None
        self._touch(record.id)

    def get(self, key_id: str) -> AccessKeyRecord | None:
        """By id."""
        k = tables.access_keys
        row = self._connection.execute(select(k).where(k.c.id == key_id)).first()
        return None if row is None else AccessKeyRecord(**row._mapping)

    def of(self, owner_id: str) -> Sequence[AccessKeyRecord]:
        """An owner's keys, the oldest first."""
        k = tables.access_keys
        asked = select(k).where(k.c.owner_id == owner_id).order_by(k.c.created, k.c.id)
        return [AccessKeyRecord(**row._mapping) for row in self._connection.execute(asked)]

    def set_active(self, key_id: str, active: bool) -> None:
        """Switch on or off."""
        k = tables.access_keys
        self._connection.execute(update(k).where(k.c.id == key_id).values(active=active))
        self._touch(key_id)

    def remove(self, key_id: str) -> None:
        """Delete the key and what is known of its use."""
        self._connection.execute(delete(tables.access_keys).where(tables.access_keys.c.id == key_id))
        self._connection.execute(delete(tables.access_key_uses).where(tables.access_key_uses.c.key_id == key_id))
        self._touch(key_id)

    def use_of(self, key_id: str) -> AccessKeyUse | None:
        """When and for what it was last used."""
        u = tables.access_key_uses
        row = self._connection.execute(select(u).where(u.c.key_id == key_id)).first()
        return None if row is None else AccessKeyUse(**row._mapping)

    def note_uses(self, uses: Iterable[AccessKeyUse]) -> None:
        """Keep the latest use of each key."""
        u = tables.access_key_uses
        for use in uses:
            asked = upsert(u).values(**asdict(use))
            new = {"at": use.at, "service": use.service, "region": use.region}
            asked = asked.on_conflict_do_update(index_elements=["key_id"], set_=new, where=u.c.at <= use.at)
            self._connection.execute(asked)


class LoginProfiles(Rows):
    """Console passwords."""

    def get(self, user_id: str) -> LoginProfileRecord | None:
        """A user's."""
        p = tables.login_profiles
        row = self._connection.execute(select(p).where(p.c.user_id == user_id)).first()
        return None if row is None else LoginProfileRecord(**row._mapping)

    def add(self, record: LoginProfileRecord) -> None:
        """Raises `AlreadyExists`."""
        try:
            self._connection.execute(insert(tables.login_profiles).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.user_id) from None
        self._touch(record.user_id)

    def change(self, user_id: str, **values: Any) -> None:
        """Set columns."""
        p = tables.login_profiles
        self._connection.execute(update(p).where(p.c.user_id == user_id).values(**values))
        self._touch(user_id)

    def remove(self, user_id: str) -> None:
        """Delete."""
        self._connection.execute(delete(tables.login_profiles).where(tables.login_profiles.c.user_id == user_id))
        self._touch(user_id)
