"""regopy (rego-cpp, in C++): a Rego rule for each statement, compiled once to a bundle.

OPA's own library is one for Go, and regorus one for Rust: neither is in a package registry for Python.
"""

from __future__ import annotations

import json
from typing import Any

from regopy import Input, Interpreter, LogLevel

from bench.peers import Turn, one_by_one
from bench.peers.statements import Said, context, expression, statements
from bench.policies import Work


def turn(work: Work) -> Turn:
    """The statements as a module, the requests as inputs made ready."""
    rego = Interpreter()
    rego.log_level = LogLevel.NONE
    rego.add_module("policies.rego", _module(statements(work.documents)))
    bundle = rego.build("data.policies.answer")
    asked: list[Any] = [
        {"action": one.action, "arn": one.resource, **context(one)} for one in work.requests[: _most(work)]
    ]
    inputs = [Input(one) for one in asked]

    def allows(at: int) -> bool:
        rego.set_input(inputs[at])
        return bool(rego.query_bundle(bundle).results[0].expressions)  # of what is not true there is none

    return one_by_one(allows, len(asked))


def _most(work: Work) -> int:
    return min(2000, len(work.requests))


def _module(said: Any) -> str:
    rules = "\n".join(_rule(one) for one in said)
    return f"""package policies
import rego.v1
default allow := false
default deny := false
default answer := false
answer if {{
    allow
    not deny
}}
{rules}
"""


def _rule(said: Said) -> str:
    tests = [_any("input.action", said.actions), _any("input.arn", said.resources)]
    tests += [_test(*one) for one in said.tests]
    return f"{'allow' if said.allows else 'deny'} if {{ {'; '.join(one for one in tests if one)} }}"


def _any(name: str, patterns: list[str]) -> str:
    if "*" in patterns:
        return ""
    if len(patterns) == 1 and patterns[0].count("*") == 1 and patterns[0].endswith("*"):
        return f"startswith({name}, {json.dumps(patterns[0][:-1])})"
    return f"regex.match({json.dumps('|'.join(expression(one) for one in patterns))}, {name})"


def _test(operator: str, key: str, values: list[Any]) -> str:
    name, wanted = f"input.{key}", json.dumps(values[0])
    among = "{" + ", ".join(json.dumps(one) for one in values) + "}"
    return {
        "StringEquals": f"{name} in {among}",
        "StringNotEquals": f"not {name} in {among}",
        "StringLike": f"regex.match({json.dumps(expression(str(values[0])))}, {name})",
        "Bool": f"{name} == {wanted}",
        "IpAddress": f"net.cidr_contains({wanted}, {name})",
        "DateGreaterThan": f"{name} > {wanted}",
        "NumericLessThan": f"{name} < {wanted}",
    }[operator]
