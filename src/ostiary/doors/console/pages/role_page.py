"""doors/console: a role: what it may do, who can assume it, where it is used."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from ostiary.doors.console.attaching import attach_page
from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.registry import page
from ostiary.doors.console.role_form import HOURS, read_tags
from ostiary.doors.console.role_words import condition, whom
from ostiary.doors.console.tagging import tag_changes
from ostiary.doors.console.visit import Reply, Visit
from ostiary.identifiers import SERVICE_LINKED
from ostiary.services.console.assumers import who_can_assume
from ostiary.services.console.roles import instances_of_role, uses_of_role
from ostiary.services.console.trusted import Trusted
from ostiary.services.faults import ServiceFault

REVOKING: Final = "AWSRevokeOlderSessions"
"""The inline policy that AWS's console revokes sessions with."""


def url_of(name: str, tab: str = "") -> str:
    """The address of a role's page."""
    return f"/roles/{quote(name, safe='')}{'/' if tab else ''}{tab}"


@page("GET", "/roles/{name}")
def permissions(visit: Visit) -> Reply:
    """Policies attached and put inline, the boundary."""
    role = _role(visit)
    name = role["RoleName"]
    attached = visit.see("iam", "ListAttachedRolePolicies", RoleName=name, MaxItems=1000)
    inline = visit.see("iam", "ListRolePolicies", RoleName=name, MaxItems=1000)
    return _page(
        visit,
        role,
        "permissions",
        attached=attached,
        inline=inline,
        may_attach=visit.may("iam", "AttachRolePolicy", RoleName=name, PolicyArn="arn:aws:iam::aws:policy/none"),
        may_detach=visit.may("iam", "DetachRolePolicy", RoleName=name, PolicyArn="arn:aws:iam::aws:policy/none"),
        may_put=visit.may("iam", "PutRolePolicy", RoleName=name, PolicyName="none", PolicyDocument="{}"),
        may_remove=visit.may("iam", "DeleteRolePolicy", RoleName=name, PolicyName="none"),
        may_bound=visit.may(
            "iam", "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary="arn:aws:iam::aws:policy/none"
        ),
    )


@page("GET", "/roles/{name}/trust")
def trust(visit: Visit) -> Reply:
    """Who can assume it, by name."""
    role = _role(visit)
    found = visit.glimpse(who_can_assume, name=role["RoleName"], after=visit.query.get("after"))

    def named(each: Trusted) -> str:
        return whom(visit, each, visit.caller.account)

    return _page(
        visit,
        role,
        "trust",
        found=found,
        named=named,
        condition=condition,
        document=_document(role),
        may_edit=visit.may("iam", "UpdateAssumeRolePolicy", RoleName=role["RoleName"], PolicyDocument="{}"),
    )


@page("GET", "/roles/{name}/instances")
def instances(visit: Visit) -> Reply:
    """Where it runs."""
    role = _role(visit)
    name = role["RoleName"]
    profiles = visit.see("iam", "ListInstanceProfilesForRole", RoleName=name)
    return _page(visit, role, "instances", found=visit.glimpse(instances_of_role, name=name), profiles=profiles)


@page("GET", "/roles/{name}/last-used")
def last_used(visit: Visit) -> Reply:
    """What its sessions did."""
    role = _role(visit)
    return _page(visit, role, "last-used", found=visit.glimpse(uses_of_role, name=role["RoleName"]))


@page("GET", "/roles/{name}/sessions")
def sessions(visit: Visit) -> Reply:
    """End what was begun before now; assume it here."""
    role = _role(visit)
    name = role["RoleName"]
    revoking = visit.see("iam", "ListRolePolicies", RoleName=name, MaxItems=1000)
    return _page(
        visit,
        role,
        "sessions",
        revoked=bool(revoking) and REVOKING in revoking.value["PolicyNames"],
        may_revoke=visit.may("iam", "PutRolePolicy", RoleName=name, PolicyName=REVOKING, PolicyDocument="{}"),
        may_switch=visit.may("sts", "AssumeRole", RoleArn=role["Arn"], RoleSessionName="console"),
        lines=[cli_line("iam", "PutRolePolicy", _revoking(visit, name))],
    )


