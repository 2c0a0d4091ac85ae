"""analysis: who is named in Principal and NotPrincipal (IAM User Guide, "AWS JSON policy elements: Principal")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.model import PolicyType
from ostiary.analysis.paper import Paper, Principal, Statement

_KEYS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_AWS: Final = re.compile(
    r"[0-9]{12}|\*|A(?:IDA|ROA)[A-Z0-9]{12,124}"
    r"|arn:[a-z0-9-]+:iam::[0-9]{12}:(?:root|(?:user|role)/.+)"
    r"|arn:[a-z0-9-]+:sts::[0-9]{12}:(?:assumed-role/[^/]+/.+|federated-user/.+|self)"
    r"|arn:[a-z0-9-]+:iam::cloudfront:user/.+"
)
_SERVICE: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)")
_SERVICE_FORMAT: Final = "service-name.amazonaws.com"
_VIA_SERVICE: Final = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_VIA_FORMAT: Final = "service-name.AWS_region.amazonaws.com"
_SERVICE_KEYS: Final = {
    "aws:principalservicename": (_SERVICE, _SERVICE_FORMAT),
    "aws:calledvia": (_SERVICE, _SERVICE_FORMAT),
    "aws:calledviafirst": (_SERVICE, _SERVICE_FORMAT),
    "aws:calledvialast": (_SERVICE, _SERVICE_FORMAT),
    "iam:passedtoservice": (_SERVICE, _SERVICE_FORMAT),
    "kms:viaservice": (_VIA_SERVICE, _VIA_FORMAT),
}
"""Condition keys whose values are service principals, and how these are written."""


def _named(paper: Paper) -> Iterator[tuple[Statement, Principal]]:
    """The entries of principals, where the kind of policy has them at all."""
    if paper.policy_type is PolicyType.RESOURCE:
        for statement in paper.statements:
            for principal in statement.principals:
                yield statement, principal


def _wild(principal: Principal) -> bool:
    return "*" in principal.text or "?" in principal.text


@check("UNSUPPORTED_PRINCIPAL")
def _unsupported(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        if paper.policy_type is PolicyType.IDENTITY and statement.principal_element is not None:
            yield hit(key_at((*statement.path, statement.principal_element)), policy_type=paper.policy_type.value)


@check("MISSING_PRINCIPAL")
def _missing(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        needed = paper.policy_type in (PolicyType.RESOURCE, PolicyType.RCP)
        if needed and statement.principal_element is None:
            yield hit(statement.path)


@check("INVALID_PRINCIPAL_FORMAT")
def _format(paper: Paper) -> Iterator[Hit]:
    if paper.policy_type is not PolicyType.RESOURCE:
        return
    for statement in paper.statements:
        element = statement.value.get(statement.principal_element or "", "*")
        if not isinstance(element, dict) and element not in ("*", []):
            yield hit((*statement.path, statement.principal_element or ""))
    for _, principal in _named(paper):
        if principal.key == "AWS" and not _wild(principal) and not _AWS.fullmatch(principal.text):
            yield hit(principal.path)


@check("INVALID_PRINCIPAL_KEY")
def _key(paper: Paper) -> Iterator[Hit]:
    if paper.policy_type is not PolicyType.RESOURCE:
        return
    for statement in paper.statements:
        for name in ("Principal", "NotPrincipal"):
            element = statement.value.get(name)
            for key in element if isinstance(element, dict) else ():
                if key not in _KEYS:
                    yield hit(key_at((*statement.path, name, key)), key=key)


@check("UNSUPPORTED_WILDCARD_IN_PRINCIPAL")
def _wildcard(paper: Paper) -> Iterator[Hit]:
    for _, principal in _named(paper):
        everybody = principal.text == "*" and principal.key in ("", "AWS")
        if principal.key in _KEYS and _wild(principal) and not everybody and not paper.trust:
            yield hit(principal.path, key=principal.key)


@check("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL")
def _trust_wildcard(paper: Paper) -> Iterator[Hit]:
    for _, principal in _named(paper):
        if paper.trust and _wild(principal):
            yield hit(principal.path)


@check("INVALID_ROLE_REFERENCE")
def _role_reference(paper: Paper) -> Iterator[Hit]:
    yield from _references(paper, "AROA")


@check("INVALID_USER_REFERENCE")
def _user_reference(paper: Paper) -> Iterator[Hit]:
    yield from _references(paper, "AIDA")


def _references(paper: Paper, prefix: str) -> Iterator[Hit]:
    for _, principal in _named(paper):
        if principal.key == "AWS" and principal.text.startswith(prefix) and _AWS.fullmatch(principal.text):
            yield hit(principal.path, id=principal.text)


@check("INVALID_SERVICE_PRINCIPAL_FORMAT")
def _service_format(paper: Paper) -> Iterator[Hit]:
    for _, principal in _named(paper):
        if principal.key == "Service" and not _wild(principal) and not _SERVICE.fullmatch(principal.text):
            yield hit(principal.path, expected_format=_SERVICE_FORMAT)
    for _, test in paper.tests():
        pattern, written = _SERVICE_KEYS.get(test.key.lower(), (None, ""))
        if pattern is None or not test.base.startswith("String"):
            continue
        for value in test.values:
            if not any(sign in value.text for sign in "*?$") and not pattern.fullmatch(value.text):
                yield hit(value.path, expected_format=written)


@check("FEDERATED_PRINCIPAL_NOT_SUPPORTED")
def _federated(paper: Paper) -> Iterator[Hit]:
    for _, principal in _named(paper):
        if principal.key == "Federated" and not paper.trust:
            yield hit(principal.path)


@check("ALLOW_WITH_NOT_PRINCIPAL")
def _allow_with_not_principal(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        if paper.policy_type is PolicyType.RESOURCE and statement.allows and "NotPrincipal" in statement.value:
            yield hit(key_at((*statement.path, "NotPrincipal")))
