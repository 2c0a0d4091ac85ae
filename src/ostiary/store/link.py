"""store: statements whose SQL is built once, and one connection that runs them.

SQLAlchemy writes the SQL and knows the columns' types; building a statement anew for each call would cost several times
what SQLite needs to run it, so the statements of a noun stand in its module and are run on the driver's own connection.

Source: SQLAlchemy 2, "SQL Expression Language", compilation; Python's `sqlite3`, placeholders.
"""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar, cast

from sqlalchemy import ClauseElement, Select, Table, bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

_DIALECT: Final = sqlite.dialect(paramstyle="qmark")

IntegrityError = sqlite3.IntegrityError
"""A key or a name is taken."""

given: Final = bindparam
"""A value that a statement is given when it is run, by name."""


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


T = TypeVar("T")
D = TypeVar("D", bound=_Dataclass)


Values = tuple[Any, ...]
"""What a statement is given, each value in its place."""


class Prepared:
    """A statement, its SQL built once: when it is first run, so that the start waits for none."""

    def __init__(self, asked: ClauseElement, columns: Iterable[str] | None = None) -> None:
        """
        Args:
            asked: its values are `given(name)`.
            columns: those that an INSERT fills or an UPDATE sets, each with the value given by its name.
        """
        self._asked = asked
        self._columns = None if columns is None else list(columns)
        self._built: tuple[str, Callable[[Mapping[str, Any]], Values]] | None = None
        self.lasting = False
        """Whether its answer stays the same until something is touched: whoever changes these tables says so."""

    @property
    def sql(self) -> str:
        """As SQLite reads it."""
        return (self._built or self._build())[0]

    def values(self, told: Mapping[str, Any]) -> Values:
        """What the driver is given: what was told, and what the statement itself says, in their places."""
        return (self._built or self._build())[1](told)

    def _build(self) -> tuple[str, Callable[[Mapping[str, Any]], Values]]:
        compiled = self._asked.compile(dialect=_DIALECT, column_keys=self._columns)
        said = {name: value for name, value in compiled.params.items() if value is not None}
        self._built = str(compiled), _in_place(tuple(compiled.positiontup or ()), said)  # type: ignore[attr-defined]
        return self._built


class Rowwise:
    """The statements that add many rows to a table, as many with one as can be.

    The driver lets other threads in after each statement, and must wait to go on.
    """

    def __init__(self, table: Table, names: Iterable[str]) -> None:
        named = tuple(names)
        marks = f"({', '.join('?' * len(named))})"
        begins = f"INSERT INTO {table.name} ({', '.join(named)}) VALUES "  # noqa: S608 - names of our own tables
        self._statements = tuple((count, begins + ", ".join([marks] * count)) for count in _AT_ONCE)

    def pieces(self, rows: Sequence[Values]) -> Iterator[tuple[str, Values]]:
        """Statements with their values that together add these rows, each a value for each name."""
        start = 0
        for count, sql in self._statements:
            while len(rows) - start >= count:
                yield sql, tuple(chain.from_iterable(rows[start : start + count]))
                start += count


_AT_ONCE: Final = (32, 8, 2, 1)


def _in_place(names: tuple[str, ...], said: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Values]:
    """What gives the values of these names."""
    pick: Callable[[Mapping[str, Any]], Any]
    if not names:
        return lambda _told: ()
    if len(names) == 1:
        name = names[0]
        pick = lambda told: (told[name],)  # noqa: E731
    else:
        pick = itemgetter(*names)
    return (lambda told: pick({**said, **told})) if said else pick


class Question(Prepared, Generic[T]):
    """A SELECT that gives records."""

    def __init__(self, record: Callable[..., T], asked: Select[Any], *, lasting: bool = False) -> None:
        super().__init__(asked)
        self.asked, self.lasting = asked, lasting
        self._record = record
        columns = list(asked.selected_columns)
        self._names = tuple(column.name for column in columns)
        readers = ((column.name, _reader(column.type)) for column in columns)
        self._changed = tuple((name, reader) for name, reader in readers if reader is not None)
        self._setters = () if self._changed else _setters(record, self._names)

    def read(self, row: Sequence[Any]) -> T:
        """A row as a record."""
        if self._setters:
            made: Any = object.__new__(self._record)  # type: ignore[arg-type]
            for put, value in zip(self._setters, row, strict=True):
                put(made, value)
            return cast("T", made)
        values = dict(zip(self._names, row, strict=True))
        for name, reader in self._changed:
            values[name] = reader(values[name])
        return self._record(**values)


def _setters(record: Any, names: tuple[str, ...]) -> tuple[Callable[[Any, Any], None], ...]:
    """What fills a frozen record's slots as its own `__init__` would, in a quarter of the time; none for others."""
    own = getattr(record, "__dataclass_fields__", {})
    if names != tuple(own) or hasattr(record, "__post_init__"):
        return ()
    slots: list[Any] = [getattr(record, name, None) for name in names]
    return tuple(slot.__set__ for slot in slots) if all(map(inspect.ismemberdescriptor, slots)) else ()


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    """What makes the driver's value one of the column's type; None where it is one."""
    found: Callable[[Any], Any] | None = kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
    return found


