"""OpenID Connect providers, the accounts that are issuers themselves, and their signing keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store.link import IntegrityError, Prepared, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import AlreadyExists
from ostiary.store.tables import issuer_keys, openid_providers, outbound_federations


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdProviderRecord:
    """An OpenID Connect provider that an account trusts."""

    id: str
    account: str
    name: str
    """Its URL without the scheme, as in its ARN."""
    name_key: str
    """What is unique in the account: the URL with its host in lower case."""
    client_ids: str
    """JSON: a list, in the order in which they were added."""
    thumbprints: str
    """JSON: a list."""
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRecord:
    """An account as an issuer of identity tokens."""

    account: str
    issuer_id: str
    """A UUID that nobody else's issuer has; it stays, whatever is switched."""
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKeyRecord:
    """A key that signs an account's identity tokens."""

    account: str
    kid: str
    algorithm: str
    number: int
    """Counts an account's keys of one algorithm, the first is 0."""
    public: str
    """JSON: a JWK."""
    sealed: bytes = field(repr=False)
    """The private key under the account's data key."""
    created: int


_p: Final = openid_providers.c
_ADD: Final = adding(openid_providers, OpenIdProviderRecord)
_GET: Final = records(
    openid_providers, OpenIdProviderRecord, _p.account == given("account"), _p.name_key == given("name_key")
)
_ALL: Final = records(
    openid_providers, OpenIdProviderRecord, _p.account == given("account"), order_by=(_p.created, _p.name_key)
)
_COUNT: Final = Prepared(select(func.count()).where(_p.account == given("account")))
_REMOVE: Final = Prepared(delete(openid_providers).where(_p.id == given("id")))


class OpenIdProviders(Rows):
    """The OpenID Connect providers of accounts."""

    def add(self, record: OpenIdProviderRecord) -> None:
        """Raises `AlreadyExists`."""
        try:
            self._link.run(_ADD, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(record.id)

    def get(self, account: str, name_key: str) -> OpenIdProviderRecord | None:
        """By its unique name in an account."""
        return self._link.one(_GET, account=account, name_key=name_key)

    def of_account(self, account: str) -> Sequence[OpenIdProviderRecord]:
        """All, the oldest first."""
        return self._link.all(_ALL, account=account)

    def count(self, account: str) -> int:
        """How many an account has."""
        found: int = self._link.value(_COUNT, account=account)
        return found

    def change(self, unique_id: str, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(openid_providers, tuple(values)), row=unique_id, **values)
        self._touch(unique_id)

    def remove(self, unique_id: str) -> None:
        """Delete."""
        self._link.run(_REMOVE, id=unique_id)
        self._touch(unique_id)


_o: Final = outbound_federations.c
_OUTBOUND: Final = records(outbound_federations, OutboundRecord, _o.account == given("account"))
_BY_ISSUER: Final = records(outbound_federations, OutboundRecord, _o.issuer_id == given("issuer_id"))
_out: Final = upsert(outbound_federations)
_SET: Final = Prepared(
    _out.on_conflict_do_update(index_elements=["account"], set_={"enabled": _out.excluded.enabled}),
    ("account", "issuer_id", "enabled"),
)

_k: Final = issuer_keys.c
_ADD_KEY: Final = adding(issuer_keys, IssuerKeyRecord)
_KEYS: Final = records(
    issuer_keys, IssuerKeyRecord, _k.account == given("account"), order_by=(_k.algorithm.desc(), _k.number)
)
_REMOVE_KEY: Final = Prepared(delete(issuer_keys).where(_k.account == given("of"), _k.kid == given("named")))


class Issuers(Rows):
    """Accounts as issuers of identity tokens, and their keys."""

    def get(self, account: str) -> OutboundRecord | None:
        """By account; None when it never was one."""
        return self._link.one(_OUTBOUND, account=account)

    def by_issuer(self, issuer_id: str) -> OutboundRecord | None:
        """By the unique part of the issuer's URL."""
        return self._link.one(_BY_ISSUER, issuer_id=issuer_id)

    def put(self, record: OutboundRecord) -> None:
        """Add, or switch on or off: the id of one that is there stays."""
        self._link.run(_SET, **values_of(record))
        self._touch("issuer:" + record.account)

    def keys(self, account: str) -> Sequence[IssuerKeyRecord]:
        """All keys of an account, by algorithm and number."""
        return self._link.all(_KEYS, account=account)

    def add_key(self, record: IssuerKeyRecord) -> None:
        """Raises `AlreadyExists`: another process was first."""
        try:
            self._link.run(_ADD_KEY, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.kid) from None
        self._touch("issuer:" + record.account)

    def remove_keys(self, account: str, kids: Iterable[str]) -> None:
        """Delete."""
        self._link.run_each(_REMOVE_KEY, ({"of": account, "named": kid} for kid in kids))
        self._touch("issuer:" + account)
