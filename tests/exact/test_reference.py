"""The reference by itself: every published decision vector, and every case on which the engine once differed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.policy.cases import is_case
from tests.exact.agree import by_engine, by_reference, difference

VECTORS = Path(__file__).parent.parent / "vectors"
FOUND = Path(__file__).parent / "found"


def entries(folder: Path) -> list[dict[str, Any]]:
    return [entry for path in sorted(folder.glob("*.json")) for entry in json.loads(path.read_text("utf-8"))]


def by_id(entry: dict[str, Any]) -> str:
    return str(entry["id"])


DECISIONS, DIFFERED = entries(VECTORS), entries(FOUND)


def test_there_are_cases() -> None:
    assert len(DECISIONS) == 644
    assert DIFFERED and all(is_case(entry) for entry in DIFFERED)


@pytest.mark.parametrize("entry", [*DECISIONS, *DIFFERED], ids=by_id)
def test_the_reference_decides_as_the_vector_says(entry: dict[str, Any]) -> None:
    answer, expected = by_reference(entry), entry["expected"]
    assert answer.decision == expected["decision"], entry["description"]
    if "decided_by" in expected:
        assert answer.decided_by == expected["decided_by"], entry["description"]


@pytest.mark.parametrize("entry", DIFFERED, ids=by_id)
def test_the_engine_decides_as_a_found_case_says(entry: dict[str, Any]) -> None:
    answer, expected = by_engine(entry), entry["expected"]
    assert answer.decision == expected["decision"], entry["description"]
    if "decided_by" in expected:
        assert answer.decided_by == expected["decided_by"], entry["description"]


@pytest.mark.parametrize("entry", [*DECISIONS, *DIFFERED], ids=by_id)
def test_engine_and_reference_agree_in_everything(entry: dict[str, Any]) -> None:
    assert difference(entry) is None
