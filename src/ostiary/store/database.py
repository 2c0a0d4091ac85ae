"""Connections and transactions.

SQLite runs in WAL mode with `synchronous=FULL`: what was answered survives a SIGKILL and a power cut. Readers never
wait for the writer; writers of all processes take turns (`BEGIN IMMEDIATE`).

Source: sqlite.org "Write-Ahead Logging", "PRAGMA data_version"; Python's `sqlite3`, "Transaction control".
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from ostiary.store.link import Link
from ostiary.store.migrate import bring_up_to_date
from ostiary.store.transaction import Transaction
from ostiary.store.wal_index import look_at
from ostiary.store.writing import Writing

_BUSY_SECONDS: Final = 60
_KEPT_OPEN: Final = 32
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}",
    "PRAGMA cache_size=-32768",
)


def connected(path: Path, *further: str) -> sqlite3.Connection:
    """A connection that begins no transaction by itself."""
    made = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    for pragma in (*_PRAGMAS, *further):
        made.execute(pragma)
    return made


def _migrate(path: Path) -> None:
    """Make the tables, or bring them to this release."""
    engine = create_engine("sqlite://", creator=lambda: connected(path), poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    bring_up_to_date(engine)
    engine.dispose()


class Store:
    """The state of one data directory. Safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        # SQLite gives its -wal and -shm files the mode of the database file: it must be right before they are made
        path.touch(mode=0o600)
        path.chmod(0o600)
        self._path = path
        self._watches: list[Watch] = []
        self.reading: Final = Readers(path)
        self._writing = Writing(connected(path))
        _migrate(path)

    def read(self) -> AbstractContextManager[Transaction]:
        """A consistent view. Nothing can be written through it: SQLite refuses."""
        return _BegunWhenUsed(self.reading)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One change, all or nothing; durable when the block ends without an exception."""
        with self._writing.change() as connection:
            link = Link(connection)
            transaction = Transaction(lambda: link)
            try:
                yield transaction
                transaction.settle()
            finally:
                link.end()

    def together(self) -> AbstractContextManager[None]:
        """All changes of this thread in the block are on the disk when it ends; when it raises, none of them is."""
        return self._writing.together()

    def watch(self) -> Watch:
        """Something that tells what changed since it was last asked."""
        made = Watch(self.reading.take(), self._path)
        self._watches.append(made)
        return made

    def is_sound(self) -> bool:
        """SQLite's own check of the whole file."""
        connection = self.reading.take()
        try:
            return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
        finally:
            self.reading.give_back(connection)

    def close(self) -> None:
        """Give the files back."""
        self.reading.close()
        self._writing.close()
        for watch in self._watches:
            watch.close()
        self._watches.clear()


class Readers:
    """Open connections that can't write; the one given back last is taken first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self.taken = 0
        """How often one was taken."""

    @property
    def idle(self) -> int:
        """How many are open and not taken."""
        return len(self._idle)

    def take(self) -> sqlite3.Connection:
        """A connection without a transaction."""
        self.taken += 1
        try:
            return self._idle.pop()
        except IndexError:
            return connected(self._path, "PRAGMA query_only=ON")

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Keep it for the next, its transaction ended."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if len(self._idle) < _KEPT_OPEN:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Give the files back."""
        while self._idle:
            self._idle.pop().close()


class _BegunWhenUsed(AbstractContextManager[Transaction]):
    """A transaction for reading. Many requests read nothing, and beginning costs more than they do."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._begun: tuple[sqlite3.Connection, Link] | None = None
        self._ended = False

    def __enter__(self) -> Transaction:
        return Transaction(self._begin)

    def _begin(self) -> Link:
        if self._ended:
            raise RuntimeError("the transaction has ended")
        connection = self._readers.take()
        connection.execute("BEGIN")
        link = Link(connection)
        self._begun = connection, link
        return link

    def __exit__(self, *_: object) -> None:
        """Roll back and give the connection back."""
        self._ended = True
        if self._begun is not None:
            connection, link = self._begun
            link.end()
            self._readers.give_back(connection)


class Watch:
    """Says which entities changed, whoever changed them, this process or another.

    `PRAGMA data_version` moves with every commit of another connection; only then the list of changes is read. And only
    when the index of the write-ahead log has changed is it asked.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._cursor = connection, connection.cursor()
        self._index = look_at(path)
        self._header = b""
        self._lock = threading.Lock()
        self._version = -1
        self._seen = -1

    def news(self) -> frozenset[str] | None:
        """The entities that changed since the last call (usually none); None means: forget everything."""
        with self._lock:
            if self._index is not None:
                header = self._index.header()
                if header == self._header:
                    return _NOTHING
                self._header = header  # as it was before SQLite is asked
            ask = self._cursor.execute
            version: int = ask("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return _NOTHING
            first, last = ask(_ENDS).fetchone()
            self._version = version
            last = last or 0
            if last == self._seen:
                return _NOTHING
            seen, self._seen = self._seen, last
            if seen < 0 or first > seen + 1:
                return None
            rows = ask("SELECT DISTINCT entity FROM changes WHERE sequence > ?", (seen,)).fetchall()
            return frozenset(row[0] for row in rows)

    def close(self) -> None:
        """Give the connection back, and then the index."""
        self._connection.close()
        if self._index is not None:
            self._index.close()
            self._index = None


_NOTHING: Final[frozenset[str]] = frozenset()
# asked for together in one SELECT, they would be looked for in the whole table
_ENDS: Final = "SELECT (SELECT min(sequence) FROM changes), (SELECT max(sequence) FROM changes)"
