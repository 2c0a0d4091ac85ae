"""Java's patterns in Python: same language, and in linear time."""

from __future__ import annotations

import time
import unicodedata

import pytest

from ostiary.wire.model_files import RawModel, read_model
from ostiary.wire.patterns import LARGE, categories, matcher

SERVED = ["iam", "sts", "s3", "ec2", "organizations", "accessanalyzer", "cloudtrail", "rolesanywhere", "sso-oidc"]


def patterns_of(name: str) -> set[str]:
    return {shape.pattern for shape in read_model(name, RawModel).shapes.values() if shape.pattern}


def test_the_categories_are_those_of_the_whole_of_unicode() -> None:
    ours = {}
    for kind, ranges in categories().items():
        for low, high in ranges:
            ours.update(dict.fromkeys(range(low, high + 1), kind))
    assert all(ours[code] == unicodedata.category(chr(code)) for code in range(0x110000))


@pytest.mark.parametrize("name", SERVED)
def test_every_pattern_of_the_services_we_serve_can_be_translated(name: str) -> None:
    for pattern in patterns_of(name):
        matcher(pattern)


# What Java's Pattern.matches answers.
@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        (r"[\w+=,.@-]+", "a_b+=,.@-", True),
        (r"[\w+=,.@-]+", "é", False),
        (r"[\w+=,.@-]+", "a\n", False),
        (r"[\d]+", "٣", False),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "Ünï 日本 ٣\u2028", True),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "a&b", False),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "", True),
        (r"[\u0009\u000A\u000D\u0020-\u00FF]+", '{"a":\n\t"ÿ"}', True),
        (r"[\u0009\u000A\u000D\u0020-\u00FF]+", "Ā", False),
        (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", "/", True),
        (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", "/a/b/", True),
        (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", "a/", False),
        (r"^\d{12}$", "111122223333", True),
        (r"^\d{12}$", "111122223333\n", False),
        (r".*", "a\u2028b", False),
        (r"(?s).*", "a\u2028b\n", True),
        (r"[\s\S]*", "a\u2028b\n", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "😀", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "\x00", False),
        (r"[\w-.]+", "a-.", True),
        (r"[\P{M}]+", "e", True),
        (r"[\P{M}]+", "\u0301", False),
        (r"\Qa.b\E", "a.b", True),
        (r"\Qa.b\E", "axb", False),
        (r"[a[bc]]+", "abc", True),
        (r"\p{Alnum}\x{41}\z", "xA", True),
        (r"x*+x", "xx", False),
    ],
)
def test_a_pattern_means_what_it_means_in_java(pattern: str, value: str, matches: bool) -> None:
    assert matcher(pattern)(value) is matches


def test_a_policy_document_of_the_largest_size_is_matched_at_once() -> None:
    test = matcher(r"[\u0009\u000A\u000D\u0020-\u00FF]+")
    started = time.perf_counter()
    assert test("x" * 131_072)
    assert not test("x" * 131_071 + "Ā")
    assert time.perf_counter() - started < 0.1


HOSTILE = ["a" * LARGE, "/a" * (LARGE // 2), "a-" * (LARGE // 2), ":" * LARGE, "." * LARGE, "a." * (LARGE // 2) + "!"]


@pytest.mark.parametrize("name", SERVED)
def test_no_pattern_is_slow_on_a_hostile_value(name: str) -> None:
    for pattern in patterns_of(name):
        test = matcher(pattern)
        # What the pattern begins with, so that its repetitions get to run.
        for prefix in ("", "arn:aws:iam::111122223333:", "s3://", "/", "arn:aws:organizations::111122223333:policy/o-"):
            for value in HOSTILE:
                started = time.process_time()
                test(prefix + value[len(prefix) :])
                assert time.process_time() - started < 0.5, (pattern, value[:10])
