"""analysis: role trust policies (IAM User Guide, "Roles terms and concepts", "AWS JSON policy elements: Principal")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.paper import Paper, Principal, Statement
from ostiary.policy.globs import glob

_DOMAIN: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[^*?\s]*)?")
_PROVIDER: Final = re.compile(r"arn:[a-z0-9-]+:iam::[0-9]{12}:(saml|oidc)-provider/[^*?]+")
_SESSION: Final = re.compile(r"arn:([a-z0-9-]+):sts::([0-9]{12}):assumed-role/([^/]+)/.+")
_ANYWHERE: Final = "rolesanywhere.amazonaws.com"
_ANYWHERE_NEEDS: Final = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")

_FITTING: Final = {
    "sts:assumerole": frozenset({"aws"}),
    "sts:assumerolewithsaml": frozenset({"saml"}),
    "sts:assumerolewithwebidentity": frozenset({"oidc"}),
}
"""Which kinds of principal can call which of the operations."""

_SETTERS: Final = {
    "sts:sourceidentity": "sts:SetSourceIdentity",
    "sts:transitivetagkeys": "sts:TagSession",
    "aws:tagkeys": "sts:TagSession",
}
"""Condition keys of AssumeRole that are in a request only if the other action is asked too."""


def _trusting(paper: Paper) -> Iterator[Statement]:
    if paper.trust:
        yield from paper.statements


def covers(statement: Statement, action: str) -> bool:
    """Whether a statement's Action element covers an action."""
    wanted = action.lower()
    return statement.action_element == "Action" and any(
        glob(one.text.lower()).matches(wanted) for one in statement.actions
    )


def kind(principal: Principal) -> str:
    """`saml`, `oidc`, `aws` (accounts, users, roles, services) or nothing."""
    if principal.key != "Federated":
        return "aws"
    provider = _PROVIDER.fullmatch(principal.text)
    if provider:
        return provider[1]
    return "oidc" if _DOMAIN.fullmatch(principal.text) else ""


@check("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL")
def _not_principal(paper: Paper) -> Iterator[Hit]:
    for statement in _trusting(paper):
        if "NotPrincipal" in statement.value:
            yield hit(key_at((*statement.path, "NotPrincipal")))


@check("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE")
def _resource(paper: Paper) -> Iterator[Hit]:
    for statement in _trusting(paper):
        if statement.resource_element is not None:
            yield hit(key_at((*statement.path, statement.resource_element)))


@check("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY")
def _federated_syntax(paper: Paper) -> Iterator[Hit]:
    for statement in _trusting(paper):
        for principal in statement.principals:
            if principal.key == "Federated" and "*" not in principal.text and not kind(principal):
                yield hit(principal.path)


@check("MISMATCHED_ACTION_FOR_PRINCIPAL")
def _mismatched(paper: Paper) -> Iterator[Hit]:
    for statement in _trusting(paper):
        named = statement.principals
        if statement.principal_element != "Principal" or not named or "" in map(kind, named):
            continue
        for action in statement.actions:
            fitting = _FITTING.get(action.text.lower())
            if fitting is not None and statement.action_element == "Action" and fitting.isdisjoint(map(kind, named)):
                names = ", ".join(principal.text for principal in named)
                yield hit(action.path, *(one.path for one in named), action=action.text, principals=names)


@check("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY")
def _roles_anywhere(paper: Paper) -> Iterator[Hit]:
    for statement in _trusting(paper):
        for principal in statement.principals:
            if principal.text == _ANYWHERE and statement.allows and statement.principal_element == "Principal":
                trusted = [one for one in paper.statements if one.allows and _names(one, _ANYWHERE)]
                if not all(any(covers(one, needed) for one in trusted) for needed in _ANYWHERE_NEEDS):
                    yield hit(principal.path)


def _names(statement: Statement, principal: str) -> bool:
    return any(one.text == principal for one in statement.principals)


@check("MISSING_ACTION_FOR_CONDITION_KEY")
def _missing_action(paper: Paper) -> Iterator[Hit]:
    for statement in _trusting(paper):
        for test in statement.tests:
            name = test.key.lower()
            setter = "sts:TagSession" if name.startswith("aws:requesttag/") else _SETTERS.get(name)
            if setter and test.strict and statement.allows and not covers(statement, setter):
                yield hit(
                    (*statement.path, statement.action_element or "Effect"), test.path, action=setter, key=test.key
                )


@check("REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY")
def _redundant_principal(paper: Paper) -> Iterator[Hit]:
    for statement in _trusting(paper):
        roles = {one.text for one in statement.principals if one.key == "AWS"}
        for principal in statement.principals:
            session = _SESSION.fullmatch(principal.text)
            role = "arn:{}:iam::{}:role/{}".format(*session.groups()) if session else ""
            if role in roles:
                yield hit(principal.path, session=principal.text, role=role)
