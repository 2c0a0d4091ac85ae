"""`ostiary policy decide`: every type of policy in the order in which it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ostiary.cli.policy import app

RUNGS = ["rcp", "scp", "vpce", "resource", "identity", "boundary", "session"]
ALICE = "arn:aws:iam::111122223333:user/alice"
ASKED = ["--principal", ALICE, "--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/k"]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Documents that allow everything, deny it, or speak of something else; with and without a principal."""
    monkeypatch.chdir(tmp_path)
    for name, effect, action in (
        ("all", "Allow", "*"),
        ("no", "Deny", "s3:*"),
        ("ec2", "Allow", "ec2:*"),
    ):
        statement: dict[str, Any] = {"Sid": name, "Effect": effect, "Action": action, "Resource": "*"}
        for file, one in ((name, statement), (f"{name}-of-resource", {**statement, "Principal": "*"})):
            (tmp_path / f"{file}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [one]}, indent=1))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["decide", *arguments])


def ladder(result: Result) -> dict[str, str]:
    """Each rung and what it says, in the order of the lines."""
    lines = [line.split(None, 1) for line in result.stdout.splitlines()[1:] if not line.startswith(" ")]
    return {words[0]: " ".join(words[1].split()) for words in lines if words[0] in RUNGS}


FULL = {
    "--rcp": "all",
    "--scp": "all",
    "--endpoint": "all-of-resource",
    "--resource-policy": "all-of-resource",
    "--policy": "all",
    "--boundary": "all",
    "--session": "all",
}


def options(**changed: str) -> list[str]:
    given = {**FULL, **{f"--{name.replace('_', '-')}": value for name, value in changed.items()}}
    return [word for option, name in given.items() if name for word in (option, f"{name}.json")]


def test_every_rung_is_shown_in_order_when_all_allow(files: Path) -> None:
    result = run(*options(resource_policy="ec2-of-resource"), *ASKED)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "allowed by identity"
    assert list(ladder(result)) == RUNGS
    assert ladder(result) == {
        **dict.fromkeys(RUNGS, "allowed"),
        "resource": "implicitDeny",
        "identity": "allowed decides",
    }


@pytest.mark.parametrize(
    ("option", "rung"),
    [
        ("rcp", "rcp"),
        ("scp", "scp"),
        ("endpoint", "vpce"),
        ("resource_policy", "resource"),
        ("policy", "identity"),
        ("boundary", "boundary"),
        ("session", "session"),
    ],
)
def test_a_deny_on_any_rung_decides(files: Path, option: str, rung: str) -> None:
    name = "no-of-resource" if rung in ("vpce", "resource") else "no"
    result = run(*options(**{option: name}), *ASKED)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == f"explicitDeny by {rung}"
    assert ladder(result)[rung] == "explicitDeny decides"
    assert f"  {name}.json:4: Deny no: matches" in result.stdout.splitlines()


@pytest.mark.parametrize(("option", "rung"), [("rcp", "rcp"), ("scp", "scp"), ("boundary", "boundary")])
def test_a_rung_that_is_silent_decides(files: Path, option: str, rung: str) -> None:
    result = run(*options(**{option: "ec2"}, resource_policy=""), *ASKED)
    assert result.stdout.splitlines()[0] == f"implicitDeny by {rung}"
    assert ladder(result)[rung] == "implicitDeny decides"
    assert ladder(result)["resource"] == "- none given"


def test_several_policies_of_one_level_are_pooled_and_levels_are_not(files: Path) -> None:
    both = run("--policy", "all.json", "--scp", "all.json,ec2.json", *ASKED)
    apart = run("--policy", "all.json", "--scp", "all.json", "--scp", "ec2.json", *ASKED)
    assert (both.exit_code, apart.exit_code) == (0, 1)
    assert apart.stdout.splitlines()[0] == "implicitDeny by scp"


def test_what_does_not_apply_is_said(files: Path) -> None:
    request = {
        "principal": {"type": "user", "arn": ALICE, "account": "111122223333", "management_account": True},
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
        "resource_account": "111122223333",
        "context": {},
    }
    (files / "asked.yaml").write_text(json.dumps(request))  # JSON is YAML
    result = run("--policy", "all.json", "--scp", "no.json", "--request", "asked.yaml")
    assert result.exit_code == 0
    assert ladder(result)["scp"] == "- does not apply to this request"


def test_the_ladder_as_json(files: Path) -> None:
    result = run(*options(boundary="no"), *ASKED, "--json")
    told = json.loads(result.stdout)
    assert [rung["type"] for rung in told["ladder"]] == RUNGS
    assert [rung["type"] for rung in told["ladder"] if rung["decides"]] == ["boundary"] == [told["decided_by"]]
    assert {rung["type"]: rung["verdict"] for rung in told["ladder"]} == {
        **dict.fromkeys(RUNGS, "allowed"),
        "boundary": "explicitDeny",
    }
    assert told["decision"] == "explicitDeny"
    bare = json.loads(run("--policy", "all.json", *ASKED, "--json").stdout)
    assert bare["ladder"][0] == {"type": "rcp", "applies": False, "verdict": None, "decides": False}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--policy", "all.json"],
        ["--policy", "all.json", "--principal", ALICE],
        ["--policy", "all.json", "--request", "asked.json", "--action", "s3:GetObject"],
        ["--policy", "all.json", "--request", "missing.json"],
        ["--policy", "all.json", "--request", "all.json"],
        ["--policy", "missing.json", *ASKED],
        ["--policy", "all.json", *ASKED, "--context", "aws:username"],
    ],
)
def test_what_can_not_be_asked_is_exit_code_2(files: Path, arguments: list[str]) -> None:
    (files / "asked.json").write_text("{}")
    assert run(*arguments).exit_code == 2
