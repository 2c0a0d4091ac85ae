"""What users have besides access keys and passwords: signing certificates, SSH keys, credentials of single services.

Server certificates, which are the account's, are here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, TypeVar

from sqlalchemy import Table, delete

from ostiary.store import tables
from ostiary.store.link import IntegrityError, Prepared, Question, adding, changing, columns, given, records, values_of
from ostiary.store.named import Named, NamedStatements, Rows
from ostiary.store.records import AlreadyExists, NamedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedRecord:
    """What is somebody's, and can be switched off."""

    id: str
    owner_id: str
    """A user's unique id; the account id for a certificate of the root user."""
    active: bool
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCertificateRecord(OwnedRecord):
    account: str
    fingerprint: str
    """SHA-256 of the certificate, in hex."""
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SshPublicKeyRecord(OwnedRecord):
    fingerprint: str
    """MD5 of the key, as SSH shows it: hex, a colon after each byte."""
    body: str
    """In OpenSSH's format or PEM, as it was uploaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificateRecord(NamedRecord):
    body: str
    chain: str | None = None
    private_key: bytes = field(repr=False)
    """Sealed."""
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCredentialRecord(OwnedRecord):
    """A user name and password, or an API key, for one service."""

    account: str
    service: str
    """Such as `codecommit.amazonaws.com`."""
    login: str
    """The user name, or the public part of the API key."""
    digest: bytes = field(repr=False)
    """SHA-256 of the secret."""
    expires: int | None = None


O = TypeVar("O", bound=OwnedRecord)  # noqa: E741


class _OwnedStatements(Generic[O]):
    """What all that is somebody's is asked and told, for one table."""

    def __init__(self, table: Table, record: type[O]) -> None:
        t = table.c
        self.table = table
        self.add = adding(table, record)
        self.get: Question[O] = records(table, record, t.id == given("id"))
        self.of: Question[O] = records(table, record, t.owner_id == given("owner_id"), order_by=(t.created, t.id))
        self.remove = Prepared(delete(table).where(t.id == given("id")))


class Owned(Rows, Generic[O]):
    """Things that have an id and an owner. Touching one touches its id."""

    _told: ClassVar[_OwnedStatements[Any]]

    def add(self, record: O) -> None:
        """Raises `AlreadyExists`."""
        try:
            self._link.run(self._told.add, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.id) from None
        self._touch(record.id)

    def get(self, unique_id: str) -> O | None:
        """By id."""
        return self._link.one(self._told.get, id=unique_id)

    def of(self, owner_id: str) -> Sequence[O]:
        """An owner's, the oldest first."""
        return self._link.all(self._told.of, owner_id=owner_id)

    def change(self, unique_id: str, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(self._told.table, tuple(values)), row=unique_id, **values)
        self._touch(unique_id)

    def remove(self, unique_id: str) -> None:
        """Delete."""
        self._link.run(self._told.remove, id=unique_id)
        self._touch(unique_id)


class SigningCertificates(Owned[SigningCertificateRecord]):
    """Of users and root users; an account has a certificate once."""

    _told = _OwnedStatements(tables.signing_certificates, SigningCertificateRecord)


class SshPublicKeys(Owned[SshPublicKeyRecord]):
    """Of users; a user has a key once."""

    _told = _OwnedStatements(tables.ssh_public_keys, SshPublicKeyRecord)


_c: Final = tables.service_credentials.c
_BY_LOGIN: Final = records(
    tables.service_credentials, ServiceCredentialRecord, _c.service == given("service"), _c.login == given("login")
)
_of_account: Final = (
    columns(tables.service_credentials, ServiceCredentialRecord)
    .where(_c.account == given("account"), _c.id > given("after"))
    .order_by(_c.id)
    .limit(given("limit"))
)
_PAGE: Final = Question(ServiceCredentialRecord, _of_account)
_PAGE_OF_SERVICE: Final = Question(ServiceCredentialRecord, _of_account.where(_c.service == given("service")))


class ServiceCredentials(Owned[ServiceCredentialRecord]):
    """Of users; a login is one credential's at its service."""

    _told = _OwnedStatements(tables.service_credentials, ServiceCredentialRecord)

    def by_login(self, service: str, login: str) -> ServiceCredentialRecord | None:
        """By what its holder says to the service, letter case regarded."""
        return self._link.one(_BY_LOGIN, service=service, login=login)

    def page(
        self, account: str, *, service: str | None = None, after: str = "", limit: int
    ) -> Sequence[ServiceCredentialRecord]:
        """Up to `limit` of an account's by id, beginning after one; `service` None: all services'."""
        if service is None:
            return self._link.all(_PAGE, account=account, after=after, limit=limit)
        return self._link.all(_PAGE_OF_SERVICE, account=account, service=service, after=after, limit=limit)


class ServerCertificates(Named[ServerCertificateRecord]):
    """Certificates of servers, with their private keys."""

    _told = NamedStatements(tables.server_certificates, ServerCertificateRecord)
