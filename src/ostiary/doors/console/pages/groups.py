"""doors/console: user groups: the list, a group with its three tabs, making, renaming and deleting one (S9, S12)."""

from __future__ import annotations

from typing import Any

from ostiary import catalog
from ostiary.doors.console import attaching
from ostiary.doors.console.changing import GROUP, delete_page, rename_page
from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.people import group_url
from ostiary.doors.console.picker import chosen, picks
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console.credentials import uses
from ostiary.services.console.groups import group_table
from ostiary.services.console.holdings import group_holdings
from ostiary.services.console.jobs import JOBS, Job
from ostiary.services.console.users import member_table, user_table
from ostiary.services.faults import ServiceFault

Made = tuple[str, dict[str, Any]]


@page("GET", "/groups")
def groups(visit: Visit) -> Reply:
    """A page of the list."""
    query = visit.query
    table = visit.glimpse(
        group_table,
        find=query.get("find")[:128],
        sort=query.get("sort", "name"),
        descending=query.get("order") == "desc",
        page=query.number("page", 1, least=1),
    )
    may_create = visit.could("iam:CreateGroup")
    return visit.page(
        "groups/list.html", region="rows", title=visit._("User groups"), table=table, may_create=may_create
    )


@page("GET", "/groups/create")
def create_form(visit: Visit) -> Reply:
    """Name, a job's template, policies, first members."""
    return _create(visit)


@page("POST", "/groups/create")
def create_step(visit: Visit) -> Reply:
    """Search on, or show the form again."""
    return _create(visit)


@page("POST", "/groups/create/make", confirm=True)
def create(visit: Visit) -> Reply:
    """The group with its policies and members; what was not done is told."""
    done: list[str] = []
    steps = _planned(visit)
    for operation, params in steps:
        try:
            visit.perform("iam", operation, **params)
        except ServiceFault as fault:
            if not done:
                return _create(visit, fault.message)
            left = [cli_line("iam", *each) for each in steps[len(done) :]]
            told = visit._("The group is there, but this was not done: %(lines)s", lines="; ".join(left))
            return visit.redirect(group_url(visit.form.get("name")), f"{fault.message} {told}"[:900], "care")
        done.append(operation)
    return visit.redirect(group_url(visit.form.get("name")), visit._("The group is created."))


@page("GET", "/groups/{name}")
def whole(visit: Visit) -> Reply:
    """The first tab."""
    return users(visit)


@page("GET", "/groups/{name}/users")
def users(visit: Visit) -> Reply:
    """Members, a page at a time."""
    group = _group(visit)
    name, query = group["GroupName"], visit.query
    members = visit.glimpse(member_table, group=name, page=query.number("page", 1, least=1), size=25)
    find = query.get("add")[:64]
    return _tab(
        visit,
        group,
        "users",
        members=members,
        find=find,
        others=visit.glimpse(user_table, find=find, size=10) if find else None,
        may_add=visit.may("iam", "AddUserToGroup", GroupName=name, UserName="x"),
        may_remove=visit.may("iam", "RemoveUserFromGroup", GroupName=name, UserName="x"),
    )


@page("GET", "/groups/{name}/permissions")
def permissions(visit: Visit) -> Reply:
    """Policies, and what they give together."""
    group = _group(visit)
    name = group["GroupName"]
    return _tab(
        visit,
        group,
        "permissions",
        holdings=visit.glimpse(group_holdings, GroupName=name),
        may_attach=visit.could("iam:AttachGroupPolicy", group["Arn"]),
        may_detach=visit.could("iam:DetachGroupPolicy", group["Arn"]),
        may_put=visit.may("iam", "PutGroupPolicy", GroupName=name, PolicyName="x", PolicyDocument="{}"),
        may_delete_inline=visit.may("iam", "DeleteGroupPolicy", GroupName=name, PolicyName="x"),
    )


@page("GET", "/groups/{name}/last-used")
def last_used(visit: Visit) -> Reply:
    """What any member did last."""
    group = _group(visit)
    return _tab(visit, group, "last-used", found=visit.glimpse(uses, GroupName=group["GroupName"]))


@page("POST", "/groups/{name}/users/add", confirm=True)
def add(visit: Visit) -> Reply:
    """New members."""
    name, chosen_users = _group(visit)["GroupName"], visit.form.all("user")
    for user in chosen_users:
        visit.perform("iam", "AddUserToGroup", GroupName=name, UserName=user)
    said = visit.ngettext("%(num)s user is added.", "%(num)s users are added.", len(chosen_users))
    return visit.redirect(group_url(name, "users"), said)


@page("POST", "/groups/{name}/users/remove", confirm=True)
def remove(visit: Visit) -> Reply:
    """What the group gave a member is gone at once."""
    name, user = _group(visit)["GroupName"], visit.form.get("user")
    visit.perform("iam", "RemoveUserFromGroup", GroupName=name, UserName=user)
    return visit.redirect(group_url(name, "users"), visit._("%(name)s is no member any more.", name=user))


