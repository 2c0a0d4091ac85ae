"""The known ways from few permissions to all: each is stopped without its permission, and by what stops it at AWS.

Every way is also walked to its end with the permission, so that a way that leads nowhere is not taken for a closed one.

Source: the ways are those of Rhino Security Labs, "AWS IAM Privilege Escalation – Methods and Mitigation", and of the
IAM User Guide, "Permissions boundaries for IAM entities", "Delegating responsibility to others using permissions
boundaries".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.iam.asking import Iam
from tests.iam.having import EC2, is_allowed, new_policy, trust
from tests.iam.ways import (
    ADMIN,
    ARN,
    MALLORY,
    MFA,
    ON_BOSS,
    ON_ME,
    OWN,
    WAYS,
    Conditions,
    Mallory,
    Way,
    rules_all,
)
from tests.world import ALLOW_ALL, document

each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@pytest.fixture
def town(iam: Iam) -> Iam:
    """Mallory, a group of hers, a role that she may assume; and what is stronger than she."""
    iam.users("mallory", "boss")
    new_policy(iam, "own", PolicyDocument=document("s3:GetObject"))
    iam("CreatePolicyVersion", PolicyArn=OWN, PolicyDocument=ALLOW_ALL)
    iam("AttachUserPolicy", UserName="mallory", PolicyArn=OWN)
    iam("AttachUserPolicy", UserName="boss", PolicyArn=ADMIN)
    for group in ("team", "admins"):
        iam("CreateGroup", GroupName=group)
    iam("AddUserToGroup", GroupName="team", UserName="mallory")
    iam("AttachGroupPolicy", GroupName="admins", PolicyArn=ADMIN)
    iam("CreateRole", RoleName="worker", AssumeRolePolicyDocument=trust(MALLORY))
    iam("CreateRole", RoleName="chief", AssumeRolePolicyDocument=EC2)
    iam("AttachRolePolicy", RoleName="chief", PolicyArn=ADMIN)
    iam("CreateInstanceProfile", InstanceProfileName="chiefs")
    iam("AddRoleToInstanceProfile", InstanceProfileName="chiefs", RoleName="chief")
    return iam


@each_way
def test_without_the_permission_there_is_no_way_up(town: Iam, way: Way) -> None:
    way.before(town)
    said = Mallory(town).tries(way)
    assert said is not None and "because no identity-based policy allows the" in said
    assert not way.gains(town)


@each_way
def test_with_the_permission_the_way_leads_up(town: Iam, way: Way) -> None:
    way.before(town)
    assert not way.gains(town)
    assert Mallory(town).given("Allow", way.needs).tries(way) is None
    assert way.gains(town)


@each_way
def test_all_permissions_but_the_needed_ones_are_not_enough(town: Iam, way: Way) -> None:
    way.before(town)
    for missing in way.needs:
        others = {action: resource for action, resource in way.needs.items() if action != missing}
        said = Mallory(town).given("Allow", {**others, "s3:*": "*", "ec2:Describe*": "*", "iam:List*": "*"}).tries(way)
        assert said is not None and missing in said
    assert not way.gains(town)


@each_way
def test_the_permission_on_something_else_is_not_enough(town: Iam, way: Way) -> None:
    way.before(town)
    elsewhere = {action: f"{ARN}user/nobody" if action != "ec2:RunInstances" else "*" for action in way.needs}
    assert Mallory(town).given("Allow", elsewhere).tries(way) is not None
    assert not way.gains(town)


@each_way
def test_a_deny_closes_the_way(town: Iam, way: Way) -> None:
    way.before(town)
    for action in way.needs:
        said = Mallory(town).given("Allow", way.needs).given("Deny", {action: "*"}).tries(way)
        assert said is not None and "with an explicit deny in an identity-based policy" in said
    assert not way.gains(town)


@each_way
def test_a_boundary_without_the_permission_closes_the_way(town: Iam, way: Way) -> None:
    way.before(town)
    bounds = new_policy(town, "bounds", PolicyDocument=document(["s3:*", "ec2:*"]))
    town("PutUserPermissionsBoundary", UserName="mallory", PermissionsBoundary=bounds)
    said = Mallory(town).given("Allow", way.needs).tries(way)
    assert said is not None and "because no permissions boundary allows the" in said
    assert not way.gains(town)


@pytest.mark.parametrize("way", [way for way in WAYS if way.own], ids=lambda way: way.name)
def test_within_a_boundary_the_way_leads_nowhere(town: Iam, way: Way) -> None:
    """She may change her policies, but nobody can give her what the boundary does not allow."""
    way.before(town)
    bounds = new_policy(town, "bounds", PolicyDocument=document([*way.needs, "s3:*"]))
    town("PutUserPermissionsBoundary", UserName="mallory", PermissionsBoundary=bounds)
    assert Mallory(town).given("Allow", way.needs).tries(way) is None
    assert not rules_all(town)


@each_way
def test_a_condition_on_mfa_closes_the_way_for_keys(town: Iam, way: Way) -> None:
    way.before(town)
    assert Mallory(town).given("Allow", way.needs, MFA).tries(way) is not None
    assert not way.gains(town)


@pytest.mark.parametrize(
    ("way", "condition"),
    [
        pytest.param(way, condition, id=f"{way.name} {next(iter(next(iter(condition.values()))))}")
        for way in WAYS
        for condition in way.stopped_by
    ],
)
def test_the_condition_that_guides_recommend_closes_the_way(town: Iam, way: Way, condition: Conditions) -> None:
    way.before(town)
    limited = {action: on for action, on in way.needs.items() if action.startswith("iam:")}
    rest = {action: on for action, on in way.needs.items() if action not in limited}
    assert Mallory(town).given("Allow", limited, condition).given("Allow", rest).tries(way) is not None
    assert not way.gains(town)


OUT = Way(
    "out of one's own boundary",
    "iam:DeleteUserPermissionsBoundary",
    ON_ME,
    {"iam:DeleteUserPermissionsBoundary": MALLORY},
)
WIDER = Way(
    "into a wider boundary",
    "iam:PutUserPermissionsBoundary",
    {**ON_ME, "PermissionsBoundary": ADMIN},
    {"iam:PutUserPermissionsBoundary": MALLORY},
)
REWRITTEN = Way(
    "another version of one's own boundary",
    "iam:CreatePolicyVersion",
    {"PolicyArn": f"{ARN}policy/bounds", "PolicyDocument": ALLOW_ALL, "SetAsDefault": True},
    {"iam:CreatePolicyVersion": f"{ARN}policy/bounds"},
)
each_escape = pytest.mark.parametrize("way", [OUT, WIDER, REWRITTEN], ids=lambda way: way.name)


def bound_administrator(town: Iam, *allowed: dict[str, Any]) -> Mallory:
    """Mallory with every permission and within a boundary."""
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement, *allowed]})
    bounds = new_policy(town, "bounds", PolicyDocument=text)
    town("PutUserPermissionsBoundary", UserName="mallory", PermissionsBoundary=bounds)
    return Mallory(town).given("Allow", {"*": "*"})


@each_escape
def test_an_administrator_within_a_boundary_does_not_get_out_of_it(town: Iam, way: Way) -> None:
    said = bound_administrator(town).tries(way)
    assert said is not None and "because no permissions boundary allows the" in said
    assert not rules_all(town)


@each_escape
def test_a_boundary_that_allows_its_own_change_holds_nobody(town: Iam, way: Way) -> None:
    (action,) = way.needs
    mallory = bound_administrator(town, {"Effect": "Allow", "Action": action, "Resource": "*"})
    assert not rules_all(town)
    assert mallory.tries(way) is None
    assert rules_all(town)


@each_escape
def test_the_boundary_of_the_guide_denies_its_own_change(town: Iam, way: Way) -> None:
    """All of IAM is allowed, but for changing the boundary, and for taking it away from anybody."""
    mallory = bound_administrator(
        town,
        {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["iam:CreatePolicyVersion", "iam:SetDefault*"], "Resource": f"{ARN}policy/bounds"},
        {"Effect": "Deny", "Action": ["iam:*UserPermissionsBoundary"], "Resource": "*"},
    )
    said = mallory.tries(way)
    assert said is not None and "with an explicit deny in a permissions boundary" in said


def test_who_must_give_new_users_the_boundary_cannot_make_a_free_one(town: Iam) -> None:
    bounds = f"{ARN}policy/bounds"
    condition = {"StringEquals": {"iam:PermissionsBoundary": bounds}}
    delegated = ["iam:CreateUser", "iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:PutUserPermissionsBoundary"]
    bound_administrator(town, {"Effect": "Allow", "Action": delegated, "Resource": "*", "Condition": condition})
    mallory = Mallory(town).given("Allow", dict.fromkeys(delegated, "*"), condition)
    new: dict[str, Any] = {"UserName": "puppet"}
    assert mallory.tries(Way("", "iam:CreateUser", new, {})) is not None
    assert mallory.tries(Way("", "iam:CreateUser", {**new, "PermissionsBoundary": ADMIN}, {})) is not None
    assert mallory.tries(Way("", "iam:CreateUser", {**new, "PermissionsBoundary": bounds}, {})) is None
    assert mallory.tries(Way("", "iam:AttachUserPolicy", {**new, "PolicyArn": ADMIN}, {})) is None
    assert not is_allowed(town, town.world.user("puppet"), "ListUsers")
    wider = {**new, "PermissionsBoundary": ADMIN}
    assert mallory.tries(Way("", "iam:PutUserPermissionsBoundary", wider, {})) is not None
    assert mallory.tries(Way("", "iam:AttachUserPolicy", {**ON_BOSS, "PolicyArn": ADMIN}, {})) is not None
