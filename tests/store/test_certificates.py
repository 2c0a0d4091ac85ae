"""Signing certificates, SSH keys, server certificates, service credentials; and how an older database gets them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from ostiary.store import migrate
from ostiary.store.certificates import (
    ServerCertificateRecord,
    ServiceCredentialRecord,
    SigningCertificateRecord,
    SshPublicKeyRecord,
)
from ostiary.store.database import Store
from ostiary.store.records import AlreadyExists
from tests.store.rows import ACCOUNT, OTHER, account, user


def signing(number: int, fingerprint: str, account: str = ACCOUNT) -> SigningCertificateRecord:
    return SigningCertificateRecord(
        id=f"C{number}",
        account=account,
        owner_id="AIDABOB",
        fingerprint=fingerprint,
        body="pem",
        active=True,
        created=10 - number,
    )


def credential(number: int, login: str, service: str = "s1", account: str = ACCOUNT) -> ServiceCredentialRecord:
    return ServiceCredentialRecord(
        id=f"ACCA{number}",
        account=account,
        owner_id="AIDABOB",
        service=service,
        login=login,
        digest=b"32 bytes",
        active=True,
        created=1,
    )


def test_what_is_somebodys_is_listed_oldest_first_switched_off_and_removed(store: Store) -> None:
    with store.write() as tx:
        tx.signing_certificates.add(signing(1, "aa"))
        tx.signing_certificates.add(signing(2, "bb"))
        assert [each.id for each in tx.signing_certificates.of("AIDABOB")] == ["C2", "C1"]
        assert tx.signing_certificates.of("AIDAEVE") == []
        tx.signing_certificates.change("C1", active=False)
        found = tx.signing_certificates.get("C1")
        assert found is not None and found.active is False
        tx.signing_certificates.remove("C1")
        assert tx.signing_certificates.get("C1") is None


def test_an_account_has_a_signing_certificate_once(store: Store) -> None:
    with store.write() as tx:
        tx.signing_certificates.add(signing(1, "aa"))
        with pytest.raises(AlreadyExists):
            tx.signing_certificates.add(signing(2, "aa"))
        tx.accounts.add(account(OTHER))
        tx.signing_certificates.add(signing(3, "aa", OTHER))


def test_a_user_has_an_ssh_key_once(store: Store) -> None:
    with store.write() as tx:
        for name in ("bob", "eve"):
            tx.users.add(user(name))
        for number, owner in enumerate(("AIDABOB", "AIDAEVE", "AIDABOB")):
            record = SshPublicKeyRecord(
                id=f"APKA{number}", owner_id=owner, fingerprint="00:11", body="ssh-rsa A", active=True, created=1
            )
            if number == 2:
                with pytest.raises(AlreadyExists):
                    tx.ssh_public_keys.add(record)
            else:
                tx.ssh_public_keys.add(record)


def test_a_login_is_one_credentials_at_its_service(store: Store) -> None:
    with store.write() as tx:
        tx.users.add(user("bob"))
        tx.service_credentials.add(credential(1, "bob-at-1"))
        with pytest.raises(AlreadyExists):
            tx.service_credentials.add(credential(2, "bob-at-1"))
        tx.service_credentials.add(credential(3, "bob-at-1", "s2"))
        found = tx.service_credentials.by_login("s2", "bob-at-1")
        assert found is not None and found.id == "ACCA3"
        assert tx.service_credentials.by_login("s2", "BOB-at-1") is None
        assert "32 bytes" not in repr(found)


def test_an_accounts_credentials_come_page_by_page(store: Store) -> None:
    with store.write() as tx:
        tx.users.add(user("bob"))
        for number in range(4):
            tx.service_credentials.add(credential(number, f"l{number}", f"s{number % 2}"))
        tx.accounts.add(account(OTHER))
        tx.service_credentials.add(credential(9, "l9", account=OTHER))
        pages = tx.service_credentials.page
        assert [each.id for each in pages(ACCOUNT, limit=3)] == ["ACCA0", "ACCA1", "ACCA2"]
        assert [each.id for each in pages(ACCOUNT, after="ACCA2", limit=3)] == ["ACCA3"]
        assert [each.id for each in pages(ACCOUNT, service="s1", limit=9)] == ["ACCA1", "ACCA3"]


def test_a_server_certificate_is_found_by_its_name_and_its_key_is_not_shown(store: Store) -> None:
    with store.write() as tx:
        record = ServerCertificateRecord(
            id="ASCA1",
            account=ACCOUNT,
            name="Web",
            path="/w/",
            created=1,
            body="pem",
            private_key=b"sealed",
            expires=9,
        )
        tx.server_certificates.add(record)
        assert tx.server_certificates.get(ACCOUNT, "wEB") == record
        assert tx.server_certificates.count(ACCOUNT) == 1 and "sealed" not in repr(record)


def test_uses_of_keys_survive_the_revision_that_adds_the_client(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with create_engine(f"sqlite:///{path}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.exec_driver_sql("INSERT INTO access_key_uses VALUES ('AKIA1', 7, 's3', 'eu-west-1')")
        command.upgrade(config, "head")
    with sqlite3.connect(path) as opened:
        assert opened.execute("SELECT * FROM access_key_uses").fetchall() == [("AKIA1", 7, "s3", "eu-west-1", "", "")]
        assert opened.execute("SELECT name FROM sqlite_master WHERE name LIKE 'kept%'").fetchall() == []
