"""A change is in force for the very next request: in one process, in two workers, in two servers on one directory."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Server
from tests.server.raw import Line

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("consistency")]

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}})
DENY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}})


def start_one(data: Path) -> list[Server]:
    return [Server.start(data, "--no-s3")]


def start_workers(data: Path) -> list[Server]:
    return [Server.start(data, "--no-s3", "--workers", "2")]


def start_two(data: Path) -> list[Server]:
    return [Server.start(data, "--no-s3"), Server.start(data, "--no-s3")]


@pytest.fixture(scope="module", params=[start_one, start_workers, start_two], ids=["alone", "workers", "two servers"])
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    start: Callable[[Path], list[Server]] = request.param
    started = start(tmp_path_factory.mktemp("consistent") / "data")
    yield started
    assert [each.stop() for each in started] == [0] * len(started)


class Pair:
    """Who changes, and who is changed; each has connections to every process that may answer."""

    def __init__(self, servers: list[Server]) -> None:
        self.changing = [Line(each.endpoint, each.root) for each in servers for _ in range(2)]
        self.changer = self.changing[0]
        self.servers = servers
        self.asking: list[Line] = []

    def user(self, name: str) -> tuple[str, str]:
        """A fresh user's key."""
        assert self.changer.iam("CreateUser", UserName=name).status == 200
        text = self.changer.iam("CreateAccessKey", UserName=name).text
        key, secret = (text.split(f"<{tag}>")[1].split("<")[0] for tag in ("AccessKeyId", "SecretAccessKey"))
        # Several connections a server: the kernel spreads them over its workers.
        self.asking = [Line(each.endpoint, (key, secret)) for each in self.servers for _ in range(4)]
        return key, secret

    def change(self, action: str, **parameters: Any) -> None:
        reply = self.changer.iam(action, **parameters)
        assert reply.status == 200, reply.text

    def everywhere(self) -> set[str]:
        """What the user's next requests come to, on all connections."""
        return {each.iam("ListGroups").code or "yes" for each in self.asking}

    def close(self) -> None:
        for each in (*self.changing, *self.asking):
            each.close()


@pytest.fixture
def pair(servers: list[Server]) -> Iterator[Pair]:
    made = Pair(servers)
    yield made
    made.close()


def test_a_key_that_is_switched_off_stops_at_once(pair: Pair) -> None:
    key, _ = pair.user("switched")
    pair.change("PutUserPolicy", UserName="switched", PolicyName="p", PolicyDocument=ALLOW)
    for _ in range(5):
        assert pair.everywhere() == {"yes"}
        pair.change("UpdateAccessKey", UserName="switched", AccessKeyId=key, Status="Inactive")
        assert pair.everywhere() == {"InvalidClientTokenId"}
        pair.change("UpdateAccessKey", UserName="switched", AccessKeyId=key, Status="Active")
    pair.change("DeleteAccessKey", UserName="switched", AccessKeyId=key)
    assert pair.everywhere() == {"InvalidClientTokenId"}


def test_a_detached_policy_stops_at_once(pair: Pair) -> None:
    pair.user("attached")
    arn = "arn:aws:iam::aws:policy/IAMFullAccess"
    for _ in range(5):
        assert pair.everywhere() == {"AccessDenied"}
        pair.change("AttachUserPolicy", UserName="attached", PolicyArn=arn)
        assert pair.everywhere() == {"yes"}
        pair.change("DetachUserPolicy", UserName="attached", PolicyArn=arn)
    assert pair.everywhere() == {"AccessDenied"}


