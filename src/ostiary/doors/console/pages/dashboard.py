"""doors/console: the first page."""

from __future__ import annotations

from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit


@page("GET", "/")
def dashboard(visit: Visit) -> Reply:
    """What the account has."""
    summary = visit.see("iam", "GetAccountSummary")
    counts = summary.value["SummaryMap"] if summary else {}
    return visit.page("dashboard.html", title=visit._("Security dashboard"), summary=summary, counts=counts)
