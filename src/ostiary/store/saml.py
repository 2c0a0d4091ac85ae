"""SAML providers with their private keys, and which assertions were redeemed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, insert, select

from ostiary.store.link import IntegrityError, Prepared, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import AlreadyExists
from ostiary.store.tables import saml_keys, saml_providers, saml_redemptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProviderRecord:
    """A SAML provider that an account trusts."""

    id: str
    account: str
    name: str
    document: str
    """Its metadata, as it was given."""
    encryption: str | None
    """`Required`, `Allowed` or, when never said, None."""
    created: int
    valid_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlKeyRecord:
    """A private key that opens what a provider encrypts."""

    id: str
    provider_id: str
    sealed: bytes = field(repr=False)
    """PEM under the account's data key."""
    created: int


_p: Final = saml_providers.c
_ADD: Final = adding(saml_providers, SamlProviderRecord, "name_key")
_GET: Final = records(
    saml_providers, SamlProviderRecord, _p.account == given("account"), _p.name_key == given("name_key")
)
_BY_ID: Final = records(saml_providers, SamlProviderRecord, _p.id == given("id"))
_LISTED: Final = Prepared(
    select(_p.name, _p.created, _p.valid_until).where(_p.account == given("account")).order_by(_p.name_key)
)
_COUNT: Final = Prepared(select(func.count()).where(_p.account == given("account")))
_REMOVE: Final = Prepared(delete(saml_providers).where(_p.id == given("id")))

_k: Final = saml_keys.c
_ADD_KEY: Final = adding(saml_keys, SamlKeyRecord)
_KEYS: Final = records(saml_keys, SamlKeyRecord, _k.provider_id == given("provider_id"), order_by=(_k.created, _k.id))
_REMOVE_KEY: Final = Prepared(delete(saml_keys).where(_k.id == given("id")))
_REMOVE_KEYS: Final = Prepared(delete(saml_keys).where(_k.provider_id == given("provider_id")))


class SamlProviders(Rows):
    """The SAML providers of accounts. Touching a key touches its provider."""

    def add(self, record: SamlProviderRecord) -> None:
        """Raises `AlreadyExists` when the account has the name, in whatever letter case."""
        try:
            self._link.run(_ADD, **values_of(record), name_key=record.name.lower())
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(record.id)

    def get(self, account: str, name: str) -> SamlProviderRecord | None:
        """By name, letter case regarded."""
        found = self._link.one(_GET, account=account, name_key=name.lower())
        return found if found is not None and found.name == name else None

    def by_id(self, unique_id: str) -> SamlProviderRecord | None:
        """By its `SAMLProviderUUID`."""
        return self._link.one(_BY_ID, id=unique_id)

    def listed(self, account: str) -> Sequence[tuple[str, int, int]]:
        """Of all, by name: the name, when it was made, and until when it is valid. Documents may be long."""
        return self._link.rows(_LISTED, account=account)

    def count(self, account: str) -> int:
        """How many an account has."""
        found: int = self._link.value(_COUNT, account=account)
        return found

    def change(self, unique_id: str, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(saml_providers, tuple(values)), row=unique_id, **values)
        self._touch(unique_id)

    def remove(self, unique_id: str) -> None:
        """Delete with its keys."""
        self._link.run(_REMOVE_KEYS, provider_id=unique_id)
        self._link.run(_REMOVE, id=unique_id)
        self._touch(unique_id)

    def keys(self, provider_id: str) -> Sequence[SamlKeyRecord]:
        """A provider's private keys, the oldest first."""
        return self._link.all(_KEYS, provider_id=provider_id)

    def add_key(self, record: SamlKeyRecord) -> None:
        """Keep a private key."""
        self._link.run(_ADD_KEY, **values_of(record))
        self._touch(record.provider_id)

    def remove_key(self, provider_id: str, key_id: str) -> None:
        """Delete a private key."""
        self._link.run(_REMOVE_KEY, id=key_id)
        self._touch(provider_id)


_r: Final = saml_redemptions.c
_REDEEM: Final = Prepared(insert(saml_redemptions), ("id", "until"))
_FORGET: Final = Prepared(delete(saml_redemptions).where(_r.until < given("now")))
_REMEMBERED: Final = Prepared(select(func.count()).select_from(saml_redemptions))


class SamlRedemptions(Rows):
    """What was redeemed, so that it is redeemed once: in every process, as long as it could be believed again."""

    def add(self, redemption: str, *, now: int, until: int) -> None:
        """Remember until a time what identifies a redemption; forget those whose time has passed.

        Raises:
            AlreadyExists: it was redeemed already.
        """
        self._link.run(_FORGET, now=now)
        try:
            self._link.run(_REDEEM, id=redemption, until=until)
        except IntegrityError:
            raise AlreadyExists(redemption) from None

    def count(self) -> int:
        """How many are remembered."""
        found: int = self._link.value(_REMEMBERED)
        return found
