"""doors/console: the audit trail."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from ostiary.doors.console.registry import page
from ostiary.doors.console.sheets import CSV, sheet
from ostiary.doors.console.visit import Reply, Seen, Visit, is_refusal
from ostiary.services.console.trail import Asked, Entries, Entry, events_looked_up, one_event
from ostiary.services.faults import ServiceFault

_PAGE: Final = 50
_DOWNLOAD: Final = 10_000
_LIVE_SECONDS: Final = 600
_FILTERS: Final = ("who", "action", "text", "verdict", "address", "access", "request", "since", "until")
_COLUMNS: Final = ("time", "who", "session", "action", "resource", "verdict", "error", "address", "request_id")


@page("GET", "/audit")
def trail(visit: Visit) -> Reply:
    """A page of the trail; live, the newest again and again."""
    wrong: dict[str, str] = {}
    asked = _asked(visit, wrong)
    again = visit.partial and _is_live(visit)
    found: Seen[Entries] = Seen() if wrong else _look(visit, asked, again=again)
    return visit.page(
        "watch/audit.html",
        region="trail",
        status=400 if wrong else 200 if found else 403,
        title=visit._("Audit trail"),
        found=found,
        wrong=wrong,
        filters={name: visit.query.get(name) for name in _FILTERS},
        filtered=any(visit.query.get(name) for name in _FILTERS),
        live=_live(visit, again=again),
        query=visit.query,
        older=_older(visit, found),
    )


@page("GET", "/audit/download")
def download(visit: Visit) -> Reply:
    """The same events as a file."""
    wrong: dict[str, str] = {}
    asked = _asked(visit, wrong)
    if wrong:
        return visit.redirect(f"/audit?{visit.query.query()}")
    found = visit.look(events_looked_up, Asked=asked, Limit=_DOWNLOAD)
    if visit.query.get("format") == "json":
        body = json.dumps({"Records": [each.record for each in found.entries]}, indent=1, ensure_ascii=False)
        return visit.download(body.encode(), "audit-trail.json", "application/json")
    return visit.download(sheet(_COLUMNS, map(_row, found.entries)), "audit-trail.csv", CSV)


@page("GET", "/audit/{request}")
def event(visit: Visit) -> Reply:
    """One event, whole."""
    found = visit.look(one_event, Request=visit.segments["request"])
    text = json.dumps(found.record, indent=2, ensure_ascii=False)
    return visit.page("watch/event.html", title=found.action, entry=found, text=text)


def _look(visit: Visit, asked: Asked, *, again: bool) -> Seen[Entries]:
    params: dict[str, Any] = {"Asked": asked, "Limit": _PAGE}
    if not again:
        return visit.glimpse(events_looked_up, **params)
    try:
        return Seen(found=visit.gate.look_again(visit.caller, visit.facts, events_looked_up, params))
    except ServiceFault as fault:
        if not is_refusal(fault):
            raise
        return Seen(refused=fault.message)


def _asked(visit: Visit, wrong: dict[str, str]) -> Asked:
    get = visit.query.get
    times = {}
    for name in ("since", "until"):
        try:
            times[name] = _moment(get(name), end=name == "until")
        except ValueError:
            wrong[name] = visit._("Write a time as 2026-01-31 or 2026-01-31T12:00.")
    at, _, sequence = get("before").partition(".")
    before = (int(at), int(sequence)) if _is_number(at) and _is_number(sequence) else None
    return Asked(
        who=get("who"),
        action=get("action"),
        text=get("text"),
        verdict=get("verdict"),
        address=get("address"),
        access=get("access"),
        request=get("request"),
        since=times.get("since"),
        until=times.get("until"),
        before=before,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _moment(text: str, *, end: bool) -> int | None:
    """A day or a time of UTC; the end of a day where it says when to stop. Raises `ValueError`."""
    if not text:
        return None
    read = datetime.fromisoformat(text)
    at = int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
    if not end:
        return at
    return at + 86_399 if len(text) == 10 else at + 59 if read.second == 0 else at


def _older(visit: Visit, found: Seen[Entries]) -> str:
    if not found or found.found is None or found.found.before is None:
        return ""
    at, sequence = found.found.before
    return "/audit?" + visit.query.query({"before": f"{at}.{sequence}", "live": None})


def _live(visit: Visit, *, again: bool) -> str:
    """The address that is asked again and again, or empty. INVARIANT: its proof is as old as the look on record."""
    if not visit.query.get("live") or visit.query.get("before"):
        return ""
    proof = visit.query.get("live") if again else _proof(visit, visit.now)
    return "/audit?" + urlencode([*((n, v) for n, v in visit.query if n != "live" and v), ("live", proof)])


def _proof(visit: Visit, at: int) -> str:
    """That this session looked at this moment, which is on record."""
    key = visit.gate.house.vault.derive("audit trail")
    said = f"{visit.session.record.id}/{at}/{visit.query.query({'live': None})}"
    return f"{at}.{hmac.digest(key, said.encode(), 'sha256').hex()[:32]}"


def _is_live(visit: Visit) -> bool:
    given = visit.query.get("live")
    at = given.partition(".")[0]
    if not _is_number(at) or not 0 <= visit.now - int(at) < _LIVE_SECONDS:
        return False
    return hmac.compare_digest(given.encode(), _proof(visit, int(at)).encode())


def _row(entry: Entry) -> tuple[object, ...]:
    record = entry.record
    return (
        record["eventTime"],
        entry.arn or entry.who,
        entry.session,
        entry.action,
        entry.resource,
        entry.verdict,
        entry.error,
        entry.address,
        entry.request,
    )
