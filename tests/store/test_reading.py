"""A read transaction begins when something is first read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostiary.store.database import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "ostiary.db")
    with made.write() as tx:
        tx.settings.put("colour", "blue")
    return made


def test_a_transaction_that_reads_nothing_takes_no_connection(store: Store) -> None:
    before = store.reading.taken
    with store.read():
        pass
    assert store.reading.taken == before
    with store.read() as tx:
        assert tx.settings.get("colour") == "blue"
        tx.settings.get("shape")
    assert store.reading.taken == before + 1
    store.close()


def test_what_was_read_first_fixes_what_is_seen(store: Store) -> None:
    with store.read() as tx:
        assert tx.settings.get("colour") == "blue"
        with store.write() as other:
            other.settings.put("colour", "red")
        assert tx.settings.get("colour") == "blue"
    with store.read() as tx:
        assert tx.settings.get("colour") == "red"
    store.close()


def test_nothing_is_read_after_the_end(store: Store) -> None:
    with store.read() as tx:
        pass
    with pytest.raises(RuntimeError):
        tx.settings.get("colour")
    store.close()


def test_a_transaction_that_has_read_reads_nothing_after_its_end(store: Store) -> None:
    """Its connection may be another's by then."""
    with store.read() as tx:
        tx.settings.get("colour")
    for name in ("colour", "shape"):
        with pytest.raises(RuntimeError):
            tx.settings.get(name)
    store.close()


def test_nothing_is_changed_after_the_end(store: Store) -> None:
    with store.write() as tx:
        tx.settings.put("colour", "red")
    with pytest.raises(RuntimeError):
        tx.settings.put("colour", "green")
    with store.read() as reading:
        assert reading.settings.get("colour") == "red"
    store.close()


def test_connections_are_given_back_after_a_failure(store: Store) -> None:
    with store.read() as tx:
        tx.settings.get("colour")
    idle = store.reading.idle
    for _ in range(100):
        with pytest.raises(KeyError), store.read() as tx:
            tx.settings.get("colour")
            raise KeyError
    assert store.reading.idle == idle == 1
    store.close()
