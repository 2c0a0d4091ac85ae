"""audit: an event as it was before what it has in common with others was kept elsewhere.

INVARIANT: nothing is taken out of `documents`, and an event refers to nothing that was not written before it or with
it. Events of older releases, and the first one of each caller, have all of it inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from ostiary.authorization.context import moment_context
from ostiary.store.transaction import Transaction


class _Told(msgspec.Struct):
    asks: list[dict[str, Any]] = []


class _Event(msgspec.Struct):
    eventTime: str = ""
    awsRegion: str = ""
    sourceIPAddress: str = ""
    userAgent: str = ""
    ostiary: _Told = msgspec.field(default_factory=_Told)


_read: Final = msgspec.json.Decoder(_Event).decode


class Reading:
    """Reads events. Keep it for as long as many are read."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._known: dict[str, Mapping[str, Any]] = {}

    def whole(self, body: str) -> dict[str, Any]:
        """CloudTrail's members, and under `ostiary.asks` each permission that was asked, with all it rests on."""
        event: dict[str, Any] = msgspec.json.decode(body)
        if "asks" in event.get("ostiary", {}):
            event["ostiary"]["asks"] = self.asks(body)
        return event

    def asks(self, body: str) -> list[Mapping[str, Any]]:
        """The permissions alone."""
        event = _read(body)
        return [self._ask(event, ask) if "shared" in ask else ask for ask in event.ostiary.asks]

    def _ask(self, event: _Event, ask: Mapping[str, Any]) -> Mapping[str, Any]:
        shared = self._shared(ask["shared"])
        found = {**shared, **ask}
        del found["shared"]
        second = int(datetime.fromisoformat(event.eventTime).timestamp())
        moment = moment_context(event.eventTime, second, event.awsRegion, event.sourceIPAddress, event.userAgent)
        found["context"] = {**moment, **shared["context"], **ask.get("context", {})}
        return found

    def _shared(self, digest: str) -> Mapping[str, Any]:
        known = self._known.get(digest)
        if known is None:
            text = self._tx.documents.get(digest)
            assert text is not None, "written with the first event that refers to it"
            known = self._known[digest] = msgspec.json.decode(text)
        return known
