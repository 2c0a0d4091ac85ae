"""doors/console: the credential report: AWS's columns, filtered; the file is the API's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from ostiary.doors.console.navigation import _
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Seen, Visit
from ostiary.services.console.report import ReportPage, report_page
from ostiary.services.console.thresholds import Thresholds, days_since
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.credential_report import COLUMNS, ROOT

_PAGE: Final = 50
_ABSENT: Final = ("ReportNotPresent", "ReportExpired")
_AGED: Final[Mapping[str, str]] = {
    "password_last_changed": "password_enabled",
    "access_key_1_last_rotated": "access_key_1_active",
    "access_key_2_last_rotated": "access_key_2_active",
}
"""Columns whose age is told, where the credential is in use."""
ONLY: Final = {
    "": _("All users"),
    "password-no-mfa": _("Password without MFA"),
    "key-caution": _("Keys that are old"),
    "key-warning": _("Keys that are far too old"),
    "key-never-used": _("Keys never used"),
    "password-never-used": _("Passwords never used"),
}


@page("GET", "/report")
def report(visit: Visit) -> Reply:
    """Rows of the report; where none was asked for of late, a button that asks for one."""
    query = visit.query
    number = query.number("page", 1, least=1, most=100_000)
    absent = ""
    found: Seen[ReportPage] = Seen()
    try:
        found = visit.glimpse(
            report_page, Find=query.get("find")[:128], Only=query.get("only"), Skip=(number - 1) * _PAGE, Limit=_PAGE
        )
    except ServiceFault as fault:
        if fault.code not in _ABSENT:
            raise
        absent = fault.code
    shown = found.found
    return visit.page(
        "watch/report.html",
        region="rows",
        status=200 if absent or found else 403,
        title=visit._("Credential report"),
        found=found,
        absent=absent,
        may_generate=visit.may("iam", "GenerateCredentialReport"),
        columns=COLUMNS,
        only=ONLY,
        chosen=query.get("only"),
        find=query.get("find"),
        page=number,
        pages=-(-shown.count // _PAGE) if shown is not None else 0,
        age=_Ages(visit.now, shown.thresholds) if shown is not None else None,
        root=ROOT,
        user_url=lambda name: f"/users/{quote(name, safe='')}",
    )


@page("POST", "/report")
def generate(visit: Visit) -> Reply:
    """Ask for a report."""
    visit.perform("iam", "GenerateCredentialReport")
    return visit.redirect("/report", visit._("The report is there. It always tells how things are now."))


@page("GET", "/report/download")
def download(visit: Visit) -> Reply:
    """The file, byte for byte as GetCredentialReport gives it."""
    try:
        content: bytes = visit.perform("iam", "GetCredentialReport")["Content"]
    except ServiceFault as fault:
        if fault.code not in _ABSENT:
            raise
        return visit.redirect("/report")
    return visit.download(content, "credential-report.csv", "text/csv")


class _Ages:
    """What the age of a cell counts as."""

    def __init__(self, now: int, thresholds: Thresholds) -> None:
        self._now, self._thresholds = now, thresholds

    def __call__(self, row: Mapping[str, str], column: str) -> str:
        """`good`, `care`, `bad`, or empty where no age is told."""
        used = _AGED.get(column)
        if used is None or row[used] != "true":
            return ""
        try:
            at = int(datetime.fromisoformat(row[column]).timestamp())
        except ValueError:
            return ""
        return self._thresholds.of_days(days_since(at, self._now))
