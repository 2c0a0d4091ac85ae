"""docs/coverage.md tells what is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.coverage_page import PAGE, SERVICES, built, operations, page, recorded, rows_of


def test_the_page_lists_what_is_built_and_what_is_not() -> None:
    """`python -m tests.coverage_page` brings the list up to date; `make coverage` all of it."""
    rows = rows_of(PAGE.read_text())
    assert set(rows) == {f"{service}:{name}" for service in SERVICES for name in operations(service)}
    listed = {operation for operation, row in rows.items() if row["built"] == "yes"}
    assert listed == built() & set(rows), "run `python -m tests.coverage_page`, or `make coverage`"


def test_nothing_is_built_that_the_model_does_not_have() -> None:
    assert built() <= {f"{service}:{name}" for service in SERVICES for name in operations(service)}


def test_a_page_made_of_its_own_rows_is_the_same() -> None:
    made = page({}, rows_of(PAGE.read_text()))
    assert page({}, rows_of(made)) == made


def test_what_a_run_recorded_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    line = ["iam:CreateUser", "tests/iam/test_users.py", [["iam:CreateUser", "user", ["aws:RequestTag/team"]]]]
    kept.write_text(json.dumps(line) + "\n")
    found = rows_of(page(recorded(kept), {}))["iam:CreateUser"]
    assert found["asks"] == "`iam:CreateUser` on user" and found["tests"] == "`iam/test_users.py`"
    assert found["keys"] == "`aws:RequestTag/…`, (`aws:TagKeys`), (`iam:PermissionsBoundary`)"
