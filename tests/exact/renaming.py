"""A case with everything in it called otherwise: accounts, condition keys, tags."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.exact.vocabulary import KEYS, MANY

Case = dict[str, Any]

DIGITS: Final = str.maketrans("456789", "978546")
"""Applied to account ids of which policies may hold no more than a part, so character by character."""

TEXTS: Final = {key.lower() for keys in (KEYS, MANY) for kind in ("string", "arn") for key in keys[kind]}
"""The keys whose values are names; digits in the others are numbers, dates and addresses."""


def renamed(case: Case) -> Case:
    """The same world under other names."""
    asked = case["request"]
    request = {
        **asked,
        "principal": _accounts(asked["principal"]),
        "resource": _accounts(asked["resource"]),
        "resource_account": _accounts(asked["resource_account"]),
        "context": {_key(key): _value(key, value) for key, value in asked["context"].items()},
    }
    return {"policies": _policies(case["policies"]), "request": request}


def _policies(value: Any) -> Any:
    if isinstance(value, list):
        return [_policies(one) for one in value]
    if "Effect" in value:
        return {name: _element(name, element) for name, element in value.items()}
    return {name: member if name == "Version" else _policies(member) for name, member in value.items()}


def _element(name: str, element: Any) -> Any:
    if name == "Sid":
        return f"Renamed{element}"
    if name == "Condition":
        return {
            operator: {_key(key): _value(key, values) for key, values in block.items()}
            for operator, block in element.items()
        }
    return (
        _accounts(_variables(element)) if name in ("Resource", "NotResource", "Principal", "NotPrincipal") else element
    )


def _value(key: str, value: Any) -> Any:
    return _accounts(_variables(value)) if key.lower() in TEXTS else value


def _accounts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _accounts(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_accounts(member) for member in value]
    return value.translate(DIGITS) if isinstance(value, str) else value


def _variables(value: Any) -> Any:
    if isinstance(value, list):
        return [_variables(member) for member in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"\$\{([A-Za-z0-9:/]+)", lambda found: f"${{{_key(found[1])}", value)


def _key(key: str) -> str:
    """`svc:size` is `tool:size`, the tag `Team` is `Crew`."""
    key = re.sub(r"(?i)^svc:", "tool:", key)
    return re.sub(r"(?i)(tag)/team$", r"\1/Crew", key)
