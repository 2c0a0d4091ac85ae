"""store: the one connection that writes, and the commits that changes share.

A commit waits for the disk; a change does not. So a change that finds others waiting for their turn leaves the commit
to them: all of them stand in one transaction of SQLite, each a savepoint of its own, and each returns only after the
commit.

Source: sqlite.org "SAVEPOINT"; "BEGIN TRANSACTION", "Response To Errors Within A Transaction".
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_MOST_TOGETHER: Final = 64
_SAVEPOINT: Final = "SAVEPOINT change"
_UNDO: Final = "ROLLBACK TO change"
_KEEP: Final = "RELEASE change"


class _Commit:
    """A commit to come."""

    __slots__ = ("changes", "done", "error")

    def __init__(self) -> None:
        self.changes = 0
        self.done = threading.Event()
        self.error: BaseException | None = None

    def wait(self) -> None:
        """Until what was changed is on the disk. Raises what kept it from getting there."""
        self.done.wait()
        if self.error is not None:
            raise self.error


class Writing:
    """Changes, one after the other; their commits, together."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._commit: _Commit | None = None
        self._alone = 0
        """The thread whose changes all belong to one commit."""

    @property
    def mine(self) -> bool:
        """Whether this thread's changes all belong to one commit."""
        return self._alone == threading.get_ident()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All changes of this thread in the block share the commit at its end; the block itself tells nobody of them.

        Raises what kept them from getting to the disk: then none of them has.
        """
        commit: _Commit | None = None
        with self._my_turn():
            self._alone = threading.get_ident()
            try:
                yield
            except BaseException as error:
                self._undo(error)
                raise
            finally:
                self._alone = 0
                commit = self._commit
                if commit is not None:
                    self._end(commit)
        if commit is not None:
            commit.wait()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One change: undone when the block raises, on the disk when this ends without an exception.

        INVARIANT: nobody learns of a change, not even by being refused because of it, before it is committed.
        """
        if self.mine:
            self._begun()
            if not self._driver.in_transaction:
                raise sqlite3.OperationalError("the database undid what was changed before")
            with self._savepoint():
                yield self._driver
            return
        commit: _Commit | None = None
        try:
            with self._my_turn():
                commit = self._begun()
                try:
                    with self._savepoint():
                        yield self._driver
                finally:
                    commit.changes += 1
                    if not self._waiting or commit.changes >= _MOST_TOGETHER or not self._driver.in_transaction:
                        self._end(commit)
        finally:
            if commit is not None:
                commit.wait()

    def close(self) -> None:
        """Give the file back."""
        with self._turn:
            self._driver.close()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        with self._counting:
            self._waiting += 1
        try:
            self._turn.acquire()
        finally:
            with self._counting:
                self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()

    def _begun(self) -> _Commit:
        """The commit that this change will be part of."""
        if self._commit is None:
            self._driver.execute("BEGIN IMMEDIATE")
            self._commit = _Commit()
        return self._commit

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        self._driver.execute(_SAVEPOINT)
        try:
            yield
        except BaseException:
            if self._driver.in_transaction:  # a full disk may have undone all of it
                self._driver.execute(_UNDO)
                self._driver.execute(_KEEP)
            raise
        self._driver.execute(_KEEP)

    def _undo(self, error: BaseException) -> None:
        """Nothing of the commit to come is kept."""
        commit, self._commit = self._commit, None
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")
        if commit is not None:
            commit.error = error
            commit.done.set()

    def _end(self, commit: _Commit) -> None:
        """Commit; whoever waits for it goes on, or learns why it could not be."""
        self._commit = None
        try:
            self._driver.execute("COMMIT")  # an error too when the database has undone the transaction by itself
        except BaseException as error:
            commit.error = error
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
        finally:
            commit.done.set()