def columns(table: Table, record: type[_Dataclass]) -> Select[Any]:
    """A SELECT of a record's columns."""
    return select(*(table.c[field.name] for field in fields(record)))


def records(table: Table, record: type[D], *where: Any, order_by: Any = (), lasting: bool = False) -> Question[D]:
    """The question for a table's records."""
    asked = columns(table, record).where(*where)
    return Question(record, asked.order_by(*order_by) if order_by else asked, lasting=lasting)


def adding(table: Table, record: type[_Dataclass], *further: str) -> Prepared:
    """The statement that adds a record, and what columns it has beyond the record's."""
    return Prepared(insert(table), (*(field.name for field in fields(record)), *further))


@cache
def changing(table: Table, names: tuple[str, ...]) -> Prepared:
    """The statement that sets columns of the row whose primary key is given as `row`."""
    (key,) = table.primary_key.columns
    return Prepared(update(table).where(key == given("row")), names)


def values_of(record: _Dataclass) -> dict[str, Any]:
    """A record's values by name."""
    names, read = _reading(type(record))
    return dict(zip(names, read(record), strict=True))


@cache
def _reading(kind: type[_Dataclass]) -> tuple[tuple[str, ...], Callable[[Any], Values]]:
    """A record's names, and what gives their values."""
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)


Answers = dict[Any, Sequence[Any]]
_MUCH: Final = 16


class _Ended:
    """Stands where a connection was."""

    def __getattr__(self, _name: str) -> Any:
        raise RuntimeError("the transaction has ended")


class Link:
    """A connection within one transaction. The same question, asked twice, is answered from memory.

    INVARIANT: what is remembered is forgotten with every change.
    """

    __slots__ = ("_answers", "_driver", "_lasting", "much")

    def __init__(
        self, driver: sqlite3.Connection, answers: Answers | None = None, lasting: Answers | None = None
    ) -> None:
        """
        Args:
            answers: what is known already of the same state.
            lasting: the same, of questions whose answers last.
        """
        self._driver: Any = driver
        self._answers: Answers = {} if answers is None else answers
        self._lasting = self._answers if lasting is None else lasting
        self.much = False
        """Whether an answer was too long to be remembered for others."""

    def end(self) -> None:
        """From now on nothing is answered or changed: the connection is another's."""
        self._driver = _Ended()
        self._answers = self._lasting = {}

    def rows(self, asked: Prepared, **told: Any) -> Sequence[Any]:
        """All rows, as tuples."""
        return self._remembered(asked, told, None)

    def value(self, asked: Prepared, **told: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self._remembered(asked, told, None)
        return rows[0][0] if rows else None

    def column(self, asked: Prepared, **told: Any) -> Sequence[Any]:
        """The first column."""
        return [row[0] for row in self._remembered(asked, told, None)]

    def all(self, asked: Question[T], **told: Any) -> Sequence[T]:
        """The records."""
        return self._remembered(asked, told, asked.read)

    def one(self, asked: Question[T], **told: Any) -> T | None:
        """The first record."""
        found = self._remembered(asked, told, asked.read)
        return found[0] if found else None

    def _remembered(
        self, asked: Prepared, told: Mapping[str, Any], read: Callable[[Sequence[Any]], Any] | None
    ) -> Sequence[Any]:
        values = asked.values(told)
        key = (asked, values)
        answers = self._lasting if asked.lasting else self._answers
        found = answers.get(key)
        if found is None:
            rows = self._driver.execute(asked.sql, values).fetchall()
            found = answers[key] = rows if read is None else [read(row) for row in rows]
            if len(rows) > _MUCH and not asked.lasting:
                self.much = True
        return found

    def run(self, asked: Prepared, **told: Any) -> int:
        """Change something; how many rows it was. Raises `IntegrityError`."""
        self._answers.clear()
        count: int = self._driver.execute(asked.sql, asked.values(told)).rowcount
        return count

    def add(self, asked: Prepared, **told: Any) -> int:
        """Add a row to a table that numbers its rows; the number. Raises `IntegrityError`."""
        self._answers.clear()
        number: int = self._driver.execute(asked.sql, asked.values(told)).lastrowid
        return number

    def add_rows(self, asked: Rowwise, rows: Sequence[Values]) -> int:
        """Add rows to a table that numbers its rows; the last one's number. Raises `IntegrityError`."""
        self._answers.clear()
        number = 0
        for sql, values in asked.pieces(rows):
            number = self._driver.execute(sql, values).lastrowid
        return number

    def run_each(self, asked: Prepared, told: Iterable[Mapping[str, Any]]) -> None:
        """The same change with each of several sets of values. Raises `IntegrityError`."""
        self._answers.clear()
        self._driver.executemany(asked.sql, [asked.values(each) for each in told])
