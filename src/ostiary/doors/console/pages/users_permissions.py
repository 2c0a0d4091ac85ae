"""doors/console: what a user may do: policies attached and put inline, the boundary, tags."""

from __future__ import annotations

from ostiary.doors.console.attaching import attach_page
from ostiary.doors.console.people import user_url
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit


@page("GET", "/users/{name}/attach")
def attach_form(visit: Visit) -> Reply:
    """Search all policies."""
    return _attach(visit)


@page("POST", "/users/{name}/attach", confirm=True)
def attach(visit: Visit) -> Reply:
    """Attach the chosen ones."""
    return _attach(visit)


def _attach(visit: Visit) -> Reply:
    name = visit.perform("iam", "GetUser", UserName=visit.segments["name"])["User"]["UserName"]
    return attach_page(
        visit,
        "AttachUserPolicy",
        "UserName",
        name,
        title=visit._("Attach policies to %(name)s", name=name),
        crumbs=((visit._("Users"), "/users"), (name, user_url(name))),
        back=user_url(name),
        hint=visit._(
            "Permissions are easier to keep in order when they come from groups: put %(name)s into one instead?",
            name=name,
        ),
    )
