"""Who may see what: callers of the record's account who may ask, and of the policies those that they may read."""

from __future__ import annotations

import json

import pytest

from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask
from ostiary.policy import Attached, PolicyType, Pool, Source, compile_policy
from ostiary.services.iam_toolbox.details import LEFT_OUT
from ostiary.store.records import BucketRecord
from tests.organizations.asking import SCP, Organizations
from tests.sts.people import add_policy, add_role, add_user, assume, trust
from tests.toolbox.asking import Toolbox
from tests.world import ACCOUNT, NOW, OTHER, World, document

ASK = ["iam:GetRequestAuthorizationDetails", "iam:GetRequestAuthorizationPolicy"]
BOX = "arn:aws:s3:::box"


def reader(world: World, *actions: str, resource: str = "*", account: str = ACCOUNT) -> Caller:
    """A user who may ask, and do these."""
    statements = [
        {"Effect": "Allow", "Action": ASK, "Resource": "*"},
        *({"Effect": "Allow", "Action": action, "Resource": resource} for action in actions),
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return add_user(world, "reader", text, account=account)


def everything(toolbox: Toolbox, account: str = ACCOUNT) -> str:
    """A request that policies of every kind had a say in."""
    world = toolbox.world
    boundary = add_policy(world, "limit")
    role = add_role(world, "app", trust("*"), boundary=boundary)
    session = assume(world, role, add_user(world, "starter"), Policy=document("*"))
    bucket(world, ACCOUNT)
    return toolbox.asked(session, of_box())


def bucket(world: World, account: str) -> None:
    with world.house.store.write() as tx:
        tx.buckets.add(
            BucketRecord(
                name="box", account=account, region="us-east-1", created=int(NOW.timestamp()), policy=BOX_POLICY
            )
        )


BOX_POLICY = document("s3:GetObject", f"{BOX}/*", Principal="*")


def of_box(account: str | None = None) -> Ask:
    source = Source(type=PolicyType.RESOURCE, name="bucket policy", owner=BOX)
    pool = Pool([Attached(compile_policy(BOX_POLICY), source)])
    return Ask(action="s3:GetObject", resource=f"{BOX}/key", account=account, resource_policy=pool)


@pytest.mark.parametrize("policy", [None, document("iam:GetRequestAuthorization*", effect="Deny"), document("s3:*")])
def test_the_permission_is_asked(toolbox: Toolbox, policy: str | None) -> None:
    world = toolbox.world
    found = toolbox.called("iam:GetUser", add_user(world, "alice"), UserName="alice")
    (uri,) = (each["uri"] for each in toolbox.details(found)["policies"])
    nosy = add_user(world, "nosy", policy)
    assert toolbox.fault(found, nosy) == "AccessDeniedException"
    assert toolbox.fault(found, nosy, uri) == "AccessDeniedException"


def test_nobody_else_s_request_is_told_from_none(toolbox: Toolbox) -> None:
    world = toolbox.world
    found = toolbox.called("iam:GetUser", add_user(world, "alice"), UserName="alice")
    (uri,) = (each["uri"] for each in toolbox.details(found)["policies"])
    other = world.root(OTHER)
    assert toolbox.fault(found, other) == "ResourceNotFoundException"
    assert toolbox.fault(found, other, uri) == "ResourceNotFoundException"


READ = {
    "IDENTITY_BASED_POLICY": "iam:GetRolePolicy",
    "PERMISSIONS_BOUNDARY": "iam:GetPolicyVersion",
    "SESSION_POLICY": "cloudtrail:LookupEvents",
    "RESOURCE_BASED_POLICY": "s3:GetBucketPolicy",
}


@pytest.mark.parametrize("kind", READ)
def test_a_policy_is_shown_to_those_who_may_read_it_and_no_other_is(toolbox: Toolbox, kind: str) -> None:
    found = everything(toolbox)
    policies = toolbox.details(found)["policies"]
    assert {policy["type"] for policy in policies} == set(READ)
    caller = reader(toolbox.world, READ[kind])
    told = toolbox.details(found, caller)
    assert [policy["type"] for policy in told["policies"]] == [kind]
    assert told["requestContext"][LEFT_OUT] == 3
    shown = {policy["uri"] for policy in told["policies"]}
    matched = [each for check in told["evaluations"][0]["checks"] for each in check["matchedPolicies"]]
    assert {each["uri"] for each in matched} <= shown
    assert {each["uri"] for each in told["evaluations"][0]["matchedPolicies"]} <= shown
    for policy in policies:
        if policy["type"] == kind:
            assert "Statement" in toolbox.policy(found, policy["uri"], caller)
        else:
            assert toolbox.fault(found, caller, policy["uri"]) == "AccessDeniedException"


def test_whoever_may_read_all_is_not_told_of_omissions(toolbox: Toolbox) -> None:
    found = everything(toolbox)
    told = toolbox.details(found, reader(toolbox.world, *READ.values()))
    assert LEFT_OUT not in told["requestContext"]
    assert len(told["policies"]) == 4


def test_the_resource_of_the_permission_counts(toolbox: Toolbox) -> None:
    world = toolbox.world
    found = toolbox.called("iam:GetUser", add_user(world, "alice"), UserName="alice")
    (uri,) = (each["uri"] for each in toolbox.details(found)["policies"])
    caller = reader(world, "iam:GetUserPolicy", resource=f"arn:aws:iam::{ACCOUNT}:user/bob")
    assert toolbox.details(found, caller)["policies"] == []
    assert toolbox.fault(found, caller, uri) == "AccessDeniedException"


def test_a_bucket_policy_of_another_account_is_its_owner_s(toolbox: Toolbox) -> None:
    world = toolbox.world
    bucket(world, OTHER)
    found = toolbox.asked(add_user(world, "alice"), of_box(OTHER))
    told = toolbox.details(found)
    assert [policy["type"] for policy in told["policies"]] == ["IDENTITY_BASED_POLICY"]
    assert told["requestContext"][LEFT_OUT] == 1


def test_the_policy_of_a_bucket_that_is_gone_is_shown_to_nobody(toolbox: Toolbox) -> None:
    world = toolbox.world
    found = toolbox.asked(add_user(world, "alice"), of_box())
    assert [policy["type"] for policy in toolbox.details(found)["policies"]] == ["IDENTITY_BASED_POLICY"]


def test_the_policies_of_an_organization_are_its_management_account_s(toolbox: Toolbox) -> None:
    org = Organizations(toolbox.world)
    org("CreateOrganization")
    org.enable(SCP)
    member = org.account()
    alice = add_user(toolbox.world, "alice", account=member)
    found = toolbox.called("iam:ListUsers", alice)
    told = toolbox.details(found, toolbox.world.root(member))
    assert {policy["type"] for policy in told["policies"]} == {"IDENTITY_BASED_POLICY"}
    assert told["requestContext"][LEFT_OUT] == 1
    uri = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    assert toolbox.fault(found, toolbox.world.root(member), uri) == "AccessDeniedException"


def test_secrets_are_not_among_the_details(toolbox: Toolbox) -> None:
    world = toolbox.world
    alice = add_user(world, "alice")
    made = toolbox.called("iam:CreateAccessKey", alice, UserName="alice")
    password = toolbox.called("iam:CreateLoginProfile", alice, UserName="alice", Password="Correct-Horse-9")
    keys = [key["AccessKeyId"] for key in world.call("iam:ListAccessKeys", UserName="alice")["AccessKeyMetadata"]]
    told = json.dumps([toolbox.details(made), toolbox.details(password)])
    assert "Correct-Horse-9" not in told
    for key in keys:
        known = world.house.book.key(key)
        assert known is not None
        assert known.secret not in told
