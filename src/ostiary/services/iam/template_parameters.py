"""services/iam: `@{name}` in templates of policies and of roles.

Source: IAM API Reference, RoleTemplateVersion: "placeholders that are replaced with the values you supply".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ostiary.services.iam.faults import InvalidInput

_PARAMETER: Final = re.compile(r"@\{([^{}]+)\}")
Values = Mapping[str, str | list[str]]


def fill(value: Any, values: Values, used: set[str]) -> Any:
    """A part of a document with its parameters replaced; a list stands where its parameter stands alone.

    Args:
        value: what a JSON document holds.
        values: by the parameters' names.
        used: the names that were met are added.

    Raises:
        InvalidInput: a parameter has no value, or a list where there must be one value.
    """
    if isinstance(value, dict):
        return {key: fill(each, values, used) for key, each in value.items()}
    if isinstance(value, list):
        return [one for each in value for one in _spread(fill(each, values, used), each)]
    if not isinstance(value, str):
        return value
    alone = _PARAMETER.fullmatch(value)
    return _value(alone[1], values, used) if alone else fill_text(value, values, used)


def fill_text(text: str, values: Values, used: set[str]) -> str:
    """A text with its parameters replaced, each by one value."""
    return _PARAMETER.sub(lambda found: _single(_value(found[1], values, used), found[1]), text)


def _spread(filled: Any, written: Any) -> Sequence[Any]:
    return filled if isinstance(filled, list) and isinstance(written, str) else [filled]


def _value(name: str, values: Values, used: set[str]) -> str | list[str]:
    if name not in values:
        raise InvalidInput(f"The parameter {name} is missing.")
    used.add(name)
    return values[name]


def _single(value: str | list[str], name: str) -> str:
    if isinstance(value, list):
        raise InvalidInput(f"The parameter {name} stands where a list can't stand.")
    return value
