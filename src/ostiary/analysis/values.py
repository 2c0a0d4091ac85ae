"""analysis: what conditions compare with (IAM User Guide, "IAM JSON policy elements: Condition operators")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit
from ostiary.analysis.paper import Paper, Test, Value
from ostiary.analysis.regions import REGIONS
from ostiary.policy.scalars import read_boolean, read_bytes, read_moment, read_number

_VPC: Final = re.compile(r"vpc-(?:[0-9A-Za-z]{8}|[0-9A-Za-z]{17})")
_ENDPOINT: Final = re.compile(r"vpce-(?:[0-9A-Za-z]{8}|[0-9A-Za-z]{17})")
_ONLY_DIGITS: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_KMS_KEY: Final = re.compile(r"arn:[^:]*:kms:[^:]*:[^:]*:(?:key/.+|\*)")
_EPOCH: Final = "aws:epochtime"
_REGION_KEYS: Final = frozenset({"aws:requestedregion", "ec2:region"})
_KMS_KEYS: Final = frozenset({"s3:x-amz-server-side-encryption-aws-kms-key-id"})
_LITERAL: Final = re.compile(r"\$\{[^{}]*\}")
_WILD_LESS: Final = frozenset(
    {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"}
)
_BOUNDS: Final = {"Less": "greatest", "Greater": "least"}


def _variable(value: Value) -> bool:
    return "${" in value.text


def _unreadable(paper: Paper, family: str, read: Callable[[str], object]) -> Iterator[Hit]:
    """The values of a family's operators that are none of its type."""
    for _, test in paper.tests():
        if test.base.startswith(family):
            for value in test.values:
                if not _variable(value) and read(value.text) is None:
                    yield hit(value.path, operator=test.operator)


@check("TYPE_MISMATCH_BOOLEAN")
def _boolean(paper: Paper) -> Iterator[Hit]:
    yield from _unreadable(paper, "Bool", read_boolean)
    yield from _unreadable(paper, "Null", read_boolean)


@check("TYPE_MISMATCH_NUMBER")
def _number(paper: Paper) -> Iterator[Hit]:
    yield from _unreadable(paper, "Numeric", read_number)


@check("TYPE_MISMATCH_STRING")
def _base64(paper: Paper) -> Iterator[Hit]:
    yield from _unreadable(paper, "Binary", read_bytes)


@check("TYPE_MISMATCH_DATE")
def _date(paper: Paper) -> Iterator[Hit]:
    for found in _unreadable(paper, "Date", read_moment):
        yield hit(*found.places)


@check("INVALID_DATE_VALUE")
def _date_value(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.base.startswith("Date") and test.key.lower() != _EPOCH:
            for value in test.values:
                if _ONLY_DIGITS.fullmatch(value.text):
                    yield hit(value.path, date=value.text)


@check("INVALID_CONDITION_DATA_TYPE")
def _mixed(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if len({value.json_type for value in test.values}) > 1:
            yield hit(test.path)


@check("INVALID_CONDITION_MULTIPLE_BOOLEAN")
def _several_booleans(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        single = test.name is not None and test.name.quantifier is None
        if test.base == "Bool" and single and len(test.values) > 1:
            yield hit(test.path)


@check("WILDCARD_WITHOUT_LIKE_OPERATOR")
def _wildcard(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.base in _WILD_LESS:
            for value in test.values:
                plain = _LITERAL.sub("", value.text)
                if "*" in plain or "?" in plain:
                    yield hit(value.path)


def _plain_values(test: Test) -> Iterator[Value]:
    """Values that stand for themselves: without wildcards and variables."""
    if test.base.startswith("String"):
        for value in test.values:
            wild = "Like" in test.base and ("*" in value.text or "?" in value.text)
            if not wild and not _variable(value):
                yield value


@check("INVALID_REGION")
def _region(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.key.lower() in _REGION_KEYS:
            for value in _plain_values(test):
                if value.text not in REGIONS:
                    yield hit(value.path, region=value.text)


def _shaped(paper: Paper, key: str, shape: re.Pattern[str]) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.key.lower() == key:
            for value in _plain_values(test):
                if not shape.fullmatch(value.text):
                    yield hit(value.path)


@check("INVALID_VPC_FORMAT")
def _vpc(paper: Paper) -> Iterator[Hit]:
    yield from _shaped(paper, "aws:sourcevpc", _VPC)


@check("INVALID_VPCE_FORMAT")
def _endpoint(paper: Paper) -> Iterator[Hit]:
    yield from _shaped(paper, "aws:sourcevpce", _ENDPOINT)


@check("INVALID_KMS_KEY_VALUE")
def _kms_key(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.key.lower() in _KMS_KEYS:
            for value in _plain_values(test):
                if not _KMS_KEY.fullmatch(value.text):
                    yield hit(value.path, key=test.key)


@check("REDUNDANT_CONDITION_VALUE_NUM")
def _several_bounds(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.base.startswith("Numeric") and len(test.values) > 1:
            for word, which in _BOUNDS.items():
                if word in test.base:
                    yield hit(test.path, operator=test.operator, which=which, key=test.key)
