"""doors/console: what a user may do: policies attached and put inline, the boundary, tags."""

from __future__ import annotations

from ostiary.doors.console import attaching
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
    name = _name(visit)
    return attaching.attach_page(
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


@page("POST", "/users/{name}/detach", confirm=True)
def detach(visit: Visit) -> Reply:
    """Take an attached policy away."""
    name = _name(visit)
    return attaching.detach(visit, "User", name, user_url(name))


@page("POST", "/users/{name}/inline/delete", confirm=True)
def delete_inline(visit: Visit) -> Reply:
    """Delete an inline policy: its name is typed."""
    name = _name(visit)
    return attaching.delete_inline(visit, "User", name, user_url(name))


@page("GET", "/users/{name}/boundary")
def boundary_form(visit: Visit) -> Reply:
    """Choose the policy that caps the user's permissions."""
    return _bound(visit)


@page("POST", "/users/{name}/boundary", confirm=True)
def boundary(visit: Visit) -> Reply:
    """Set it."""
    return _bound(visit)


@page("POST", "/users/{name}/boundary/remove", confirm=True)
def remove_boundary(visit: Visit) -> Reply:
    """The user's policies are good for all they say then."""
    name = _name(visit)
    visit.perform("iam", "DeleteUserPermissionsBoundary", UserName=name)
    return visit.redirect(user_url(name), visit._("The permissions boundary is removed."))


@page("POST", "/users/{name}/groups/add", confirm=True)
def add_to_groups(visit: Visit) -> Reply:
    """Make the user a member of groups."""
    name, groups = _name(visit), visit.form.all("group")
    for group in groups:
        visit.perform("iam", "AddUserToGroup", UserName=name, GroupName=group)
    said = visit.ngettext("Added to %(num)s group.", "Added to %(num)s groups.", len(groups))
    return visit.redirect(user_url(name, "groups"), said if groups else visit._("Choose a group first."))


@page("POST", "/users/{name}/groups/remove", confirm=True)
def remove_from_group(visit: Visit) -> Reply:
    """End a membership: what it gave is gone at once."""
    name, group = _name(visit), visit.form.get("group")
    visit.perform("iam", "RemoveUserFromGroup", UserName=name, GroupName=group)
    return visit.redirect(user_url(name, "groups"), visit._("Removed from %(group)s.", group=group))


def _name(visit: Visit) -> str:
    return str(visit.perform("iam", "GetUser", UserName=visit.segments["name"])["User"]["UserName"])


def _bound(visit: Visit) -> Reply:
    name = _name(visit)
    return attaching.attach_page(
        visit,
        "PutUserPermissionsBoundary",
        "UserName",
        name,
        title=visit._("Permissions boundary of %(name)s", name=name),
        crumbs=((visit._("Users"), "/users"), (name, user_url(name))),
        back=user_url(name),
        hint=visit._("A boundary gives nothing. It is the most that the user's policies can give."),
    )
