"""vakt: a policy of rules for each statement, all in memory."""

from __future__ import annotations

import logging
from typing import Any, Final

from vakt import ALLOW_ACCESS, DENY_ACCESS, Guard, Inquiry, MemoryStorage, Policy, RulesChecker, rules

from bench.peers import Turn, one_by_one
from bench.peers.statements import Said, context, expression, statements
from bench.policies import Work

_OPERATORS: Final[dict[str, Any]] = {
    "StringEquals": lambda values: rules.In(*values),
    "StringNotEquals": lambda values: rules.NotIn(*values),
    "StringLike": lambda values: rules.RegexMatch(expression(values[0])),
    "Bool": lambda values: rules.Eq(values[0]),
    "IpAddress": lambda values: rules.CIDR(values[0]),
    "DateGreaterThan": lambda values: rules.Greater(values[0]),
    "NumericLessThan": lambda values: rules.Less(values[0]),
}


def turn(work: Work) -> Turn:
    """The statements as policies, the requests as inquiries."""
    logging.getLogger("vakt").setLevel(logging.CRITICAL)
    storage = MemoryStorage()
    for number, said in enumerate(statements(work.documents)):
        storage.add(_policy(number, said))
    guard = Guard(storage, RulesChecker())
    asked = [
        Inquiry(action=one.action, resource=one.resource, subject="alice", context=context(one))
        for one in work.requests
    ]
    return one_by_one(lambda at: bool(guard.is_allowed(asked[at])), len(asked))


def _policy(number: int, said: Said) -> Any:
    return Policy(
        number,
        effect=ALLOW_ACCESS if said.allows else DENY_ACCESS,
        subjects=[rules.Eq("alice")],
        actions=[_rule(one) for one in said.actions],
        resources=[_rule(one) for one in said.resources],
        context={key: _OPERATORS[operator](values) for operator, key, values in said.tests},
    )


def _rule(pattern: str) -> Any:
    if pattern == "*":
        return rules.Any()
    if "*" not in pattern:
        return rules.Eq(pattern)
    whole = pattern.count("*") == 1 and pattern.endswith("*")
    return rules.StartsWith(pattern[:-1]) if whole else rules.RegexMatch(expression(pattern))
