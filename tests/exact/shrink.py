"""A failing case made small: whatever can be left out while engine and reference still differ is left out."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

Case = dict[str, Any]
Path_ = tuple[str | int, ...]

KEPT: Final = {
    "policies",
    "request",
    "principal",
    "type",
    "arn",
    "account",
    "role_arn",
    "issuer_arn",
    "action",
    "resource",
} | {
    "resource_account",
    "context",
    "Effect",
    "Statement",
    "identity",
}
"""Members a case can't be without."""

PLAIN: Final = {"Action": "*", "Resource": "*", "Principal": "*", "Effect": "Allow", "Version": "2012-10-17"}


def shrunk(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The smallest case that leaving out and simplifying one thing after the other leads to."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in simpler(case):
            if _size(candidate) < _size(case) and _still(fails, candidate):
                case, smaller = candidate, True
                break
    return case


def _still(fails: Callable[[Case], bool], case: Case) -> bool:
    try:
        return fails(case)
    except (ValueError, KeyError, TypeError, AttributeError):  # No case any more.
        return False


def _size(case: Case) -> tuple[int, int]:
    text = json.dumps(case, sort_keys=True)
    return len(text), sum(map(ord, text))


def simpler(case: Case) -> Iterator[Case]:
    """The case with one thing left out or simplified, the greatest first."""
    places = sorted(_places(case), key=len)
    for place in places:
        if _dispensable(case, place):
            yield _changed(case, place, None)
    for place in places:
        value = _at(case, place)
        if place[-1] in PLAIN and "policies" in place:
            yield _changed(case, place, PLAIN[str(place[-1])])
        if (
            isinstance(value, list)
            and len(value) == 1
            and place[0] == "policies"
            and place[-1] not in ("identity", "session", "scp", "rcp")
        ):
            yield _changed(case, place, value[0])
        if isinstance(value, str) and place[-1] in ("NotAction", "NotResource"):
            without = _changed(case, place, None)
            _at(without, place[:-1])[str(place[-1])[3:]] = "*"
            yield without
    for place in places:
        value = _at(case, place)
        if isinstance(value, str) and len(value) > 1 and place[-1] not in KEPT and "policies" in place:
            for start in range(len(value)):
                for length in (16, 4, 1):
                    yield _changed(case, place, value[:start] + value[start + length :])


def _dispensable(case: Case, place: Path_) -> bool:
    """Whether a case without it can still be written: it can't without a Resource or a level."""
    if isinstance(place[-1], int):
        return len(place) != 3 or place[1] not in ("scp", "rcp") or len(_at(case, place[:-1])) > 1
    if place[-1] in ("Principal", "NotPrincipal", "Action", "NotAction"):
        return False
    if place[-1] in ("Resource", "NotResource"):
        return place[1] == "resource"
    return place[-1] not in KEPT


def _places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*at, name)
        yield from _places(member, (*at, name))


def _at(value: Any, place: Path_) -> Any:
    for name in place:
        value = value[name]
    return value


def _changed(case: Case, place: Path_, value: Any) -> Case:
    """A copy with another value at a place, or with nothing there."""
    made = copy.deepcopy(case)
    holder = _at(made, place[:-1])
    if value is None:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return made


def save(case: Case, description: str, expected: dict[str, Any], folder: Path) -> Path:
    """Write a case as a file of vectors, named after its content."""
    name = f"found-{sha256(json.dumps(case, sort_keys=True).encode()).hexdigest()[:12]}"
    entry = {"id": name, "rule": "", "basis": "reference", "description": description, **case, "expected": expected}
    written = folder / f"{name}.json"
    written.write_text(f"[\n{json.dumps(entry, ensure_ascii=False)}\n]\n", "utf-8")
    return written
