"""Connections and transactions.

SQLite runs in WAL mode with `synchronous=FULL`: what was answered survives a SIGKILL and a power cut. Readers never
wait for the writer; writers of all processes take turns (`BEGIN IMMEDIATE`).

Source: sqlite.org "Write-Ahead Logging", "PRAGMA data_version"; SQLAlchemy 2 "SQLite dialect", transaction isolation.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from ostiary.store.migrate import bring_up_to_date
from ostiary.store.transaction import Transaction

_BUSY_SECONDS: Final = 60
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}",
    "PRAGMA cache_size=-32768",
)


def _engine(url: str, begin: str, size: int, further: tuple[str, ...] = ()) -> Engine:
    made = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=32,
        pool_reset_on_return="rollback",
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS, "cached_statements": 512},
    )

    @event.listens_for(made, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (*_PRAGMAS, *further):
            connection.execute(pragma)

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection  # SQLAlchemy's own way to say it costs ten times as much
        raw.execute(begin)

    return made


class Store:
    """The state of one data directory. Safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        # SQLite gives its -wal and -shm files the mode of the database file: it must be right before they are made
        path.touch(mode=0o600)
        path.chmod(0o600)
        url = f"sqlite:///{path}"
        self._reading = _engine(url, "BEGIN", 8, ("PRAGMA query_only=ON",))
        self._writing = _engine(url, "BEGIN IMMEDIATE", 1)
        self._turn = threading.Lock()
        bring_up_to_date(self._writing)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view. Nothing can be written through it: SQLite refuses."""
        begun = _BegunWhenUsed(self._reading)
        try:
            yield Transaction(begun.connection)
        finally:
            begun.end()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One change, all or nothing; durable when the block ends without an exception."""
        with self._turn, self._writing.connect() as connection, connection.begin():
            transaction = Transaction(lambda: connection)
            yield transaction
            transaction.settle()

    def watch(self) -> Watch:
        """Something that tells what changed since it was last asked."""
        return Watch(self._reading)

    def is_sound(self) -> bool:
        """SQLite's own check of the whole file."""
        with self._reading.connect() as connection:
            return bool(connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok")

    def close(self) -> None:
        """Give the files back."""
        self._reading.dispose()
        self._writing.dispose()


class _BegunWhenUsed:
    """A transaction for reading. Many requests read nothing, and beginning costs more than they do."""

    __slots__ = ("_connection", "_ended", "_engine")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._ended = False

    def connection(self) -> Connection:
        """The connection, its transaction begun."""
        if self._ended:
            raise RuntimeError("the transaction has ended")
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.begin()
        return self._connection

    def end(self) -> None:
        """Roll back and give the connection back."""
        self._ended = True
        if self._connection is not None:
            self._connection.close()


class Watch:
    """Says which entities changed, whoever changed them, this process or another.

    `PRAGMA data_version` costs about 3 µs and moves with every commit of another connection; only then the list of
    changes is read.
    """

    def __init__(self, engine: Engine) -> None:
        self._raw = engine.raw_connection()
        self._cursor = self._raw.cursor()
        self._lock = threading.Lock()
        self._version = -1
        self._seen = -1

    def news(self) -> frozenset[str] | None:
        """The entities that changed since the last call (usually none); None means: forget everything."""
        with self._lock:
            version: int = self._cursor.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return _NOTHING
            first, last = self._cursor.execute("SELECT min(sequence), max(sequence) FROM changes").fetchone()
            self._version = version
            last = last or 0
            if last == self._seen:
                return _NOTHING
            seen, self._seen = self._seen, last
            if seen < 0 or first > seen + 1:
                return None
            rows = self._cursor.execute("SELECT DISTINCT entity FROM changes WHERE sequence > ?", (seen,)).fetchall()
            return frozenset(row[0] for row in rows)

    def close(self) -> None:
        """Give the connection back."""
        self._raw.close()


_NOTHING: Final[frozenset[str]] = frozenset()
