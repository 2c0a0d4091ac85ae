"""`ostiary policy test` with users' own cases: YAML, documents in files, coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ostiary.cli.policy import app

ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
}

CASE = """\
- id: {id}
  policies:
    identity: {identity}
  request:
    principal: {{type: user, arn: arn:aws:iam::012345678901:user/alice, account: 012345678901}}
    action: s3:GetObject
    resource: arn:aws:s3:::b/k
    resource_account: {owner}
    context: {context}
  expected: {{decision: {decision}}}
"""
INLINE = """
      - Version: 2012-10-17
        Statement:
          - Effect: Allow
            Action: s3:*
            Resource: "*"
            Condition: {Bool: {aws:SecureTransport: true}, NumericLessThan: {s3:max-keys: 10}}"""


def case(
    name: str = "one",
    *,
    identity: str = INLINE,
    decision: str = "allowed",
    context: str = "{aws:SecureTransport: true, s3:max-keys: 9}",
    owner: str = "012345678901",
) -> str:
    return CASE.format(id=name, identity=identity, decision=decision, context=context, owner=owner)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["test", *map(str, arguments)])


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_yaml_means_what_it_says(tmp_path: Path, ending: str) -> None:
    """Neither a version becomes a date, nor an account with a zero in front an octal number, nor true `True`."""
    (tmp_path / f"cases.{ending}").write_text(case())
    result = run(tmp_path)
    assert (result.exit_code, result.stdout) == (0, "1 passed, 0 failed\n")
    (tmp_path / f"cases.{ending}").write_text(case(context="{aws:SecureTransport: false, s3:max-keys: 9}"))
    result = run(tmp_path)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_a_document_may_stand_in_a_file_beside_the_case(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "read.json").write_text(json.dumps(ALLOW))
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "own.yaml").write_text(case(identity="[{file: ../policies/read.json}]"))
    result = run(tmp_path / "cases")
    assert (result.exit_code, result.stdout) == (0, "1 passed, 0 failed\n")
    (tmp_path / "policies" / "read.json").write_text(json.dumps(ALLOW).replace("Get*", "Put*"))
    result = run(tmp_path / "cases")
    assert "../policies/read.json statement 0 does not match: action" in result.stdout


def test_the_same_case_in_json_means_the_same(tmp_path: Path) -> None:
    entry: dict[str, Any] = {
        "policies": {"identity": [ALLOW], "scp": [[ALLOW, {"file": "deny.json"}]]},
        "request": {
            "principal": {"type": "user", "arn": "arn:aws:iam::012345678901:user/alice", "account": "012345678901"},
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/k",
            "resource_account": "012345678901",
            "context": {},
        },
        "expected": {"decision": "explicitDeny", "decided_by": "scp"},
    }
    (tmp_path / "deny.json").write_text(json.dumps(ALLOW).replace("Allow", "Deny"))
    (tmp_path / "own.json").write_text(json.dumps([entry]))
    result = run(tmp_path / "own.json")
    assert (result.exit_code, result.stdout) == (0, "1 passed, 0 failed\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (case(identity="[{file: missing.json}]"), "missing.json: No such file or directory"),
        (case(identity="[{file: a.json, Version: 2012-10-17}]"), "MalformedPolicy"),
        (case().replace("    identity:", "    identities:"), "unknown member `identities`"),
        (case().replace("    resource_account:", "    owner:"), "unknown member `owner`"),
        (case().replace("    context:", "    #"), "no `context`"),
        (case(context="{aws:username: {a: b}}"), "`aws:username` is no string"),
        (case(decision="denied"), "`denied`, which is none of allowed"),
    ],
)
def test_a_case_that_is_not_of_the_form_fails_and_says_why(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "cases.yaml").write_text(text + case("two"))
    result = run(tmp_path)
    assert result.exit_code == 1
    assert told in result.stdout.splitlines()[0]
    assert result.stdout.splitlines()[-1] == "1 passed, 1 failed"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("twice.yaml", case().replace("    action:", "    action: s3:PutObject\n    action:")),
        ("twice.json", '{"policies": {}, "request": {}, "request": {}, "expected": {"decision": "allowed"}}'),
        ("broken.yaml", "- [a"),
        ("code.yaml", "!!python/object/apply:os.getcwd []"),
    ],
)
def test_a_file_that_can_not_be_read_as_it_was_meant_is_exit_code_2(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    result = run(tmp_path)
    assert result.exit_code == 2
    assert name in result.stderr


def test_several_files_are_summed_up(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(case("one") + case("two"))
    (tmp_path / "b.yml").write_text(case("three", decision="explicitDeny"))
    lines = run(tmp_path).stdout.splitlines()
    assert lines[0].startswith("three: expected explicitDeny, got allowed by identity")
    assert lines[1:] == [
        f"{tmp_path}/a.yaml: 2 passed, 0 failed",
        f"{tmp_path}/b.yml: 0 passed, 1 failed",
        "2 passed, 1 failed",
    ]


TWO = """\
{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},

    {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
  ]
}
"""


def test_coverage_names_the_statements_that_matched_no_request(tmp_path: Path) -> None:
    (tmp_path / "two.json").write_text(TWO)
    (tmp_path / "cases").mkdir()
    cases = tmp_path / "cases" / "own.yaml"
    refused, plain = "{aws:SecureTransport: false}", "{}"
    cases.write_text(
        case("read", identity="[{file: ../two.json}]", context=plain)
        + case("inline", context=plain, decision="implicitDeny")
    )
    result = run(cases, "--coverage")
    assert result.stdout.splitlines() == [
        f"not exercised: {cases}:16: Allow statement 0",
        f"not exercised: {tmp_path}/two.json:6: Deny statement 1",
        f'not exercised: {tmp_path}/two.json:7: Allow "Write"',
        "1 of 4 statements exercised",
        "2 passed, 0 failed",
    ]
    cases.write_text(
        cases.read_text() + case("tls", identity="[{file: ../two.json}]", context=refused, decision="explicitDeny")
    )
    assert "2 of 4 statements exercised" in run(cases, "--coverage").stdout


def test_a_statement_counts_once_however_many_cases_have_it_and_only_where_it_applies(tmp_path: Path) -> None:
    """An SCP does not bind the management account: matching there exercises nothing."""
    cases = tmp_path / "own.yaml"
    inline = '[{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}]'
    other = '[[{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}]]'
    managed = case("a", identity=inline).replace(
        "account: 012345678901}", "account: 012345678901, management_account: true}"
    )
    cases.write_text(managed.replace("  request:", f"    scp: {other}\n  request:") + case("b", identity=inline))
    lines = run(cases, "--coverage").stdout.splitlines()
    assert lines == [f"not exercised: {cases}:4: Deny statement 0", "1 of 2 statements exercised", "2 passed, 0 failed"]


def test_without_coverage_nothing_is_said_of_it(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(case())
    assert "exercised" not in run(tmp_path).stdout
