"""cli: how `ostiary policy` words decisions."""

from __future__ import annotations

from ostiary.policy import StatementReport


def outcome(decision: str, by: str | None) -> str:
    """A verdict, and the type of policy alone responsible for it if there is one."""
    return decision if by is None else f"{decision} by {by}"


def reason(one: StatementReport) -> str:
    """Why a statement matches or does not."""
    if one.matched:
        return "matches"
    failed = [test for test in one.tests if not test.holds]
    parts = [part for part in one.failed if part != "condition"]
    parts += [
        f"{test.operator} {test.key} ({'missing' if test.found is None else test.found!r} "
        f"against {', '.join(test.wanted)})"
        for test in failed
    ]
    return f"does not match: {', '.join(parts)}"
