"""pycasbin: a row for each statement, patterns as regular expressions, conditions as expressions that are evaluated."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, Final

import casbin

from bench.peers import Turn, one_by_one
from bench.peers.statements import Said, context, expression, statements
from bench.policies import Work

_MODEL: Final = """
[request_definition]
r = act, obj, ctx
[policy_definition]
p = act, obj, cond, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = regexMatch(r.act, p.act) && regexMatch(r.obj, p.obj) && eval(p.cond)
"""


def turn(work: Work) -> Turn:
    """The statements as rows, the requests as its enforcer takes them."""
    logging.disable(logging.INFO)
    model = casbin.Enforcer.new_model(text=_MODEL)
    enforcer = casbin.Enforcer(model)
    for said in statements(work.documents):
        enforcer.add_policy(*_row(said))
    asked = [(one.action, one.resource, SimpleNamespace(**context(one))) for one in work.requests]
    return one_by_one(lambda at: bool(enforcer.enforce(*asked[at])), len(asked))


def _row(said: Said) -> tuple[str, str, str, str]:
    tests = " and ".join(_test(*one) for one in said.tests) or "True"
    return _any(said.actions), _any(said.resources), tests, "allow" if said.allows else "deny"


def _any(patterns: list[str]) -> str:
    return "|".join(expression(one) for one in patterns)


def _test(operator: str, key: str, values: list[Any]) -> str:
    name, first = f"r.ctx.{key}", values[0]
    if operator in ("StringEquals", "StringNotEquals"):
        joint, compare = (" or ", "==") if operator == "StringEquals" else (" and ", "!=")
        return "(" + joint.join(f"{name} {compare} {each!r}" for each in values) + ")"
    return {
        "StringLike": f"regexMatch({name}, {expression(str(first))!r})",
        "Bool": f"{name} == {first!r}",
        "IpAddress": f"ipMatch({name}, {first!r})",
        "DateGreaterThan": f"{name} > {first}",
        "NumericLessThan": f"{name} < {first}",
    }[operator]
