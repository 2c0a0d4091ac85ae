"""The record: events, and the policy documents they were decided by, each kept once by its content's hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store.link import Prepared, Question, adding, columns, given, values_of
from ostiary.store.named import Rows
from ostiary.store.records import EventRecord
from ostiary.store.tables import documents, events

_e: Final = events.c
_events: Final = columns(events, EventRecord)
_ADD: Final = adding(events, EventRecord)
_TOGETHER: Final = 32
"""Rows of one INSERT: the driver lets other threads in after each statement, and must wait to go on."""
_ADD_TOGETHER: Final = Prepared(
    insert(events).values(
        [{field.name: given(f"{field.name}_{row}") for field in fields(EventRecord)} for row in range(_TOGETHER)]
    )
)
_OF_REQUEST: Final = Question(EventRecord, _events.where(_e.request_id == given("request_id")).order_by(_e.sequence))
_newest: Final = _events.order_by(_e.sequence.desc()).limit(given("limit"))
_LATEST: Final = Question(EventRecord, _newest)
_LATEST_OF_ACCOUNT: Final = Question(EventRecord, _newest.where(_e.account == given("account")))

_KEEP: Final = Prepared(upsert(documents).on_conflict_do_nothing(), ("hash", "text"))
_TEXT: Final = Prepared(select(documents.c.text).where(documents.c.hash == given("hash")))


class Events(Rows):
    """Append-only."""

    def append(self, records: Sequence[EventRecord]) -> None:
        """Keep these."""
        whole = len(records) - len(records) % _TOGETHER
        for start in range(0, whole, _TOGETHER):
            rows = enumerate(map(values_of, records[start : start + _TOGETHER]))
            self._link.run(
                _ADD_TOGETHER, **{f"{name}_{row}": value for row, told in rows for name, value in told.items()}
            )
        if whole < len(records):
            self._link.run_each(_ADD, map(values_of, records[whole:]))

    def find(self, request_id: str) -> Sequence[EventRecord]:
        """All events of a request."""
        return self._link.all(_OF_REQUEST, request_id=request_id)

    def latest(self, limit: int, account: str | None = None) -> Sequence[EventRecord]:
        """The newest first."""
        if account is None:
            return self._link.all(_LATEST, limit=limit)
        return self._link.all(_LATEST_OF_ACCOUNT, limit=limit, account=account)


class Documents(Rows):
    """Policy texts by the SHA-256 of their UTF-8 (hexadecimal)."""

    def keep(self, texts: Mapping[str, str]) -> None:
        """Keep those that are not there."""
        if texts:
            self._link.run_each(_KEEP, ({"hash": digest, "text": text} for digest, text in texts.items()))

    def get(self, digest: str) -> str | None:
        """One text."""
        found: str | None = self._link.value(_TEXT, hash=digest)
        return found
