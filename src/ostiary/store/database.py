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

from ostiary.store.link import Answers, Link
from ostiary.store.migrate import bring_up_to_date
from ostiary.store.transaction import Transaction, settle
from ostiary.store.wal_index import WalIndex, frames, look_at
from ostiary.store.writing import Writing

_BUSY_SECONDS: Final = 60
_KEPT_OPEN: Final = 32
_MOST_ANSWERS: Final = 1_000
"""That are remembered of one state."""
_MOST_LASTING: Final = 4_000
_LONG_LOG: Final = 8_000
"""Pages of the write-ahead log; SQLite brings it back into the database at 1,000, if nobody reads in it just then."""
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
        self._touched: set[str] = set()
        """What was touched by the changes that are made together."""
        self.reading: Final = Readers(path)
        self._writing = Writing(connected(path))
        _migrate(path)

    def read(self) -> AbstractContextManager[Transaction]:
        """A consistent view. Nothing can be written through it: SQLite refuses."""
        return _BegunWhenUsed(self.reading)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One change, all or nothing; durable when the block ends without an exception."""
        shared = self._writing.mine
        with self._writing.change() as connection:
            link = Link(connection)
            transaction = Transaction(lambda: link)
            try:
                yield transaction
                if not shared:
                    settle(link, transaction.touched)
            finally:
                link.end()
        if shared:
            self._touched |= transaction.touched

    @contextmanager
    def together(self) -> Iterator[None]:
        """All changes of this thread in the block are on the disk when it ends; when it raises, none of them is."""
        with self._writing.together():
            self._touched = set()
            yield
            if self._touched:
                with self._writing.change() as connection:
                    settle(Link(connection), self._touched)

    def watch(self) -> Watch:
        """Something that tells what changed since it was last asked."""
        made = Watch(self.reading.take().connection, self._path)
        self._watches.append(made)
        return made

    def is_sound(self) -> bool:
        """SQLite's own check of the whole file."""
        reader = self.reading.take()
        reader.end()
        try:
            return bool(reader.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
        finally:
            self.reading.give_back(reader)

    def close(self) -> None:
        """Give the files back."""
        self.reading.close()
        self._writing.close()
        for watch in self._watches:
            watch.close()
        self._watches.clear()
        self.reading.close_index()


class Reader:
    """A connection that can't write, and the transaction that it was left in."""

    __slots__ = ("answers", "connection", "header", "lasting", "used")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.header = b""
        """The log's index from before the transaction began; empty when there is none to go on with."""
        self.answers: Answers = {}
        """What it has answered."""
        self.lasting: Answers = {}
        """Of that, what lasts: it is shared with those who see the same."""
        self.used = False
        """Whether it was lately."""

    def end(self) -> None:
        """End the transaction."""
        self.header, self.answers, self.lasting = b"", {}, {}
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


class Readers:
    """Open connections that can't write; the one given back last is taken first.

    A transaction that has ended for whoever read in it is kept for the next as long as nothing was committed since: it
    shows the state of now, and beginning one, with its locks, costs as much as several questions. INVARIANT: it is not
    kept when the log has grown long, since the log can't begin anew while anybody reads in it; nor for long (`let_go`).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[Reader] = []
        self._index: WalIndex | None = None
        self._lasting: tuple[int, Answers] = (-1, {})
        """The latest change that was told, and the lasting answers since."""
        self.taken = 0
        """How often one was taken."""

    @property
    def idle(self) -> int:
        """How many are open and not taken."""
        return len(self._idle)

    def take(self) -> Reader:
        """A connection, perhaps in a transaction."""
        self.taken += 1
        try:
            return self._idle.pop()
        except IndexError:
            made = Reader(connected(self._path, "PRAGMA query_only=ON"))
            if self._index is None:
                self._index = look_at(self._path)
            return made

    def begin(self) -> Reader:
        """A connection in a transaction that shows all that is committed."""
        reader = self.take()
        reader.used = True
        header = b"" if self._index is None else self._index.header()
        if not header or header != reader.header:
            reader.end()
            reader.connection.execute("BEGIN")
            # INVARIANT: the header is from before the first question, so that a commit between the two is noticed
            reader.header = b"" if frames(header) > _LONG_LOG else header
            reader.lasting = self._lasting_since(reader.connection)
        return reader

    def _lasting_since(self, connection: sqlite3.Connection) -> Answers:
        """The lasting answers of what a connection sees, which this, its first question, determines."""
        told: int = connection.execute(_LAST).fetchone()[0] or 0
        last, answers = self._lasting
        if told == last:
            return answers
        made: Answers = {}
        if told > last:
            self._lasting = told, made
        return made

    def give_back(self, reader: Reader, *, keep: bool = False) -> None:
        """Keep it for the next, its transaction ended or left as it is."""
        if not (keep and reader.header):
            reader.end()
        elif len(reader.answers) > _MOST_ANSWERS:
            reader.answers = {}
        if len(reader.lasting) > _MOST_LASTING:
            reader.lasting.clear()
        if len(self._idle) < _KEPT_OPEN:
            self._idle.append(reader)
        else:
            reader.connection.close()

    def let_go(self) -> None:
        """End the transactions in which nobody has read since this was last called."""
        for reader in tuple(self._idle):
            if reader.used:
                reader.used = False
            elif reader.header:
                try:
                    self._idle.remove(reader)
                except ValueError:  # somebody has just taken it
                    continue
                reader.end()
                self._idle.insert(0, reader)

    def close(self) -> None:
        """Give the files back."""
        while self._idle:
            self._idle.pop().connection.close()

    def close_index(self) -> None:
        """Give the index back, when no connection is open any more."""
        if self._index is not None:
            self._index.close()
            self._index = None


class _BegunWhenUsed(AbstractContextManager[Transaction]):
    """A transaction for reading. Many requests read nothing, and beginning costs more than they do."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._begun: tuple[Reader, Link] | None = None
        self._ended = False

    def __enter__(self) -> Transaction:
        return Transaction(self._begin)

    def _begin(self) -> Link:
        if self._ended:
            raise RuntimeError("the transaction has ended")
        reader = self._readers.begin()
        link = Link(reader.connection, reader.answers, reader.lasting)
        self._begun = reader, link
        return link

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give the connection back."""
        self._ended = True
        if self._begun is not None:
            reader, link = self._begun
            if link.much:
                reader.answers = {}
            link.end()
            self._readers.give_back(reader, keep=kind is None or not issubclass(kind, sqlite3.Error))


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


_LAST: Final = "SELECT max(sequence) FROM changes"
_NOTHING: Final[frozenset[str]] = frozenset()
# asked for together in one SELECT, they would be looked for in the whole table
_ENDS: Final = "SELECT (SELECT min(sequence) FROM changes), (SELECT max(sequence) FROM changes)"
