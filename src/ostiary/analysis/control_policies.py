"""analysis: what only service and resource control policies must keep to.

Source: Organizations User Guide, "SCP syntax", "RCP syntax". SCPs have had the whole language except principals since
September 2025, so the checks for wildcards, conditions, NotAction, resources and NotResource in them are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary import catalog
from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.model import PolicyType
from ostiary.analysis.paper import Paper, Statement

_IS_SERVICE: Final = "aws:principalisawsservice"
_OF_SERVICES: Final = frozenset({_IS_SERVICE, "aws:principalservicename", "aws:principalservicenameslist"})
_SOURCES: Final = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
_SOURCE_ORGANIZATIONS: Final = frozenset({"aws:sourceorgid", "aws:sourceorgpaths"})


@check("SCP_SYNTAX_ERROR_PRINCIPAL")
def _scp_principal(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        if paper.policy_type is PolicyType.SCP and statement.principal_element is not None:
            yield hit(key_at((*statement.path, statement.principal_element)))


def _rcp(paper: Paper) -> Iterator[Statement]:
    if paper.policy_type is PolicyType.RCP:
        yield from paper.statements


@check("RCP_SYNTAX_ERROR_PRINCIPAL")
def _rcp_principal(paper: Paper) -> Iterator[Hit]:
    for statement in _rcp(paper):
        element = statement.principal_element
        if element is not None and (element == "NotPrincipal" or statement.value[element] != "*"):
            yield hit((*statement.path, element))


@check("RCP_SYNTAX_ERROR_ALLOW")
def _rcp_allow(paper: Paper) -> Iterator[Hit]:
    for statement in _rcp(paper):
        everything = (
            statement.value.get("Principal") == "*"
            and statement.value.get("Resource") in ("*", ["*"])
            and "Condition" not in statement.value
        )
        if statement.allows and not everything:
            yield hit((*statement.path, "Effect"))


@check("RCP_SYNTAX_ERROR_NOTACTION")
def _rcp_not_action(paper: Paper) -> Iterator[Hit]:
    for statement in _rcp(paper):
        if "NotAction" in statement.value:
            yield hit(key_at((*statement.path, "NotAction")))


@check("RCP_SYNTAX_ERROR_ACTION")
def _rcp_action(paper: Paper) -> Iterator[Hit]:
    for statement in _rcp(paper):
        for action in statement.actions:
            if action.text == "*" and statement.allows:
                continue
            service = catalog.service(action.service)
            if action.text == "*" or (service is not None and not service.resource_control_policies):
                yield hit(action.path)


def _unaccompanied(statement: Statement, keys: frozenset[str], companions: frozenset[str]) -> Iterator[Hit]:
    """The tests of some keys, in a Deny that tests none of the others."""
    if statement.effect != "Deny" or statement.mentions(*companions):
        return
    for test in statement.tests:
        if test.key.lower() in keys:
            yield hit(key_at(test.path), key=test.key)


@check("RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY")
def _rcp_principal_key(paper: Paper) -> Iterator[Hit]:
    for statement in _rcp(paper):
        names = {test.key.lower() for test in statement.tests}
        keys = frozenset(name for name in names if name.startswith("aws:principal")) - _OF_SERVICES
        yield from _unaccompanied(statement, keys, _OF_SERVICES)


@check("RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY")
def _rcp_service_key(paper: Paper) -> Iterator[Hit]:
    for statement in _rcp(paper):
        yield from _unaccompanied(statement, _SOURCES, _OF_SERVICES)


@check("RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK")
def _rcp_null_check(paper: Paper) -> Iterator[Hit]:
    for statement in _rcp(paper):
        tested = {test.key.lower() for test in statement.tests if test.base == "Null"}
        if not tested & {"aws:sourceaccount", "aws:sourcearn"}:
            yield from _unaccompanied(statement, _SOURCE_ORGANIZATIONS, frozenset())
