"""policy: what a Condition block may hold (IAM User Guide, "IAM JSON policy elements: Condition")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.policy.conditions import read_operator
from ostiary.policy.draft import LEGACY, Draft, is_scalar
from ostiary.policy.parse import Json, Path

_LONGEST: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"-?[0-9]{1,20}")
_DATE: Final = re.compile(
    r"[0-9]{1,4}(?:-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?"
    r"(?:T(?:[0-9]{1,2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?",
    re.IGNORECASE,
)
"""What IAM was seen to take: looser than what has a meaning in a comparison."""


def check_conditions(draft: Draft) -> None:
    """Refuse blocks of the wrong shape and operators that do not exist."""
    for path, statement in draft.statements():
        if "Condition" not in statement:
            continue
        at: Path = (*path, "Condition")
        block = statement["Condition"]
        if not isinstance(block, dict):
            raise draft.refuse(at, finding="DATA_TYPE_MISMATCH")
        for operator, keys in block.items():
            _check_operator(draft, operator, keys, (*at, operator))


def _check_operator(draft: Draft, operator: str, keys: Json, path: Path) -> None:
    if not isinstance(keys, dict):
        raise draft.refuse(path, finding="DATA_TYPE_MISMATCH")
    if keys and read_operator(operator) is None:  # IAM takes an unknown operator that compares nothing.
        null = operator.rpartition(":")[2] == "NullIfExists"
        raise draft.refuse(path, finding="NULL_WITH_IF_EXISTS" if null else "INVALID_CONDITION_OPERATOR")
    for key, values in keys.items():
        for item in values if isinstance(values, list) else [values]:
            if not is_scalar(item):
                raise draft.refuse((*path, key), finding="DATA_TYPE_MISMATCH")


def check_dates(draft: Draft) -> None:
    """Refuse dates that are none."""
    for path, text in _dates(draft):
        if "${" not in text and not _is_date(text):
            raise draft.refuse(path, LEGACY, "INVALID_DATE_VALUE")


def _dates(draft: Draft) -> Iterator[tuple[Path, str]]:
    for path, statement in draft.statements():
        block = statement.get("Condition")
        for operator, keys in block.items() if isinstance(block, dict) else ():
            name = read_operator(operator)
            if name is None or not name.base.startswith("Date") or not isinstance(keys, dict):
                continue
            for key, values in keys.items():
                for item in values if isinstance(values, list) else [values]:
                    yield (*path, "Condition", operator, key), str(item)


def _is_date(text: str) -> bool:
    if _NUMBER.fullmatch(text):
        return abs(int(text)) <= _LONGEST
    found = _DATE.fullmatch(text)
    return found is not None and int(found["month"] or 1) in range(1, 13) and int(found["day"] or 1) in range(1, 32)
