"""doors/console: the list of roles."""

from __future__ import annotations

from ostiary.doors.console.registry import page
from ostiary.doors.console.role_words import whom
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console.roles import PAGE, SORTS, list_roles
from ostiary.services.console.trusted import Trusted


@page("GET", "/roles")
def roles(visit: Visit) -> Reply:
    """Searched, sorted, in pages."""
    query = visit.query
    sort = query.get("sort") if query.get("sort") in SORTS else "name"
    order = "desc" if query.get("order") == "desc" else "asc"
    found = visit.glimpse(
        list_roles,
        words=query.get("find"),
        sort=sort,
        descending=order == "desc",
        page=query.number("page", 1, least=1),
    )

    def named(each: Trusted) -> str:
        return whom(visit, each, visit.caller.account)

    return visit.page(
        "roles/list.html",
        region="rows",
        title=visit._("Roles"),
        found=found,
        find=query.get("find"),
        sort=sort,
        order=order,
        named=named,
        per_page=PAGE,
        may_create=visit.could("iam:CreateRole"),
    )
