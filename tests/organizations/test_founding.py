"""The organization of an installation: made with its first account, or by the first start that knows organizations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from ostiary.app import Built, build
from ostiary.authorization.organization import SCP
from ostiary.services.accounts import found, found_first
from ostiary.settings import Settings
from ostiary.store import migrate
from ostiary.store.database import Store
from ostiary.store.records import MemberRecord, OrganizationRecord

FIRST = Path(migrate.__file__).parent / "migrations" / "versions" / "v0001_first.sql"


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Built]:
    """A house on an empty directory."""
    made = build(Settings(data=tmp_path / "data"))
    yield made
    made.close()


def organization(store: Store) -> tuple[OrganizationRecord, list[MemberRecord]]:
    """The one there is, with its members."""
    with store.read() as tx:
        management = next(each for each in tx.accounts.all() if each.management)
        record = tx.organizations.managed_by(management.id)
        assert record is not None
        return record, list(tx.organizations.members(record.id))


def test_the_first_account_manages_an_organization_that_further_accounts_join(built: Built) -> None:
    first = found_first(built.house, {})
    assert first is not None
    record, members = organization(built.house.store)
    assert (record.management_account, [each.account for each in members]) == (first.account, [first.account])
    with built.house.store.write() as tx:
        tx.organizations.enable(record.id, SCP)
    second = found(built.house, name="dev")
    again, members = organization(built.house.store)
    assert again == record
    assert {each.account for each in members} == {first.account, second.account}
    assert {each.parent_id for each in members} == {record.root_id}
    with built.house.store.read() as tx:
        assert tx.organization_policies.attached_to(second.account, SCP) == ["p-FullAWSAccess"]
    assert found_first(built.house, {}) is None
    assert organization(built.house.store) == (record, members)


def old_database(path: Path) -> None:
    """A database as the first release left it, with two accounts."""
    with create_engine(f"sqlite:///{path}").begin() as connection:
        for statement in FIRST.read_text().split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
        for number, management in (("111111111111", 1), ("222222222222", 0)):
            connection.exec_driver_sql(
                "INSERT INTO accounts (id, name, email, created, canonical_id, data_key, management)"
                " VALUES (?, 'n', ?, 1, ?, x'00', ?)",
                (number, f"{number}@example.com", number, management),
            )


@pytest.mark.parametrize("meeting", ["a start", "a new account"])
def test_an_older_installation_gets_its_organization_with_all_its_accounts(tmp_path: Path, meeting: str) -> None:
    settings = Settings(data=tmp_path)
    old_database(settings.database)
    built = build(settings)
    try:
        if meeting == "a start":
            assert found_first(built.house, {}) is None
            more = set()
        else:
            more = {found(built.house, name="new").account}
        record, members = organization(built.house.store)
    finally:
        built.close()
    assert record.management_account == "111111111111"
    assert {each.account for each in members} == {"111111111111", "222222222222"} | more