@page("GET", "/roles/{name}/settings")
def settings(visit: Visit) -> Reply:
    """Description, longest session, tags."""
    return _settings(visit, _role(visit))


@page("POST", "/roles/{name}/settings")
def change_settings(visit: Visit) -> Reply:
    """Set them; tags that are no more in the list go."""
    role = _role(visit)
    name, form = role["RoleName"], visit.form
    tags = read_tags(form.raw("tags"))
    if tags is None:
        return _settings(visit, role, {"tags": visit._("Write one tag a line: key = value.")})
    seconds = form.number("seconds", role["MaxSessionDuration"], least=HOURS[0], most=HOURS[-1])
    description = form.get("description")
    try:
        changed: dict[str, Any] = {}
        if description != role["Description"]:
            changed["Description"] = description
        if seconds != role["MaxSessionDuration"]:
            changed["MaxSessionDuration"] = seconds
        if changed:
            visit.perform("iam", "UpdateRole", RoleName=name, **changed)
        put, gone = tag_changes(role.get("Tags", ()), tags)
        if gone:
            visit.perform("iam", "UntagRole", RoleName=name, TagKeys=gone)
        if put:
            visit.perform("iam", "TagRole", RoleName=name, Tags=put)
    except ServiceFault as fault:
        return _settings(visit, role, {"all": fault.message}, fault.status or 400)
    return visit.redirect(url_of(name, "settings"), visit._("The role was changed."))


@page("GET", "/roles/{name}/attach")
def attach_form(visit: Visit) -> Reply:
    """Search all policies."""
    return _attach(visit)


@page("POST", "/roles/{name}/attach", confirm=True)
def attach(visit: Visit) -> Reply:
    """Attach the chosen ones."""
    return _attach(visit)


