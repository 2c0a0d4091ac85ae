"""Conditions: R50 to R71."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

from tests.reference import scalars
from tests.reference.patterns import Context, context_value, covers, plain, read, six

Compare = Callable[[str, str, str | None, Context], bool]
"""(request's value, policy's value, the policy's Version, context) -> does it match?"""


def string_equals(found: str, wanted: str, version: str | None, context: Context) -> bool:
    """R55: exact, `*` and `?` ordinary characters; R44: a variable without a value does not match."""
    tokens = read(wanted, version, context)
    return tokens is not None and plain(tokens) == found


def string_equals_ignore_case(found: str, wanted: str, version: str | None, context: Context) -> bool:
    """R55."""
    tokens = read(wanted, version, context)
    return tokens is not None and plain(tokens).lower() == found.lower()


def string_like(found: str, wanted: str, version: str | None, context: Context) -> bool:
    """R56: wildcards over the whole value, `/` and `:` included."""
    tokens = read(wanted, version, context)
    return tokens is not None and covers(tokens, found)


def arn_like(found: str, wanted: str, version: str | None, context: Context) -> bool:
    """R62: six components, each by itself; fewer match nothing."""
    tokens = read(wanted, version, context)
    if tokens is None:
        return False
    pattern, parts = six(tokens), found.split(":", 5)
    if len(pattern) < 6 or len(parts) < 6:
        return False
    return all(covers(one, part) for one, part in zip(pattern, parts, strict=True))


def typed(read_it: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Compare:
    """R63: a value of the wrong type does not match. R41: no variables in these."""

    def matches(found: str, wanted: str, version: str | None, context: Context) -> bool:
        left, right = read_it(found), read_it(wanted)
        return left is not None and right is not None and compare(left, right)

    return matches


def ip_address(found: str, wanted: str, version: str | None, context: Context) -> bool:
    """R61: as numbers; an address of the other family is outside."""
    address, network = scalars.address(found), scalars.network(wanted)
    return address is not None and network is not None and address.version == network.version and address in network


POSITIVE: dict[str, Compare] = {
    "StringEquals": string_equals,
    "StringEqualsIgnoreCase": string_equals_ignore_case,
    "StringLike": string_like,
    "NumericEquals": typed(scalars.number, operator.eq),
    "NumericLessThan": typed(scalars.number, operator.lt),
    "NumericLessThanEquals": typed(scalars.number, operator.le),
    "NumericGreaterThan": typed(scalars.number, operator.gt),
    "NumericGreaterThanEquals": typed(scalars.number, operator.ge),
    "DateEquals": typed(scalars.instant, operator.eq),
    "DateLessThan": typed(scalars.instant, operator.lt),
    "DateLessThanEquals": typed(scalars.instant, operator.le),
    "DateGreaterThan": typed(scalars.instant, operator.gt),
    "DateGreaterThanEquals": typed(scalars.instant, operator.ge),
    "Bool": typed(scalars.boolean, operator.eq),
    "BinaryEquals": typed(scalars.octets, operator.eq),
    "IpAddress": ip_address,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
}
NEGATED = {
    "StringNotEquals": string_equals,
    "StringNotEqualsIgnoreCase": string_equals_ignore_case,
    "StringNotLike": string_like,
    "NumericNotEquals": POSITIVE["NumericEquals"],
    "DateNotEquals": POSITIVE["DateEquals"],
    "NotIpAddress": ip_address,
    "ArnNotEquals": arn_like,
    "ArnNotLike": arn_like,
}
OPERATORS = [*POSITIVE, *NEGATED, "Null"]
QUALIFIERS = ["", "ForAllValues:", "ForAnyValue:"]


def as_list(value: Any) -> list[Any]:
    """R11: a single value may stand where a list may stand."""
    return value if isinstance(value, list) else [value]


def as_text(value: Any) -> str:
    """R11: JSON numbers and booleans are read as their text."""
    return value if isinstance(value, str) else json.dumps(value)


def all_hold(condition: dict[str, Any], version: str | None, context: Context) -> bool:
    """R50: every operator and every key."""
    for name, block in condition.items():
        for key, values in block.items():
            if not holds(name, key, values, version, context):
                return False
    return True


def holds(name: str, key: str, values: Any, version: str | None, context: Context) -> bool:
    """One key under one operator."""
    wanted = [as_text(value) for value in as_list(values)]
    found = context_value(context, key)
    qualifier, base, if_exists = taken_apart(name)
    if base not in OPERATORS or (base == "Null" and if_exists):  # R63, R54: unknown operators
        return False
    if qualifier == "ForAllValues:":
        return for_all_values(base, wanted, found, version, context)
    if qualifier == "ForAnyValue:":
        return for_any_value(base, wanted, found, version, context)
    if base == "Null":
        return null(wanted, found)
    if found is None:  # R52, R53: absent
        return if_exists or base in NEGATED
    if isinstance(found, list):  # R70
        return False
    if if_exists and not wanted:  # R71
        return False
    return satisfied(base, found, wanted, version, context)


def taken_apart(name: str) -> tuple[str, str, bool]:
    """`ForAnyValue:StringLikeIfExists` is `("ForAnyValue:", "StringLike", True)`."""
    for qualifier in QUALIFIERS[1:]:
        if name.startswith(qualifier):
            rest = name[len(qualifier) :]
            return qualifier, rest.removesuffix("IfExists"), rest.endswith("IfExists")
    return "", name.removesuffix("IfExists"), name.endswith("IfExists")


def satisfied(base: str, found: str, wanted: list[str], version: str | None, context: Context) -> bool:
    """R50: one request value; any of the policy's for a positive operator, none for a negated one."""
    matched = any((POSITIVE.get(base) or NEGATED[base])(found, one, version, context) for one in wanted)
    return not matched if base in NEGATED else matched


def null(wanted: list[str], found: Any) -> bool:
    """R54, R59: `true` the key is absent, `false` it is present."""
    return (found is None) in [scalars.boolean(value) for value in wanted]


def for_all_values(base: str, wanted: list[str], found: Any, version: str | None, context: Context) -> bool:
    """R64, R66 to R69: every value of the request; true for an absent key or an empty set."""
    if base == "Null" or found is None:  # R54; R52
        return True
    if not wanted:  # R71: true only for an absent key
        return False
    values = [value for value in as_list(found) if value != ""]  # R68
    return all(satisfied(base, value, wanted, version, context) for value in values)


def for_any_value(base: str, wanted: list[str], found: Any, version: str | None, context: Context) -> bool:
    """R65 to R67, R69: some value of the request; false for an absent key or an empty set."""
    if base == "Null" or found is None or not wanted:  # R54; R52; R71
        return False
    return any(satisfied(base, value, wanted, version, context) for value in as_list(found))
