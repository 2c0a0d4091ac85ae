"""The examples do what they say, and `docs/users/policies.md` shows what the command prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ostiary.cli.policy import app

ROOT = Path(__file__).parent.parent.parent
GUIDE = ROOT / "docs" / "users" / "policies.md"

SHOWN = {
    "decide_a_request": [
        "a managed policy of 580 characters",
        "allowed by analysts, OwnFolder, to line 22",
        "s3:GetObject arn:aws:s3:::reports/2026/q1.csv: allowed",
        "s3:PutObject arn:aws:s3:::reports/home/bob/draft.csv: implicitDeny",
        "s3:GetObject arn:aws:s3:::reports/2026/q1.csv: explicitDeny",
    ],
    "explain_a_denial": [
        "User: arn:aws:sts::111122223333:assumed-role/deployer/ci-7 is not authorized to perform: s3:PutObject on "
        'resource: "arn:aws:s3:::artifacts/ci/app.zip" because no permissions boundary allows the s3:PutObject action',
        "identity: allowed",
        "  s3-everything, statement 0: matches",
        "boundary: implicitDeny",
        "  readers-only, statement 0: does not match in action",
        "session: allowed",
        "  this-folder, statement 0: matches",
    ],
    "bucket_policy_across_accounts": [
        "both sides allow: allowed",
        "the bucket allows, his account does not: implicitDeny, missing in the identity policies",
        "his account allows, the bucket does not: implicitDeny, missing in the resource policies",
        "the role that the bucket names: allowed",
    ],
}


@pytest.mark.parametrize("name", SHOWN)
def test_an_example_runs_by_itself_and_shows_what_it_promises(name: str, tmp_path: Path) -> None:
    script = ROOT / "examples" / f"{name}.py"
    ran = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[: len(SHOWN[name])] == SHOWN[name]


def test_the_denial_is_told_with_what_would_change_it() -> None:
    script = ROOT / "examples" / "explain_a_denial.py"
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert any(line.startswith("would change it: ") and "boundary" in line for line in ran.stdout.splitlines())


def test_no_example_is_left_out() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(SHOWN)


def guide() -> list[tuple[list[str], list[str]]]:
    """The arguments of each `ostiary policy` command the guide shows, and the lines it shows for it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL):
        command, _, output = block.replace("\\\n", " ").partition("\n")
        words = command.split()
        if words[:3] == ["$", "ostiary", "policy"]:
            found.append((words[3:], output.splitlines()))
    return found


def test_the_guide_has_commands_to_try() -> None:
    assert {arguments[0] for arguments, _ in guide()} >= {"test", "decide"}


@pytest.mark.parametrize(("arguments", "shown"), guide(), ids=lambda value: value[0] if value else "nothing")
def test_the_guide_shows_what_the_command_prints(
    arguments: list[str], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert CliRunner().invoke(app, arguments).stdout.splitlines() == shown
