"""doors/console: a user's page: its five tabs, and what changes the user itself."""

from __future__ import annotations

from typing import Any

from ostiary.doors.console.changing import USER, delete_page, rename_page
from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.people import user_url
from ostiary.doors.console.registry import page
from ostiary.doors.console.tagging import tag_changes, tags_written
from ostiary.doors.console.visit import Reply, Seen, Visit
from ostiary.services.console.credentials import key_rows, uses
from ostiary.services.console.holdings import user_holdings
from ostiary.services.console.trail import Asked, events_looked_up
from ostiary.services.faults import ServiceFault


def user_of(visit: Visit) -> Any:
    """The user that the path names. Raises `ServiceFault`."""
    return visit.perform("iam", "GetUser", UserName=visit.segments["name"])["User"]


@page("GET", "/users/{name}")
def whole(visit: Visit) -> Reply:
    """The first tab."""
    return permissions(visit)


@page("GET", "/users/{name}/permissions")
def permissions(visit: Visit) -> Reply:
    """Which policies, where from, and what they give together."""
    user = user_of(visit)
    name = user["UserName"]
    who = {"UserName": name}
    return tab(
        visit,
        user,
        "permissions",
        holdings=visit.glimpse(user_holdings, **who),
        may_attach=visit.could("iam:AttachUserPolicy", user["Arn"]),
        may_detach=visit.could("iam:DetachUserPolicy", user["Arn"]),
        may_put=visit.may("iam", "PutUserPolicy", **who, PolicyName="x", PolicyDocument="{}"),
        may_delete_inline=visit.may("iam", "DeleteUserPolicy", **who, PolicyName="x"),
        may_bound=visit.could("iam:PutUserPermissionsBoundary", user["Arn"]),
        may_unbound=visit.may("iam", "DeleteUserPermissionsBoundary", **who),
    )


@page("GET", "/users/{name}/groups")
def groups(visit: Visit) -> Reply:
    """Memberships."""
    user = user_of(visit)
    found = visit.see_every("iam", "ListGroupsForUser", "Groups", UserName=user["UserName"])
    every = visit.see_every("iam", "ListGroups", "Groups")
    mine = {each["GroupName"] for each in found.value} if found else set()
    return tab(
        visit,
        user,
        "groups",
        found=found,
        others=[each["GroupName"] for each in every.value if each["GroupName"] not in mine] if every else [],
        may_add=visit.could("iam:AddUserToGroup"),
        may_remove=visit.could("iam:RemoveUserFromGroup"),
    )


@page("GET", "/users/{name}/credentials")
def credentials(visit: Visit) -> Reply:
    """Password, keys, MFA devices, certificates."""
    return credentials_tab(visit, user_of(visit))


def credentials_tab(visit: Visit, user: Any, *, status: int = 200, wrong: str = "") -> Reply:
    """The tab, after something was wrong with its forms too."""
    who = {"UserName": user["UserName"]}
    return tab(
        visit,
        user,
        "credentials",
        status=status,
        wrong=wrong,
        login=_login(visit, user),
        keys=visit.glimpse(key_rows, **who),
        devices=visit.see_every("iam", "ListMFADevices", "MFADevices", **who),
        certificates=visit.see_every("iam", "ListSigningCertificates", "Certificates", **who),
        ssh=visit.see_every("iam", "ListSSHPublicKeys", "SSHPublicKeys", **who),
        services=visit.see_every("iam", "ListServiceSpecificCredentials", "ServiceSpecificCredentials", **who),
        may_create_key=visit.may("iam", "CreateAccessKey", **who),
        may_switch=visit.may("iam", "UpdateAccessKey", **who, AccessKeyId="x", Status="Inactive"),
        may_delete_key=visit.may("iam", "DeleteAccessKey", **who, AccessKeyId="x"),
        may_set=visit.could("iam:CreateLoginProfile", user["Arn"]),
        may_reset=visit.could("iam:UpdateLoginProfile", user["Arn"]),
        may_remove_password=visit.could("iam:DeleteLoginProfile", user["Arn"]),
        may_remove_mfa=visit.could("iam:DeactivateMFADevice", user["Arn"]),
    )


@page("GET", "/users/{name}/last-used")
def last_used(visit: Visit) -> Reply:
    """What the user did last, service by service."""
    user = user_of(visit)
    return tab(visit, user, "last-used", found=visit.glimpse(uses, UserName=user["UserName"]))


@page("GET", "/users/{name}/audit")
def audit(visit: Visit) -> Reply:
    """The latest events."""
    user = user_of(visit)
    found = visit.glimpse(events_looked_up, Asked=Asked(who=user["Arn"]), Limit=25)
    return tab(visit, user, "audit", found=found)


@page("GET", "/users/{name}/edit")
def edit_form(visit: Visit) -> Reply:
    """Name and path."""
    return _edit(visit)


@page("POST", "/users/{name}/edit", confirm=True)
def edit(visit: Visit) -> Reply:
    """Rename or move: the unique id stays."""
    return _edit(visit)


@page("POST", "/users/{name}/tags")
def tags(visit: Visit) -> Reply:
    """Put and remove tags so that there are those that were written."""
    user = user_of(visit)
    name = user["UserName"]
    put, gone = tag_changes(user.get("Tags", ()), tags_written(visit.form))
    if gone:
        visit.perform("iam", "UntagUser", UserName=name, TagKeys=gone)
    if put:
        visit.perform("iam", "TagUser", UserName=name, Tags=put)
    return visit.redirect(user_url(name), visit._("The tags are saved."))


@page("GET", "/users/{name}/delete")
def delete_form(visit: Visit) -> Reply:
    """What will go."""
    return _delete(visit)


@page("POST", "/users/{name}/delete", confirm=True)
def delete(visit: Visit) -> Reply:
    """With all that the user has."""
    return _delete(visit)


def tab(visit: Visit, user: Any, here: str, *, status: int = 200, **values: Any) -> Reply:
    """A tab of the page."""
    name = user["UserName"]
    return visit.page(
        f"users/{here.replace('-', '_')}.html",
        status=status,
        title=name,
        user=user,
        here=here,
        console=_login(visit, user),
        may_edit=visit.may("iam", "UpdateUser", UserName=name, NewUserName=name),
        may_delete=visit.may("iam", "DeleteUser", UserName=name),
        may_tag=visit.could("iam:TagUser", user["Arn"]),
        **values,
    )


def _login(visit: Visit, user: Any) -> Seen[Any]:
    """The login profile; a value of None: there is none."""
    try:
        return visit.see("iam", "GetLoginProfile", UserName=user["UserName"])
    except ServiceFault as fault:
        if fault.code != "NoSuchEntity":
            raise
        return Seen(found=None)


def _edit(visit: Visit) -> Reply:
    user = user_of(visit)
    lines = [cli_line("iam", "UpdateUser", {"UserName": user["UserName"], "NewUserName": "NEW-NAME"})]
    return rename_page(visit, USER, user, said=visit._("The user is changed."), lines=lines)


def _delete(visit: Visit) -> Reply:
    name, mistyped = user_of(visit)["UserName"], visit._("That is not the user's name.")
    return delete_page(visit, USER, name, above=visit._("Users"), mistyped=mistyped)
