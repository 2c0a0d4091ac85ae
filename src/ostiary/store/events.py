"""The record: events, and what they rest on (policies, what is the same for many), kept once by its content's hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store.link import Prepared, Question, Rowwise, columns, given
from ostiary.store.named import Rows
from ostiary.store.records import EventRecord
from ostiary.store.tables import documents, events

_e: Final = events.c
_events: Final = columns(events, EventRecord)
_NAMES: Final = tuple(EventRecord.__dataclass_fields__)
_ADD: Final = Rowwise(events, _NAMES)
_values: Final = attrgetter(*_NAMES)
_OF_REQUEST: Final = Question(EventRecord, _events.where(_e.request_id == given("request_id")).order_by(_e.sequence))
_newest: Final = _events.order_by(_e.sequence.desc()).limit(given("limit"))
_LATEST: Final = Question(EventRecord, _newest)
_LATEST_OF_ACCOUNT: Final = Question(EventRecord, _newest.where(_e.account == given("account")))
_before: Final = (
    select(_e.sequence, _e.at, _e.request_id, _e.body)
    .where(
        _e.account == given("account"),
        _e.at >= given("since"),
        tuple_(_e.at, _e.sequence) < tuple_(given("until"), given("place")),
    )
    .order_by(_e.at.desc(), _e.sequence.desc())
    .limit(given("limit"))
)
_BEFORE: Final = Prepared(_before)
_BEFORE_OF_PRINCIPAL: Final = Prepared(_before.where(_e.principal == given("principal")))
_END: Final = 2**63 - 1

_KEEP: Final = Prepared(upsert(documents).on_conflict_do_nothing(), ("hash", "text"))
_TEXT: Final = Prepared(select(documents.c.text).where(documents.c.hash == given("hash")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What events are looked for. Times are whole seconds since 1970."""

    account: str
    principal: str | None = None
    """Who asked, by unique id."""
    since: int | None = None
    until: int | None = None
    errors: tuple[str, ...] | None = None
    """Those that failed with one of these codes; empty: with whatever code."""
    succeeded: bool = False
    """Those alone that did not fail."""
    texts: tuple[str, ...] = ()
    """Texts that all stand in the event's JSON."""
    before: tuple[int, int] | None = None
    """The time and the number of an event: look at earlier ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvent:
    """An event with its place in the record."""

    sequence: int
    at: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvents:
    """The newest first."""

    events: Sequence[FoundEvent]
    before: tuple[int, int] | None
    """Where to go on looking; None: there is nothing more."""
    looked_at: int
    """How many events were held against the texts; 0 where none is asked for."""


SCAN: Final = 20_000
"""Events that one search reads through for texts."""


@cache
def _search(names: frozenset[str], errors: int, texts: int) -> tuple[Question[FoundEvent], Prepared]:
    """The statements for a search: what is found, and how far it is looked."""
    told: dict[str, Any] = {
        "principal": _e.principal == given("principal"),
        "since": _e.at >= given("since"),
        "until": _e.at <= given("until"),
        "before": tuple_(_e.at, _e.sequence) < tuple_(given("before_at"), given("before_sequence")),
        "failed": _e.error.is_not(None),
        "succeeded": _e.error.is_(None),
    }
    # of somebody's events the index by principal is used: SQLite would take the one by account
    account = func.ifnull(_e.account, "") if "principal" in names else _e.account
    where = [account == given("account"), *(told[name] for name in sorted(names))]
    if errors:
        where.append(_e.error.in_([given(f"error_{number}") for number in range(errors)]))
    order = (_e.at.desc(), _e.sequence.desc())
    asked = select(_e.sequence, _e.at, _e.body).where(*where).order_by(*order)
    window = select(_e.sequence, _e.at).where(*where).order_by(*order).limit(given("scan")).subquery()
    edge = select(window.c.at, window.c.sequence, select(func.count()).select_from(window).scalar_subquery())
    last = edge.order_by(window.c.at, window.c.sequence).limit(1)
    if not texts:
        return Question(FoundEvent, asked.limit(given("limit"))), Prepared(last)
    inner = asked.limit(given("scan")).subquery()
    holds = [func.instr(inner.c.body, given(f"text_{number}")) > 0 for number in range(texts)]
    within = select(inner.c.sequence, inner.c.at, inner.c.body).where(*holds)
    return Question(FoundEvent, within.limit(given("limit"))), Prepared(last)


_BY_HOUR: Final = Prepared(
    select((_e.at - given("since")) // 3600, func.count())
    .where(
        _e.account == given("account"), _e.at >= given("since"), _e.error.in_([given(f"error_{n}") for n in range(3)])
    )
    .group_by((_e.at - given("since")) // 3600)
)


class Events(Rows):
    """Append-only."""

    def append(self, records: Sequence[EventRecord]) -> None:
        """Keep these."""
        self._link.add_rows(_ADD, list(map(_values, records)))

    def find(self, request_id: str) -> Sequence[EventRecord]:
        """All events of a request."""
        return self._link.all(_OF_REQUEST, request_id=request_id)

    def latest(self, limit: int, account: str | None = None) -> Sequence[EventRecord]:
        """The newest first."""
        if account is None:
            return self._link.all(_LATEST, limit=limit)
        return self._link.all(_LATEST_OF_ACCOUNT, limit=limit, account=account)

    def search(self, wanted: Wanted, limit: int) -> FoundEvents:
        """Up to `limit` events. For texts, up to `SCAN` are read through; then it is told where to go on."""
        told: dict[str, Any] = {"account": wanted.account}
        names = set()
        for name in ("principal", "since", "until"):
            value = getattr(wanted, name)
            if value is not None:
                told[name] = value
                names.add(name)
        if wanted.before is not None:
            names.add("before")
            told["before_at"], told["before_sequence"] = wanted.before
        names |= {"succeeded"} if wanted.succeeded else {"failed"} if wanted.errors is not None else set()
        errors = wanted.errors or ()
        told |= {f"error_{number}": code for number, code in enumerate(errors)}
        asked, edge = _search(frozenset(names), len(errors), len(wanted.texts))
        texts = {f"text_{number}": text for number, text in enumerate(wanted.texts)}
        window = {"scan": SCAN} if wanted.texts else {}
        found = self._link.all(asked, **told, **texts, **window, limit=limit)
        if len(found) == limit:
            return FoundEvents(events=found, before=(found[-1].at, found[-1].sequence), looked_at=0)
        if not wanted.texts:
            return FoundEvents(events=found, before=None, looked_at=0)
        rows = self._link.rows(edge, **told, scan=SCAN)
        at, sequence, count = rows[0] if rows else (0, 0, 0)
        return FoundEvents(events=found, before=(at, sequence) if count == SCAN else None, looked_at=count)

    def failures_by_hour(self, account: str, since: int, errors: tuple[str, str, str]) -> dict[int, int]:
        """How many requests failed with these codes, by hours after a time."""
        told = {f"error_{number}": code for number, code in enumerate(errors)}
        return dict(self._link.rows(_BY_HOUR, account=account, since=since, **told))

    def before(
        self,
        account: str,
        place: tuple[int, int] | None,
        *,
        since: int,
        limit: int,
        principal: str | None = None,
    ) -> Sequence[tuple[int, int, str, str]]:
        """An account's events before a place in the record, the newest first: sequence, moment, request id, body.

        Args:
            place: moment and sequence; None: from the newest on.
            since: a moment; older ones are left out.
            principal: the unique id of a user or role, whose own they are.
        """
        until, sequence = place or (_END, _END)
        told: dict[str, Any] = {"account": account, "place": sequence, "until": until, "since": since, "limit": limit}
        asked = _BEFORE if principal is None else _BEFORE_OF_PRINCIPAL
        found: Sequence[tuple[int, int, str, str]] = self._link.rows(
            asked, **told, **({} if principal is None else {"principal": principal})
        )
        return found


class Documents(Rows):
    """Texts by the SHA-256 of their UTF-8 (hexadecimal)."""

    def keep(self, texts: Mapping[str, str]) -> None:
        """Keep those that are not there."""
        if texts:
            self._link.run_each(_KEEP, ({"hash": digest, "text": text} for digest, text in texts.items()))

    def get(self, digest: str) -> str | None:
        """One text."""
        found: str | None = self._link.value(_TEXT, hash=digest)
        return found
