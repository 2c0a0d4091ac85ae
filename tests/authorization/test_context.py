"""Which condition keys a request has, by who asks (R108–R115)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ostiary.authorization.caller import ANONYMOUS, Caller
from ostiary.authorization.judge import Ask
from ostiary.store.records import TagRecord
from tests.sts.people import add_role, add_user, assume, caller_of, judged, trust
from tests.world import ACCOUNT, ALLOW_ALL, NOW, World

ASK = Ask(action="s3:GetObject", resource="arn:aws:s3:::box/key", account=ACCOUNT)
ALICE = f"AIDA{'ALICE':A<17}"
APP = f"AROA{'APP':A<17}"
SECONDS = int(NOW.timestamp())


def alice(world: World) -> Caller:
    found = add_user(world, "alice", path="/team/")
    with world.house.store.write() as tx:
        tx.tags.put(ALICE, [TagRecord(key="Team", value="red"), TagRecord(key="Env", value="dev")])
    return found


def token(world: World, **changed: Any) -> Caller:
    return caller_of(world, world.call("sts:GetSessionToken", by=alice(world)), **changed)


def role(world: World, **more: Any) -> Caller:
    arn = add_role(world, "app", trust("*"), path="/team/", tags={"Team": "red"})
    return assume(world, arn, alice(world), **more)


def federated(world: World) -> Caller:
    tags = [{"Key": "TEAM", "Value": "blue"}]
    given = world.call("sts:GetFederationToken", by=alice(world), Name="bob", Policy=ALLOW_ALL, Tags=tags)
    return caller_of(world, given)


ISSUED = "2026-11-23T12:00:00Z"
ALWAYS = {
    "aws:CurrentTime": ISSUED,
    "aws:EpochTime": str(SECONDS),
    "aws:SecureTransport": "false",
    "aws:RequestedRegion": "eu-central-1",
    "aws:SourceIp": "192.0.2.7",
    "aws:UserAgent": "test/1.0",
    "aws:ViaAWSService": "false",
    "aws:ResourceAccount": ACCOUNT,
}
SIGNED = {**ALWAYS, "aws:PrincipalIsAWSService": "false", "aws:PrincipalAccount": ACCOUNT}
USER = {
    **SIGNED,
    "aws:username": "alice",
    "aws:userid": ALICE,
    "aws:PrincipalType": "User",
    "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/team/alice",
    "aws:PrincipalTag/Team": "red",
    "aws:PrincipalTag/Env": "dev",
}
ROLE = {
    **SIGNED,
    "aws:userid": f"{APP}:s1",
    "aws:PrincipalType": "AssumedRole",
    "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team/app",
    "aws:PrincipalTag/Team": "red",
    "aws:TokenIssueTime": ISSUED,
    "aws:MultiFactorAuthPresent": "false",
}
ROOT = {
    **SIGNED,
    "aws:userid": ACCOUNT,
    "aws:PrincipalType": "Account",
    "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root",
}
# Each caller with every key that it has, and no other.
TABLE: dict[str, tuple[Callable[[World], Caller], dict[str, Any]]] = {
    "user": (alice, USER),
    "user with a session token": (token, {**USER, "aws:TokenIssueTime": ISSUED, "aws:MultiFactorAuthPresent": "false"}),
    "user with a session token and MFA": (
        lambda world: token(world, mfa_at=SECONDS - 90),
        {
            **USER,
            "aws:TokenIssueTime": ISSUED,
            "aws:MultiFactorAuthPresent": "true",
            "aws:MultiFactorAuthAge": "90",
        },
    ),
    "role session": (role, ROLE),
    "role session with tags and a source identity": (
        lambda world: role(world, Tags=[{"Key": "team", "Value": "blue"}], SourceIdentity="alice"),
        {
            **{key: value for key, value in ROLE.items() if key != "aws:PrincipalTag/Team"},
            "aws:PrincipalTag/team": "blue",
            "aws:SourceIdentity": "alice",
        },
    ),
    "federated user": (
        federated,
        {
            **SIGNED,
            "aws:userid": f"{ACCOUNT}:bob",
            "aws:PrincipalType": "FederatedUser",
            "aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
            "aws:PrincipalTag/TEAM": "blue",
            "aws:PrincipalTag/Env": "dev",
            "aws:TokenIssueTime": ISSUED,
        },
    ),
    "root": (lambda world: world.root(), ROOT),
    "root with a session token": (
        lambda world: caller_of(world, world.call("sts:GetSessionToken")),
        {**ROOT, "aws:TokenIssueTime": ISSUED, "aws:MultiFactorAuthPresent": "false"},
    ),
    "anonymous": (
        lambda world: ANONYMOUS,
        {
            **ALWAYS,
            "aws:userid": "anonymous",
            "aws:PrincipalType": "Anonymous",
            "aws:PrincipalAccount": "anonymous",
        },
    ),
}


@pytest.mark.parametrize(("make", "keys"), TABLE.values(), ids=TABLE)
def test_a_caller_has_exactly_these_keys(world: World, make: Callable[[World], Caller], keys: dict[str, Any]) -> None:
    found = judged(
        world, make(world), ASK, source_ip="192.0.2.7", region="eu-central-1", user_agent="test/1.0"
    ).request.context
    assert dict(found) == keys


def test_keys_of_the_connection_follow_the_request(world: World) -> None:
    caller = alice(world)
    plain = judged(world, caller, ASK).request.context
    assert "aws:Referer" not in plain
    told = judged(world, caller, ASK, secure=True, referer="https://example.com/", source_ip="2001:db8::1")
    context = told.request.context
    assert (context["aws:SecureTransport"], context["aws:Referer"], context["aws:SourceIp"]) == (
        "true",
        "https://example.com/",
        "2001:db8::1",
    )


def test_the_moment_of_issue_stays_while_the_clock_goes_on(world: World) -> None:
    session = role(world)
    world.clock.advance(minutes=30)
    context = judged(world, session, ASK).request.context
    assert context["aws:TokenIssueTime"] == ISSUED
    assert context["aws:CurrentTime"] == "2026-11-23T12:30:00Z"


def test_further_keys_of_a_session_go_with_it(world: World) -> None:
    """An instance's credentials tell which instance has them."""
    arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1"
    session = role(world)
    assert session.session is not None
    changed = msgspec.structs.replace(session.session, context=(("ec2:SourceInstanceARN", arn),))
    context = judged(world, replace(session, session=changed), ASK).request.context
    assert context["ec2:SourceInstanceARN"] == arn


def test_a_resource_without_an_owner_has_no_resource_account(world: World) -> None:
    assert "aws:ResourceAccount" not in judged(world, ANONYMOUS, Ask(action="s3:GetObject")).request.context
