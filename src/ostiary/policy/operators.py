"""policy: the 27 condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators").

A family says how policy values are read and compared; the table names the operators of each. What negation, `…IfExists`
and the set operators add is derived in `conditions`, so no row can forget it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from ostiary.policy.arns import ArnPattern
from ostiary.policy.globs import Glob
from ostiary.policy.scalars import (
    Address,
    Network,
    read_address,
    read_boolean,
    read_bytes,
    read_moment,
    read_network,
    read_number,
    within,
)
from ostiary.policy.variables import Keys, template

Asked = TypeVar("Asked")
Wanted = TypeVar("Wanted")


class Matcher(Protocol):
    """The values of one key under one operator, ready to be compared."""

    def any(self, value: str, keys: Keys) -> bool:
        """Whether a value of the request matches one of the policy's values."""
        ...


Builder = Callable[[Iterable[str], bool], Matcher]
"""From the policy's values, and whether its version has variables."""


def _same(text: str) -> str:
    return text


class Texts:
    """A few texts, compared as they are or without case: StringEquals and its like without variables, Bool."""

    __slots__ = ("folded", "texts")

    texts: frozenset[str]
    folded: bool
    """They are in lower case, and compared without case."""

    def __init__(self, texts: frozenset[str], *, folded: bool) -> None:
        self.texts, self.folded = texts, folded

    def any(self, value: str, keys: Keys) -> bool:
        return (value.lower() if self.folded else value) in self.texts


class _Equal:
    """StringEquals and StringEqualsIgnoreCase."""

    __slots__ = ("_constants", "_fold", "_templates")

    def __init__(self, values: Iterable[str], variables: bool, fold: Callable[[str], str]) -> None:
        read = [template(value, variables=variables) for value in values]
        self._fold = fold
        self._templates = tuple(value for value in read if value.variables)
        self._constants = frozenset(fold(value.text({}) or "") for value in read if not value.variables)

    def any(self, value: str, keys: Keys) -> bool:
        folded = self._fold(value)
        if folded in self._constants:
            return True
        for wanted in self._templates:
            text = wanted.text(keys)
            if text is not None and self._fold(text) == folded:
                return True
        return False

    def constants(self) -> frozenset[str] | None:
        """The values, if the context has no say in them."""
        return None if self._templates else self._constants


def _equal(values: Iterable[str], variables: bool) -> Matcher:
    made = _Equal(values, variables, _same)
    constants = made.constants()
    return made if constants is None else Texts(constants, folded=False)


def _equal_ignoring_case(values: Iterable[str], variables: bool) -> Matcher:
    made = _Equal(values, variables, str.lower)
    constants = made.constants()
    return made if constants is None else Texts(constants, folded=True)


def _booleans(values: Iterable[str], variables: bool) -> Matcher:
    return Texts(frozenset([value.lower() for value in values if read_boolean(value) is not None]), folded=True)


class _Like:
    """StringLike."""

    __slots__ = ("_globs", "_templates")

    def __init__(self, values: Iterable[str], variables: bool) -> None:
        read = [template(value, variables=variables) for value in values]
        self._templates = tuple(value for value in read if value.variables)
        self._globs: tuple[Glob, ...] = tuple(
            found for value in read if not value.variables and (found := value.glob({})) is not None
        )

    def any(self, value: str, keys: Keys) -> bool:
        for pattern in self._globs:
            if pattern.matches(value):
                return True
        for wanted in self._templates:
            made = wanted.glob(keys)
            if made is not None and made.matches(value):
                return True
        return False


class _ArnLike:
    """ArnEquals and ArnLike, which are the same."""

    __slots__ = ("_patterns",)

    def __init__(self, values: Iterable[str], variables: bool) -> None:
        self._patterns = tuple(ArnPattern(template(value, variables=variables), open_ended=False) for value in values)

    def any(self, value: str, keys: Keys) -> bool:
        return value.count(":") >= 5 and any(pattern.matches(value, keys) for pattern in self._patterns)


class _Scalar(Generic[Asked, Wanted]):
    """The families whose values are read into a type first. A value of another type matches nothing."""

    __slots__ = ("_compare", "_read", "_wanted")

    def __init__(
        self,
        values: Iterable[str],
        wanted: Callable[[str], Wanted | None],
        asked: Callable[[str], Asked | None],
        compare: Callable[[Asked, Wanted], bool],
    ) -> None:
        self._wanted = tuple(found for value in values if (found := wanted(value)) is not None)
        self._read = asked
        self._compare = compare

    def any(self, value: str, keys: Keys) -> bool:
        asked = self._read(value)
        if asked is not None:
            for wanted in self._wanted:
                if self._compare(asked, wanted):
                    return True
        return False


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator."""

    name: str
    build: Builder
    negated: bool = False
    """Several values then mean "none of them", and an absent key satisfies it."""

    @property
    def takes_variables(self) -> bool:
        """String and ARN operators only."""
        return self.name.startswith(("String", "Arn"))


def _scalars(read: Callable[[str], Wanted | None], compare: Callable[[Wanted, Wanted], bool]) -> Builder:
    return lambda values, _: _Scalar(values, read, read, compare)


def _addresses(values: Iterable[str], variables: bool) -> Matcher:
    return _Scalar[Address, Network](values, read_network, read_address, within)


_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}

_ROWS: Final[list[tuple[str, str | None, Builder]]] = [
    ("StringEquals", "StringNotEquals", _equal),
    ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _equal_ignoring_case),
    ("StringLike", "StringNotLike", _Like),
    ("ArnEquals", "ArnNotEquals", _ArnLike),
    ("ArnLike", "ArnNotLike", _ArnLike),
    ("Bool", None, _booleans),
    ("BinaryEquals", None, _scalars(read_bytes, operator.eq)),
    ("IpAddress", "NotIpAddress", _addresses),
    *(
        (prefix + name, f"{prefix}NotEquals" if name == "Equals" else None, _scalars(read, compare))
        for prefix, read in (("Numeric", read_number), ("Date", read_moment))
        for name, compare in _ORDER.items()
    ),
]

NULL: Final = "Null"
"""Tests presence only; `conditions` knows it."""

OPERATORS: Final[dict[str, Operator]] = {
    row.name: row
    for positive, negated, build in _ROWS
    for row in (Operator(positive, build), *([Operator(negated, build, negated=True)] if negated else []))
}
"""Every operator but Null, by name."""
