"""analysis: condition operators, and whether they fit the type of the key.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.global_keys import global_type
from ostiary.analysis.paper import Paper, Test
from ostiary.analysis.reference import service_keys
from ostiary.policy.conditions import Quantifier, read_operator

_ARRAY: Final = "ArrayOf"
_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "String": ("String",),
    "ARN": ("Arn", "String"),
    "Bool": ("Bool",),
    "Numeric": ("Numeric",),
    "Date": ("Date",),
    "IPAddress": ("IpAddress", "NotIpAddress"),
    "Binary": ("Binary",),
}
"""By a key's type, what the names of the operators that fit begin with."""
_BY_NUMBER: Final = frozenset({"aws:epochtime"})
"""Dates that are compared as numbers too."""
_OPERATOR_TYPES: Final = {"ARN": "ARN", "Bool": "Boolean", "Numeric": "Numeric", "IPAddress": "IP address"}
"""AWS's names for the operators of a type, where they differ from the type's."""


def _types(test: Test) -> set[str]:
    """The types of a key, as the services that have it declare it; empty if it is not known."""
    name = test.key.lower()
    found = global_type(name)
    return {found} if found else {key.type for key in service_keys(name)}


def _single_types(test: Test) -> set[str]:
    return {one.removeprefix(_ARRAY) for one in _types(test)}


@check("INVALID_CONDITION_OPERATOR")
def _invalid(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        block = statement.value.get("Condition")
        for operator in block if isinstance(block, dict) else ():
            if read_operator(operator) is None and not _is_null_if_exists(operator):
                yield hit(key_at((*statement.path, "Condition", operator)), operator=operator)


def _is_null_if_exists(operator: str) -> bool:
    return operator.rpartition(":")[2] == "NullIfExists"


@check("NULL_WITH_IF_EXISTS")
def _null_if_exists(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        block = statement.value.get("Condition")
        for operator in block if isinstance(block, dict) else ():
            if _is_null_if_exists(operator):
                yield hit(key_at((*statement.path, "Condition", operator)))


@check("NULL_WITH_QUALIFIER")
def _null_with_qualifier(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.base == "Null" and test.name and test.name.quantifier:
            yield hit(key_at(test.path[:-1]))


@check("MISSING_QUALIFIER")
def _missing_qualifier(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        types = _types(test)
        if test.name is None or test.base == "Null" or test.name.quantifier is not None or not types:
            continue
        if all(one.startswith(_ARRAY) for one in types):
            yield hit(key_at(test.path), key=test.key)


@check("FORALLVALUES_WITH_SINGLE_VALUED_KEY")
def _for_all_values(paper: Paper) -> Iterator[Hit]:
    for statement, test in paper.tests():
        types = _types(test)
        if test.name is None or test.name.quantifier is not Quantifier.ALL or not types or not statement.allows:
            continue
        if test.base != "Null" and not any(one.startswith(_ARRAY) for one in types):
            yield hit(key_at(test.path), key=test.key)


def _fits(test: Test, kind: str) -> bool:
    if test.key.lower() in _BY_NUMBER and test.base.startswith("Numeric"):
        return True
    return test.base == "Null" or test.base.startswith(_FAMILIES.get(kind, ("",)))


@check("TYPE_MISMATCH")
def _type_mismatch(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        types = _single_types(test)
        if test.name and types and not any(_fits(test, kind) for kind in types):
            kind = min(types)
            yield hit(
                key_at(test.path[:-1]), allowed=_OPERATOR_TYPES.get(kind, kind), operator=test.operator, key=test.key
            )


@check("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS")
def _string_like_with_arn(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.base in ("StringLike", "StringNotLike") and _single_types(test) == {"ARN"}:
            allowed = test.base.replace("String", "Arn")
            yield hit(key_at(test.path[:-1]), allowed=allowed, operator=test.operator, key=test.key)
