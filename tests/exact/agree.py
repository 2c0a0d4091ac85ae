"""One case before the engine and before the reference."""

from __future__ import annotations

import re
from typing import Any

from ostiary.policy import Decision, PolicyType, decide
from ostiary.policy.cases import read_policies, read_request
from tests import reference
from tests.reference.decision import Place

Case = dict[str, Any]


def by_engine(case: Case) -> reference.Answer:
    """The engine's decision."""
    return answer(decide(read_policies(case["policies"]), read_request(case["request"])))


def answer(decision: Decision) -> reference.Answer:
    """A decision in the reference's words."""
    by = decision.decided_by
    return reference.Answer(
        decision=decision.verdict.value,
        decided_by=None if by is None else PolicyType.RESOURCE.value if by is PolicyType.TRUST else by.value,
        matched=frozenset(
            place(one.source.type.value, one.source.name, one.statement_index) for one in decision.matched
        ),
    )


def by_reference(case: Case) -> reference.Answer:
    return reference.decide(case["policies"], case["request"])


def place(kind: str, name: str, statement: int) -> Place:
    """A statement's place from the names that `read_policies` gives, such as `level 1: scp[0]`."""
    level, number = re.match(r"level ([0-9]+)", name), re.search(r"\[([0-9]+)\]$", name)
    return kind, int(level[1]) if level else 0, int(number[1]) if number else 0, statement


def difference(case: Case) -> tuple[str, str, str] | None:
    """What engine and reference differ in, if they do: the name of it, and what each says.

    The type that decides is compared where the reference names one.
    """
    said, meant = by_engine(case), by_reference(case)
    if said.decision != meant.decision:
        return "decision", said.decision, meant.decision
    if meant.decided_by is not None and said.decided_by != meant.decided_by:
        return "decided_by", str(said.decided_by), meant.decided_by
    if said.matched != meant.matched:
        return "matched", "", ""
    return None
