"""Access keys with their last use, and login profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store.link import IntegrityError, Prepared, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import AccessKeyRecord, AccessKeyUse, AlreadyExists, LoginProfileRecord
from ostiary.store.tables import access_key_uses, access_keys, login_profiles

_k: Final = access_keys.c
_ADD: Final = adding(access_keys, AccessKeyRecord)
_GET: Final = records(access_keys, AccessKeyRecord, _k.id == given("id"))
_OF_OWNER: Final = records(access_keys, AccessKeyRecord, _k.owner_id == given("owner_id"), order_by=(_k.created, _k.id))
_REMOVE: Final = Prepared(delete(access_keys).where(_k.id == given("id")))

_u: Final = access_key_uses.c
_USE: Final = records(access_key_uses, AccessKeyUse, _u.key_id == given("key_id"))
_FORGET_USE: Final = Prepared(delete(access_key_uses).where(_u.key_id == given("key_id")))
_use: Final = upsert(access_key_uses)
_USE_TOLD: Final = ("at", "service", "region", "user_agent", "source_ip")
_NOTE_USE: Final = Prepared(
    _use.on_conflict_do_update(
        index_elements=["key_id"],
        set_={name: _use.excluded[name] for name in _USE_TOLD},
        where=_u.at <= _use.excluded.at,
    ),
    ("key_id", *_USE_TOLD),
)

_p: Final = login_profiles.c
_ADD_PROFILE: Final = adding(login_profiles, LoginProfileRecord)
_PROFILE: Final = records(login_profiles, LoginProfileRecord, _p.user_id == given("user_id"))
_REMOVE_PROFILE: Final = Prepared(delete(login_profiles).where(_p.user_id == given("user_id")))


class AccessKeys(Rows):
    """Long-term keys of users and root users. Touching a key touches the id of the key."""

    def add(self, record: AccessKeyRecord) -> None:
        """Raises `AlreadyExists`."""
        try:
            self._link.run(_ADD, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.id) from None
        self._touch(record.id)

    def get(self, key_id: str) -> AccessKeyRecord | None:
        """By id."""
        return self._link.one(_GET, id=key_id)

    def of(self, owner_id: str) -> Sequence[AccessKeyRecord]:
        """An owner's keys, the oldest first."""
        return self._link.all(_OF_OWNER, owner_id=owner_id)

    def set_active(self, key_id: str, active: bool) -> None:
        """Switch on or off."""
        self._link.run(changing(access_keys, ("active",)), row=key_id, active=active)
        self._touch(key_id)

    def remove(self, key_id: str) -> None:
        """Delete the key and what is known of its use."""
        self._link.run(_REMOVE, id=key_id)
        self._link.run(_FORGET_USE, key_id=key_id)
        self._touch(key_id)

    def use_of(self, key_id: str) -> AccessKeyUse | None:
        """When and for what it was last used."""
        return self._link.one(_USE, key_id=key_id)

    def note_uses(self, uses: Iterable[AccessKeyUse]) -> None:
        """Keep the latest use of each key."""
        self._link.run_each(_NOTE_USE, map(values_of, uses))


class LoginProfiles(Rows):
    """Console passwords."""

    def get(self, user_id: str) -> LoginProfileRecord | None:
        """A user's."""
        return self._link.one(_PROFILE, user_id=user_id)

    def add(self, record: LoginProfileRecord) -> None:
        """Raises `AlreadyExists`."""
        try:
            self._link.run(_ADD_PROFILE, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.user_id) from None
        self._touch(record.user_id)

    def change(self, user_id: str, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(login_profiles, tuple(values)), row=user_id, **values)
        self._touch(user_id)

    def remove(self, user_id: str) -> None:
        """Delete."""
        self._link.run(_REMOVE_PROFILE, user_id=user_id)
        self._touch(user_id)
