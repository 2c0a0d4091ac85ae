"""Which permission each operation needs, on which resource, with which condition keys.

The oracle for "every operation" is botocore's list, for resource types and condition keys the service authorization
reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary import catalog
from ostiary.services.iam import access_keys, account, groups, login_profiles, users
from ostiary.services.operation import OPERATIONS
from tests.iam.asking import Iam
from tests.world import ACCOUNT

ARN = f"arn:aws:iam::{ACCOUNT}:"
BOB, TEAM = f"{ARN}user/dev/bob", f"{ARN}group/ops/team"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
KEY = "the id of bob's key"
TAGS = [{"Key": "team", "Value": "blue"}]
MODULES = {module.__name__ for module in (users, groups, access_keys, login_profiles, account)}


@dataclass(frozen=True)
class Case:
    """An operation that succeeds with exactly these permissions, besides what the fixture made."""

    name: str
    on: str = "*"
    params: Mapping[str, Any] = field(default_factory=dict)
    also_on: str | None = None


CASES = [
    Case("CreateUser", f"{ARN}user/dev/new", {"UserName": "new", "Path": "/dev/"}),
    Case("GetUser", BOB, {"UserName": "bob"}),
    Case("ListUsers"),
    Case("UpdateUser", BOB, {"UserName": "bob", "NewUserName": "b2"}, also_on=f"{ARN}user/dev/b2"),
    Case("UpdateUser", BOB, {"UserName": "bob", "NewPath": "/x/"}, also_on=f"{ARN}user/x/bob"),
    Case("DeleteUser", f"{ARN}user/bare", {"UserName": "bare"}),
    Case("TagUser", BOB, {"UserName": "bob", "Tags": TAGS}),
    Case("UntagUser", BOB, {"UserName": "bob", "TagKeys": ["team"]}),
    Case("ListUserTags", BOB, {"UserName": "bob"}),
    Case("PutUserPermissionsBoundary", BOB, {"UserName": "bob", "PermissionsBoundary": READ_ONLY}),
    Case("DeleteUserPermissionsBoundary", BOB, {"UserName": "bob"}),
    Case("CreateGroup", f"{ARN}group/ops/new", {"GroupName": "new", "Path": "/ops/"}),
    Case("GetGroup", TEAM, {"GroupName": "team"}),
    Case("ListGroups"),
    Case("UpdateGroup", TEAM, {"GroupName": "team", "NewGroupName": "t2"}, also_on=f"{ARN}group/ops/t2"),
    Case("DeleteGroup", f"{ARN}group/empty", {"GroupName": "empty"}),
    Case("AddUserToGroup", TEAM, {"GroupName": "team", "UserName": "bare"}),
    Case("RemoveUserFromGroup", TEAM, {"GroupName": "team", "UserName": "bob"}),
    Case("ListGroupsForUser", BOB, {"UserName": "bob"}),
    Case("CreateAccessKey", BOB, {"UserName": "bob"}),
    Case("ListAccessKeys", BOB, {"UserName": "bob"}),
    Case("UpdateAccessKey", BOB, {"UserName": "bob", "AccessKeyId": KEY, "Status": "Inactive"}),
    Case("DeleteAccessKey", BOB, {"UserName": "bob", "AccessKeyId": KEY}),
    Case("GetAccessKeyLastUsed", BOB, {"AccessKeyId": KEY}),
    Case("CreateLoginProfile", f"{ARN}user/bare", {"UserName": "bare", "Password": "Correct-horse1"}),
    Case("GetLoginProfile", BOB, {"UserName": "bob"}),
    Case("UpdateLoginProfile", BOB, {"UserName": "bob", "PasswordResetRequired": True}),
    Case("DeleteLoginProfile", BOB, {"UserName": "bob"}),
    Case("CreateAccountAlias", params={"AccountAlias": "acme"}),
    Case("DeleteAccountAlias", params={"AccountAlias": "there"}),
    Case("ListAccountAliases"),
    Case("GetAccountSummary"),
]


@pytest.fixture
def peopled(iam: Iam) -> Iam:
    """An account with something of everything, and the user `asker`."""
    iam.users("asker", "bare")
    iam.users("bob", path="/dev/")
    iam("CreateGroup", GroupName="team", Path="/ops/")
    iam("CreateGroup", GroupName="empty")
    iam("AddUserToGroup", GroupName="team", UserName="bob")
    iam("CreateLoginProfile", UserName="bob", Password="Correct-horse1")
    iam("CreateAccountAlias", AccountAlias="there")
    return iam


def with_key(iam: Iam, params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("AccessKeyId") != KEY:
        return dict(params)
    made = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    return {**params, "AccessKeyId": made}


def test_no_operation_is_left_out_of_the_cases() -> None:
    mine = {name for (service, name), row in OPERATIONS.items() if service == "iam" and row.do.__module__ in MODULES}
    assert mine == {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exactly_the_action_on_exactly_the_resource_is_enough(peopled: Iam, case: Case) -> None:
    on = [case.on] if case.also_on is None else [case.on, case.also_on]
    asker = peopled.may("asker", f"iam:{case.name}", on)
    peopled(case.name, by=asker, **with_key(peopled, case.params))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_the_permission_it_is_refused_in_awss_words(peopled: Iam, case: Case) -> None:
    asker = peopled.may("asker", "s3:*")
    where = "" if case.on == "*" else f" on resource: {case.on}"
    said = peopled.fault(case.name, by=asker, **with_key(peopled, case.params))
    assert said == (
        "AccessDenied",
        f"User: {ARN}user/asker is not authorized to perform: iam:{case.name}{where} "
        f"because no identity-based policy allows the iam:{case.name} action",
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_other_actions_and_other_resources_do_not_help(peopled: Iam, case: Case) -> None:
    params = with_key(peopled, case.params)
    other = {"NotAction": f"iam:{case.name}", "Resource": "*"}
    policy = f'{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{str(other)[1:-1]}}}}}'.replace("'", '"')
    with peopled.world.house.store.write() as tx:
        asker = tx.users.get(ACCOUNT, "asker")
        assert asker is not None
        tx.inline_policies.put(asker.id, "only", policy)
    assert peopled.fault(case.name, by=peopled.world.user("asker"), **params)[0] == "AccessDenied"
    elsewhere = [f"{ARN}user/other", f"{ARN}group/other", f"{ARN}user/BOB", "arn:aws:iam::444455556666:*"]
    asker_elsewhere = peopled.may("asker", f"iam:{case.name}", elsewhere)
    assert peopled.fault(case.name, by=asker_elsewhere, **params)[0] == "AccessDenied"


@pytest.mark.parametrize("case", [case for case in CASES if case.also_on], ids=lambda case: case.name)
def test_renaming_needs_the_permission_on_the_new_resource_too(peopled: Iam, case: Case) -> None:
    assert case.also_on is not None
    asker = peopled.may("asker", f"iam:{case.name}", case.on)
    code, message = peopled.fault(case.name, by=asker, **case.params)
    assert (code, case.also_on in message) == ("AccessDenied", True)
    asker = peopled.may("asker", f"iam:{case.name}", case.also_on)
    assert peopled.fault(case.name, by=asker, **case.params)[0] == "AccessDenied"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_resource_type_is_the_one_of_the_reference(case: Case) -> None:
    service = catalog.service("iam")
    assert service is not None
    types = [resource.name for resource in service.actions[case.name].resources]
    kind = case.on.split(":")[-1].split("/")[0]
    assert types == ([] if case.on == "*" else [kind])


@pytest.mark.parametrize("operation", ["GetUser", "ListUserTags", "ListGroupsForUser", "GetLoginProfile", "DeleteUser"])
def test_what_does_not_exist_is_asked_for_without_a_path(iam: Iam, operation: str) -> None:
    iam.users("asker")
    asker = iam.may("asker", "iam:*", f"{ARN}user/dev/*")
    code, message = iam.fault(operation, UserName="nobody", by=asker)
    assert (code, f"on resource: {ARN}user/nobody " in message) == ("AccessDenied", True)
    asker = iam.may("asker", "iam:*", f"{ARN}user/nobody")
    assert iam.fault(operation, UserName="nobody", by=asker)[0] == "NoSuchEntity"


@pytest.mark.parametrize("key", ["aws:ResourceTag/team", "iam:ResourceTag/team"])
def test_tags_of_the_target_are_condition_keys(peopled: Iam, key: str) -> None:
    asker = peopled.may("asker", "iam:GetUser", Condition={"StringEquals": {key: "blue"}})
    assert peopled.fault("GetUser", UserName="bob", by=asker)[0] == "AccessDenied"
    peopled("TagUser", UserName="bob", Tags=TAGS)
    assert peopled("GetUser", UserName="bob", by=asker)


def test_tags_of_the_request_are_condition_keys(peopled: Iam) -> None:
    blue = {"StringEquals": {"aws:RequestTag/team": "blue"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    asker = peopled.may("asker", ["iam:CreateUser", "iam:TagUser"], Condition=blue)
    for name, operation in (("new", "CreateUser"), ("bob", "TagUser")):
        refused = [
            [{"Key": "team", "Value": "red"}],
            [{"Key": "other", "Value": "blue"}],
            [*TAGS, {"Key": "other", "Value": "x"}],
        ]
        for tags in refused:
            assert peopled.fault(operation, UserName=name, Tags=tags, by=asker)[0] == "AccessDenied"
        peopled(operation, UserName=name, Tags=TAGS, by=asker)
    assert peopled.fault("CreateUser", UserName="untagged", by=asker)[0] == "AccessDenied"


def test_removed_keys_are_a_condition_key(peopled: Iam) -> None:
    condition = {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}
    asker = peopled.may("asker", "iam:UntagUser", Condition=condition)
    peopled("UntagUser", UserName="bob", TagKeys=["x", "team"], by=asker)
    assert peopled.fault("UntagUser", UserName="bob", TagKeys=["x"], by=asker)[0] == "AccessDenied"


def test_a_delegated_administrator_must_give_the_boundary_it_is_told_to(peopled: Iam) -> None:
    condition = {"StringEquals": {"iam:PermissionsBoundary": READ_ONLY}}
    asker = peopled.may("asker", ["iam:CreateUser", "iam:PutUserPermissionsBoundary"], Condition=condition)
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert peopled.fault("CreateUser", UserName="new", by=asker)[0] == "AccessDenied"
    assert peopled.fault("CreateUser", UserName="new", PermissionsBoundary=other, by=asker)[0] == "AccessDenied"
    peopled("CreateUser", UserName="new", PermissionsBoundary=READ_ONLY, by=asker)
    said = peopled.fault("PutUserPermissionsBoundary", UserName="new", PermissionsBoundary=other, by=asker)
    assert said[0] == "AccessDenied"


def test_deleting_a_boundary_is_asked_for_with_the_boundary_there_is(peopled: Iam) -> None:
    condition = {"ArnEquals": {"iam:PermissionsBoundary": READ_ONLY}}
    asker = peopled.may("asker", "iam:DeleteUserPermissionsBoundary", Condition=condition)
    assert peopled.fault("DeleteUserPermissionsBoundary", UserName="bob", by=asker)[0] == "AccessDenied"
    peopled("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=READ_ONLY)
    peopled("DeleteUserPermissionsBoundary", UserName="bob", by=asker)


def test_the_boundary_of_the_target_is_no_key_of_other_actions(peopled: Iam) -> None:
    peopled("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=READ_ONLY)
    asker = peopled.may("asker", "iam:GetUser", Condition={"Null": {"iam:PermissionsBoundary": "true"}})
    assert peopled("GetUser", UserName="bob", by=asker)
