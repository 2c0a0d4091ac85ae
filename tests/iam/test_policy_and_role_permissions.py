"""Every operation on policies, roles and instance profiles asks for its own action on exactly one ARN."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary import catalog
from tests.iam.asking import Iam
from tests.iam.having import EC2, READ, S3_READ_ONLY, is_allowed, new_policy, new_role
from tests.world import ACCOUNT

USER = f"arn:aws:iam::{ACCOUNT}:user/u/ann"
GROUP = f"arn:aws:iam::{ACCOUNT}:group/g/crew"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r/runner"
IDLE = f"arn:aws:iam::{ACCOUNT}:role/r/idle"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/p/held"
FREE = f"arn:aws:iam::{ACCOUNT}:policy/p/free"
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/i/box"
FULL = f"arn:aws:iam::{ACCOUNT}:instance-profile/i/full"
ENTITIES = {"User": ("ann", USER), "Group": ("crew", GROUP), "Role": ("runner", ROLE)}
TAGS = {"Tags": [{"Key": "a", "Value": "b"}]}
KEYS = {"TagKeys": ["a"]}


@dataclass(frozen=True)
class Case:
    name: str
    resource: str
    params: dict[str, Any] = field(default_factory=dict)


def cases() -> list[Case]:
    found = [
        Case("CreatePolicy", POLICY + "2", {"PolicyName": "held2", "Path": "/p/", "PolicyDocument": READ}),
        Case("GetPolicy", POLICY, {"PolicyArn": POLICY}),
        Case("GetPolicy", S3_READ_ONLY, {"PolicyArn": S3_READ_ONLY}),
        Case("ListPolicies", "*"),
        Case("DeletePolicy", FREE, {"PolicyArn": FREE}),
        Case("TagPolicy", POLICY, {"PolicyArn": POLICY, **TAGS}),
        Case("UntagPolicy", POLICY, {"PolicyArn": POLICY, **KEYS}),
        Case("ListPolicyTags", POLICY, {"PolicyArn": POLICY}),
        Case("CreatePolicyVersion", POLICY, {"PolicyArn": POLICY, "PolicyDocument": READ}),
        Case("GetPolicyVersion", POLICY, {"PolicyArn": POLICY, "VersionId": "v1"}),
        Case("ListPolicyVersions", POLICY, {"PolicyArn": POLICY}),
        Case("SetDefaultPolicyVersion", POLICY, {"PolicyArn": POLICY, "VersionId": "v2"}),
        Case("DeletePolicyVersion", POLICY, {"PolicyArn": POLICY, "VersionId": "v2"}),
        Case("ListEntitiesForPolicy", POLICY, {"PolicyArn": POLICY}),
        Case("CreateRole", ROLE + "2", {"RoleName": "runner2", "Path": "/r/", "AssumeRolePolicyDocument": EC2}),
        Case("GetRole", ROLE, {"RoleName": "runner"}),
        Case("ListRoles", "*"),
        Case("UpdateRole", ROLE, {"RoleName": "runner", "Description": "x"}),
        Case("UpdateRoleDescription", ROLE, {"RoleName": "runner", "Description": "x"}),
        Case("DeleteRole", IDLE, {"RoleName": "idle"}),
        Case("UpdateAssumeRolePolicy", ROLE, {"RoleName": "runner", "PolicyDocument": EC2}),
        Case("TagRole", ROLE, {"RoleName": "runner", **TAGS}),
        Case("UntagRole", ROLE, {"RoleName": "runner", **KEYS}),
        Case("ListRoleTags", ROLE, {"RoleName": "runner"}),
        Case("PutRolePermissionsBoundary", ROLE, {"RoleName": "runner", "PermissionsBoundary": POLICY}),
        Case("DeleteRolePermissionsBoundary", ROLE, {"RoleName": "runner"}),
        Case("CreateInstanceProfile", PROFILE + "2", {"InstanceProfileName": "box2", "Path": "/i/"}),
        Case("GetInstanceProfile", PROFILE, {"InstanceProfileName": "box"}),
        Case("ListInstanceProfiles", "*"),
        Case("DeleteInstanceProfile", PROFILE, {"InstanceProfileName": "box"}),
        Case("RemoveRoleFromInstanceProfile", FULL, {"InstanceProfileName": "full", "RoleName": "runner"}),
        Case("ListInstanceProfilesForRole", ROLE, {"RoleName": "runner"}),
        Case("TagInstanceProfile", PROFILE, {"InstanceProfileName": "box", **TAGS}),
        Case("UntagInstanceProfile", PROFILE, {"InstanceProfileName": "box", **KEYS}),
        Case("ListInstanceProfileTags", PROFILE, {"InstanceProfileName": "box"}),
        Case("GetAccountAuthorizationDetails", "*"),
    ]
    for noun, (name, arn) in ENTITIES.items():
        named = {f"{noun}Name": name}
        embedded = {**named, "PolicyName": "p"}
        found += [
            Case(f"Attach{noun}Policy", arn, {**named, "PolicyArn": FREE}),
            Case(f"Detach{noun}Policy", arn, {**named, "PolicyArn": POLICY}),
            Case(f"ListAttached{noun}Policies", arn, named),
            Case(f"Put{noun}Policy", arn, {**embedded, "PolicyDocument": READ}),
            Case(f"Get{noun}Policy", arn, embedded),
            Case(f"Delete{noun}Policy", arn, embedded),
            Case(f"List{noun}Policies", arn, named),
        ]
    return found


CASES = {f"{case.name} {case.resource.rpartition(':')[2]}": case for case in cases()}


@pytest.fixture
def settled(iam: Iam) -> Iam:
    """One of everything, with a path; and a user without any permission."""
    iam.users("tester")
    iam.users("ann", path="/u/")
    iam("CreateGroup", GroupName="crew", Path="/g/")
    new_role(iam, Path="/r/")
    new_role(iam, "idle", Path="/r/")
    new_policy(iam, "held", Path="/p/")
    new_policy(iam, "free", Path="/p/")
    iam("CreatePolicyVersion", PolicyArn=POLICY, PolicyDocument=READ)
    for name in ("box", "full"):
        iam("CreateInstanceProfile", InstanceProfileName=name, Path="/i/")
    iam("AddRoleToInstanceProfile", InstanceProfileName="full", RoleName="runner")
    for noun, (name, _) in ENTITIES.items():
        iam(f"Attach{noun}Policy", **{f"{noun}Name": name, "PolicyArn": POLICY})
        iam(f"Put{noun}Policy", **{f"{noun}Name": name, "PolicyName": "p", "PolicyDocument": READ})
    return iam


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_operation_needs_its_action_on_its_arn_and_nothing_else(settled: Iam, case: Case) -> None:
    def allowed(action: str, resource: str, **more: Any) -> bool:
        tester = settled.may("tester", action, resource, **more)
        return is_allowed(settled, tester, case.name, **case.params)

    action = f"iam:{case.name}"
    assert not is_allowed(settled, settled.world.user("tester"), case.name, **case.params)
    assert not allowed("sts:*", "*")
    assert not allowed(action + "x", "*")
    assert not allowed(action, f"arn:aws:iam::{ACCOUNT}:mfa/*")
    assert not allowed(action, "*", effect="Deny")
    if case.resource != "*":
        assert not allowed(action, case.resource + "x")
        owner, _, rest = case.resource.rpartition(":")
        bare = f"{owner}:{rest.partition('/')[0]}/{rest.rpartition('/')[2]}"
        assert bare == case.resource or not allowed(action, bare), "the path is part of the ARN"
    assert allowed(action, case.resource)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_kind_of_resource_is_that_of_the_service_reference(case: Case) -> None:
    service = catalog.service("iam")
    assert service is not None
    kinds = {each.name for each in service.actions[case.name].resources}
    asked = set() if case.resource == "*" else {case.resource.split(":")[5].split("/")[0]}
    assert kinds == asked


MISSING = {
    "GetRole": ({"RoleName": "none"}, "role/none"),
    "GetRolePolicy": ({"RoleName": "none", "PolicyName": "p"}, "role/none"),
    "ListAttachedGroupPolicies": ({"GroupName": "none"}, "group/none"),
    "PutUserPolicy": ({"UserName": "none", "PolicyName": "p", "PolicyDocument": READ}, "user/none"),
    "GetInstanceProfile": ({"InstanceProfileName": "none"}, "instance-profile/none"),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_not_there_is_asked_for_without_a_path(settled: Iam, name: str) -> None:
    params, resource = MISSING[name]
    kind = resource.partition("/")[0]
    tester = settled.may("tester", f"iam:{name}", f"arn:aws:iam::{ACCOUNT}:{kind}/team/*")
    assert settled.fault(name, by=tester, **params)[0] == "AccessDenied"
    tester = settled.may("tester", f"iam:{name}", f"arn:aws:iam::{ACCOUNT}:{resource}")
    assert settled.fault(name, by=tester, **params)[0] == "NoSuchEntity"


def test_every_operation_on_policies_and_roles_is_tried() -> None:
    """So that a new one is not forgotten here; adding a role to a profile has its own test."""
    from ostiary.services.operation import OPERATIONS

    mine = ("policies", "policy_", "attachments", "inline_", "roles", "role_tags", "trust", "instance_", "boundaries")
    mine += ("authorization_details",)
    ours = {
        name
        for (service, name), row in OPERATIONS.items()
        if service == "iam" and row.do.__module__.rpartition(".")[2].startswith(mine)
    }
    assert ours == {case.name for case in CASES.values()} | {"AddRoleToInstanceProfile"}
