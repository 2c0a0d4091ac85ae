"""The published vectors of STS: durations, limits of temporary credentials, session policies, tags, source identity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask
from ostiary.services.faults import ServiceFault
from ostiary.wire.faults import WireFault
from tests.sts.people import add_policy, add_role, add_user, assume, caller_of, judged, sent, session_of, trust
from tests.world import ACCOUNT, NOW, World

ENTRIES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "sts" / "sts.json").read_text("utf-8")
)
CHECKED = {
    "ok",
    "error",
    "message",
    "message_not",
    "duration_seconds",
    "session_tags",
    "transitive",
    "principal_tags",
    "principal_tag_lookup",
    "source_identity",
    "session_arn",
    "user_id",
    "present_members",
    "absent_members",
}


def test_the_vectors_are_all_there_and_nothing_they_expect_is_overlooked() -> None:
    assert len(ENTRIES) == 82
    assert {name for entry in ENTRIES for name in entry["expected"]} == CHECKED


def the_caller(world: World, entry: dict[str, Any]) -> Caller:
    kind = entry["caller"]
    if kind == "root/long-term":
        return world.root()
    alice = add_user(world, "alice")
    if kind == "user/long-term":
        return alice
    if kind == "user/GetSessionToken":
        return caller_of(world, world.call("sts:GetSessionToken", by=alice))
    if kind == "user/GetSessionToken+mfa":
        return caller_of(world, world.call("sts:GetSessionToken", by=alice), mfa_at=int(NOW.timestamp()))
    if kind == "user/GetFederationToken":
        policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
        return caller_of(world, world.call("sts:GetFederationToken", by=alice, Name="bob", Policy=policy))
    assert kind == "role-session"
    arn = add_role(world, "first", trust("*"))
    left = entry.get("caller_session", {})
    more: dict[str, Any] = {}
    if left.get("tags"):
        more["Tags"] = [{"Key": key, "Value": value} for key, value in left["tags"].items()]
        more["TransitiveTagKeys"] = left["transitive"]
    if left.get("source_identity"):
        more["SourceIdentity"] = left["source_identity"]
    return assume(world, arn, alice, **more)


@pytest.fixture
def prepared(world: World, request: pytest.FixtureRequest) -> tuple[World, Caller, dict[str, Any]]:
    entry: dict[str, Any] = request.param
    role = entry.get("role", {"MaxSessionDuration": 3600})
    add_role(world, "app", trust("*"), path="/team/", max_session=role["MaxSessionDuration"], tags=role.get("Tags"))
    for number in range(11):
        add_policy(world, f"p{number}")
    return world, the_caller(world, entry), entry


def parameters(entry: dict[str, Any]) -> dict[str, Any]:
    given = dict(entry["call"]["parameters"])
    if "PolicyArns" in given:
        given["PolicyArns"] = [{"arn": arn} for arn in given["PolicyArns"]]
    return given


@pytest.mark.parametrize("prepared", ENTRIES, ids=[entry["id"] for entry in ENTRIES], indirect=True)
def test_a_vector_of_sts_holds(prepared: tuple[World, Caller, dict[str, Any]]) -> None:
    world, caller, entry = prepared
    operation = entry["call"]["operation"]
    operation = operation if ":" in operation else f"sts:{operation}"
    expected = entry["expected"]
    try:
        answer = sent(world, operation, parameters(entry), caller)
    except (ServiceFault, WireFault) as fault:
        assert not expected["ok"], f"{entry['description']}: {fault.code}: {fault.message}"
        assert fault.code == expected.get("error", fault.code), fault.message
        assert fault.message == expected.get("message", fault.message)
        assert fault.message != expected.get("message_not")
        return
    assert expected["ok"], entry["description"]
    assert not [name for name in expected.get("present_members", ()) if name not in answer]
    assert not [name for name in expected.get("absent_members", ()) if name in answer]
    shown = answer.get("AssumedRoleUser") or answer.get("FederatedUser") or {}
    if "session_arn" in expected:
        assert shown["Arn"] == expected["session_arn"]
    if "user_id" in expected:
        assert shown["FederatedUserId"] == expected["user_id"]
    if "Credentials" in answer:
        check_session(world, answer, expected)


def check_session(world: World, answer: dict[str, Any], expected: dict[str, Any]) -> None:
    session = session_of(world, answer)
    assert session.issued == int(NOW.timestamp())
    assert session.account == ACCOUNT
    if "duration_seconds" in expected:
        assert session.expires - session.issued == expected["duration_seconds"]
    if "session_tags" in expected:
        assert dict(session.tags) == expected["session_tags"]
    if "transitive" in expected:
        assert list(session.transitive_tag_keys) == expected["transitive"]
    if "source_identity" in expected:
        assert session.source_identity == answer["SourceIdentity"] == expected["source_identity"]
    context = judged(world, caller_of(world, answer), Ask(action="s3:ListAllMyBuckets")).request.context
    tags = {key.removeprefix("aws:PrincipalTag/"): value for key, value in context.items() if "PrincipalTag" in key}
    if "principal_tags" in expected:
        assert tags == expected["principal_tags"]
    for key, value in expected.get("principal_tag_lookup", {}).items():
        assert [found for name, found in tags.items() if name.lower() == key.lower()] == [value]
