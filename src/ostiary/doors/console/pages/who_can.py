"""doors/console: who can do something."""

from __future__ import annotations

from typing import Any, Final

from ostiary.doors.console.conditions import context_of
from ostiary.doors.console.pages.dashboard import entity_url
from ostiary.doors.console.registry import page
from ostiary.doors.console.sheets import CSV, sheet
from ostiary.doors.console.visit import Reply, Seen, Visit
from ostiary.services.console.who_can import LOOKED, Able, WhoCan, who_can
from ostiary.services.faults import ServiceFault

_MOST: Final = 10
"""Parts of an account that a file is made of."""
_COLUMNS: Final = ("principal", "kind", "arn", "sure", "policies", "conditions", "last_used", "last_tried")


@page("GET", "/who-can")
def who(visit: Visit) -> Reply:
    """One action on one resource."""
    query = visit.query
    wrong: dict[str, str] = {}
    found: Seen[WhoCan] | None = None
    if query.get("action"):
        given = _given(visit, wrong)
        try:
            found = visit.glimpse(who_can, **given, After=query.get("after")) if not wrong else None
        except ServiceFault as fault:
            wrong["action" if "is not an action" in fault.message else "resource"] = fault.message
    return visit.page(
        "understand/who_can.html",
        status=400 if wrong else 403 if found is not None and not found else 200,
        title=visit._("Who can do this?"),
        found=found,
        wrong=wrong,
        action=query.get("action"),
        resource=query.get("resource"),
        context=query.raw("context"),
        looked=LOOKED,
        query=query,
        address=entity_url,
    )


@page("GET", "/who-can/download")
def download(visit: Visit) -> Reply:
    """Everybody as a file."""
    wrong: dict[str, str] = {}
    given = _given(visit, wrong)
    if wrong or not given["Action"]:
        return visit.redirect(f"/who-can?{visit.query.query()}")
    rows: list[tuple[object, ...]] = []
    after = ""
    for _part in range(_MOST):
        found = visit.look(who_can, **given, After=after)
        rows += map(_row, found.able)
        after = found.after
        if not after:
            break
    return visit.download(sheet(_COLUMNS, rows), "who-can.csv", CSV)


def _given(visit: Visit, wrong: dict[str, str]) -> dict[str, Any]:
    query = visit.query
    try:
        context = context_of(query.raw("context"))
    except ValueError as error:
        context = {}
        wrong["context"] = visit._("Write a key and a value: %(line)s", line=str(error))
    return {"Action": query.get("action"), "Resource": query.get("resource") or "*", "Context": context}


def _row(able: Able) -> tuple[object, ...]:
    policies = "; ".join(f"{path.policy} ({path.owner or ''}), {path.statement}" for path in able.paths)
    return (
        able.name,
        able.kind,
        able.arn,
        "yes" if able.sure else "under conditions",
        policies,
        "; ".join(able.conditions),
        able.used or "",
        able.tried or "",
    )
