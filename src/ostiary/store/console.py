"""Sessions of the console, named by the hash of what the browser holds; and how often sign-ins failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store.link import Prepared, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.tables import console_sessions, sign_in_failures


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSessionRecord:
    """A session. Times are seconds since 1970."""

    id: str
    """SHA-256 (hexadecimal) of the secret in the browser's cookie."""
    account: str
    principal_id: str
    """The unique id of the user or role; the account id for the root user."""
    token: str = field(repr=False)
    """The sealed statement of who it is (`credentials.sessions`)."""
    mark: str = field(repr=False)
    """A hash of the password's hash as it was at the sign-in; empty where no password was asked for."""
    created: int
    seen: int
    """When it was last used; kept to the minute."""
    confirmed: int
    """When its owner last proved to be there."""
    source_ip: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRecord:
    """Sign-ins that failed in succession, of a user or from an address."""

    subject: str
    count: int
    latest: int


_s: Final = console_sessions.c
_ADD: Final = adding(console_sessions, ConsoleSessionRecord)
_GET: Final = records(console_sessions, ConsoleSessionRecord, _s.id == given("id"))
_OF: Final = records(
    console_sessions,
    ConsoleSessionRecord,
    _s.principal_id == given("principal_id"),
    order_by=(_s.created.desc(), _s.id),
)
_REMOVE: Final = Prepared(delete(console_sessions).where(_s.id == given("id")))
_REMOVE_OTHERS: Final = Prepared(
    delete(console_sessions).where(_s.principal_id == given("principal"), _s.id != given("kept"))
)
_REMOVE_ENDED: Final = Prepared(delete(console_sessions).where(_s.seen < given("before")))


class ConsoleSessions(Rows):
    """Who is signed in."""

    def add(self, record: ConsoleSessionRecord) -> None:
        """Begin a session."""
        self._link.run(_ADD, **values_of(record))

    def get(self, session_id: str) -> ConsoleSessionRecord | None:
        """By id."""
        return self._link.one(_GET, id=session_id)

    def of(self, principal_id: str) -> Sequence[ConsoleSessionRecord]:
        """All of a principal, the newest first."""
        return self._link.all(_OF, principal_id=principal_id)

    def change(self, session_id: str, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(console_sessions, tuple(values)), row=session_id, **values)

    def remove(self, session_id: str) -> bool:
        """End a session; False when there is none."""
        return self._link.run(_REMOVE, id=session_id) == 1

    def remove_all(self, principal_id: str, *, but: str = "") -> int:
        """End a principal's sessions; how many there were."""
        return self._link.run(_REMOVE_OTHERS, principal=principal_id, kept=but)

    def forget(self, before: int) -> None:
        """Remove those that were last used before this."""
        self._link.run(_REMOVE_ENDED, before=before)


_f: Final = sign_in_failures.c
_FAILURE: Final = records(sign_in_failures, FailureRecord, _f.subject == given("subject"))
_FORGET: Final = Prepared(delete(sign_in_failures).where(_f.subject == given("subject")))
_FORGET_OLD: Final = Prepared(delete(sign_in_failures).where(_f.latest < given("before")))
_failure: Final = upsert(sign_in_failures)
_PUT: Final = Prepared(
    _failure.on_conflict_do_update(
        index_elements=["subject"], set_={"count": _failure.excluded["count"], "latest": _failure.excluded.latest}
    ),
    ("subject", "count", "latest"),
)


class SignInFailures(Rows):
    """By subject: a user or an address."""

    def get(self, subject: str) -> FailureRecord | None:
        """None: none failed of late."""
        return self._link.one(_FAILURE, subject=subject)

    def put(self, record: FailureRecord) -> None:
        """Set."""
        self._link.run(_PUT, **values_of(record))

    def forget(self, subject: str) -> None:
        """It succeeded."""
        self._link.run(_FORGET, subject=subject)

    def forget_old(self, before: int) -> None:
        """Remove those whose latest failure was before this."""
        self._link.run(_FORGET_OLD, before=before)
