"""Service S3: the policy of an upload by an HTML form: what its fields and the file's size may be, and until when.

Source: Amazon S3 API Reference, "POST Policy". The texts of refusals are those that clients have seen from AWS; where
none was found they are ours.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from ostiary.services.s3.addresses import S3Refusal

_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z", re.ASCII)
_UNCOVERED: Final = frozenset({"policy", "x-amz-signature", "file", "bucket"})
"""No condition needs to speak of these; the bucket is the address's, not a field's."""
_IGNORED: Final = "x-ignore-"
_OPERATORS: Final = frozenset({"eq", "starts-with"})
_RANGE: Final = "content-length-range"
_DIGITS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many bytes the file may have; both ends count."""

    least: int
    most: int

    def check(self, size: int, *, ended: bool) -> None:
        """Hold the bytes so far, or all of them, against the bounds. Raises `S3Refusal`."""
        if size > self.most:
            raise too_large(size, self.most)
        if ended and size < self.least:
            details = {"ProposedSize": str(size), "MinSizeAllowed": str(self.least)}
            message = "Your proposed upload is smaller than the minimum allowed size"
            raise S3Refusal("EntityTooSmall", 400, message, **details)


@dataclass(frozen=True, slots=True)
class PostPolicy:
    """A policy that could be read."""

    expiration: datetime
    conditions: tuple[tuple[str, ...], ...]
    """`(operator, name as written, value)`, or `(content-length-range, least, most)`."""


def too_large(size: int, most: int) -> S3Refusal:
    """The refusal of an upload that is larger than allowed."""
    details = {"ProposedSize": str(size), "MaxSizeAllowed": str(most)}
    return S3Refusal("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size", **details)


def read_policy(encoded: str) -> PostPolicy:
    """Read a policy from its base64 text. Raises `S3Refusal` InvalidPolicyDocument."""
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        _invalid("Invalid Policy: invalid Base64 encoding.")
    try:
        found = json.loads(
            text, object_pairs_hook=_Members, parse_float=_no_number, parse_constant=_no_number, parse_int=_Integer
        )
    except (ValueError, RecursionError):
        _invalid("Invalid Policy: Invalid JSON.")
    if not isinstance(found, _Members):
        _invalid("Invalid Policy: Invalid JSON.")
    members = dict(found)
    if len(members) < len(found):
        _invalid("Invalid Policy: Invalid JSON.")
    for name in members:
        if name not in ("expiration", "conditions"):
            _invalid(f"Invalid Policy: Unexpected: '{name.lower()}'")
    if "expiration" not in members:
        _invalid("Invalid Policy: Policy missing expiration.")
    if "conditions" not in members:
        _invalid("Invalid Policy: Policy missing conditions.")
    conditions = members["conditions"]
    if isinstance(conditions, _Members) or not isinstance(conditions, list):
        _invalid("Invalid Policy: Invalid 'conditions' value: must be a List.")
    return PostPolicy(_expiration(members["expiration"]), tuple(map(_condition, conditions)))


def check_policy(policy: PostPolicy, fields: Mapping[str, str], now: datetime) -> Sizes | None:
    """Hold a form against its policy; gives the bounds of the file's size.

    `fields`: by lower-case name, `bucket` and `key` being those of the object. Raises `S3Refusal`.
    """
    if now >= policy.expiration:
        _denied("Policy expired.")
    covered: set[str] = set()
    sizes: Sizes | None = None
    for operator, name, value in policy.conditions:
        if operator == _RANGE:
            if not _DIGITS.fullmatch(name) or not _DIGITS.fullmatch(value):
                _failed(operator, name, value)
            least, most = int(name), int(value)
            sizes = Sizes(max(sizes.least, least), min(sizes.most, most)) if sizes else Sizes(least, most)
            continue
        field = name.removeprefix("$").lower()
        covered.add(field)
        if not name.startswith("$") or not _holds(operator, field, fields.get(field), value):
            _failed(operator, name, value)
    extra = [name for name in fields if name not in covered | _UNCOVERED and not name.startswith(_IGNORED)]
    if extra:
        _denied(f"Extra input fields: {', '.join(sorted(extra))}")
    return sizes


class _Members(list[tuple[str, Any]]):
    """An object of JSON, each member as it stands."""


class _Integer(str):
    """A whole number of JSON, as it stands."""

    __slots__ = ()


def _holds(operator: str, field: str, said: str | None, value: str) -> bool:
    if said is None:
        return False
    if operator == "eq":
        return said == value
    if field == "content-type" and "," in said:  # each of a list must begin so
        return all(each.strip().startswith(value) for each in said.split(","))
    return said.startswith(value)


def _condition(found: Any) -> tuple[str, ...]:
    if isinstance(found, _Members):
        if len(found) != 1:
            what = "Simple-Conditions must have exactly one property specified."
            _invalid(f"Invalid Policy: Invalid Simple-Condition: {what}")
        [(name, value)] = found
        if value is None:
            _invalid("Invalid Policy: Invalid JSON.")
        if not isinstance(value, str) or isinstance(value, _Integer):
            _invalid("Invalid Policy: Invalid Simple-Condition: value must be a string.")
        return ("eq", f"${name}", value)
    if not isinstance(found, list):
        _invalid("Invalid Policy: Invalid condition test: must be a List or Object.")
    if not found or not isinstance(found[0], str):
        _invalid("Invalid Policy: Invalid Condition: missing operation identifier.")
    operator = found[0].lower()
    if operator not in _OPERATORS and operator != _RANGE:
        _invalid(f"Invalid Policy: Invalid Condition: unknown operation '{found[0]}'.")
    if len(found) != 3:
        _invalid(f"Invalid Policy: Invalid {operator}: wrong number of arguments.")
    first, second = found[1], found[2]
    for each in (first, second):
        if not isinstance(each, str) or (isinstance(each, _Integer) and operator != _RANGE):
            _invalid("Invalid Policy: Invalid JSON.")
    if operator == _RANGE and any(each.startswith("-") for each in (first, second) if isinstance(each, _Integer)):
        _invalid(f"Invalid Policy: Invalid {operator}: bounds must not be negative.")
    return (operator, str(first), str(second))


def _expiration(value: Any) -> datetime:
    if not isinstance(value, str) or isinstance(value, _Integer) or not _TIME.fullmatch(value):
        _invalid(f"Invalid Policy: Invalid 'expiration' value: '{value if isinstance(value, str) else ''}'")
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+Z", r"\1Z", value)).astimezone(UTC)
    except ValueError:
        _invalid(f"Invalid Policy: Invalid 'expiration' value: '{value}'")


def _no_number(text: str) -> NoReturn:
    raise ValueError("neither fractions nor NaN")


def _invalid(message: str) -> NoReturn:
    raise S3Refusal("InvalidPolicyDocument", 400, message)


def _denied(why: str) -> NoReturn:
    raise S3Refusal("AccessDenied", 403, f"Invalid according to Policy: {why}")


def _failed(operator: str, name: str, value: str) -> NoReturn:
    _denied(f"Policy Condition failed: {json.dumps([operator, name, value], ensure_ascii=False)}")
