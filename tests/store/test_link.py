"""One connection within a transaction: it remembers what it was asked, until something changes."""

from __future__ import annotations

from ostiary.store.database import Store
from ostiary.store.records import TagRecord
from tests.store.rows import ACCOUNT, account, user


def test_a_question_asked_twice_is_asked_of_the_database_once(store: Store) -> None:
    with store.write() as tx:
        tx.users.add(user("alice"))
    with store.read() as tx:
        told: list[str] = []
        tx._link._driver.set_trace_callback(told.append)
        first = tx.users.get(ACCOUNT, "alice")
        assert tx.users.get(ACCOUNT, "ALICE") == first
        assert tx.users.get(ACCOUNT, "bob") is None
        tx._link._driver.set_trace_callback(None)
    assert sum("FROM users" in each for each in told) == 2


def test_what_a_transaction_changed_it_reads_anew(store: Store) -> None:
    with store.write() as tx:
        tx.users.add(user("alice"))
        alice = tx.users.get(ACCOUNT, "alice")
        assert alice is not None
        assert tx.tags.of(alice.id) == []
        tx.tags.put(alice.id, [TagRecord(key="Team", value="red")])
        assert tx.tags.of(alice.id) == [TagRecord(key="Team", value="red")]
        tx.users.change(alice.id, path="/team/")
        found = tx.users.get(ACCOUNT, "alice")
        assert found is not None
        assert found.path == "/team/"
        tx.tags.remove(alice.id, ["TEAM"])
        tx.users.remove(alice.id)
        assert tx.users.get(ACCOUNT, "alice") is None
        assert tx.tags.of(alice.id) == []


def test_columns_come_back_as_the_types_they_were_kept_as(store: Store) -> None:
    with store.read() as tx:
        found = tx.accounts.get(ACCOUNT)
    assert found == account(ACCOUNT)
    assert found.management is False
    assert type(found.data_key) is bytes
