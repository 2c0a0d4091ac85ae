"""Recorded requests judged again with a draft: what it says is what happens when the draft is saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.audit import replay as module
from ostiary.audit.replay import Replay
from ostiary.services.console.drafts import replayed
from ostiary.services.faults import ServiceFault
from tests.console.people import Console
from tests.world import ACCOUNT, document

ARN = f"arn:aws:iam::{ACCOUNT}:policy/Readers"


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    made = Console(tmp_path)
    yield made
    made.close()


class Room:
    """People who ask, and whoever wonders what a change would do."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.requests = 0

    def ask(self, user: str, operation: str, **params: Any) -> bool:
        """Whether it was permitted; recorded either way."""
        self.requests += 1
        facts = self._facts(f"10000000-0000-4000-8000-{self.requests:012d}")
        try:
            self.console.gate.perform(self.console.world.user(user), facts, "iam", operation, params)
        except ServiceFault as fault:
            if fault.status == 403:
                return False
            assert fault.code == "NoSuchEntity"
        return True

    def replay(self, draft: str, **subject: str) -> Replay:
        self.console.audit.flush()
        told = {"Kind": "managed", "Arn": ARN, "Name": "", "Policy": "", **subject, "Draft": draft}
        found = self.console.gate.look(self.console.world.root(), self._facts("look"), replayed, told)
        assert found is not None
        return found

    def _facts(self, request_id: str) -> Any:
        from ostiary.authorization.context import RequestFacts

        return RequestFacts(
            request_id=request_id,
            at=self.console.house.clock.now(),
            source_ip="127.0.0.1",
            secure=False,
            region="us-east-1",
        )


@pytest.fixture
def room(console: Console) -> Room:
    world = console.world
    world.call("iam:CreatePolicy", PolicyName="Readers", PolicyDocument=document(["iam:ListUsers", "iam:GetUser"]))
    for name in ("ann", "bob"):
        world.call("iam:CreateUser", UserName=name)
    world.call("iam:AttachUserPolicy", UserName="ann", PolicyArn=ARN)
    return Room(console)


def test_what_would_be_denied_and_allowed_is_found_and_counted(room: Room) -> None:
    assert room.ask("ann", "ListUsers") and room.ask("ann", "ListUsers")
    assert room.ask("ann", "GetUser", UserName="bob")
    assert not room.ask("ann", "ListRoles")
    assert not room.ask("bob", "ListUsers")  # has no such policy
    draft = document(["iam:GetUser", "iam:ListRoles"])
    found = room.replay(draft)
    assert (found.requests, found.same, found.denied, found.allowed) == (4, 1, 2, 1)
    assert [(each.action, each.count) for each in found.now_denied] == [("iam:ListUsers", 2)]
    assert found.now_denied[0].request_id == "10000000-0000-4000-8000-000000000002"
    assert [each.action for each in found.now_allowed] == ["iam:ListRoles"]
    assert found.principals == {f"arn:aws:iam::{ACCOUNT}:user/ann"}
    # and so it happens
    room.console.world.call("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=draft, SetAsDefault=True)
    assert not room.ask("ann", "ListUsers")
    assert room.ask("ann", "ListRoles")


def test_a_change_that_changes_nothing_is_the_same_for_all(room: Room) -> None:
    room.ask("ann", "ListUsers")
    found = room.replay(document(["iam:GetUser", "iam:List*"]))
    assert (found.same, found.denied, found.allowed) == (1, 0, 0)


def test_other_policies_of_the_principal_count_as_they_are_today(room: Room) -> None:
    room.ask("ann", "ListUsers")
    room.console.world.call("iam:PutUserPolicy", UserName="ann", PolicyName="too", PolicyDocument=document("iam:List*"))
    assert room.replay(document("s3:Get*")).denied == 0
    assert room.replay(document("iam:List*", effect="Deny")).denied == 1


def test_policies_of_groups_boundaries_and_embedded_ones_are_replayed(room: Room) -> None:
    world = room.console.world
    world.call("iam:CreateGroup", GroupName="team")
    world.call("iam:AddUserToGroup", GroupName="team", UserName="bob")
    world.call("iam:PutGroupPolicy", GroupName="team", PolicyName="inline", PolicyDocument=document("iam:ListUsers"))
    world.call("iam:PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=ARN)
    assert room.ask("bob", "ListUsers")
    none = document("s3:Get*")
    assert room.replay(none).denied == 1  # the boundary
    assert room.replay(none, Kind="group", Name="team", Policy="inline").denied == 1
    assert room.replay(document("iam:*", effect="Deny"), Kind="user", Name="bob", Policy="new").denied == 1
    assert room.replay(none, Kind="user", Name="bob", Policy="new").denied == 0


def test_members_of_a_group_that_has_the_policy_are_replayed(room: Room) -> None:
    world = room.console.world
    world.call("iam:CreateGroup", GroupName="team")
    world.call("iam:AttachGroupPolicy", GroupName="team", PolicyArn=ARN)
    world.call("iam:AddUserToGroup", GroupName="team", UserName="bob")
    assert room.ask("bob", "ListUsers") and room.ask("ann", "ListUsers")
    found = room.replay(document("s3:Get*"))
    assert sorted(each.principal[-3:] for each in found.now_denied) == ["ann", "bob"]


def test_the_condition_values_of_the_request_are_those_that_are_judged(room: Room) -> None:
    room.ask("ann", "ListUsers")
    here = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    elsewhere = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    assert room.replay(document("iam:ListUsers", Condition=here)).denied == 0
    assert room.replay(document("iam:ListUsers", Condition=elsewhere)).denied == 1


def test_a_trust_policy_is_replayed_over_those_who_assumed_the_role(room: Room) -> None:
    world = room.console.world
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"},
                "Action": "sts:AssumeRole",
            },
        }
    )
    world.call("iam:CreateRole", RoleName="door", AssumeRolePolicyDocument=trust)
    role = f"arn:aws:iam::{ACCOUNT}:role/door"
    facts = room._facts("10000000-0000-4000-8000-999999999999")
    asked = {"RoleArn": role, "RoleSessionName": "session"}
    room.console.gate.perform(world.user("bob"), facts, "sts", "AssumeRole", asked)
    other = trust.replace("user/bob", "user/ann")
    found = room.replay(other, Kind="trust", Name="door")
    assert [each.action for each in found.now_denied] == ["sts:AssumeRole"]
    assert room.replay(trust, Kind="trust", Name="door").denied == 0


def test_only_the_last_days_and_the_latest_are_looked_at(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        room.ask("ann", "ListUsers")
    monkeypatch.setattr(module, "_BATCH", 2)
    found = room.replay(document("s3:Get*"))
    assert found.denied == 5 and not found.bounded
    monkeypatch.setattr(module, "MOST_EVENTS", 4)
    monkeypatch.setattr(module, "_LEAST_EVENTS", 1)
    found = room.replay(document("s3:Get*"))
    assert found.events == 4 and found.bounded and found.denied < 5
    monkeypatch.setattr(module, "MOST_EVENTS", 10_000)
    room.console.world.clock.advance(days=module.DAYS + 1)
    assert room.replay(document("s3:Get*")).requests == 0
