"""policy: conditions.

Source: IAM User Guide, "Conditions with multiple context keys or values", "Single-valued vs. multivalued context keys".
All tests of a Condition block must hold. One test is one key under one operator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ostiary.policy.operators import NULL, OPERATORS, Matcher, Texts
from ostiary.policy.request import ContextValue
from ostiary.policy.scalars import read_boolean
from ostiary.policy.variables import Keys, template

IF_EXISTS: Final = "IfExists"

Holds = Callable[[Keys], bool]
"""Whether a condition context satisfies a test."""


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

    __slots__ = ("_compiled", "_name", "_row", "_variables", "key", "operator", "values")

    __test__ = False

    operator: str
    """As written, `ForAnyValue:StringLike`."""
    key: str
    """As written."""
    values: tuple[str, ...]

    def __init__(self, operator: str, key: str, values: tuple[str, ...], *, variables: bool) -> None:
        self.operator, self.key, self.values = operator, key, values
        self._name = read_operator(operator)
        self._row = OPERATORS.get(self._name.base) if self._name else None
        self._variables = variables
        self._compiled: Holds | None = None

    @property
    def known(self) -> bool:
        """Whether there is such an operator; the test of an unknown one never holds."""
        return self._row is not None or self.is_null

    @property
    def is_null(self) -> bool:
        """Whether this is a test of presence."""
        return self.operator.rpartition(":")[2] == NULL

    @property
    def variable_keys(self) -> set[str]:
        """The keys that variables in the values stand for, in lower case."""
        if not self._variables or self._row is None or not self._row.takes_variables:
            return set()
        return {found.key for value in self.values for found in template(value, variables=True).variables}

    def holds(self, keys: Keys) -> bool:
        """Whether the context satisfies the test."""
        compiled = self.compiled
        return compiled(keys)

    @property
    def compiled(self) -> Holds:
        """The test as a function of the context; made when first asked for."""
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = self._compile()
        return compiled

    def _compile(self) -> Holds:
        name, row, key = self._name, self._row, self.key.lower()
        if name is None:
            return _never
        quantifier = name.quantifier
        absent = _when_absent(name, row is not None and row.negated, self.values)
        if row is None:
            return _presence(key, absent, self._present(quantifier))
        matcher = row.build(self.values, self._variables)
        if quantifier is Quantifier.ANY:
            return _some(key, matcher, row.negated) if self.values else _never
        if quantifier is Quantifier.ALL:
            return _each(key, matcher, row.negated) if self.values else _presence(key, True, False)
        if name.if_exists and not self.values:
            return _presence(key, absent, False)
        return _single(key, matcher, row.negated, absent)

    def _present(self, quantifier: Quantifier | None) -> bool:
        """Null, the key being there."""
        if quantifier is not None:
            return quantifier is Quantifier.ALL
        return any(read_boolean(value) is False for value in self.values)


def _never(keys: Keys) -> bool:
    return False


def _presence(key: str, absent: bool, present: bool) -> Holds:
    """A test of presence alone. An empty list of values is met by an absent key only, not by an empty one."""

    def holds(keys: Keys) -> bool:
        return absent if keys.get(key) is None else present

    return holds


def _single(key: str, matcher: Matcher, negated: bool, absent: bool) -> Holds:
    """Of a single-valued key. A multivalued one never holds."""
    if isinstance(matcher, Texts):
        return _among(key, matcher, negated, absent)
    matches = matcher.any

    def holds(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return absent
        return isinstance(value, str) and matches(value, keys) is not negated

    return holds


def _among(key: str, wanted: Texts, negated: bool, absent: bool) -> Holds:
    """The same, where the value is one of a few texts."""
    texts = wanted.texts

    def listed(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return absent
        return isinstance(value, str) and (value in texts) is not negated

    def listed_in_lower_case(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return absent
        return isinstance(value, str) and (value.lower() in texts) is not negated

    return listed_in_lower_case if wanted.folded else listed


def _some(key: str, matcher: Matcher, negated: bool) -> Holds:
    """ForAnyValue."""

    def holds(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return False
        members = (value,) if isinstance(value, str) else value
        return any(matcher.any(member, keys) is not negated for member in members)

    return holds


def _each(key: str, matcher: Matcher, negated: bool) -> Holds:
    """ForAllValues."""

    def holds(keys: Keys) -> bool:
        value = keys.get(key)
        return value is None or all(matcher.any(member, keys) is not negated for member in _members(value))

    return holds


def _members(value: ContextValue) -> tuple[str, ...]:
    """The values under ForAllValues: an empty string counts as an empty set there, and only there."""
    return tuple(member for member in ((value,) if isinstance(value, str) else value) if member)


def _when_absent(name: OperatorName, negated: bool, values: tuple[str, ...]) -> bool:
    if name.quantifier is not None:
        return name.quantifier is Quantifier.ALL
    if name.base == NULL:
        return any(read_boolean(value) is True for value in values)
    return negated or name.if_exists
