"""GetAccountAuthorizationDetails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import pytest

from tests.iam.asking import Iam
from tests.iam.having import EC2, READ, S3_READ_ONLY, new_policy, new_role
from tests.world import ACCOUNT, OTHER

TAGS = [{"Key": "team", "Value": "blue"}]
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
NAMES = {"UserDetailList": "UserName", "GroupDetailList": "GroupName", "RoleDetailList": "RoleName"}


@pytest.fixture
def settled(iam: Iam) -> Iam:
    """An account with some of everything."""
    own = new_policy(iam, "own", Path="/app/", Description="mine")
    bound = new_policy(iam, "bound")
    iam("CreatePolicyVersion", PolicyArn=own, PolicyDocument=READ.replace("Get", "List"), SetAsDefault=True)
    iam("CreateUser", UserName="ann", Path="/team/", Tags=TAGS, PermissionsBoundary=bound)
    iam.users("bob")
    for group in ("crew", "all"):
        iam("CreateGroup", GroupName=group)
        iam("AddUserToGroup", GroupName=group, UserName="ann")
    new_role(iam, Tags=TAGS, PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess", MaxSessionDuration=7200)
    new_role(iam, "idle")
    iam("CreateInstanceProfile", InstanceProfileName="box", Tags=TAGS)
    iam("AddRoleToInstanceProfile", InstanceProfileName="box", RoleName="runner")
    for noun, name in (("User", "ann"), ("Group", "crew"), ("Role", "runner")):
        iam(f"Put{noun}Policy", **{f"{noun}Name": name, "PolicyName": "embedded", "PolicyDocument": READ})
        for arn in (own, S3_READ_ONLY):
            iam(f"Attach{noun}Policy", **{f"{noun}Name": name, "PolicyArn": arn})
    iam("CreateUser", by=iam.world.root(OTHER), UserName="stranger")
    return iam


def by_name(listed: Iterable[dict[str, Any]], member: str) -> dict[str, dict[str, Any]]:
    return {each[member]: each for each in listed}


def embedded(detail: dict[str, Any], member: str) -> dict[str, str]:
    return {each["PolicyName"]: unquote(each["PolicyDocument"]) for each in detail[member]}


def attached(detail: dict[str, Any]) -> set[str]:
    assert all(each["PolicyArn"].endswith("/" + each["PolicyName"]) for each in detail["AttachedManagedPolicies"])
    return {each["PolicyArn"] for each in detail["AttachedManagedPolicies"]}


OWN = f"arn:aws:iam::{ACCOUNT}:policy/app/own"
BOUND = f"arn:aws:iam::{ACCOUNT}:policy/bound"


def test_a_user_is_shown_with_all_that_it_has(settled: Iam) -> None:
    users = by_name(settled("GetAccountAuthorizationDetails")["UserDetailList"], "UserName")
    assert set(users) == {"ann", "bob"}
    ann = users["ann"]
    user = settled("GetUser", UserName="ann")["User"]
    assert {name: ann[name] for name in user} == user
    assert embedded(ann, "UserPolicyList") == {"embedded": READ}
    assert attached(ann) == {OWN, S3_READ_ONLY}
    assert ann["GroupList"] == ["all", "crew"]
    bob = users["bob"]
    assert set(bob) == {
        "UserName", "UserId", "Path", "Arn", "CreateDate", "GroupList", "AttachedManagedPolicies", "Tags"
    }  # fmt: skip
    assert bob["GroupList"] == bob["AttachedManagedPolicies"] == bob["Tags"] == []


def test_a_group_is_shown_with_all_that_it_has(settled: Iam) -> None:
    groups = by_name(settled("GetAccountAuthorizationDetails")["GroupDetailList"], "GroupName")
    assert embedded(groups["crew"], "GroupPolicyList") == {"embedded": READ}
    assert attached(groups["crew"]) == {OWN, S3_READ_ONLY}
    assert groups["all"]["GroupPolicyList"] == groups["all"]["AttachedManagedPolicies"] == []


def test_a_role_is_shown_with_all_that_it_has(settled: Iam) -> None:
    roles = by_name(settled("GetAccountAuthorizationDetails")["RoleDetailList"], "RoleName")
    runner = roles["runner"]
    role = settled("GetRole", RoleName="runner")["Role"]
    del role["MaxSessionDuration"]
    assert {name: runner[name] for name in role} == role
    assert unquote(runner["AssumeRolePolicyDocument"]) == EC2
    assert embedded(runner, "RolePolicyList") == {"embedded": READ}
    assert attached(runner) == {OWN, S3_READ_ONLY}
    profiles = settled("ListInstanceProfilesForRole", RoleName="runner")["InstanceProfiles"]
    assert runner["InstanceProfileList"] == profiles
    assert len(profiles) == 1
    assert roles["idle"]["InstanceProfileList"] == roles["idle"]["Tags"] == []
    assert roles["idle"]["RoleLastUsed"] == {}


def test_own_policies_and_the_used_ones_of_aws_are_shown_with_every_version(settled: Iam) -> None:
    policies = by_name(settled("GetAccountAuthorizationDetails")["Policies"], "Arn")
    assert set(policies) == {OWN, BOUND, S3_READ_ONLY, "arn:aws:iam::aws:policy/PowerUserAccess"}
    for arn, detail in policies.items():
        shown = settled("GetPolicy", PolicyArn=arn)["Policy"]
        assert {name: value for name, value in shown.items() if name not in ("Tags", "Description")} == {
            name: value for name, value in detail.items() if name != "PolicyVersionList"
        }
        versions = settled("ListPolicyVersions", PolicyArn=arn)["Versions"]
        assert [
            settled("GetPolicyVersion", PolicyArn=arn, VersionId=each["VersionId"])["PolicyVersion"]
            for each in versions
        ] == detail["PolicyVersionList"]
    assert policies[OWN]["AttachmentCount"] == 3
    assert policies[BOUND]["PermissionsBoundaryUsageCount"] == 1
    assert len(policies[S3_READ_ONLY]["PolicyVersionList"]) == 3


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (["User"], {"UserDetailList": 2}),
        (["Group"], {"GroupDetailList": 2}),
        (["Role"], {"RoleDetailList": 2}),
        (["LocalManagedPolicy"], {"Policies": 2}),
        (["AWSManagedPolicy"], {"Policies": 2}),
        (["AWSManagedPolicy", "LocalManagedPolicy", "User"], {"Policies": 4, "UserDetailList": 2}),
    ],
)
def test_a_filter_shows_what_it_names(settled: Iam, words: list[str], listed: dict[str, int]) -> None:
    given = settled("GetAccountAuthorizationDetails", Filter=words)
    assert {name: len(given[name]) for name in LISTS} == dict.fromkeys(LISTS, 0) | listed
    assert given["IsTruncated"] is False


@pytest.mark.parametrize("size", range(1, 12))
def test_pages_of_any_size_show_everything_once(settled: Iam, size: int) -> None:
    whole = settled("GetAccountAuthorizationDetails")
    found: dict[str, list[Any]] = {name: [] for name in LISTS}
    params: dict[str, Any] = {"MaxItems": size}
    while True:
        given = settled("GetAccountAuthorizationDetails", **params)
        count = sum(len(given[name]) for name in LISTS)
        for name in LISTS:
            found[name] += given[name]
        if not given["IsTruncated"]:
            break
        assert count == size
        params["Marker"] = given["Marker"]
    assert found == {name: whole[name] for name in LISTS}


def test_an_empty_account_shows_empty_lists(iam: Iam) -> None:
    assert iam("GetAccountAuthorizationDetails") == {**{name: [] for name in LISTS}, "IsTruncated": False}
