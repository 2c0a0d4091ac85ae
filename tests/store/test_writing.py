"""Changes that come together share a commit; each still stands or falls alone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ostiary.store.database import connected
from ostiary.store.writing import Writing


class Statements(sqlite3.Connection):
    """A connection that says what it was told, and can be made to fail at one statement."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.told: list[str] = []
        self.fails_at = ""

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        self.told.append(sql)
        if sql == self.fails_at:
            self.fails_at = ""
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, parameters)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    connected(tmp_path / "x.db").execute("CREATE TABLE words (word TEXT PRIMARY KEY)")
    return tmp_path / "x.db"


@pytest.fixture
def driver(path: Path) -> Statements:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Statements)


def words(path: Path) -> set[str]:
    return {word for (word,) in connected(path).execute("SELECT word FROM words")}


def add(connection: sqlite3.Connection, word: str) -> None:
    connection.execute("INSERT INTO words VALUES (?)", (word,))


def together(writing: Writing, *changes: Callable[[sqlite3.Connection], None]) -> list[Future[None]]:
    """Do changes of which all but the first came while the first was at it."""
    began, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with writing.change() as connection:
            began.set()
            assert go_on.wait(10)
            changes[0](connection)

    def further(change: Callable[[sqlite3.Connection], None]) -> None:
        with writing.change() as connection:
            change(connection)

    with ThreadPoolExecutor(len(changes)) as threads:
        done = [threads.submit(first)]
        assert began.wait(10)
        done += [threads.submit(further, change) for change in changes[1:]]
        while writing._waiting < len(changes) - 1:
            pass
        go_on.set()
    return done


def test_changes_that_wait_for_their_turn_share_a_commit(driver: Statements, path: Path) -> None:
    done = together(Writing(driver), *(lambda c, word=word: add(c, word) for word in "abcde"))
    assert [future.exception() for future in done] == [None] * 5
    assert words(path) == set("abcde")
    assert driver.told.count("COMMIT") == 1


def test_a_change_alone_is_committed_at_once(driver: Statements, path: Path) -> None:
    writing = Writing(driver)
    for word in "ab":
        with writing.change() as connection:
            add(connection, word)
        assert word in words(path)
    assert driver.told.count("COMMIT") == 2


def test_a_change_that_fails_is_undone_alone(driver: Statements, path: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        add(connection, "half")
        raise KeyError("half")

    changes = (lambda c: add(c, "a"), fail, lambda c: add(c, "c"))
    done = together(Writing(driver), *changes)
    assert [type(future.exception()) for future in done] == [type(None), KeyError, type(None)]
    assert words(path) == {"a", "c"}


def test_nobody_is_told_of_success_when_the_commit_fails(driver: Statements, path: Path) -> None:
    driver.fails_at = "COMMIT"
    writing = Writing(driver)
    done = together(writing, lambda c: add(c, "a"), lambda c: add(c, "b"), lambda c: add(c, "c"))
    assert [type(future.exception()) for future in done] == [sqlite3.OperationalError] * 3
    assert words(path) == set()
    with writing.change() as connection:
        add(connection, "later")
    assert words(path) == {"later"}


def test_who_was_refused_because_of_a_change_waits_for_its_commit_too(driver: Statements, path: Path) -> None:
    """Otherwise one is told that a name is taken, and after a power cut it is free."""
    driver.fails_at = "COMMIT"
    done = together(Writing(driver), lambda c: add(c, "a"), lambda c: add(c, "a"))
    assert "disk is full" in str(done[1].exception())
    assert words(path) == set()


def test_what_the_database_undid_by_itself_is_an_error_for_all(driver: Statements, path: Path) -> None:
    def undone(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # as SQLite does when the disk is full
        raise sqlite3.OperationalError("database or disk is full")

    writing = Writing(driver)
    done = together(writing, lambda c: add(c, "a"), undone, lambda c: add(c, "c"))
    assert isinstance(done[0].exception(), sqlite3.OperationalError)
    assert isinstance(done[1].exception(), sqlite3.OperationalError)
    held = {"c"} if done[2].exception() is None else set()
    assert words(path) == held
    with writing.change() as connection:
        add(connection, "later")
    assert words(path) == held | {"later"}


def test_a_transaction_that_can_t_begin_is_no_change(driver: Statements, path: Path) -> None:
    driver.fails_at = "BEGIN IMMEDIATE"
    writing = Writing(driver)
    with pytest.raises(sqlite3.OperationalError), writing.change():
        raise AssertionError("not reached")
    with writing.change() as connection:
        add(connection, "later")
    assert words(path) == {"later"}


# all in one go


def test_changes_in_one_go_share_the_commit_at_its_end(driver: Statements, path: Path) -> None:
    writing = Writing(driver)
    with writing.together():
        for word in ("one", "two"):
            with writing.change() as connection:
                add(connection, word)
        assert words(path) == set()
    assert words(path) == {"one", "two"} and driver.told.count("COMMIT") == 1


def test_in_one_go_a_change_that_fails_is_undone_alone(driver: Statements, path: Path) -> None:
    writing = Writing(driver)
    with writing.together():
        with writing.change() as connection:
            add(connection, "kept")
        with pytest.raises(KeyError), writing.change() as connection:
            add(connection, "undone")
            raise KeyError
        with writing.change() as connection:
            add(connection, "kept too")
    assert words(path) == {"kept", "kept too"}


def test_of_what_is_done_in_one_go_nothing_is_kept_when_the_commit_fails(driver: Statements, path: Path) -> None:
    writing = Writing(driver)
    driver.fails_at = "COMMIT"
    with pytest.raises(sqlite3.OperationalError), writing.together():
        for word in ("one", "two"):
            with writing.change() as connection:
                add(connection, word)
    assert words(path) == set()
    with writing.change() as connection:
        add(connection, "later")
    assert words(path) == {"later"}


def test_what_the_database_undid_by_itself_is_not_begun_again_in_one_go(driver: Statements, path: Path) -> None:
    writing = Writing(driver)
    with pytest.raises(sqlite3.OperationalError), writing.together():
        with pytest.raises(sqlite3.OperationalError), writing.change() as connection:
            add(connection, "one")
            connection.execute("ROLLBACK")  # as a full disk does
            raise sqlite3.OperationalError("database or disk is full")
        with pytest.raises(sqlite3.OperationalError), writing.change() as connection:
            add(connection, "two")
    assert words(path) == set()


def test_a_go_that_breaks_off_keeps_nothing(driver: Statements, path: Path) -> None:
    writing = Writing(driver)
    with pytest.raises(KeyError), writing.together():
        with writing.change() as connection:
            add(connection, "one")
        raise KeyError
    assert words(path) == set() and not driver.in_transaction


def test_others_wait_while_changes_are_made_in_one_go(driver: Statements, path: Path) -> None:
    writing = Writing(driver)

    def other() -> None:
        with writing.change() as connection:
            add(connection, "other")

    thread = threading.Thread(target=other)
    with writing.together():
        with writing.change() as connection:
            add(connection, "one")
        thread.start()
        thread.join(0.2)
        assert thread.is_alive() and words(path) == set()
    thread.join(10)
    assert words(path) == {"one", "other"}


def test_a_go_that_changes_nothing_begins_nothing(driver: Statements) -> None:
    with Writing(driver).together():
        pass
    assert driver.told == []
