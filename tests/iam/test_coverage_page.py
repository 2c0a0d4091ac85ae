"""docs/coverage.md tells what is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.coverage_page import (
    PAGE,
    SERVICES,
    built,
    errors_of,
    errors_seen,
    operations,
    page,
    recorded,
    rows_of,
)
from tests.iam.never import NEVER


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
    file = "tests/iam/test_users.py"
    done = ["iam:CreateUser", file, [["iam:CreateUser", "user", ["aws:RequestTag/team"]]], ""]
    refused = [["iam:CreateUser", file, [], code] for code in ("LimitExceeded", "AccessDenied")]
    kept.write_text("".join(json.dumps(line) + "\n" for line in (done, *refused)))
    found = rows_of(page(recorded(kept), {}))["iam:CreateUser"]
    assert found["asks"] == "`iam:CreateUser` on user" and found["tests"] == "`iam/test_users.py`"
    assert found["errors"].startswith("`LimitExceeded`, (`ConcurrentModification`), (`EntityAlreadyExists`)")
    assert "AccessDenied" not in found["errors"]
    assert found["keys"] == "`aws:RequestTag/…`, (`aws:TagKeys`), (`iam:PermissionsBoundary`)"


def test_what_was_seen_of_the_documented_errors_is_read_again() -> None:
    """The parentheses are those that tests/iam/never.py explains, and no others."""
    text = PAGE.read_text()
    for operation, seen in errors_seen(text).items():
        unseen = {code for code in errors_of(operation) if code not in seen}
        assert unseen == {code for known, code in NEVER if known == operation} - {"ServiceFailure"}, operation
