"""Patterns of all shapes cover what a regular expression of the same meaning covers, and none takes long."""

from __future__ import annotations

import re
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.policy.globs import glob

PIECES = st.sampled_from(["*", "?", "a", "b", "a?", "?b", "ab"])


def by_expression(pattern: str, text: str) -> bool:
    written = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern)
    return re.fullmatch(written, text, re.DOTALL) is not None


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=6), st.integers(1, 12), st.lists(PIECES, max_size=4), st.text("ab\n", max_size=40))
def test_a_pattern_covers_what_its_regular_expression_does(
    head: list[str], repeated: int, tail: list[str], text: str
) -> None:
    for middle in ("a?" * repeated, "?b" * repeated, ""):
        pattern = re.sub(r"\*+", "*", "".join(head) + "*" + middle + "*" + "".join(tail))
        if pattern.count("*") <= 5:
            assert glob(pattern).matches(text) is by_expression(pattern, text)


def steps_of(pattern: str, text: str) -> int:
    """How many instructions of Python a comparison runs through."""
    made, counted = glob(pattern), 0

    def count(frame: FrameType, event: str, _: object) -> Any:
        nonlocal counted
        frame.f_trace_opcodes = True
        counted += event == "opcode"
        return count

    made.matches(text)  # what is made on first use is made
    before = sys.gettrace()
    sys.settrace(count)
    try:
        made.matches(text)
    finally:
        sys.settrace(before)
    return counted


HOSTILE = {
    "stars": ("", "*a", "b", "a"),
    "question marks": ("", "a?", "b", "a"),
    "question marks in the middle": ("*", "a?", "b*", "a"),
    "segments nearly found": ("", "*a?a?a?a?b", "", "aaaaaaaaxaxaxaxb"),
    "segments of many literals": ("", "*a?a?a?a?a?a?a?a?a?a?b", "", "aaaaaaaaaaaaaxaxaxaxaxaxaxaxaxb"),
    "one character each": ("", "?*", "b", "a"),
}
"""What a pattern begins with, repeats and ends with, and what a text repeats."""


@pytest.mark.parametrize("name", HOSTILE)
def test_steps_grow_no_faster_than_pattern_and_text(name: str) -> None:
    """A step may look at all places of the text, thirty a machine word."""
    before, unit, after, text = HOSTILE[name]
    counts = [
        steps_of(before + unit * (size // len(unit)) + after, text * (size // len(text)))
        for size in (1_000, 2_000, 4_000)
    ]
    assert counts[0] > 0
    assert counts[1] < 2.2 * counts[0] + 500 and counts[2] < 2.2 * counts[1] + 500


def test_many_question_marks_between_stars_are_found_where_they_stand() -> None:
    pattern = glob("*" + "a?" * 2500 + "b*")
    assert not pattern.matches("a" * 10_000)
    assert pattern.matches("a" * 6000 + "b")
    assert glob("*" + "€?a" * 40 + "é*").matches("x" * 3000 + "€\ud800a" * 40 + "é")
    assert not glob("*" + "€?a" * 40 + "é*").matches("x" * 3000 + "€\ud800a" * 39 + "é")
