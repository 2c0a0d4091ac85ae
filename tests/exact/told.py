"""What an explanation says, in terms of a case: each statement's place, and a case with a suggestion carried out."""

from __future__ import annotations

import copy
from typing import Any, Final

from tests.exact.agree import Case, place
from tests.reference import statements as rules
from tests.reference.conditions import holds
from tests.reference.decision import Inquiry

LISTED: Final = ("identity", "session")
LEVELLED: Final = ("scp", "rcp")


def of_case(kind: str) -> str:
    """The name of a type in a case: a trust policy stands where a resource's does."""
    return "resource" if kind == "trust" else kind


def held(policies: dict[str, Any], kind: str, level: int, number: int) -> dict[str, Any]:
    """One document of a case."""
    found = policies[kind]
    if kind in LEVELLED:
        found = found[level]
    document: dict[str, Any] = found[number] if isinstance(found, list) else found
    return document


def meant(case: Case, told: dict[str, Any]) -> tuple[list[str], list[bool]]:
    """What the reference finds to fail of a statement that an explanation tells of, and what each test says."""
    kind, level, number, index = place(of_case(told["type"]), told["policy"], told["statement"])
    document = held(case["policies"], kind, level, number)
    statement, version = rules.statements(document)[index], document.get("Version")
    request = case["request"]
    bounded = Inquiry(case["policies"], request).applies("boundary")
    parts = {
        "action": rules.action_matches(statement, request["action"]),
        "resource": rules.resource_matches(statement, request["resource"], version, request["context"]),
        "principal": rules.principal_matches(kind, statement, request["principal"], bounded=bounded),
    }
    tests = [
        holds(name, key, values, version, request["context"])
        for name, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    ]
    return [name for name, matched in {**parts, "condition": all(tests)}.items() if not matched], tests


def carried_out(case: Case, changes: list[dict[str, Any]]) -> Case:
    """The case after the changes of a suggestion, as its JSON tells them."""
    made = copy.deepcopy(case)
    gone: list[tuple[list[Any], int]] = []
    for change in changes:
        if "context" in change:
            set_context(made["request"]["context"], change["context"])
        elif change["policy"] is not None:
            kind, level, number, index = place(of_case(change["type"]), change["policy"], change["statement"])
            document = held(made["policies"], kind, level, number)
            document["Statement"] = listed = rules.statements(document)
            if change["becomes"] is None:
                gone.append((listed, index))
            else:
                listed[index] = change["becomes"]
    for listed, index in sorted(gone, key=lambda each: -each[1]):
        del listed[index]
    for change in changes:
        if "context" not in change and change["policy"] is None:
            add(made["policies"], of_case(change["type"]), change["level"], change["becomes"])
    return made


def set_context(context: dict[str, Any], values: dict[str, Any]) -> None:
    for key, value in values.items():
        for name in [name for name in context if name.lower() == key.lower()]:
            del context[name]
        if value is not None:
            context[key] = value


def add(policies: dict[str, Any], kind: str, level: int, statement: dict[str, Any]) -> None:
    """A new document where there may be several, else one more statement in the one there is."""
    document = {"Version": "2012-10-17", "Statement": [statement]}
    if kind in LISTED:
        policies.setdefault(kind, []).append(document)
    elif kind in LEVELLED:
        policies[kind][level].append(document)
    elif policies.get(kind) is None:
        policies[kind] = document
    else:
        policies[kind]["Statement"] = [*rules.statements(policies[kind]), statement]