def test_leaving_a_group_stops_at_once(pair: Pair) -> None:
    pair.user("member")
    pair.change("CreateGroup", GroupName="admins")
    pair.change("PutGroupPolicy", GroupName="admins", PolicyName="p", PolicyDocument=ALLOW)
    for _ in range(5):
        assert pair.everywhere() == {"AccessDenied"}
        pair.change("AddUserToGroup", GroupName="admins", UserName="member")
        assert pair.everywhere() == {"yes"}
        pair.change("PutGroupPolicy", GroupName="admins", PolicyName="p", PolicyDocument=DENY)
        assert pair.everywhere() == {"AccessDenied"}
        pair.change("PutGroupPolicy", GroupName="admins", PolicyName="p", PolicyDocument=ALLOW)
        assert pair.everywhere() == {"yes"}
        pair.change("RemoveUserFromGroup", GroupName="admins", UserName="member")


def test_another_default_version_is_in_force_at_once(pair: Pair) -> None:
    pair.user("versioned")
    text = pair.changer.iam("CreatePolicy", PolicyName="versions", PolicyDocument=ALLOW).text
    arn = text.split("<Arn>")[1].split("<")[0]
    pair.change("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=DENY)
    pair.change("AttachUserPolicy", UserName="versioned", PolicyArn=arn)
    for _ in range(5):
        assert pair.everywhere() == {"yes"}
        pair.change("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v2")
        assert pair.everywhere() == {"AccessDenied"}
        pair.change("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v1")


def test_a_boundary_and_its_removal_are_in_force_at_once(pair: Pair) -> None:
    pair.user("bounded")
    pair.change("PutUserPolicy", UserName="bounded", PolicyName="p", PolicyDocument=ALLOW)
    for _ in range(5):
        assert pair.everywhere() == {"yes"}
        pair.change(
            "PutUserPermissionsBoundary",
            UserName="bounded",
            PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        )
        assert pair.everywhere() == {"AccessDenied"}
        pair.change("DeleteUserPermissionsBoundary", UserName="bounded")


def test_a_deleted_user_is_nobody_at_once(pair: Pair) -> None:
    for _ in range(3):
        key, _ = pair.user("deleted")
        pair.change("PutUserPolicy", UserName="deleted", PolicyName="p", PolicyDocument=ALLOW)
        assert pair.everywhere() == {"yes"}
        pair.change("DeleteUserPolicy", UserName="deleted", PolicyName="p")
        pair.change("DeleteAccessKey", UserName="deleted", AccessKeyId=key)
        pair.change("DeleteUser", UserName="deleted")
        assert pair.everywhere() == {"InvalidClientTokenId"}


def test_a_hundred_random_changes_are_each_seen_by_the_next_request(pair: Pair) -> None:
    """Changed through any connection, asked through any other; what must come is reckoned beside."""
    draw = random.Random(44)
    key, _ = pair.user("random")
    pair.change("CreateGroup", GroupName="randoms")
    pair.change("PutGroupPolicy", GroupName="randoms", PolicyName="p", PolicyDocument=ALLOW)
    state = {"active": True, "inline": False, "member": False, "denied": False}

    def flip(part: str) -> None:
        on = state[part] = not state[part]
        user = {"UserName": "random"}
        document = {"PolicyDocument": DENY if part == "denied" else ALLOW}
        pair.changer = draw.choice(pair.changing)
        if part == "active":
            pair.change("UpdateAccessKey", **user, AccessKeyId=key, Status="Active" if on else "Inactive")
        elif part == "member":
            pair.change("AddUserToGroup" if on else "RemoveUserFromGroup", **user, GroupName="randoms")
        elif on:
            pair.change("PutUserPolicy", **user, PolicyName=part, **document)
        else:
            pair.change("DeleteUserPolicy", **user, PolicyName=part)

    seen: set[str] = set()
    for number in range(100):
        flip(draw.choice(list(state)))
        allowed = (state["inline"] or state["member"]) and not state["denied"]
        expected = "InvalidClientTokenId" if not state["active"] else "yes" if allowed else "AccessDenied"
        asked = draw.choice(pair.asking).iam("ListGroups").code or "yes"
        assert asked == expected, (number, state)
        seen.add(asked)
    assert seen == {"yes", "AccessDenied", "InvalidClientTokenId"}
