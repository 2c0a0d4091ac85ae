"""services/iam: what a delegation request asks for, in words and against the caller's permissions.

AWS has a language model write the summary; ours is put together from the request.

Source: IAM API Reference, GetDelegationRequest (DelegationPermissionCheck), GetHumanReadableSummary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from ostiary import catalog
from ostiary.authorization.judge import Ask
from ostiary.services.iam.delegation import ask, get, state_of
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.operation import Call, operation
from ostiary.store.transaction import Transaction

_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12})?:delegation-request/([\w-]{16,128})")
_MOST: Final = 500
"""Permissions that are tried; with more the answer is UNSURE."""
_MOST_WORDS: Final = 10_000


def permission_check(call: Call, text: str) -> str:
    """`ALLOWED`, `DENIED` or `UNSURE`: whether the caller has every permission that a policy allows."""
    statements = list(_allowed(text))
    pairs = list(islice(((a, r) for each in statements for a in _actions(each) for r in _resources(each)), _MOST + 1))
    judge = call.house.judge
    for action, resource in pairs[:_MOST]:
        if not judge.judge(call.caller, Ask(action=action, resource=resource), call.facts).allowed:
            return "UNSURE" if any(each.get("Condition") for each in statements) else "DENIED"
    sure = len(pairs) <= _MOST and not any(_vague(each) for each in statements)
    return "ALLOWED" if sure else "UNSURE"


def _allowed(text: str) -> Iterator[Mapping[str, Any]]:
    statements = json.loads(text)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement["Effect"] == "Allow":
            yield statement


def _vague(statement: Mapping[str, Any]) -> bool:
    return "NotAction" in statement or "NotResource" in statement


def _actions(statement: Mapping[str, Any]) -> Iterable[str]:
    for pattern in _list(statement.get("Action")):
        yield from catalog.expand(pattern) or (pattern,)


def _resources(statement: Mapping[str, Any]) -> Iterable[str]:
    return _list(statement.get("Resource")) or ["*"]


def _list(value: Any) -> list[str]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _request_id(call: Call) -> str:
    found = _ARN.fullmatch(call.params["EntityArn"])
    if found is None:
        raise InvalidInput(f"{call.params['EntityArn']} is not the ARN of a delegation request.")
    return found[2]


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    yield ask(call, tx, "iam:GetHumanReadableSummary", _request_id(call))


@operation("iam", "GetHumanReadableSummary", asks=_asks)
def get_human_readable_summary(call: Call, tx: Transaction) -> dict[str, Any]:
    """What a request asks for, in English."""
    locale = call.params.get("Locale", "en")
    if locale.partition("-")[0].lower() != "en":
        return {"Locale": locale, "SummaryState": "NOT_SUPPORTED"}
    record = get(tx, _request_id(call))
    lines = [
        f"Account {record.requestor} asks to act in your account for up to {record.session_seconds // 60} minutes.",
        f"It gives as its purpose: {json.loads(record.facts)['Description']}",
        f"The request is {state_of(record, call.now).value}. It would be allowed:",
    ]
    for statement in _allowed(record.policy):
        actions = ", ".join(_list(statement.get("Action"))) or f"all but {', '.join(_list(statement.get('NotAction')))}"
        condition = " under conditions" if statement.get("Condition") else ""
        lines.append(f"- {actions} on {', '.join(_resources(statement))}{condition}")
    return {"SummaryContent": "\n".join(lines)[:_MOST_WORDS], "Locale": locale, "SummaryState": "AVAILABLE"}
