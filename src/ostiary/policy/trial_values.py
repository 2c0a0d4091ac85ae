"""policy: values that a condition key might have had, to be tried against a test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from ostiary.policy.conditions import Test
from ostiary.policy.globs import Wild
from ostiary.policy.request import ContextValue
from ostiary.policy.scalars import read_moment, read_network, read_number
from ostiary.policy.variables import Keys, template

_ELSEWHERE: Final = {"IpAddress": "198.51.100.1", "NotIpAddress": "198.51.100.1"}
_OTHER: Final = "another-value"
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def trial_values(test: Test, keys: Keys) -> Iterator[ContextValue | None]:
    """Values near a test's own, then another value, then the key's absence. Not every one satisfies the test."""
    several = test.operator.startswith("For")
    for value in _near(test, keys):
        yield (value,) if several else value
    yield None


def nearby(test: Test, text: str) -> Iterator[str]:
    """A number or a moment and those next to it, by the test's operator; nothing if the text is none."""
    return _moments(text) if "Date" in test.operator else _numbers(text)


def _near(test: Test, keys: Keys) -> Iterator[str]:
    base = test.operator.rpartition(":")[2].removesuffix("IfExists")
    for text in test.values:
        if base == "Bool":
            yield "false" if text.lower() == "true" else "true"
            yield text
        elif base.startswith("Numeric"):
            yield from _numbers(text)
        elif base.startswith("Date"):
            yield from _moments(text)
        elif base in _ELSEWHERE:
            yield from _addresses(text)
        else:
            yield from _texts(text, keys)
    yield _ELSEWHERE.get(base, _OTHER)


def _texts(text: str, keys: Keys) -> Iterator[str]:
    yield text
    resolved = template(text, variables=True).resolve(keys)
    if resolved is not None:
        yield "".join("x" if part is Wild.ONE else "" if isinstance(part, Wild) else part for part in resolved)


def _numbers(text: str) -> Iterator[str]:
    number = read_number(text)
    if number is not None:
        yield from (str(number + step) for step in (Decimal(0), Decimal(1), Decimal(-1)))


def _moments(text: str) -> Iterator[str]:
    moment = read_moment(text)
    if moment is not None and -(10**11) < moment < 10**11:
        for step in (0, 1, -1):
            at = _BEGINNING + timedelta(seconds=int(moment) + step)
            yield at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _addresses(text: str) -> Iterator[str]:
    if read_network(text) is not None:
        yield text.partition("/")[0]