@page("GET", "/groups/{name}/attach")
def attach_form(visit: Visit) -> Reply:
    """Search all policies."""
    return _attach(visit)


@page("POST", "/groups/{name}/attach", confirm=True)
def attach(visit: Visit) -> Reply:
    """Attach the chosen ones."""
    return _attach(visit)


@page("POST", "/groups/{name}/detach", confirm=True)
def detach(visit: Visit) -> Reply:
    """Take an attached policy away."""
    name = _group(visit)["GroupName"]
    return attaching.detach(visit, "Group", name, group_url(name, "permissions"))


@page("POST", "/groups/{name}/inline/delete", confirm=True)
def delete_inline(visit: Visit) -> Reply:
    """Delete an inline policy: its name is typed."""
    name = _group(visit)["GroupName"]
    return attaching.delete_inline(visit, "Group", name, group_url(name, "permissions"))


@page("GET", "/groups/{name}/edit")
def edit_form(visit: Visit) -> Reply:
    """Name and path."""
    return _edit(visit)


@page("POST", "/groups/{name}/edit", confirm=True)
def edit(visit: Visit) -> Reply:
    """Rename or move: the unique id and the members stay."""
    return _edit(visit)


@page("GET", "/groups/{name}/delete")
def delete_form(visit: Visit) -> Reply:
    """What will go."""
    return _delete(visit)


@page("POST", "/groups/{name}/delete", confirm=True)
def delete(visit: Visit) -> Reply:
    """With its memberships and policies; the users stay."""
    return _delete(visit)


def _group(visit: Visit) -> Any:
    """The group that the path names. Raises `ServiceFault`."""
    return visit.perform("iam", "GetGroup", GroupName=visit.segments["name"], MaxItems=1)["Group"]


def _tab(visit: Visit, group: Any, here: str, **values: Any) -> Reply:
    name = group["GroupName"]
    return visit.page(
        f"groups/{here.replace('-', '_')}.html",
        title=name,
        group=group,
        here=here,
        may_edit=visit.may("iam", "UpdateGroup", GroupName=name, NewGroupName=name),
        may_delete=visit.may("iam", "DeleteGroup", GroupName=name),
        **values,
    )


def _attach(visit: Visit) -> Reply:
    name = _group(visit)["GroupName"]
    return attaching.attach_page(
        visit,
        "AttachGroupPolicy",
        "GroupName",
        name,
        title=visit._("Attach policies to %(name)s", name=name),
        crumbs=((visit._("User groups"), "/groups"), (name, group_url(name))),
        back=group_url(name, "permissions"),
    )


def _create(visit: Visit, wrong: str = "") -> Reply:
    form = visit.form
    job = JOBS.get(form.get("job"))
    name = form.get("name") or (job.group if job is not None else "")
    return visit.page(
        "groups/create.html",
        region="picker",
        status=400 if wrong else 200,
        title=visit._("Create group"),
        name=name,
        group_path=form.get("path") or "/",
        job=job,
        jobs=JOBS,
        wrong=wrong,
        picks=picks(visit, more=_documents(job)),
        may=visit.could("iam:CreateGroup"),
        lines=[cli_line("iam", *each) for each in _planned(visit)] if name else [],
    )


def _planned(visit: Visit) -> list[Made]:
    form = visit.form
    job = JOBS.get(form.get("job"))
    name = form.get("name") or (job.group if job is not None else "")
    path = form.get("path")
    made: list[Made] = [("CreateGroup", {"GroupName": name, **({"Path": path} if path not in ("", "/") else {})})]
    arns = dict.fromkeys((*(job.policies if job else ()), *chosen(form)))
    made += [("AttachGroupPolicy", {"GroupName": name, "PolicyArn": arn}) for arn in arns]
    for policy, text in job.inline if job else ():
        made.append(("PutGroupPolicy", {"GroupName": name, "PolicyName": policy, "PolicyDocument": text}))
    return made


def _documents(job: Job | None) -> list[str]:
    """What a job's policies say."""
    if job is None:
        return []
    found = [text for _, text in job.inline]
    for arn in job.policies:
        policy = catalog.managed_policy(arn)
        text = catalog.document(arn, policy.default_version) if policy is not None else None
        found += [text] if text is not None else []
    return found


def _edit(visit: Visit) -> Reply:
    return rename_page(visit, GROUP, _group(visit), said=visit._("The group is changed."))


def _delete(visit: Visit) -> Reply:
    name, mistyped = _group(visit)["GroupName"], visit._("That is not the group's name.")
    return delete_page(visit, GROUP, name, above=visit._("User groups"), mistyped=mistyped)
