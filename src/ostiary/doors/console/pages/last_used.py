"""doors/console: what principals may do and when they last did it; a policy of what was done."""

from __future__ import annotations

from typing import Final

from ostiary.doors.console.pages.dashboard import entity_url
from ostiary.doors.console.pages.explain import principal_arn
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Seen, Visit
from ostiary.services.console.last_used import EVENTS, Uses, policy_of_use, principals_used, uses_of

_PAGE: Final = 50
_DAYS: Final = (7, 30, 90, 365)


@page("GET", "/last-used")
def last_used(visit: Visit) -> Reply:
    """Everybody; or one principal, service by service; or one of its services, action by action."""
    if visit.query.get("principal"):
        return _one(visit)
    query = visit.query
    number = query.number("page", 1, least=1, most=100_000)
    kind = "role" if query.get("kind") == "role" else "user"
    found = visit.glimpse(
        principals_used, Kind=kind, Find=query.get("find")[:128], Skip=(number - 1) * _PAGE, Limit=_PAGE
    )
    return visit.page(
        "watch/last_used.html",
        region="rows",
        status=200 if found else 403,
        title=visit._("Last used"),
        found=found,
        kind=kind,
        find=query.get("find"),
        page=number,
        pages=-(-found.value.count // _PAGE) if found else 0,
    )


def _one(visit: Visit) -> Reply:
    query = visit.query
    arn = principal_arn(visit, query.get("principal"))
    service = query.get("service").lower()
    found: Seen[Uses] = visit.glimpse(uses_of, Arn=arn, Service=service)
    name = found.value.name if found else query.get("principal")
    return visit.page(
        "watch/uses.html",
        status=200 if found else 403,
        title=visit._("Last used: %(name)s", name=name),
        found=found,
        principal=query.get("principal"),
        service=service,
        may_make=visit.could("cloudtrail:LookupEvents"),
        address=entity_url,
    )


@page("GET", "/last-used/policy")
def made_policy(visit: Visit) -> Reply:
    """The least policy for what was done, on its way to the editor."""
    query = visit.query
    if not query.get("principal"):
        return visit.redirect("/last-used")
    days = query.number("days", 90, least=1, most=400)
    made = visit.look(policy_of_use, Arn=principal_arn(visit, query.get("principal")), Days=days)
    return visit.page(
        "watch/made_policy.html",
        title=visit._("A policy from what %(name)s did", name=made.name),
        made=made,
        principal=query.get("principal"),
        days=days,
        choices=_DAYS,
        most=EVENTS,
        may_create=visit.could("iam:CreatePolicy"),
    )
