"""analysis: lists and objects without anything in them (IAM User Guide, check reference, "Empty …")."""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.analysis.check import Hit, check, hit
from ostiary.analysis.paper import Paper, Test
from ostiary.policy.conditions import Quantifier


@check("EMPTY_ARRAY_ACTION")
def _action(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        for name in ("Action", "NotAction"):
            if statement.value.get(name) == []:
                yield hit((*statement.path, name))


@check("EMPTY_ARRAY_RESOURCE")
def _resource(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        for name in ("Resource", "NotResource"):
            if statement.value.get(name) == []:
                yield hit((*statement.path, name))


@check("EMPTY_ARRAY_PRINCIPAL")
def _array_principal(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        for name in ("Principal", "NotPrincipal"):
            element = statement.value.get(name)
            if element == []:
                yield hit((*statement.path, name))
            elif isinstance(element, dict):
                for key, listed in element.items():
                    if listed == []:
                        yield hit((*statement.path, name, key))


@check("EMPTY_OBJECT_PRINCIPAL")
def _object_principal(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        for name in ("Principal", "NotPrincipal"):
            if statement.value.get(name) == {}:
                yield hit((*statement.path, name))


@check("EMPTY_OBJECT_CONDITION")
def _object_condition(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        block = statement.value.get("Condition")
        if block == {}:
            yield hit((*statement.path, "Condition"))
        elif isinstance(block, dict):
            for operator, keys in block.items():
                if keys == {}:
                    yield hit((*statement.path, "Condition", operator))


def _form(test: Test) -> str:
    """Which of the four codes speaks of an empty list under this operator."""
    if test.name is None:
        return ""
    if test.name.quantifier is not None:
        return "FORALLVALUES" if test.name.quantifier is Quantifier.ALL else "FORANYVALUE"
    return "IFEXISTS" if test.name.if_exists else "PLAIN"


def _empty(paper: Paper, form: str) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.empty and _form(test) == form:
            yield hit(test.path, key=test.key)


@check("EMPTY_ARRAY_CONDITION")
def _condition(paper: Paper) -> Iterator[Hit]:
    yield from _empty(paper, "PLAIN")


@check("EMPTY_ARRAY_CONDITION_FORALLVALUES")
def _condition_for_all_values(paper: Paper) -> Iterator[Hit]:
    yield from _empty(paper, "FORALLVALUES")


@check("EMPTY_ARRAY_CONDITION_FORANYVALUE")
def _condition_for_any_value(paper: Paper) -> Iterator[Hit]:
    yield from _empty(paper, "FORANYVALUE")


@check("EMPTY_ARRAY_CONDITION_IFEXISTS")
def _condition_if_exists(paper: Paper) -> Iterator[Hit]:
    yield from _empty(paper, "IFEXISTS")
