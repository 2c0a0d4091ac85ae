"""Patterns of all shapes cover what a regular expression of the same meaning covers, and none takes long."""

from __future__ import annotations

import re
import time

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


def test_many_question_marks_between_stars_take_no_square_of_time() -> None:
    pattern, text = glob("*" + "a?" * 2500 + "b*"), "a" * 10_000
    began = time.perf_counter()
    assert not pattern.matches(text)
    assert time.perf_counter() - began < 1
    assert pattern.matches("a" * 6000 + "b")
