"""Whether a statement matches a request: R14 to R26, R90."""

from __future__ import annotations

from typing import Any

from tests.reference import principals
from tests.reference.conditions import all_hold, as_list
from tests.reference.patterns import Context, covers, read, six, with_wildcards

Statement = dict[str, Any]
Request = dict[str, Any]


def statements(document: dict[str, Any]) -> list[Statement]:
    """R5: one object, or a list of them."""
    return as_list(document["Statement"])


def matches(kind: str, version: str | None, statement: Statement, request: Request, *, bounded: bool) -> bool:
    """R90: principal, action, resource and conditions."""
    return (
        principal_matches(kind, statement, request["principal"], bounded=bounded)
        and action_matches(statement, request["action"])
        and resource_matches(statement, request["resource"], version, request["context"])
        and all_hold(statement.get("Condition", {}), version, request["context"])
    )


def principal_matches(kind: str, statement: Statement, caller: dict[str, Any], *, bounded: bool) -> bool:
    """R25, R27, R38, R39. `bounded`: the caller has a permissions boundary."""
    if "Principal" in statement:
        return principals.strength(statement["Principal"], caller) > principals.NOBODY
    if "NotPrincipal" in statement:
        if statement["Effect"] != "Deny":  # R38: not supported
            return False
        return bounded or not principals.spared(statement["NotPrincipal"], caller)
    return kind not in ("resource", "vpce")  # R25: without Principal it never applies; the other kinds have none


def action_matches(statement: Statement, action: str) -> bool:
    """R14, R17."""
    if "NotAction" in statement:
        return not any(action_covered(pattern, action) for pattern in as_list(statement["NotAction"]))
    return any(action_covered(pattern, action) for pattern in as_list(statement["Action"]))


def action_covered(pattern: str, action: str) -> bool:
    """R14 to R16: without case; wildcards in the name, none in the prefix."""
    if pattern == "*":
        return True
    prefix, _, name = pattern.lower().partition(":")
    asked_prefix, _, asked_name = action.lower().partition(":")
    return prefix == asked_prefix and covers(with_wildcards(name), asked_name)


def resource_matches(statement: Statement, resource: str, version: str | None, context: Context) -> bool:
    """R18, R24, R25."""
    if "NotResource" in statement:
        listed = as_list(statement["NotResource"])
        return not any(resource_covered(pattern, resource, version, context) for pattern in listed)
    if "Resource" in statement:
        listed = as_list(statement["Resource"])
        return any(resource_covered(pattern, resource, version, context) for pattern in listed)
    return True  # R25: it speaks of what it is attached to


def resource_covered(pattern: str, resource: str, version: str | None, context: Context) -> bool:
    """R18 to R23, R44, R48."""
    if pattern == "*":  # R18
        return True
    if resource == "*":  # R23: no ARN pattern covers it
        return False
    tokens = read(pattern, version, context)
    if tokens is None:  # R44: matches nothing
        return False
    wanted, found = six(tokens), resource.split(":", 5)
    if len(wanted) < 6 and not (wanted[-1] and wanted[-1][-1][0] == "any"):  # R21
        return False
    # R19; R21: the `*` at the end of a short pattern reaches past the colons that follow, nothing before it does.
    return all(covers(one, part) for one, part in zip(wanted, found, strict=False))
