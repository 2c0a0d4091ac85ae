"""The record: events, and the policy documents they were decided by, each kept once by its content's hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store import tables
from ostiary.store.named import Rows
from ostiary.store.records import EventRecord


class Events(Rows):
    """Append-only."""

    def append(self, records: Sequence[EventRecord]) -> None:
        """Keep these."""
        if records:
            self._connection.execute(insert(tables.events), [asdict(record) for record in records])

    def find(self, request_id: str) -> Sequence[EventRecord]:
        """All events of a request."""
        e = tables.events.c
        asked = select(e.request_id, e.account, e.at, e.body).where(e.request_id == request_id).order_by(e.sequence)
        return [EventRecord(**row._mapping) for row in self._connection.execute(asked)]

    def latest(self, limit: int, account: str | None = None) -> Sequence[EventRecord]:
        """The newest first."""
        e = tables.events.c
        asked = select(e.request_id, e.account, e.at, e.body).order_by(e.sequence.desc()).limit(limit)
        if account is not None:
            asked = asked.where(e.account == account)
        return [EventRecord(**row._mapping) for row in self._connection.execute(asked)]


class Documents(Rows):
    """Policy texts by the SHA-256 of their UTF-8 (hexadecimal)."""

    def keep(self, texts: Mapping[str, str]) -> None:
        """Keep those that are not there."""
        for digest, text in texts.items():
            asked = upsert(tables.documents).values(hash=digest, text=text).on_conflict_do_nothing()
            self._connection.execute(asked)

    def get(self, digest: str) -> str | None:
        """One text."""
        d = tables.documents.c
        return self._connection.execute(select(d.text).where(d.hash == digest)).scalar()
