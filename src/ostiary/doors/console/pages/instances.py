"""doors/console: instances: hosts and processes that have a role, and the profiles that give it to them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from msgspec.structs import replace as with_values

from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit, is_refusal
from ostiary.services.console.instances import InstanceRow, list_instances, list_profiles, one_instance
from ostiary.services.faults import ServiceFault


@page("GET", "/instances")
def instances(visit: Visit) -> Reply:
    """Of every Region."""
    found = visit.glimpse(list_instances, words=visit.query.get("find"), page=visit.query.number("page", 1, least=1))
    return visit.page(
        "instances/list.html", region="rows", title=visit._("Instances"), found=found, find=visit.query.get("find")
    )


@page("GET", "/instances/{id}")
def instance(visit: Visit) -> Reply:
    """One, with what it has."""
    return _instance(visit)


@page("POST", "/instances/{id}/profile")
def change_profile(visit: Visit) -> Reply:
    """Give it a profile, another one, or none."""
    row = visit.look(one_instance, id=visit.segments["id"])
    there, profile = _in_region(visit, row.region), visit.form.get("profile")
    taking = visit.form.get("do") == "disassociate"
    if not taking and not profile:
        return _instance(visit, visit._("Choose an instance profile."))
    try:
        if taking:
            there.perform("ec2", "DisassociateIamInstanceProfile", AssociationId=row.association)
        elif row.association:
            there.perform(
                "ec2",
                "ReplaceIamInstanceProfileAssociation",
                AssociationId=row.association,
                IamInstanceProfile={"Name": profile},
            )
        else:
            given = {"Name": profile}
            there.perform("ec2", "AssociateIamInstanceProfile", InstanceId=row.id, IamInstanceProfile=given)
    except ServiceFault as fault:
        return _instance(visit, fault.message, 403 if is_refusal(fault) else fault.status or 400)
    said = (
        visit._("The instance has no profile any more. Credentials that it got go on until they expire.")
        if taking
        else visit._("The instance has the profile %(name)s now.", name=profile)
    )
    return visit.redirect(f"/instances/{row.id}", said)


@page("GET", "/instance-profiles")
def profiles(visit: Visit) -> Reply:
    """All of them, and a form for one more."""
    return _profiles(visit)


@page("POST", "/instance-profiles")
def create_profile(visit: Visit) -> Reply:
    """With a role in it, if one is named."""
    name, role = visit.form.get("name"), visit.form.get("role")
    try:
        visit.perform("iam", "CreateInstanceProfile", InstanceProfileName=name)
        if role:
            visit.perform("iam", "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=role)
    except ServiceFault as fault:
        return _profiles(visit, fault.message, fault.status or 400)
    return visit.redirect("/instance-profiles", visit._("The instance profile %(name)s was created.", name=name))


@page("GET", "/instance-profiles/{name}/delete")
def delete_profile_form(visit: Visit) -> Reply:
    """What that means."""
    return _delete_form(visit)


@page("POST", "/instance-profiles/{name}/delete", confirm=True)
def delete_profile(visit: Visit) -> Reply:
    """Its role is taken out first."""
    name = visit.segments["name"]
    if visit.form.get("typed") != name:
        return _delete_form(visit, visit._("Type the name as it stands there."))
    found = visit.perform("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
    for role in found["Roles"]:
        visit.perform("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=role["RoleName"])
    visit.perform("iam", "DeleteInstanceProfile", InstanceProfileName=name)
    return visit.redirect("/instance-profiles", visit._("The instance profile %(name)s was deleted.", name=name))


def _in_region(visit: Visit, region: str) -> Visit:
    """EC2's operations speak of the Region that they are asked in."""
    return replace(visit, facts=with_values(visit.facts, region=region))


def _instance(visit: Visit, wrong: str = "", status: int = 400) -> Reply:
    try:
        row: InstanceRow = visit.look(one_instance, id=visit.segments["id"])
    except ServiceFault as fault:
        if is_refusal(fault):
            raise
        raise ServiceFault("NoSuchEntity", fault.message, 404) from None
    there = _in_region(visit, row.region)
    may_take = (
        there.may("ec2", "DisassociateIamInstanceProfile", AssociationId=row.association) if row.association else None
    )
    return visit.page(
        "instances/instance.html",
        status=status if wrong else 200,
        title=row.name or row.id,
        row=row,
        profiles=visit.glimpse(list_profiles, size=1000),
        may_give=visit.could(
            "ec2:ReplaceIamInstanceProfileAssociation" if row.association else "ec2:AssociateIamInstanceProfile"
        ),
        may_take=may_take,
        wrong=wrong,
    )


def _profiles(visit: Visit, wrong: str = "", status: int = 400) -> Reply:
    query = visit.query
    found = visit.glimpse(list_profiles, words=query.get("find"), page=query.number("page", 1, least=1))
    return visit.page(
        "instances/profiles.html",
        region="rows",
        status=status if wrong else 200,
        title=visit._("Instance profiles"),
        found=found,
        find=query.get("find"),
        name=visit.form.get("name"),
        role=visit.form.get("role"),
        may_create=visit.could("iam:CreateInstanceProfile"),
        wrong=wrong,
        quote=quote,
    )


def _delete_form(visit: Visit, wrong: str = "") -> Reply:
    name = visit.segments["name"]
    found = visit.perform("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
    return visit.page(
        "instances/delete_profile.html",
        status=400 if wrong else 200,
        title=visit._("Delete instance profile"),
        name=name,
        roles=[each["RoleName"] for each in found["Roles"]],
        may=visit.may("iam", "DeleteInstanceProfile", InstanceProfileName=name),
        wrong=wrong,
    )
