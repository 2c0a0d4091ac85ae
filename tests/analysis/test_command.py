"""`ostiary policy validate`: findings on a terminal, as JSON and as SARIF, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ostiary.cli.policy import app
from tests.analysis.build import document, identity, trust

run = CliRunner()


def file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    policy = json.loads(identity(Action=["s3:GetObject", "s3:GetObjekt"]).text)
    return file(tmp_path, "bad.json", json.dumps(policy, indent=2))


@pytest.fixture
def warned(tmp_path: Path) -> str:
    return file(tmp_path, "warned.json", document({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}))


def test_a_finding_points_at_its_place(bad: str) -> None:
    result = run.invoke(app, ["validate", bad])
    assert result.exit_code == 1
    head, line, carets = result.stdout.splitlines()
    assert (
        head == f"{bad}:8:9: ERROR INVALID_ACTION: The action s3:GetObjekt does not exist. Did you mean s3:GetObject?"
    )
    assert line[carets.index("^") : carets.rindex("^") + 1] == '"s3:GetObjekt"'


def test_a_policy_without_findings_passes(tmp_path: Path) -> None:
    good = file(tmp_path, "good.json", identity().text)
    result = run.invoke(app, ["validate", good])
    assert (result.exit_code, result.stdout) == (0, f"{good}: nothing to report\n")


def test_warnings_fail_only_when_asked_to(warned: str) -> None:
    assert run.invoke(app, ["validate", warned]).exit_code == 0
    assert run.invoke(app, ["validate", warned, "--strict"]).exit_code == 1


def test_suggestions_never_fail(tmp_path: Path) -> None:
    policy = file(tmp_path, "sid.json", identity(Sid="").text)
    assert run.invoke(app, ["validate", policy, "--strict"]).exit_code == 0


def test_the_type_decides_what_is_said(tmp_path: Path) -> None:
    policy = file(tmp_path, "trust.json", trust().text)
    assert run.invoke(app, ["validate", policy]).exit_code == 1
    assert run.invoke(app, ["validate", policy, "--type", "trust"]).exit_code == 0
    found = run.invoke(app, ["validate", policy, "--resource-type", "AWS::S3::Bucket"])
    assert "UNSUPPORTED_ACTION_IN_POLICY" in found.stdout


def test_json_has_the_findings_as_the_api_gives_them(bad: str, warned: str) -> None:
    result = run.invoke(app, ["validate", bad, warned, "--format", "json"])
    first, second = json.loads(result.stdout)
    assert (first["file"], [one["issueCode"] for one in first["findings"]]) == (bad, ["INVALID_ACTION"])
    assert [one["findingType"] for one in second["findings"]] == ["SECURITY_WARNING"]
    assert result.exit_code == 1


def test_sarif_tells_tools_where_the_findings_are(bad: str, warned: str) -> None:
    told = json.loads(run.invoke(app, ["validate", bad, warned, "--format", "sarif"]).stdout)
    (only,) = told["runs"]
    assert told["version"] == "2.1.0"
    assert [(one["ruleId"], one["level"]) for one in only["results"]] == [
        ("INVALID_ACTION", "error"),
        ("PASS_ROLE_WITH_STAR_IN_RESOURCE", "warning"),
    ]
    assert {rule["id"] for rule in only["tool"]["driver"]["rules"]} == {one["ruleId"] for one in only["results"]}
    place = only["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == bad
    assert (place["region"]["startLine"], place["region"]["startColumn"]) == (8, 9)


def test_a_file_that_cannot_be_read_is_exit_code_two(tmp_path: Path) -> None:
    assert run.invoke(app, ["validate", str(tmp_path / "none.json")]).exit_code == 2
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    assert run.invoke(app, ["validate", str(tmp_path / "latin")]).exit_code == 2


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    policy = file(tmp_path, "odd.json", '{"Version":"2012-10-17",\x1b[31m')
    result = run.invoke(app, ["validate", policy])
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout


def test_the_hook_for_pre_commit_runs_the_command() -> None:
    hooks = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert "entry: ostiary policy validate" in hooks
