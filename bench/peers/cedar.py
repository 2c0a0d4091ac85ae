"""cedarpy (Cedar, in Rust) with its handles, its fastest use.

Cedar has no patterns of actions: actions are compared as text of the context.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import cedarpy

from bench.peers import Turn, one_by_one
from bench.peers.statements import Said, context, statements
from bench.policies import Work
from ostiary.policy import Request

_WHO: Final = 'User::"alice"'


def turn(work: Work) -> Turn:
    """The policies and the caller as handles; the context of a request is text already."""
    policies, entities = policy_set(work.documents), caller()
    asked = [question(request) for request in work.requests]
    allow = cedarpy.Decision.Allow
    return one_by_one(lambda at: cedarpy.is_authorized(asked[at], policies, entities).decision == allow, len(asked))


def policy_set(documents: Sequence[str]) -> Any:
    """The documents as a handle."""
    return cedarpy.PolicySet.from_str(written(documents))


def written(documents: Sequence[str]) -> str:
    """The documents in Cedar's language."""
    return "\n".join(_policy(said) for said in statements(documents))


def caller() -> Any:
    """The caller, as a handle."""
    alice = {"uid": {"type": "User", "id": "alice"}, "attrs": {}, "parents": []}
    return cedarpy.Entities.from_json_str(json.dumps([alice]))


def question(request: Request) -> dict[str, Any]:
    """A request in Cedar's form."""
    has = context(request)
    has["address"] = {"__extn": {"fn": "ip", "arg": has["address"]}}
    has["secure"] = has["secure"] == "true"
    told = json.dumps({"action": request.action, "arn": request.resource, **has})
    return {"principal": _WHO, "action": 'Action::"do"', "resource": 'Thing::"it"', "context": told}


def _policy(said: Said) -> str:
    tests = [_any("action", said.actions), _any("arn", said.resources)]
    tests += [_OPERATORS[operator](f"context.{key}", values) for operator, key, values in said.tests]
    effect = "permit" if said.allows else "forbid"
    return f"{effect}(principal == {_WHO}, action, resource) when {{ {' && '.join(tests)} }};"


def _any(name: str, patterns: Iterable[str]) -> str:
    return "(" + " || ".join(_matching(f"context.{name}", pattern) for pattern in patterns) + ")"


def _matching(value: str, pattern: str) -> str:
    if pattern == "*":
        return "true"
    return f"{value} like {json.dumps(pattern)}" if "*" in pattern else f"{value} == {json.dumps(pattern)}"


_OPERATORS: Final[Mapping[str, Callable[[str, list[Any]], str]]] = {
    "StringEquals": lambda value, wanted: f"{json.dumps(wanted)}.contains({value})",
    "StringNotEquals": lambda value, wanted: f"!{json.dumps(wanted)}.contains({value})",
    "StringLike": lambda value, wanted: "(" + " || ".join(_matching(value, one) for one in wanted) + ")",
    "Bool": lambda value, wanted: f"{value} == {wanted[0]}",
    "IpAddress": lambda value, wanted: "(" + " || ".join(f'{value}.isInRange(ip("{one}"))' for one in wanted) + ")",
    "DateGreaterThan": lambda value, wanted: f"{value} > {wanted[0]}",
    "NumericLessThan": lambda value, wanted: f"{value} < {wanted[0]}",
}
