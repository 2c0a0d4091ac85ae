"""A read transaction begins when something is first read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostiary.store import database
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


# a transaction is kept as long as nothing is committed


def told(store: Store) -> list[str]:
    """What the one open connection is told from now on."""
    found: list[str] = []
    (reader,) = store.reading._idle
    reader.connection.set_trace_callback(found.append)
    return found


def colour(store: Store) -> str | None:
    with store.read() as tx:
        return tx.settings.get("colour")


def test_the_same_question_about_the_same_state_is_asked_once(store: Store) -> None:
    assert colour(store) == "blue"
    statements = told(store)
    assert [colour(store) for _ in range(3)] == ["blue"] * 3
    assert statements == []
    with store.read() as tx:
        assert tx.settings.get("shape") is None
    assert len(statements) == 1 and statements[0].startswith("SELECT")
    store.close()


def test_what_any_process_has_committed_is_seen_by_whoever_reads_next(store: Store, tmp_path: Path) -> None:
    """A second store stands for another process: it shares no memory with the first but the log's index."""
    other = Store(tmp_path / "ostiary.db")
    for number in range(50):
        changer, reader = (store, other) if number % 2 else (other, store)
        colour(reader)
        with changer.write() as tx:
            tx.settings.put("colour", str(number))
        assert colour(reader) == colour(changer) == str(number)
    other.close()
    assert colour(store) == "49"
    store.close()


def test_what_is_undone_is_never_seen(store: Store) -> None:
    for _ in range(3):
        assert colour(store) == "blue"
        with pytest.raises(KeyError), store.write() as tx:
            tx.settings.put("colour", "red")
            raise KeyError
        assert colour(store) == "blue"
    store.close()


def test_who_reads_no_more_holds_up_no_checkpoint(store: Store) -> None:
    colour(store)
    assert store.reading._idle[0].connection.in_transaction
    store.reading.let_go()
    assert store.reading._idle[0].connection.in_transaction, "it was used since the last time"
    store.reading.let_go()
    assert not store.reading._idle[0].connection.in_transaction
    assert colour(store) == "blue"
    store.close()


def test_the_log_begins_anew_though_somebody_always_reads(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_LONG_LOG", 50)
    sizes = []
    for number in range(2_000):
        with store.write() as tx:
            tx.settings.put("colour", f"{number:<4000}")
        assert (colour(store) or "").strip() == str(number)
        sizes.append(store._path.with_name("ostiary.db-wal").stat().st_size)
    assert sizes[-1] < 1.5 * sizes[len(sizes) // 2] < 20_000_000
    store.close()
