"""Roles."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from tests.iam.asking import Iam
from tests.iam.having import EC2, READ, S3_READ_ONLY, everything, is_allowed, new_policy, new_role, tags_kept, trust
from tests.world import ACCOUNT, NOW

TAGS = [{"Key": "team", "Value": "blue"}]


def base(iam: Iam, name: str = "runner", path: str = "/") -> dict[str, object]:
    """What every answer about a role shows."""
    with iam.world.house.store.read() as tx:
        record = tx.roles.get(ACCOUNT, name)
    assert record is not None
    assert re.fullmatch(r"AROA[A-Z2-7]{17}", record.id)
    return {
        "RoleName": name,
        "RoleId": record.id,
        "Path": path,
        "Arn": f"arn:aws:iam::{ACCOUNT}:role{path}{name}",
        "CreateDate": NOW,
    }


def without_document(role: dict[str, object]) -> dict[str, object]:
    assert unquote(str(role["AssumeRolePolicyDocument"])) == EC2
    return {name: value for name, value in role.items() if name != "AssumeRolePolicyDocument"}


def test_each_answer_shows_as_much_of_a_role_as_awss(iam: Iam) -> None:
    bound = new_policy(iam, "bound")
    made = iam(
        "CreateRole",
        RoleName="runner",
        Path="/app/",
        AssumeRolePolicyDocument=EC2,
        Description="runs",
        MaxSessionDuration=7200,
        PermissionsBoundary=bound,
        Tags=TAGS,
    )["Role"]
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": bound}
    always = base(iam, path="/app/")
    assert without_document(made) == {**always, "PermissionsBoundary": boundary, "Tags": TAGS}
    listed = iam("ListRoles")["Roles"][0]
    assert without_document(listed) == {**always, "Description": "runs", "MaxSessionDuration": 7200}
    assert without_document(iam("GetRole", RoleName="RUNNER")["Role"]) == {
        **always,
        "Description": "runs",
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": boundary,
        "Tags": TAGS,
        "RoleLastUsed": {},
    }
    changed = iam("UpdateRoleDescription", RoleName="runner", Description="walks")["Role"]
    assert without_document(changed) == {**always, "Description": "walks"}


def test_a_plain_role_shows_only_what_it_has(iam: Iam) -> None:
    new_role(iam)
    shown = without_document(iam("GetRole", RoleName="runner")["Role"])
    assert shown == {**base(iam), "MaxSessionDuration": 3600, "RoleLastUsed": {}}


def test_the_last_use_is_shown(iam: Iam) -> None:
    new_role(iam)
    at = NOW + timedelta(minutes=5)
    with iam.world.house.store.write() as tx:
        role = tx.roles.get(ACCOUNT, "runner")
        assert role is not None
        tx.roles.used(role.id, int(at.timestamp()), "eu-west-1")
    shown = iam("GetRole", RoleName="runner")["Role"]["RoleLastUsed"]
    assert shown == {"LastUsedDate": datetime.fromtimestamp(at.timestamp(), UTC), "Region": "eu-west-1"}


def test_names_are_unique_whatever_their_case(iam: Iam) -> None:
    new_role(iam, "Runner")
    said = iam.fault("CreateRole", RoleName="runner", Path="/x/", AssumeRolePolicyDocument=EC2)
    assert said == ("EntityAlreadyExists", "Role with name runner already exists.")


def test_an_account_has_as_many_roles_as_its_quota(iam: Iam) -> None:
    iam.quota("RolesPerAccount", 1)
    new_role(iam)
    said = iam.fault("CreateRole", RoleName="more", AssumeRolePolicyDocument=EC2)
    assert said == ("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1")


def test_what_an_update_leaves_out_stays(iam: Iam) -> None:
    new_role(iam, Description="runs")
    iam("UpdateRole", RoleName="runner", MaxSessionDuration=43200)
    iam("UpdateRole", RoleName="runner")
    shown = iam("GetRole", RoleName="runner")["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("runs", 43200)
    iam("UpdateRole", RoleName="runner", Description="walks")
    shown = iam("GetRole", RoleName="runner")["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("walks", 43200)


def test_roles_are_listed_by_name_path_and_page(iam: Iam) -> None:
    for number in range(5):
        new_role(iam, f"r{number}", Path="/app/" if number % 2 else "/")
    listed = everything(iam, "ListRoles", "Roles", MaxItems=2)
    assert [role["RoleName"] for role in listed] == ["r0", "r1", "r2", "r3", "r4"]
    assert [role["RoleName"] for role in iam("ListRoles", PathPrefix="/app/")["Roles"]] == ["r1", "r3"]
    assert iam("ListRoles", PathPrefix="/none/") == {"Roles": [], "IsTruncated": False}


MISSING: dict[str, dict[str, Any]] = {
    "GetRole": {},
    "UpdateRole": {},
    "UpdateRoleDescription": {"Description": "x"},
    "UpdateAssumeRolePolicy": {"PolicyDocument": EC2},
    "DeleteRole": {},
    "TagRole": {"Tags": TAGS},
    "UntagRole": {"TagKeys": ["a"]},
    "ListRoleTags": {},
    "PutRolePermissionsBoundary": {"PermissionsBoundary": S3_READ_ONLY},
    "DeleteRolePermissionsBoundary": {},
    "ListInstanceProfilesForRole": {},
}


@pytest.mark.parametrize("name", MISSING)
def test_a_role_that_is_not_there_is_not_found(iam: Iam, name: str) -> None:
    said = iam.fault(name, RoleName="nobody", **MISSING[name])
    assert said == ("NoSuchEntity", "The role with name nobody cannot be found.")


def test_a_role_is_deleted_when_nothing_hangs_on_it(iam: Iam) -> None:
    new_role(iam, Tags=TAGS, PermissionsBoundary=S3_READ_ONLY)
    iam("AttachRolePolicy", RoleName="runner", PolicyArn=S3_READ_ONLY)
    said = iam.fault("DeleteRole", RoleName="runner")
    assert said == ("DeleteConflict", "Cannot delete entity, must detach all policies first.")
    iam("DetachRolePolicy", RoleName="runner", PolicyArn=S3_READ_ONLY)
    iam("PutRolePolicy", RoleName="runner", PolicyName="p", PolicyDocument=READ)
    said = iam.fault("DeleteRole", RoleName="runner")
    assert said == ("DeleteConflict", "Cannot delete entity, must delete policies first.")
    iam("DeleteRolePolicy", RoleName="runner", PolicyName="p")
    iam("CreateInstanceProfile", InstanceProfileName="box")
    iam("AddRoleToInstanceProfile", InstanceProfileName="box", RoleName="runner")
    said = iam.fault("DeleteRole", RoleName="runner")
    assert said == ("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
    iam("RemoveRoleFromInstanceProfile", InstanceProfileName="box", RoleName="runner")
    first = iam("GetRole", RoleName="runner")["Role"]["RoleId"]
    iam("DeleteRole", RoleName="runner")
    assert tags_kept(iam, first) == 0
    new_role(iam)
    assert iam("ListRoleTags", RoleName="runner")["Tags"] == []
    assert iam("GetRole", RoleName="runner")["Role"]["RoleId"] != first


@pytest.mark.parametrize("name", ["CreateRole", "UpdateAssumeRolePolicy"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "This policy contains invalid Json"),
        (trust("*", Resource="*"), "Has prohibited field Resource"),
        (trust("*", Action="s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
    ],
)
def test_a_bad_trust_policy_is_refused_in_awss_words(iam: Iam, name: str, text: str, message: str) -> None:
    new_role(iam)
    params: dict[str, Any] = (
        {"RoleName": "bad", "AssumeRolePolicyDocument": text}
        if name == "CreateRole"
        else {"RoleName": "runner", "PolicyDocument": text}
    )
    assert iam.fault(name, **params) == ("MalformedPolicyDocument", message)
    assert [role["RoleName"] for role in iam("ListRoles")["Roles"]] == ["runner"]


def test_a_trust_policy_may_have_2048_characters_white_space_not_counted(iam: Iam) -> None:
    bare = trust("*", Sid="").replace(" ", "")
    full = bare.replace('"Sid":"', '"Sid":"' + "s" * (2048 - len(bare)))
    new_role(iam, AssumeRolePolicyDocument=full.replace(",", ", "))
    said = iam.fault("UpdateAssumeRolePolicy", RoleName="runner", PolicyDocument=full.replace('"Sid":"', '"Sid":"s'))
    assert said == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")


def test_boundaries_are_set_replaced_and_removed(iam: Iam) -> None:
    bound = new_policy(iam, "bound")
    new_role(iam)
    for arn in (bound, S3_READ_ONLY):
        iam("PutRolePermissionsBoundary", RoleName="runner", PermissionsBoundary=arn)
        shown = iam("GetRole", RoleName="runner")["Role"]["PermissionsBoundary"]
        assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    iam("DeleteRolePermissionsBoundary", RoleName="runner")
    assert "PermissionsBoundary" not in iam("GetRole", RoleName="runner")["Role"]


@pytest.mark.parametrize("name", ["CreateRole", "PutRolePermissionsBoundary"])
def test_a_boundary_is_a_policy_that_the_account_may_use(iam: Iam, name: str) -> None:
    if name == "CreateRole":
        params: dict[str, Any] = {"RoleName": "new", "AssumeRolePolicyDocument": EC2}
    else:
        new_role(iam)
        params = {"RoleName": "runner"}
    none, entity = f"arn:aws:iam::{ACCOUNT}:policy/none", f"arn:aws:iam::{ACCOUNT}:not_a_policy/invalid"
    said = iam.fault(name, PermissionsBoundary=none, **params)
    assert said == ("NoSuchEntity", f"Scope ARN: {none} does not exist or is not attachable.")
    said = iam.fault(name, PermissionsBoundary=entity, **params)
    assert said == ("InvalidInput", f"ARN {entity} is not valid.")


def test_a_boundary_can_be_demanded_of_every_new_role(iam: Iam) -> None:
    bound = new_policy(iam, "bound")
    iam.users("boss")
    boss = iam.may("boss", "iam:*", Condition={"StringEquals": {"iam:PermissionsBoundary": bound}})
    new = {"AssumeRolePolicyDocument": EC2}
    assert not is_allowed(iam, boss, "CreateRole", RoleName="free", **new)
    assert not is_allowed(iam, boss, "CreateRole", RoleName="free", PermissionsBoundary=S3_READ_ONLY, **new)
    assert is_allowed(iam, boss, "CreateRole", RoleName="bounded", PermissionsBoundary=bound, **new)
    assert is_allowed(iam, boss, "UpdateRole", RoleName="bounded")
    new_role(iam, "free")
    assert not is_allowed(iam, boss, "UpdateRole", RoleName="free")
    assert not is_allowed(iam, boss, "PutRolePermissionsBoundary", RoleName="free", PermissionsBoundary=S3_READ_ONLY)
    assert is_allowed(iam, boss, "PutRolePermissionsBoundary", RoleName="free", PermissionsBoundary=bound)


def test_tags_are_put_replaced_and_removed_whatever_their_case(iam: Iam) -> None:
    new_role(iam, Tags=TAGS)
    iam("TagRole", RoleName="runner", Tags=[{"Key": "Team", "Value": "red"}, {"Key": "area", "Value": ""}])
    both = [{"Key": "area", "Value": ""}, {"Key": "Team", "Value": "red"}]
    assert everything(iam, "ListRoleTags", "Tags", RoleName="runner", MaxItems=1) == both
    iam("UntagRole", RoleName="runner", TagKeys=["TEAM", "unknown"])
    assert iam("ListRoleTags", RoleName="runner") == {"Tags": both[:1], "IsTruncated": False}
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    assert iam.fault("TagRole", RoleName="runner", Tags=twice) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_a_permission_can_rest_on_a_roles_tags_and_on_those_of_the_request(iam: Iam) -> None:
    new_role(iam, "mine", Tags=TAGS)
    new_role(iam, "other")
    iam.users("boss")
    boss = iam.may("boss", "iam:GetRole", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    assert is_allowed(iam, boss, "GetRole", RoleName="mine")
    assert not is_allowed(iam, boss, "GetRole", RoleName="other")
    boss = iam.may("boss", "iam:GetRole", Condition={"StringEquals": {"iam:ResourceTag/team": "blue"}})
    assert is_allowed(iam, boss, "GetRole", RoleName="mine")
    boss = iam.may("boss", "iam:TagRole", Condition={"StringEquals": {"aws:RequestTag/team": "red"}})
    assert is_allowed(iam, boss, "TagRole", RoleName="other", Tags=[{"Key": "team", "Value": "red"}])
    assert not is_allowed(iam, boss, "TagRole", RoleName="other", Tags=TAGS)
    boss = iam.may("boss", "iam:UntagRole", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": "area"}})
    assert is_allowed(iam, boss, "UntagRole", RoleName="mine", TagKeys=["area"])
    assert not is_allowed(iam, boss, "UntagRole", RoleName="mine", TagKeys=["area", "team"])
