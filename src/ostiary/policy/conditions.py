"""policy: conditions.

Source: IAM User Guide, "Conditions with multiple context keys or values", "Single-valued vs. multivalued context keys".
All tests of a Condition block must hold. One test is one key under one operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from ostiary.policy.operators import NULL, OPERATORS, Matcher
from ostiary.policy.request import ContextValue
from ostiary.policy.scalars import read_boolean
from ostiary.policy.variables import Keys, template

IF_EXISTS: Final = "IfExists"


class Quantifier(Enum):
    """The set operators."""

    ALL = "ForAllValues"
    ANY = "ForAnyValue"


_QUANTIFIERS: Final = {quantifier.value: quantifier for quantifier in Quantifier}


@dataclass(frozen=True, slots=True)
class OperatorName:
    """An operator as a policy writes it, taken apart."""

    base: str
    quantifier: Quantifier | None
    if_exists: bool


def read_operator(text: str) -> OperatorName | None:
    """Take an operator's name apart; None if there is no such operator (`NullIfExists` is none)."""
    before, colon, rest = text.rpartition(":")
    quantifier = _QUANTIFIERS.get(before)
    if colon and quantifier is None:
        return None
    if rest == NULL or rest in OPERATORS:
        return OperatorName(rest, quantifier, False)
    base = rest.removesuffix(IF_EXISTS)
    return OperatorName(base, quantifier, True) if base in OPERATORS else None


class Test:
    """One key under one operator."""

    __slots__ = (
        "_if_exists",
        "_key",
        "_matcher",
        "_negated",
        "_quantifier",
        "_variables",
        "_when_absent",
        "key",
        "operator",
        "values",
    )

    __test__ = False

    operator: str
    """As written, `ForAnyValue:StringLike`."""
    key: str
    """As written."""
    values: tuple[str, ...]

    def __init__(self, operator: str, key: str, values: tuple[str, ...], *, variables: bool) -> None:
        self.operator, self.key, self.values = operator, key, values
        self._key = key.lower()
        name = read_operator(operator)
        row = OPERATORS.get(name.base) if name else None
        self._matcher: Matcher | None = row.build(values, variables) if row else None
        self._negated = row is not None and row.negated
        self._quantifier = name.quantifier if name else None
        self._when_absent = _when_absent(name, self._negated, values)
        self._if_exists = name is not None and name.if_exists
        self._variables = variables and row is not None and row.takes_variables

    @property
    def known(self) -> bool:
        """Whether there is such an operator; the test of an unknown one never holds."""
        return self._matcher is not None or self.is_null

    @property
    def is_null(self) -> bool:
        """Whether this is a test of presence."""
        return self.operator.rpartition(":")[2] == NULL

    @property
    def variable_keys(self) -> set[str]:
        """The keys that variables in the values stand for, in lower case."""
        if not self._variables:
            return set()
        return {found.key for value in self.values for found in template(value, variables=True).variables}

    def holds(self, keys: Keys) -> bool:
        """Whether the context satisfies the test."""
        value = keys.get(self._key)
        if value is None:
            return self._when_absent
        matcher = self._matcher
        if matcher is None:
            return self.is_null and self._present()
        if self._quantifier is None:
            if not isinstance(value, str) or (self._if_exists and not self.values):
                return False
            return matcher.any(value, keys) is not self._negated
        return self._over_set(matcher, value, keys)

    def _present(self) -> bool:
        """Null, the key being there."""
        if self._quantifier is not None:
            return self._quantifier is Quantifier.ALL
        return any(read_boolean(value) is False for value in self.values)

    def _over_set(self, matcher: Matcher, value: ContextValue, keys: Keys) -> bool:
        members = (value,) if isinstance(value, str) else value
        if self._quantifier is Quantifier.ANY:
            return bool(self.values) and any(matcher.any(member, keys) is not self._negated for member in members)
        if not self.values:
            return False  # An empty list is met by an absent key only.
        # An empty string counts as an empty set here, and here only.
        return all(matcher.any(member, keys) is not self._negated for member in members if member)


def _when_absent(name: OperatorName | None, negated: bool, values: tuple[str, ...]) -> bool:
    if name is None:
        return False
    if name.quantifier is not None:
        return name.quantifier is Quantifier.ALL
    if name.base == NULL:
        return any(read_boolean(value) is True for value in values)
    return negated or name.if_exists
