"""policy: the values of a condition written otherwise, so that it holds for a request or no longer does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.policy.compile import CURRENT_VERSION
from ostiary.policy.conditions import Test
from ostiary.policy.reports import TestReport
from ostiary.policy.trial_values import nearby
from ostiary.policy.variables import Keys

_SPECIAL: Final = re.compile(r"\$(?=\{)|[*?]")


def literal(text: str, version: str) -> str:
    """A text as a policy must write it for it to stand for itself alone; only 2012-10-17 has a way."""
    return _SPECIAL.sub(lambda found: f"${{{found[0]}}}", text) if version == CURRENT_VERSION else text


def amended_values(one: TestReport, keys: Keys, version: str, *, holds: bool) -> tuple[str, ...] | None:
    """The nearest values with which a test holds, or does not; None if there are none.

    Values are added, taken out, or for an order moved to the nearest bound: whatever else satisfied a test that is to
    hold still does, and whatever failed one that is to fail.
    """
    for values in _candidates(one, keys, version, holds=holds):
        if values != one.wanted and Test(one.operator, one.key, values, variables=_has(version)).holds(keys) is holds:
            return values
    return None


def _has(version: str) -> bool:
    return version == CURRENT_VERSION


def _candidates(one: TestReport, keys: Keys, version: str, *, holds: bool) -> Iterator[tuple[str, ...]]:
    wanted = one.wanted
    of_text = one.operator.rpartition(":")[2].startswith(("String", "Arn"))
    found = () if one.found is None else (one.found,) if isinstance(one.found, str) else one.found
    entries = tuple([literal(value, version) if of_text else value for value in found])
    for entry in entries:
        yield (*wanted, entry)
    if len(entries) > 1:
        yield (*wanted, *entries)
    apart = [(value, Test(one.operator, one.key, (value,), variables=_has(version)).holds(keys)) for value in wanted]
    kept = tuple([value for value, alone in apart if alone is holds])
    if kept:
        yield kept
    if "Than" in one.operator:
        for value in found:
            for bound in nearby(one.test, value):
                yield (bound,)
    elif one.test.is_null:
        yield (*wanted, "true" if one.found is None else "false")
