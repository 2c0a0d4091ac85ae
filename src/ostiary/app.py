"""Builds the house: settings → store, clock, entropy → collaborators → gate."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from ostiary.audit.writer import AuditWriter
from ostiary.authorization.book import Book
from ostiary.authorization.judge import Judge
from ostiary.clock import Clock, SystemClock
from ostiary.credentials.sessions import SessionSeal
from ostiary.credentials.vault import KEY_BYTES, Vault
from ostiary.engines.engine import Engine, EngineAddress, Headers
from ostiary.entropy import Entropy, SystemEntropy
from ostiary.federation.addresses import Reach, read_host
from ostiary.federation.connection import can_read_authorities
from ostiary.federation.issuers import Issuers
from ostiary.services.catalogue import load_operations
from ostiary.services.operation import House
from ostiary.settings import Settings
from ostiary.sigv4 import Credentials, StandingSigner
from ostiary.store.database import Store

MASTER_KEY: Final = "OSTIARY_MASTER_KEY"
_CLOCK: Final = SystemClock()


class Unusable(Exception):
    """The data directory or the environment can't be used; the text says what to do."""


def engine_signer(where: EngineAddress, method: str, path: str, query: str, headers: Headers) -> Headers:
    """Sign a request to an engine with the engine's own key."""
    return [*headers, *_standing(where).sign(method, path, query, headers, _CLOCK.now())]


@lru_cache(maxsize=64)
def _standing(where: EngineAddress) -> StandingSigner:
    return StandingSigner(Credentials(akid=where.akid, secret=where.secret), where.region)


@dataclass(frozen=True, slots=True)
class Built:
    """A house with what must be closed at the end."""

    house: House
    audit: AuditWriter

    def serving(self, settings: Settings, engine: Engine | None) -> Built:
        """The same house once it is known under which settings it serves, and what it guards."""
        return Built(replace(self.house, settings=settings, engine=engine), self.audit)

    def close(self) -> None:
        """Write what waits, give files back."""
        self.audit.close()
        self.house.store.close()


def prepare_directory(data: Path) -> None:
    """Make the data directory, for its owner alone."""
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)


def key_encryption_key(data: Path, environment: dict[str, str] | None = None) -> bytes:
    """From OSTIARY_MASTER_KEY (base64 of 32 bytes), or from the file that the first start makes.

    Raises:
        Unusable: it is there and can't be read.
    """
    given = (os.environ if environment is None else environment).get(MASTER_KEY)
    if given is not None:
        return _read_key(given, f"the environment variable {MASTER_KEY}")
    path = data / "master.key"
    if not path.exists():
        fresh = data / f".master.key.{os.getpid()}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key is the key
            os.link(fresh, path)
        fresh.unlink()
    return _read_key(path.read_text(), f"`{path}`")


def _read_key(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Unusable(f"{where} is not the base64 text of {KEY_BYTES} bytes")
    return key


def record_writer(audit: AuditWriter, settings: Settings) -> Callable[[], None]:
    """Writes what waits here; what waits in the other processes is given the time to be written by them."""

    def write() -> None:
        audit.flush()
        if settings.workers > 1:
            time.sleep(2 * settings.audit_delay)

    return write


def issuers_reach(settings: Settings) -> Reach:
    """The identity providers that may be asked beyond the public Internet.

    Raises:
        Unusable: a setting can't be read.
    """
    try:
        hosts = frozenset(map(read_host, settings.private_issuers))
    except ValueError as reason:
        raise Unusable(f"--allow-private-issuer: {reason}") from None
    if settings.issuer_ca is not None and not can_read_authorities(settings.issuer_ca):
        raise Unusable(f"--issuer-ca: `{settings.issuer_ca}` holds no certificates in PEM")
    return Reach(hosts, settings.issuer_ca)


def build(
    settings: Settings,
    engine: Engine | None = None,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
) -> Built:
    """Open the data directory and put the collaborators together."""
    load_operations()
    prepare_directory(settings.data)
    entropy = entropy or SystemEntropy()
    store = Store(settings.database)
    vault = Vault(key_encryption_key(settings.data), entropy)
    book = Book(store, vault)
    audit = AuditWriter(store, settings.audit_delay)
    house = House(
        settings=settings,
        clock=clock or SystemClock(),
        entropy=entropy,
        store=store,
        vault=vault,
        seal=SessionSeal(vault.derive("session tokens"), entropy),
        book=book,
        judge=Judge(book),
        engine=engine,
        issuers=Issuers(reach=issuers_reach(settings)),
        engine_signer=engine_signer,
        write_record=record_writer(audit, settings),
    )
    return Built(house, audit)
