"""Instance profiles and the role in each."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest

from tests.iam.asking import Iam
from tests.iam.having import EC2, everything, is_allowed, new_role, tags_kept
from tests.world import ACCOUNT, NOW, document

TAGS = [{"Key": "team", "Value": "blue"}]


def new_profile(iam: Iam, name: str = "box", **params: Any) -> dict[str, Any]:
    made: dict[str, Any] = iam("CreateInstanceProfile", InstanceProfileName=name, **params)["InstanceProfile"]
    return made


def shown(iam: Iam, name: str = "box") -> dict[str, Any]:
    found: dict[str, Any] = iam("GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
    return found


def test_a_created_profile_is_shown_as_aws_shows_it(iam: Iam) -> None:
    made = new_profile(iam, "Box", Path="/app/", Tags=TAGS)
    assert re.fullmatch(r"AIPA[A-Z2-7]{17}", made["InstanceProfileId"])
    assert made == {
        "InstanceProfileName": "Box",
        "InstanceProfileId": made["InstanceProfileId"],
        "Path": "/app/",
        "Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/app/Box",
        "CreateDate": NOW,
        "Roles": [],
        "Tags": TAGS,
    }
    assert shown(iam, "box") == made
    plain = new_profile(iam, "plain")
    assert "Tags" not in plain
    assert shown(iam, "plain") == {**plain, "Tags": []}


def test_names_are_unique_whatever_their_case(iam: Iam) -> None:
    new_profile(iam, "Box")
    said = iam.fault("CreateInstanceProfile", InstanceProfileName="box", Path="/x/")
    assert said == ("EntityAlreadyExists", "Instance Profile box already exists.")


def test_an_account_has_as_many_profiles_as_its_quota(iam: Iam) -> None:
    iam.quota("InstanceProfilesPerAccount", 1)
    new_profile(iam)
    said = iam.fault("CreateInstanceProfile", InstanceProfileName="more")
    assert said == ("LimitExceeded", "Cannot exceed quota for InstanceProfilesPerAccount: 1")


def test_a_profile_holds_one_role(iam: Iam) -> None:
    new_profile(iam)
    new_role(iam, Description="runs")
    new_role(iam, "second")
    iam("AddRoleToInstanceProfile", InstanceProfileName="box", RoleName="runner")
    role = shown(iam)["Roles"][0]
    assert unquote(role.pop("AssumeRolePolicyDocument")) == EC2
    assert set(role) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate"}
    assert role["RoleName"] == "runner"
    for name in ("second", "runner"):
        said = iam.fault("AddRoleToInstanceProfile", InstanceProfileName="box", RoleName=name)
        assert said == ("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    said = iam.fault("DeleteInstanceProfile", InstanceProfileName="box")
    assert said == ("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
    said = iam.fault("RemoveRoleFromInstanceProfile", InstanceProfileName="box", RoleName="second")
    assert said == ("NoSuchEntity", "Role second in Instance Profile box cannot be found.")
    iam("RemoveRoleFromInstanceProfile", InstanceProfileName="box", RoleName="runner")
    assert shown(iam)["Roles"] == []
    iam("DeleteInstanceProfile", InstanceProfileName="box")
    said = iam.fault("GetInstanceProfile", InstanceProfileName="box")
    assert said == ("NoSuchEntity", "Instance Profile box cannot be found.")


def test_profiles_are_listed_by_name_path_page_and_role(iam: Iam) -> None:
    new_role(iam)
    for number in range(5):
        new_profile(iam, f"p{number}", Path="/app/" if number % 2 else "/", Tags=TAGS)
        if number != 2:
            iam("AddRoleToInstanceProfile", InstanceProfileName=f"p{number}", RoleName="runner")

    def names(operation: str, **params: Any) -> list[str]:
        found = everything(iam, operation, "InstanceProfiles", **params)
        assert not any("Tags" in each for each in found)
        return [each["InstanceProfileName"] for each in found]

    assert names("ListInstanceProfiles", MaxItems=2) == ["p0", "p1", "p2", "p3", "p4"]
    assert names("ListInstanceProfiles", PathPrefix="/app/") == ["p1", "p3"]
    assert names("ListInstanceProfilesForRole", RoleName="runner", MaxItems=1) == ["p0", "p1", "p3", "p4"]
    new_role(iam, "idle")
    assert names("ListInstanceProfilesForRole", RoleName="idle") == []


MISSING: dict[str, dict[str, Any]] = {
    "GetInstanceProfile": {},
    "DeleteInstanceProfile": {},
    "AddRoleToInstanceProfile": {"RoleName": "runner"},
    "RemoveRoleFromInstanceProfile": {"RoleName": "runner"},
    "TagInstanceProfile": {"Tags": TAGS},
    "UntagInstanceProfile": {"TagKeys": ["a"]},
    "ListInstanceProfileTags": {},
}


@pytest.mark.parametrize("name", MISSING)
def test_a_profile_that_is_not_there_is_not_found(iam: Iam, name: str) -> None:
    new_role(iam)
    said = iam.fault(name, InstanceProfileName="nothing", **MISSING[name])
    assert said == ("NoSuchEntity", "Instance Profile nothing cannot be found.")


@pytest.mark.parametrize("name", ["AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"])
def test_a_role_that_is_not_there_is_not_found(iam: Iam, name: str) -> None:
    new_profile(iam)
    said = iam.fault(name, InstanceProfileName="box", RoleName="nobody")
    assert said == ("NoSuchEntity", "The role with name nobody cannot be found.")


def test_tags_are_put_replaced_and_removed(iam: Iam) -> None:
    new_profile(iam, Tags=TAGS)
    iam("TagInstanceProfile", InstanceProfileName="box", Tags=[{"Key": "area", "Value": "x"}])
    both = [{"Key": "area", "Value": "x"}, *TAGS]
    assert everything(iam, "ListInstanceProfileTags", "Tags", InstanceProfileName="box", MaxItems=1) == both
    iam("UntagInstanceProfile", InstanceProfileName="box", TagKeys=["team"])
    assert shown(iam)["Tags"] == both[:1]
    first = shown(iam)["InstanceProfileId"]
    iam("DeleteInstanceProfile", InstanceProfileName="box")
    assert tags_kept(iam, first) == 0


def test_adding_a_role_passes_it_to_ec2(iam: Iam) -> None:
    new_profile(iam)
    arn = new_role(iam, Path="/app/")
    other = new_role(iam, "other")
    iam.users("ann")
    add = {"InstanceProfileName": "box", "RoleName": "runner"}

    def allowed(*statements: str) -> bool:
        ann = iam.may("ann", "sts:GetCallerIdentity")
        with iam.world.house.store.write() as tx:
            for number, text in enumerate(statements):
                tx.inline_policies.put(ann.entity_id, f"s{number}", text)
        done = is_allowed(iam, ann, "AddRoleToInstanceProfile", **add)
        if done:
            iam("RemoveRoleFromInstanceProfile", **add)
        return done

    adding = document("iam:AddRoleToInstanceProfile", f"arn:aws:iam::{ACCOUNT}:instance-profile/box")

    def passing(resource: str, service: str) -> str:
        condition = {"StringEquals": {"iam:PassedToService": service}}
        return document("iam:PassRole", resource, Condition=condition)

    assert not allowed(adding, passing(other, "ec2.amazonaws.com"))
    assert not allowed(adding, passing(arn, "lambda.amazonaws.com"))
    assert not allowed(document("iam:Get*"), passing(arn, "ec2.amazonaws.com"))
    assert allowed(adding, passing(arn, "ec2.amazonaws.com"))
    assert allowed(adding, document("iam:PassRole", arn))
