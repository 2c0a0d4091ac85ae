"""analysis: trust in OpenID Connect providers (IAM User Guide, "Create a role for OpenID Connect federation")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.paper import Paper, Principal, Statement
from ostiary.analysis.trust import kind
from ostiary.policy.conditions import Quantifier

_GITHUB: Final = "token.actions.githubusercontent.com"
_GITHUB_SUBJECT: Final = f"{_GITHUB}:sub"
_AUDIENCE: Final = "aud"


def _provider(principal: Principal) -> str:
    """The provider's name, which is the prefix of its condition keys."""
    return principal.text.partition("oidc-provider/")[2] or principal.text


def _federated(paper: Paper) -> Iterator[tuple[Statement, Principal]]:
    """Trust statements that allow an OpenID Connect provider."""
    for statement in paper.statements if paper.trust else ():
        for principal in statement.principals:
            if statement.allows and principal.key == "Federated" and kind(principal) == "oidc":
                yield statement, principal


@check("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL")
def _missing_condition_key(paper: Paper) -> Iterator[Hit]:
    for statement, principal in _federated(paper):
        prefix = _provider(principal).lower() + ":"
        if not any(test.key.lower().startswith(prefix) for test in statement.tests):
            yield hit(principal.path)


@check("MISSING_GITHUB_REPO_CONDITION_KEY")
def _missing_github_repository(paper: Paper) -> Iterator[Hit]:
    for statement, principal in _federated(paper):
        if _provider(principal).lower() == _GITHUB and not statement.mentions(_GITHUB_SUBJECT):
            yield hit(principal.path)


@check("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED")
def _specific_github_repository(paper: Paper) -> Iterator[Hit]:
    for statement, test in paper.tests():
        if paper.trust and statement.allows and test.key.lower() == _GITHUB_SUBJECT and test.base == "StringLike":
            for value in test.values:
                if "*" in value.text or "?" in value.text:
                    yield hit(value.path)


def _audiences(paper: Paper, quantifier: Quantifier) -> Iterator[Hit]:
    for statement, principal in _federated(paper):
        wanted = f"{_provider(principal)}:{_AUDIENCE}".lower()
        for test in statement.tests:
            if test.name is not None and test.name.quantifier is quantifier and test.key.lower() == wanted:
                yield hit(key_at(test.path), key=test.key, audience="audience")


@check("CONFIRM_AUDIENCE_CLAIM_TYPE")
def _confirm_audience(paper: Paper) -> Iterator[Hit]:
    yield from _audiences(paper, Quantifier.ALL)


@check("FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE")
def _for_any_value_with_audience(paper: Paper) -> Iterator[Hit]:
    yield from _audiences(paper, Quantifier.ANY)
