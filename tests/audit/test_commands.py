"""`ostiary explain` and `ostiary events`."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ostiary.audit.writer import AuditWriter
from ostiary.authorization.judge import Ask
from ostiary.cli import events, explain
from tests.audit.recording import happened, recorded_call
from tests.sts.people import add_role, add_user, assume, caller_of, judged, trust
from tests.world import ACCOUNT, World, document

DENIED = "11111111-2222-4333-8444-555555555555"
GET = Ask(action="s3:GetObject", resource="arn:aws:s3:::box/key")


def run(command: object, data: Path, *arguments: str) -> Result:
    app = command.app  # type: ignore[attr-defined]
    return CliRunner().invoke(app, [*arguments, "--data", str(data)], env={**os.environ, "COLUMNS": "200"})


@pytest.fixture
def data(world: World) -> Path:
    return world.house.settings.data


def test_a_refusal_is_explained_statement_by_statement(world: World, audit: AuditWriter, data: Path) -> None:
    wants = {"StringEquals": {"iam:ResourceTag/Team": "red"}, "Bool": {"aws:SecureTransport": "true"}}
    carl = add_user(world, "carl", document("iam:GetUser", Condition=wants))
    with world.house.store.write() as tx:
        tx.inline_policies.put(carl.entity_id, "elsewhere", document("iam:*", f"arn:aws:iam::{ACCOUNT}:user/eve"))
        tx.inline_policies.put(carl.entity_id, "other", document("s3:GetObject"))
    add_user(world, "bob", None)
    recorded_call(world, audit, DENIED, "iam:GetUser", carl, UserName="bob")
    audit.flush()
    found = run(explain, data, DENIED)
    assert found.exit_code == 0, found.output
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    for line in (
        f"who   IAMUser arn:aws:iam::{ACCOUNT}:user/carl",
        "what  iam:GetUser",
        "when  2026-11-23T12:00:00Z from 127.0.0.1",
        f"AccessDenied: User: arn:aws:iam::{ACCOUNT}:user/carl is not authorized to perform: iam:GetUser on resource: "
        f"{bob} because no identity-based policy allows the iam:GetUser action",
        f"denied: nothing allows it  iam:GetUser on {bob}",
        "identity policies: implicitDeny",
        "Allow in own of user/carl, statement 1, line 1: does not match",
        "condition StringEquals iam:ResourceTag/Team: the request has no such key, the statement wants red",
        "condition Bool aws:SecureTransport: the request has false, the statement wants true",
        f'resource: the request has {bob}, the statement Resource "arn:aws:iam::{ACCOUNT}:user/eve"',
        "other of user/carl: 1 statement speaks of other actions",
        "missing context keys iam:ResourceTag/Team",
        "what would allow it, the narrowest change first",
        "make the request with `aws:SecureTransport` = `true` and with `iam:ResourceTag/Team` = `red`  (no policy",
        f"add an Allow of `iam:GetUser` on `{bob}` to the identity policies",
    ):
        assert line in found.output, f"{line}\n\n{found.output}"


def test_the_deciding_statement_is_shown_with_its_text(world: World, audit: AuditWriter, data: Path) -> None:
    barred = (
        '{"Version": "2012-10-17", "Statement": [\n'
        '  {"Sid": "Bar", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}'
    )
    alice = add_user(world, "alice", barred)
    audit.note(happened(world, DENIED, alice, judged(world, alice, GET), error=("AccessDenied", "no")))
    audit.flush()
    found = run(explain, data, DENIED)
    assert "denied explicitly  s3:GetObject on arn:aws:s3:::box/key" in found.output
    assert 'decided by own of user/alice, "Bar", line 2' in found.output
    assert '{"Sid": "Bar", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}' in found.output


def test_everybody_s_requests_can_be_explained(world: World, audit: AuditWriter, data: Path) -> None:
    role = assume(world, add_role(world, "app", trust("*")), add_user(world, "alice"), Policy=document("s3:PutObject"))
    federated = caller_of(world, world.call("sts:GetFederationToken", Name="bob"))
    for number, caller in enumerate((role, federated, world.root())):
        audit.note(happened(world, f"r{number}", caller, judged(world, caller, GET)))
    audit.note(happened(world, "r3", None, error=("InvalidClientTokenId", "The security token is invalid.")))
    audit.flush()
    outputs = [run(explain, data, f"r{number}").output for number in range(4)]
    assert "session policies: implicitDeny" in outputs[0]
    assert "denied: nothing allows it" in outputs[1]
    assert "allowed  s3:GetObject" in outputs[2]
    assert "No policy was asked" in outputs[3]
    assert "InvalidClientTokenId: The security token is invalid." in outputs[3]


def test_json_holds_the_same_and_no_secret(world: World, audit: AuditWriter, data: Path) -> None:
    admin = add_user(world, "admin")
    add_user(world, "bob", None)
    recorded_call(world, audit, DENIED, "iam:CreateLoginProfile", admin, UserName="bob", Password="correct horse 9!X")
    found = run(explain, data, DENIED, "--json")
    assert found.exit_code == 0
    (told,) = json.loads(found.output)
    assert told["allowed"] is True
    (ask,) = told["asks"]
    assert (ask["decision"], ask["decided_by"], ask["agrees"]) == ("allowed", "identity", True)
    assert json.loads(ask["because"][0]["text"])["Effect"] == "Allow"
    assert told["event"]["eventName"] == "CreateLoginProfile"
    for text in (found.output, run(explain, data, DENIED).output, run(events, data, "--json").output):
        assert "correct horse" not in text
        assert "argon2" not in text


def test_what_the_record_does_not_have_ends_in_failure(world: World, data: Path, tmp_path: Path) -> None:
    found = run(explain, data, "nobody")
    assert found.exit_code == 1
    assert "the record has no request `nobody`" in found.output
    missing = run(explain, tmp_path / "nothing", "nobody")
    assert missing.exit_code == 1
    assert "is no data directory" in missing.output
    assert not (tmp_path / "nothing").exists()


def test_a_request_that_is_about_to_be_written_is_waited_for(world: World, audit: AuditWriter, data: Path) -> None:
    audit.note(happened(world, DENIED, world.root(), judged(world, world.root(), GET)))
    later = threading.Timer(0.3, audit.flush)
    later.start()
    assert run(explain, data, DENIED).exit_code == 0
    later.join()
    begun = time.monotonic()
    assert run(explain, data, "nobody").exit_code == 1
    assert 0.9 < time.monotonic() - begun < 5


def test_the_latest_requests_are_listed_newest_last(world: World, audit: AuditWriter, data: Path) -> None:
    alice = add_user(world, "alice", None)
    recorded_call(world, audit, "r0", "iam:ListUsers", world.root())
    recorded_call(world, audit, "r1", "iam:ListUsers", alice)
    audit.note(happened(world, "r2", None, claimed_key="AKIAX", error=("InvalidClientTokenId", "no")))
    audit.flush()
    lines = run(events, data, "--limit", "2").output.splitlines()
    assert lines[0].split() == ["request", "time", "who", "what", "outcome"]
    assert lines[1].split() == ["r1", "2026-11-23T12:00:00Z", "user/alice", "iam:ListUsers", "AccessDenied"]
    assert lines[2].split() == ["r2", "2026-11-23T12:00:00Z", "AKIAX", "s3:GetObject", "InvalidClientTokenId"]
    assert len(lines) == 3
    listed = run(events, data, "--json").output.splitlines()
    assert [json.loads(line)["requestID"] for line in listed] == ["r0", "r1", "r2"]
    assert run(events, data / "nothing").exit_code == 1


def test_what_somebody_sent_can_t_command_the_terminal(world: World, audit: AuditWriter, data: Path) -> None:
    told = ("InvalidClientTokenId", "\x1b[2Jgone\x07")
    audit.note(happened(world, "r1", None, claimed_key="AKIA\x1b]0;title\x07\x9b31m", error=told))
    audit.flush()
    for output in (run(explain, data, "r1").output, run(events, data).output, run(events, data, "--json").output):
        assert not {"\x1b", "\x07", "\x9b"} & set(output)
        assert "AKIA" in output
