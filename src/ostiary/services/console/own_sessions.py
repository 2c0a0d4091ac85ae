"""services/console: one's own sessions of the console, seen and ended.

Everybody may see and end their own, as everybody may sign out. Those of a role are one person's only where the role
session has the same name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ostiary.credentials.sessions import TokenInvalid
from ostiary.services.console.sessions import LONGEST_SECONDS, SignedIn
from ostiary.services.operation import Call, House, nothing
from ostiary.services.view import View
from ostiary.store.console import ConsoleSessionRecord
from ostiary.store.transaction import Transaction


def own(house: House, signed_in: SignedIn, now: int) -> Sequence[ConsoleSessionRecord]:
    """Those that have not ended by themselves, the newest first."""
    with house.store.read() as tx:
        return _own(house, tx, signed_in, now)


def ending(signed_in: SignedIn, session_id: str | None) -> View[Mapping[str, Any]]:
    """End one of one's own, or all but this one."""

    def end(call: Call, tx: Transaction) -> Mapping[str, Any]:
        ended = 0
        for each in _own(call.house, tx, signed_in, call.now):
            if each.id == session_id or (session_id is None and each.id != signed_in.record.id):
                ended += tx.console_sessions.remove(each.id)
        return {"EndedSessions": ended}

    return View("signin", "EndConsoleSessions", nothing, end, changes=True)


def _own(house: House, tx: Transaction, signed_in: SignedIn, now: int) -> Sequence[ConsoleSessionRecord]:
    record = signed_in.record
    return [
        each
        for each in tx.console_sessions.of(record.principal_id)
        if each.mark == record.mark
        and now - each.seen < house.settings.console_idle
        and now - each.created < LONGEST_SECONDS
        and _same_person(house, each, signed_in)
    ]


def _same_person(house: House, record: ConsoleSessionRecord, signed_in: SignedIn) -> bool:
    if record.mark:
        return True
    try:
        session, _secret = house.seal.read(record.token)
    except TokenInvalid:
        return False
    mine: Final = signed_in.session
    return (session.name, session.provider) == (mine.name, mine.provider)
