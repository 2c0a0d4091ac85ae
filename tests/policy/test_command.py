"""`ostiary policy` from the outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ostiary.cli.policy import app
from tests.policy.build import ALICE, allow, deny, document

VECTORS = Path(__file__).parent.parent / "vectors"

run = CliRunner()


def case(decision: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "own-1",
        "rule": "R72",
        "policies": {"identity": [json.loads(document(allow()))]},
        "request": {
            "principal": {"type": "user", "arn": ALICE.arn, "account": ALICE.account},
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/k",
            "resource_account": ALICE.account,
            "context": {},
        },
        "expected": {"decision": decision, **more},
    }


def test_the_vectors_pass_and_other_entries_are_counted() -> None:
    result = run.invoke(app, ["test", str(VECTORS)])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "644 passed, 0 failed"
    assert "337 entries" in result.stderr


def test_a_failure_is_shown_with_what_was_expected_and_why(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    listed = [case("allowed"), case("explicitDeny"), case("allowed", decided_by="resource"), {"other": 1}]
    (tmp_path / "deep" / "cases.json").write_text(json.dumps(listed))
    result = run.invoke(app, ["test", str(tmp_path)])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[-1] == "1 passed, 2 failed"
    assert lines[0].startswith("own-1 (R72): expected explicitDeny, got allowed by identity")


def test_a_case_that_can_not_be_read_fails_and_does_not_stop_the_others(tmp_path: Path) -> None:
    broken = case("allowed")
    broken["policies"]["identity"] = [{"Statement": "no"}]
    strange = case("allowed")
    strange["request"]["principal"] = {"type": "martian"}
    (tmp_path / "cases.json").write_text(json.dumps([broken, strange, case("allowed")]))
    result = run.invoke(app, ["test", str(tmp_path)])
    assert result.stdout.splitlines()[-1] == "1 passed, 2 failed"


def test_input_that_can_not_be_read_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "cases.json").write_text("[")
    assert run.invoke(app, ["test", str(tmp_path)]).exit_code == 2
    assert run.invoke(app, ["test", str(tmp_path / "missing")]).exit_code == 2
    (tmp_path / "cases.json").write_bytes(b"\xff\xfe")
    assert run.invoke(app, ["test", str(tmp_path)]).exit_code == 2


def test_validate_points_at_the_fault(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(document(allow()))
    bad.write_text('{\n  "Version": "2012-10-17",\n  "Statement": [], "Extra": 1\n}')
    assert run.invoke(app, ["validate", str(good)]).exit_code == 0
    result = run.invoke(app, ["validate", str(good), str(bad), "--kind", "managed"])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1].endswith(":3:20: MalformedPolicyDocument: Syntax errors in policy. [INVALID_POLICY_ELEMENT]")
    assert lines[3].index("^") == lines[2].index('"Extra"')


def test_decide_prints_the_explanation(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(
        document(
            allow("s3:*", "arn:aws:s3:::b/${aws:username}/*"),
            deny("s3:*", condition={"Bool": {"aws:SecureTransport": "false"}}),
        )
    )
    base = ["decide", "--policy", str(policy), "--principal", ALICE.arn, "--action", "s3:GetObject"]
    resource = ["--resource", "arn:aws:s3:::b/alice/x", "--context", "aws:username=alice"]
    allowed = run.invoke(app, [*base, *resource])
    assert allowed.exit_code == 0
    assert allowed.stdout.splitlines()[0] == "allowed by identity"
    refused = run.invoke(app, [*base, *resource, "--context", "aws:SecureTransport=false", "--json"])
    assert refused.exit_code == 1
    told = json.loads(refused.stdout)
    assert told["decision"] == "explicitDeny"
    assert told["because"][0]["statement"] == 1
    assert told["because"][0]["start"].keys() == {"line", "column", "offset"}
    remedies = [[change["remedy"] for change in one["changes"]] for one in told["suggestions"]]
    assert remedies[0] == ["changeContext"]
    assert remedies[-1] == ["removeDeny"]
    assert ["narrowDeny"] in remedies
    shown = run.invoke(app, [*base, *resource, "--context", "aws:SecureTransport=false"]).stdout
    assert "what would allow it, the narrowest change first:\n  1. make the request" in shown
    assert "what would deny it, the narrowest change first:" in allowed.stdout


def test_decide_refuses_what_names_no_principal(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(document(allow()))
    arguments = ["decide", "--policy", str(policy), "--principal", "alice", "--action", "s3:GetObject"]
    assert run.invoke(app, arguments).exit_code == 2