@page("POST", "/roles/{name}/detach")
def detach(visit: Visit) -> Reply:
    """Take a policy away."""
    name, arn = _name(visit), visit.form.get("policy")
    visit.perform("iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)
    return visit.redirect(url_of(name), visit._("%(policy)s was detached.", policy=arn.rsplit("/", 1)[-1]))


@page("POST", "/roles/{name}/inline/delete")
def delete_inline(visit: Visit) -> Reply:
    """Delete an inline policy."""
    name, which = _name(visit), visit.form.get("policy")
    visit.perform("iam", "DeleteRolePolicy", RoleName=name, PolicyName=which)
    return visit.redirect(url_of(name), visit._("%(policy)s was deleted.", policy=which))


@page("POST", "/roles/{name}/boundary", confirm=True)
def set_boundary(visit: Visit) -> Reply:
    """Set the boundary, or with nothing remove it."""
    name, arn = _name(visit), visit.form.get("boundary")
    if arn:
        visit.perform("iam", "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=arn)
    else:
        visit.perform("iam", "DeleteRolePermissionsBoundary", RoleName=name)
    return visit.redirect(url_of(name), visit._("The permissions boundary was changed."))


@page("POST", "/roles/{name}/revoke", confirm=True)
def revoke(visit: Visit) -> Reply:
    """Deny everything to the sessions that were begun before now, as AWS's console does."""
    name = _name(visit)
    visit.perform("iam", "PutRolePolicy", **_revoking(visit, name))
    return visit.redirect(
        url_of(name, "sessions"), visit._("Sessions that were begun before now may do nothing any more.")
    )


@page("GET", "/roles/{name}/delete")
def delete_form(visit: Visit) -> Reply:
    """What goes with it."""
    return _delete_form(visit, _role(visit))


@page("POST", "/roles/{name}/delete", confirm=True)
def delete(visit: Visit) -> Reply:
    """Take it out of its profiles and its policies off, then delete it, as AWS's console does."""
    role = _role(visit)
    name = role["RoleName"]
    if visit.form.get("typed") != name:
        return _delete_form(visit, role, visit._("Type the name as it stands there."), 400)
    if role["Path"].startswith(SERVICE_LINKED):
        visit.perform("iam", "DeleteServiceLinkedRole", RoleName=name)
        return visit.redirect("/roles", visit._("The role %(name)s was deleted.", name=name))
    try:
        for profile in list(visit.every("iam", "ListInstanceProfilesForRole", "InstanceProfiles", RoleName=name)):
            which = profile["InstanceProfileName"]
            visit.perform("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=which, RoleName=name)
            if which == name:
                visit.perform("iam", "DeleteInstanceProfile", InstanceProfileName=which)
        for each in list(visit.every("iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=name)):
            visit.perform("iam", "DetachRolePolicy", RoleName=name, PolicyArn=each["PolicyArn"])
        for policy in list(visit.every("iam", "ListRolePolicies", "PolicyNames", RoleName=name)):
            visit.perform("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)
        visit.perform("iam", "DeleteRole", RoleName=name)
    except ServiceFault as fault:
        return _delete_form(visit, role, fault.message, fault.status or 400)
    return visit.redirect("/roles", visit._("The role %(name)s was deleted.", name=name))


def _name(visit: Visit) -> str:
    return visit.segments["name"]


def _role(visit: Visit) -> dict[str, Any]:
    """The role, with nothing where it has nothing."""
    role: dict[str, Any] = visit.perform("iam", "GetRole", RoleName=_name(visit))["Role"]
    used = {"LastUsedDate": None, "Region": "", **role["RoleLastUsed"]}
    return {"Description": "", "PermissionsBoundary": None, **role, "RoleLastUsed": used}


def _document(role: dict[str, Any]) -> str:
    text = unquote(role["AssumeRolePolicyDocument"])
    try:
        return json.dumps(json.loads(text), indent=4, ensure_ascii=False)
    except ValueError:
        return text


def _revoking(visit: Visit, name: str) -> dict[str, str]:
    now = datetime.fromtimestamp(visit.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    condition = {"DateLessThan": {"aws:TokenIssueTime": now}}
    statement = {"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {"RoleName": name, "PolicyName": REVOKING, "PolicyDocument": document}


def _page(visit: Visit, role: dict[str, Any], tab: str, **values: Any) -> Reply:
    name = role["RoleName"]
    tabs = (
        ("permissions", visit._("Permissions"), url_of(name)),
        ("trust", visit._("Who can assume it"), url_of(name, "trust")),
        ("instances", visit._("Instances"), url_of(name, "instances")),
        ("last-used", visit._("Last used"), url_of(name, "last-used")),
        ("sessions", visit._("Sessions"), url_of(name, "sessions")),
        ("settings", visit._("Settings and tags"), url_of(name, "settings")),
    )
    return visit.page(
        f"roles/{tab}.html",
        **{"status": 200, **values},
        title=name,
        role=role,
        tabs=tabs,
        tab=tab,
        url=url_of(name),
        may_delete=visit.may("iam", "DeleteRole", RoleName=name),
        linked=role["Path"].startswith(SERVICE_LINKED),
    )


def _settings(visit: Visit, role: dict[str, Any], wrong: dict[str, str] | None = None, status: int = 400) -> Reply:
    given = visit.form if visit.method == "POST" else None
    tags = "\n".join(f"{tag['Key']} = {tag['Value']}" for tag in role.get("Tags", ()))
    return _page(
        visit,
        role,
        "settings",
        status=status if wrong else 200,
        wrong=wrong or {},
        tags=given.raw("tags") if given else tags,
        description=given.get("description") if given else role["Description"],
        hours=HOURS,
        may_change=visit.may("iam", "UpdateRole", RoleName=role["RoleName"]),
    )


def _attach(visit: Visit) -> Reply:
    name = _role(visit)["RoleName"]
    return attach_page(
        visit,
        "AttachRolePolicy",
        "RoleName",
        name,
        title=visit._("Attach policies to %(name)s", name=name),
        crumbs=((visit._("Roles"), "/roles"), (name, url_of(name))),
        back=url_of(name),
    )


def _delete_form(visit: Visit, role: dict[str, Any], wrong: str = "", status: int = 200) -> Reply:
    name = role["RoleName"]
    using = visit.glimpse(instances_of_role, name=name)
    return visit.page(
        "roles/delete.html",
        status=status,
        title=visit._("Delete role"),
        name=name,
        url=url_of(name),
        using=using,
        used=role["RoleLastUsed"]["LastUsedDate"],
        wrong=wrong,
        may=visit.may("iam", "DeleteRole", RoleName=name),
    )
