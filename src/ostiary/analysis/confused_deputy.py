"""analysis: services that act for somebody (IAM User Guide, "The confused deputy problem")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.model import PolicyType
from ostiary.analysis.paper import Paper, Principal, Statement

_SOURCES: Final = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
_POOR_SOURCES: Final = ("aws:referer", "aws:sourceowner")
"""Keys that people use in their place."""
_OF_MEMBERS: Final = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
"""A service belongs to no organization, so its requests never have them."""


def _granted(paper: Paper) -> Iterator[tuple[Statement, list[Principal]]]:
    """Statements of resource policies that allow services, with these."""
    if paper.policy_type is not PolicyType.RESOURCE or paper.trust:
        return
    for statement in paper.statements:
        services = [one for one in statement.principals if one.key == "Service"]
        if services and statement.allows and statement.principal_element == "Principal":
            yield statement, services


@check("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL")
def _restrict(paper: Paper) -> Iterator[Hit]:
    for statement, services in _granted(paper):
        if not statement.mentions(*_SOURCES, *_POOR_SOURCES):
            for principal in services:
                yield hit(principal.path)


@check("RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL")
def _recommended(paper: Paper) -> Iterator[Hit]:
    for statement, services in _granted(paper):
        if statement.mentions(*_SOURCES):
            continue
        for test in statement.tests:
            if test.key.lower() in _POOR_SOURCES:
                for principal in services:
                    name = principal.text.partition(".")[0]
                    yield hit(key_at(test.path), principal.path, service=name, key=test.key)


@check("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL")
def _unsupported(paper: Paper) -> Iterator[Hit]:
    for statement, services in _granted(paper):
        if len(services) < len(statement.principals):
            continue
        tests = [test for test in statement.tests if test.strict and test.key.lower() in _OF_MEMBERS]
        if tests:
            yield hit(*(key_at(test.path) for test in tests), keys=", ".join(test.key for test in tests))
