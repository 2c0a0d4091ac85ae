"""The generated policies and requests in the terms other engines share: patterns, short names of keys, numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bench.policies import ALICE
from ostiary.policy import Request

KEYS: Final = {
    "aws:RequestedRegion": "region",
    "aws:SecureTransport": "secure",
    "aws:SourceIp": "address",
    "aws:PrincipalTag/team": "team",
    "aws:CurrentTime": "now",
    "aws:MultiFactorAuthAge": "mfaAge",
}
_NAME: Final = ALICE.arn.rpartition("/")[2]
_NUMBERS: Final = {"now", "mfaAge"}


@dataclass(frozen=True, slots=True)
class Said:
    """A statement; the caller's name stands where the variable stood."""

    allows: bool
    actions: list[str]
    resources: list[str]
    tests: list[tuple[str, str, list[Any]]]
    """Operator, short name of the key, values."""


def statements(documents: Sequence[str]) -> Iterator[Said]:
    """The statements of the documents."""
    for text in documents:
        for one in listed(json.loads(text)["Statement"]):
            resources = [
                each.replace("${aws:username}", ALICE.arn.rpartition("/")[2]) for each in listed(one["Resource"])
            ]
            tests = [
                (operator, KEYS[key], [_value(KEYS[key], each) for each in listed(values)])
                for operator, keys in one.get("Condition", {}).items()
                for key, values in keys.items()
            ]
            yield Said(one["Effect"] == "Allow", listed(one["Action"]), resources, tests)


def context(request: Request) -> dict[str, Any]:
    """The keys the policies ask for."""
    return {short: _value(short, str(request.context[key])) for key, short in KEYS.items()}


def expression(pattern: str) -> str:
    """A pattern as a regular expression, anchored."""
    return "^" + "".join({"*": ".*", "?": "."}.get(one) or re.escape(one) for one in pattern) + "$"


def listed(value: Any) -> list[Any]:
    """A value or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def seconds(moment: str) -> int:
    """A moment as seconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp())


def _value(short: str, text: str) -> Any:
    if short in _NUMBERS:
        return seconds(text) if "T" in text else int(text)
    return text
