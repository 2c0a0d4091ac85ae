"""Events have CloudTrail's shape."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ostiary.audit.record import Happening, event, identity
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import ANONYMOUS
from ostiary.authorization.judge import Ask
from tests.audit.recording import happened, recorded_call
from tests.sts.people import add_role, add_user, assume, caller_of, judged, trust
from tests.world import ACCOUNT, ALLOW_ALL, World

# Members and how each is written: CloudTrail User Guide, "CloudTrail record contents".
ALWAYS = {
    "eventVersion": r"1\.\d+",
    "eventTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "eventSource": r"[a-z0-9-]+\.amazonaws\.com",
    "eventName": r"[A-Z]\w+",
    "awsRegion": r"[a-z]+-[a-z]+-\d",
    "sourceIPAddress": r"[0-9a-f.:]+",
    "userAgent": r".*",
    "requestID": r".+",
    "eventID": r".+",
    "eventType": "AwsApiCall",
    "eventCategory": "Management|Data",
    "recipientAccountId": r"\d{12}",
}
OBJECTS = {"userIdentity", "requestParameters", "responseElements", "readOnly", "managementEvent"}


def stored(world: World, request_id: str) -> dict[str, Any]:
    with world.house.store.read() as tx:
        (found,) = tx.events.find(request_id)
    body: dict[str, Any] = json.loads(found.body)
    return body


def body_of(happening: Happening) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event(happening)[0].body)
    return found


def test_an_event_has_the_members_that_cloudtrail_documents(world: World) -> None:
    alice = add_user(world, "alice")
    ask = Ask(action="s3:GetObject", resource="arn:aws:s3:::box/key")
    body = body_of(happened(world, "r1", alice, judged(world, alice, ask), error=("AccessDenied", "no")))
    for name, pattern in ALWAYS.items():
        assert re.fullmatch(pattern, body[name]), name
    further = {"errorCode", "errorMessage", "resources", "ostiary"}
    assert set(body) == set(ALWAYS) | OBJECTS | further
    assert body["resources"] == [{"accountId": ACCOUNT, "ARN": "arn:aws:s3:::box/key"}]
    assert (body["errorCode"], body["errorMessage"]) == ("AccessDenied", "no")
    assert isinstance(body["readOnly"], bool)


def test_data_events_are_no_management_events(world: World) -> None:
    for data in (True, False):
        body = body_of(happened(world, "r1", ANONYMOUS, data_event=data))
        assert (body["eventCategory"], body["managementEvent"]) == ("Data" if data else "Management", not data)
        assert "resources" not in body
        assert "errorCode" not in body


def test_who_asked_is_told_as_cloudtrail_tells_it(world: World) -> None:
    alice = add_user(world, "alice", path="/x/")
    role = assume(world, add_role(world, "app", trust("*"), path="/y/"), alice, SourceIdentity="alice")
    session = caller_of(world, world.call("sts:GetSessionToken", by=alice))
    federated = caller_of(world, world.call("sts:GetFederationToken", by=alice, Name="bob", Policy=ALLOW_ALL))
    by_root = caller_of(world, world.call("sts:GetFederationToken", Name="bob", Policy=ALLOW_ALL))
    attributes = {"creationDate": "2026-11-23T12:00:00Z", "mfaAuthenticated": "false"}
    user_arn = f"arn:aws:iam::{ACCOUNT}:user/x/alice"
    user = {"type": "IAMUser", "principalId": alice.entity_id, "arn": user_arn, "accountId": ACCOUNT}
    sts = f"arn:aws:sts::{ACCOUNT}"
    bob = {
        "type": "FederatedUser",
        "principalId": f"{ACCOUNT}:bob",
        "arn": f"{sts}:federated-user/bob",
        "accountId": ACCOUNT,
    }
    root_arn = f"arn:aws:iam::{ACCOUNT}:root"
    expected = [
        (alice, {**user, "accessKeyId": "", "userName": "alice"}),
        (
            session,
            {
                **user,
                "accessKeyId": session.access_key_id,
                "userName": "alice",
                "sessionContext": {"attributes": attributes},
            },
        ),
        (
            role,
            {
                "type": "AssumedRole",
                "principalId": f"{role.entity_id}:s1",
                "arn": f"{sts}:assumed-role/app/s1",
                "accountId": ACCOUNT,
                "accessKeyId": role.access_key_id,
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": role.entity_id,
                        "arn": f"arn:aws:iam::{ACCOUNT}:role/y/app",
                        "accountId": ACCOUNT,
                        "userName": "app",
                    },
                    "attributes": attributes,
                    "sourceIdentity": "alice",
                },
            },
        ),
        (
            federated,
            {
                **bob,
                "accessKeyId": federated.access_key_id,
                "sessionContext": {"sessionIssuer": {**user, "userName": "alice"}, "attributes": attributes},
            },
        ),
        (
            by_root,
            {
                **bob,
                "accessKeyId": by_root.access_key_id,
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Root",
                        "principalId": ACCOUNT,
                        "arn": root_arn,
                        "accountId": ACCOUNT,
                    },
                    "attributes": attributes,
                },
            },
        ),
        (
            world.root(),
            {"type": "Root", "principalId": ACCOUNT, "arn": root_arn, "accountId": ACCOUNT, "accessKeyId": ""},
        ),
        (ANONYMOUS, {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
    ]
    for caller, told in expected:
        assert identity(caller, "") == told
    assert identity(None, "AKIAX") == {"type": "Unknown", "accessKeyId": "AKIAX"}
    assert identity(None, "") == {"type": "Unknown"}


def test_a_change_is_recorded_in_its_own_transaction_with_its_answer(world: World, audit: AuditWriter) -> None:
    admin = add_user(world, "admin")
    assert recorded_call(world, audit, "r1", "iam:CreateUser", admin, UserName="bob") == ""
    body = stored(world, "r1")
    assert body["requestParameters"] == {"userName": "bob"}
    assert body["responseElements"]["user"]["arn"] == f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert [ask["decision"] for ask in body["ostiary"]["asks"]] == ["allowed"]


def test_a_change_that_fails_leaves_no_event_of_success(world: World, audit: AuditWriter) -> None:
    admin = add_user(world, "admin")
    assert recorded_call(world, audit, "r1", "iam:CreateUser", admin, UserName="ADMIN") == "EntityAlreadyExists"
    with world.house.store.read() as tx:
        assert tx.events.find("r1") == []
    audit.flush()
    assert stored(world, "r1")["errorCode"] == "EntityAlreadyExists"
    assert stored(world, "r1")["responseElements"] is None


def test_reads_have_no_answer_in_the_record(world: World, audit: AuditWriter) -> None:
    assert recorded_call(world, audit, "r1", "iam:ListUsers", add_user(world, "admin")) == ""
    audit.flush()
    assert stored(world, "r1")["responseElements"] is None


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("iam:CreateAccessKey", {"UserName": "bob"}),
        ("iam:CreateLoginProfile", {"UserName": "bob", "Password": "correct horse 9!X"}),
    ],
)
def test_no_secret_is_in_the_database_in_plain_text(
    world: World, audit: AuditWriter, operation: str, params: dict[str, Any]
) -> None:
    admin = add_user(world, "admin")
    add_user(world, "bob", None)
    assert recorded_call(world, audit, "r1", operation, admin, **params) == ""
    audit.flush()
    text = json.dumps(stored(world, "r1"))
    assert "correct horse" not in text
    assert "HIDDEN_DUE_TO_SECURITY_REASONS" in text
    assert not re.search(r'"[A-Za-z0-9/+]{40}"', text)
    world.house.store.close()
    raw = b"".join(each.read_bytes() for each in world.house.settings.data.glob("ostiary.db*"))
    assert b"correct horse" not in raw
    assert b"r1" in raw
