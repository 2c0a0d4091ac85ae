"""policy: who may be named where (IAM User Guide, "AWS JSON policy elements: Principal", "NotPrincipal")."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ostiary.policy.draft import Draft, is_text
from ostiary.policy.kinds import PolicyKind
from ostiary.policy.parse import Json, Path

_FORBIDS: Final[dict[PolicyKind, str]] = {PolicyKind.SCP: "SCP_SYNTAX_ERROR_PRINCIPAL"}
_ALL_FORBID: Final = frozenset(PolicyKind) - {PolicyKind.TRUST, PolicyKind.RESOURCE, PolicyKind.RCP}

_AWS: Final = re.compile(
    r"[0-9]{12}"
    r"|arn:[a-z0-9-]+:iam::[0-9]{12}:(?:root|(?:user|role)/[^*?]+)"
    r"|arn:[a-z0-9-]+:sts::[0-9]{12}:(?:assumed-role/[^*?/]+/[^*?]+|federated-user/[^*?]+)"
    r"|arn:[a-z0-9-]+:cloudfront::[^*?]+"
    r"|(?:AIDA|AROA)[A-Z0-9]{12,124}"
)
_SERVICE: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_FEDERATED: Final = re.compile(
    r"arn:[a-z0-9-]+:iam::[0-9]{12}:(?:saml-provider|oidc-provider)/[^*?]+|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)
_CANONICAL: Final = re.compile(r"[0-9a-f]{64}|\*")

_FORMS: Final[dict[str, re.Pattern[str]]] = {
    "AWS": _AWS,
    "Service": _SERVICE,
    "Federated": _FEDERATED,
    "CanonicalUser": _CANONICAL,
}


def check_principals(draft: Draft) -> None:
    """Refuse a Principal where none may stand, its absence where one must, and entries that name nobody."""
    rule = _forbidden if draft.kind in _ALL_FORBID else _RULES[draft.kind]
    for path, statement in draft.statements():
        rule(draft, path, statement)


def _forbidden(draft: Draft, path: Path, statement: dict[str, Json]) -> None:
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            finding = _FORBIDS.get(draft.kind, "UNSUPPORTED_PRINCIPAL")
            raise draft.refuse((*path, name), "Policy document should not specify a principal.", finding)


def _trust(draft: Draft, path: Path, statement: dict[str, Json]) -> None:
    if "NotPrincipal" in statement:
        raise draft.refuse(
            (*path, "NotPrincipal"),
            "Has prohibited field NotPrincipal",
            "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
        )
    _required(draft, path, statement)
    _entries(draft, statement["Principal"], (*path, "Principal"))


def _resource(draft: Draft, path: Path, statement: dict[str, Json]) -> None:
    if "NotPrincipal" in statement:
        if statement["Effect"] == "Allow":
            raise draft.refuse((*path, "NotPrincipal"), "Allow with NotPrincipal is not allowed.")
        _entries(draft, statement["NotPrincipal"], (*path, "NotPrincipal"))
        return
    _required(draft, path, statement)
    _entries(draft, statement["Principal"], (*path, "Principal"))


def _rcp(draft: Draft, path: Path, statement: dict[str, Json]) -> None:
    if "NotPrincipal" in statement:
        raise draft.refuse((*path, "NotPrincipal"), finding="UNSUPPORTED_PRINCIPAL")
    _required(draft, path, statement)
    if statement["Principal"] != "*":
        raise draft.refuse((*path, "Principal"), finding="UNSUPPORTED_PRINCIPAL")


def _required(draft: Draft, path: Path, statement: dict[str, Json]) -> None:
    if "Principal" not in statement:
        raise draft.refuse(path, "Missing required field Principal", "MISSING_PRINCIPAL")


_RULES: Final[dict[PolicyKind, Callable[[Draft, Path, dict[str, Json]], None]]] = {
    PolicyKind.TRUST: _trust,
    PolicyKind.RESOURCE: _resource,
    PolicyKind.RCP: _rcp,
}


def _entries(draft: Draft, element: Json, path: Path) -> None:
    if element == "*":
        return
    if not isinstance(element, dict):
        shown = str(element) if isinstance(element, str) else ""
        raise draft.refuse(path, f"Invalid principal in policy: {shown}".rstrip(": "), "INVALID_PRINCIPAL_FORMAT")
    for key, values in element.items():
        if key not in _FORMS or (key == "CanonicalUser" and draft.kind is PolicyKind.TRUST):
            raise draft.refuse((*path, key), f"Unknown field {key}", "INVALID_PRINCIPAL_KEY")
        for entry in values if isinstance(values, list) else [values]:
            if not isinstance(entry, str) or not is_text(entry):
                raise draft.refuse((*path, key), "Invalid principal in policy", "DATA_TYPE_MISMATCH")
            _entry(draft, key, entry, (*path, key))


def _entry(draft: Draft, key: str, entry: str, path: Path) -> None:
    if key == "AWS" and entry == "*":
        return
    if not _FORMS[key].fullmatch(entry):
        finding = "INVALID_PRINCIPAL_FORMAT"
        if "*" in entry or "?" in entry:
            finding = "UNSUPPORTED_WILDCARD_IN_PRINCIPAL"
            if draft.kind is PolicyKind.TRUST:
                finding = f"ROLE_TRUST_POLICY_{finding}"
        raise draft.refuse(path, f'Invalid principal in policy: "{key.upper()}":"{entry}"', finding)
