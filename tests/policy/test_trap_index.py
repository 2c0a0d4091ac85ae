"""Every known trap has a test of its name, and every inferred rule a line that says what was chosen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
DIFFERENCES = TESTS.parent / "docs" / "differences.md"

TRAPS = {
    1: "an Allow in the bucket policy ends the evaluation before the identity Deny is read",
    2: "an unknown condition operator is skipped, and the Allow becomes unconditional",
    3: "Condition, NotAction, NotResource, NotPrincipal are parsed and ignored",
    4: "an unknown operator in a Deny is skipped, and the guard disappears",
    5: "a restricted session mints unrestricted credentials",
    6: "a session policy does not limit at all, or also limits grants that name the session",
    7: "a boundary limits direct grants of the same account",
    8: "a Deny in the boundary is forgotten when the resource policy grants",
    9: "a role's ARN in a resource policy is taken for a direct grant",
    10: "a resource policy is read without its Principal",
    11: "NotPrincipal denies at the first spelling of an account that differs; NotPrincipal with Allow is accepted",
    12: "a negated operator is handled like the positive one",
    13: "ForAllValues is false for an absent key",
    14: "ForAnyValue is never found",
    15: "an absent key is an empty string, or the other way round",
    16: "a variable without a value becomes an empty string",
    17: "variables are expanded in policies of 2008",
    18: "an ARN is split before its variables are known",
    19: "a slash in a variable's name ends the resource type",
    20: "defaults and escapes of variables are not understood",
    21: "seconds, milliseconds and years are mixed up",
    22: "addresses are compared as text, or shifted away",
    23: "numbers are machine numbers",
    24: "resources are compared without case",
    25: "ArnLike is one pattern over the whole ARN",
    26: "characters of regular expressions are alive in patterns",
    27: "a pattern does not match a line feed",
    28: "the colons of the resource part are split",
    29: "a federated user is taken for the user of that name",
    30: "the owner of a resource without a policy is forgotten",
    31: "a pattern of many stars hangs the engine",
    32: "a failed condition answers an explicit deny",
    33: "AssumeRole is verified with a simulator, which ignores trust policies",
    34: "GetCallerIdentity is denied by a policy",
    35: "the levels of SCPs are pooled into one set",
    36: "one caller's variables are written into the policy",
    37: "sessions are judged by the policies of their issue, or revived by a role of the same name",
    38: "the places of matched statements are counted otherwise, or left out",
    39: "reading what does not exist is asked for with a path, and its absence is told to those who may not know",
}
OF_SERVICES = {5, 30, 33, 37, 38, 39}
"""Traps that a service can fall into although the policy room does not."""


def traps_in(where: Path) -> set[int]:
    """The traps that have a test named after them."""
    found = re.compile(r"^def test_t(\d+)_", re.MULTILINE)
    return {int(number) for path in where.rglob("test_*.py") for number in found.findall(path.read_text("utf-8"))}


def test_every_trap_has_a_test_of_its_name() -> None:
    named = set().union(*(traps_in(room) for room in TESTS.iterdir() if room.is_dir() and room.name != "clients"))
    assert named == set(TRAPS)


@pytest.mark.parametrize("trap", sorted(OF_SERVICES))
def test_a_trap_of_services_is_tested_in_the_service_s_room(trap: int) -> None:
    rooms = {
        room.name for room in TESTS.iterdir() if room.is_dir() and room.name != "clients" and trap in traps_in(room)
    }
    assert rooms - {"policy"}, TRAPS[trap]


def inferred() -> list[str]:
    """The rules of which a vector says that it is inferred."""
    entries = (entry for path in TESTS.glob("vectors/**/*.json") for entry in json.loads(path.read_text("utf-8")))
    rules = {rule for entry in entries if entry["basis"] == "inferred" for rule in re.findall(r"R\d+", entry["rule"])}
    return sorted(rules, key=lambda rule: int(rule[1:]))


# Rules that the specification's own text calls inferred in whole or in part.
OPEN = ("R19", "R21", "R30", "R38", "R44", "R48", "R57", "R59", "R61", "R62", "R63", "R83", "R140")


@pytest.mark.parametrize("rule", sorted({*inferred(), *OPEN}, key=lambda rule: int(rule[1:])))
def test_what_was_chosen_for_an_inferred_rule_is_told(rule: str) -> None:
    assert re.search(rf"\b{rule}\b", DIFFERENCES.read_text("utf-8"))
