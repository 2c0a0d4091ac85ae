"""services/console: sessions of the console, from the sign-in to their end.

The browser holds a secret, the store its hash with a sealed statement of who it is: any process can answer any click,
and an ended session is ended at once. A session ends when it is not used for a while, after twelve hours, when its
password changes, and when its user or role is gone.

Source: OWASP Session Management Cheat Sheet.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from typing import Final

from ostiary.credentials.sessions import Session, SessionKind, TokenInvalid
from ostiary.identifiers import AccountId
from ostiary.services.console.sign_in import Known, password_standing, present_mark
from ostiary.services.iam.passwords import PasswordState
from ostiary.services.operation import House
from ostiary.store.console import ConsoleSessionRecord

LONGEST_SECONDS: Final = 12 * 3600
_SEEN_SECONDS: Final = 60
_USER_AGENT_KEPT: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a request to the console comes from."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that holds."""

    record: ConsoleSessionRecord
    session: Session
    must_change_password: bool = False
    secret: str = field(default="", repr=False)
    """For the cookie; of a session that has just begun."""


def begin_for(house: House, known: Known, visitor: Visitor, now: int, *, mfa: bool) -> SignedIn:
    """A session of a user, or of the root user, whose password and code were right."""
    session = Session(
        kind=SessionKind.CONSOLE,
        account=known.account,
        principal_id=known.principal_id,
        access_key_id=house.seal.new_access_key_id(AccountId(known.account)),
        issued=now,
        expires=now + LONGEST_SECONDS,
        mfa_at=now if mfa else None,
    )
    return begin(house, session, house.seal.issue(session).session_token, visitor, now, mark=known.mark)


def begin(house: House, session: Session, token: str, visitor: Visitor, now: int, *, mark: str = "") -> SignedIn:
    """A session of whoever the sealed statement speaks of.

    Args:
        mark: of the password that was shown; empty for the session of a role.
    """
    secret = base64.urlsafe_b64encode(house.entropy.draw(32)).decode().rstrip("=")
    record = ConsoleSessionRecord(
        id=_id_of(secret),
        account=session.account,
        principal_id=session.principal_id,
        token=token,
        mark=mark,
        created=now,
        seen=now,
        confirmed=now,
        source_ip=visitor.address,
        user_agent=visitor.user_agent[:_USER_AGENT_KEPT],
    )
    with house.store.write() as tx:
        tx.console_sessions.forget(before=now - LONGEST_SECONDS)
        tx.console_sessions.add(record)
        if mark and session.principal_id != session.account:
            tx.users.change(session.principal_id, password_used=now)
    return SignedIn(record=record, session=session, secret=secret)


def find(house: House, secret: str, now: int) -> SignedIn | None:
    """The session of a browser's secret; None when it has ended, or never was."""
    with house.store.read() as tx:
        record = tx.console_sessions.get(_id_of(secret))
        mark = None if record is None else present_mark(tx, record.account, record.principal_id)
    if record is None or now - record.seen >= house.settings.console_idle or (record.mark and record.mark != mark):
        return None
    try:
        session, _secret = house.seal.read(record.token)
    except TokenInvalid:
        return None
    if now >= session.expires:
        return None
    must_change = False
    if record.mark:
        state = password_standing(house, record.account, record.principal_id, now)
        if state is PasswordState.LOCKED:
            return None
        must_change = state is PasswordState.MUST_CHANGE
    if now - record.seen >= _SEEN_SECONDS:
        record = replace(record, seen=now)
        with house.store.write() as tx:
            tx.console_sessions.change(record.id, seen=now)
    return SignedIn(record=record, session=session, must_change_password=must_change)


def keep_after_new_password(house: House, session_id: str) -> None:
    """This session goes on with its principal's new password; the others end with the old one."""
    with house.store.write() as tx:
        record = tx.console_sessions.get(session_id)
        mark = None if record is None else present_mark(tx, record.account, record.principal_id)
        if mark is not None:
            tx.console_sessions.change(session_id, mark=mark)


def confirm(house: House, session_id: str, now: int) -> None:
    """Its owner has just proved to be there."""
    with house.store.write() as tx:
        tx.console_sessions.change(session_id, confirmed=now)


def renew_secret(house: House, signed_in: SignedIn) -> SignedIn:
    """The same session under another secret: what the browser held before is worth nothing."""
    secret = base64.urlsafe_b64encode(house.entropy.draw(32)).decode().rstrip("=")
    with house.store.write() as tx:
        present = tx.console_sessions.get(signed_in.record.id) or signed_in.record
        record = replace(present, id=_id_of(secret))
        tx.console_sessions.remove(present.id)
        tx.console_sessions.add(record)
    return replace(signed_in, record=record, secret=secret)


def end(house: House, session_id: str) -> bool:
    """Sign out. False when it had ended."""
    with house.store.write() as tx:
        return tx.console_sessions.remove(session_id)


def end_all(house: House, principal_id: str, *, but: str = "") -> int:
    """Sign out everywhere; how many sessions ended."""
    with house.store.write() as tx:
        return tx.console_sessions.remove_all(principal_id, but=but)


def _id_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
