"""Part 2's peer cedarpy: the generated policies in Cedar's language, decided with its handles, its fastest use.

Cedar has neither patterns of actions nor variables in patterns: actions are compared as text of the context, and the
caller's name is written into the policies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bench.policies import ALICE
from ostiary.policy import Request

_KEYS: Final = {
    "aws:RequestedRegion": "region",
    "aws:SecureTransport": "secure",
    "aws:SourceIp": "address",
    "aws:PrincipalTag/team": "team",
    "aws:CurrentTime": "now",
    "aws:MultiFactorAuthAge": "mfaAge",
}
_WHO: Final = 'User::"alice"'


def policies(documents: Sequence[str]) -> Any:
    """The documents as a handle."""
    from cedarpy import PolicySet

    statements = [one for text in documents for one in _listed(json.loads(text)["Statement"])]
    return PolicySet.from_str("\n".join(_policy(one) for one in statements))


def entities() -> Any:
    """The caller, as a handle."""
    from cedarpy import Entities

    return Entities.from_json_str(json.dumps([{"uid": {"type": "User", "id": "alice"}, "attrs": {}, "parents": []}]))


def asked(request: Request) -> dict[str, Any]:
    """A request in Cedar's form; its context is text already, so that its making is not measured."""
    has = request.context
    context = {
        "action": request.action,
        "arn": request.resource,
        "region": has["aws:RequestedRegion"],
        "secure": has["aws:SecureTransport"] == "true",
        "address": {"__extn": {"fn": "ip", "arg": has["aws:SourceIp"]}},
        "team": has["aws:PrincipalTag/team"],
        "now": _seconds(str(has["aws:CurrentTime"])),
        "mfaAge": int(str(has["aws:MultiFactorAuthAge"])),
    }
    return {"principal": _WHO, "action": 'Action::"do"', "resource": 'Thing::"it"', "context": json.dumps(context)}


def _policy(statement: Mapping[str, Any]) -> str:
    effect = "permit" if statement["Effect"] == "Allow" else "forbid"
    tests = [_any("action", _listed(statement["Action"])), _any("arn", _listed(statement["Resource"]))]
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            tests.append(_OPERATORS[operator](f"context.{_KEYS[key]}", _listed(values)))
    return f"{effect}(principal == {_WHO}, action, resource) when {{ {' && '.join(tests)} }};"


def _any(name: str, patterns: Iterable[str]) -> str:
    return "(" + " || ".join(_matching(f"context.{name}", pattern) for pattern in patterns) + ")"


def _matching(value: str, pattern: str) -> str:
    filled = pattern.replace("${aws:username}", ALICE.arn.rpartition("/")[2])
    if filled == "*":
        return "true"
    return f"{value} like {json.dumps(filled)}" if "*" in filled else f"{value} == {json.dumps(filled)}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


_OPERATORS: Final[Mapping[str, Callable[[str, list[Any]], str]]] = {
    "StringEquals": lambda value, wanted: f"{json.dumps(wanted)}.contains({value})",
    "StringNotEquals": lambda value, wanted: f"!{json.dumps(wanted)}.contains({value})",
    "StringLike": lambda value, wanted: "(" + " || ".join(_matching(value, one) for one in wanted) + ")",
    "Bool": lambda value, wanted: f"{value} == {wanted[0]}",
    "IpAddress": lambda value, wanted: "(" + " || ".join(f'{value}.isInRange(ip("{one}"))' for one in wanted) + ")",
    "DateGreaterThan": lambda value, wanted: f"{value} > {_seconds(wanted[0])}",
    "NumericLessThan": lambda value, wanted: f"{value} < {wanted[0]}",
}
