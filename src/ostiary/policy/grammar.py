"""policy: what may be saved.

Source: IAM User Guide, "Grammar of the IAM JSON policy language"; Organizations User Guide, "SCP syntax", "RCP syntax".
The checks run in the order in which IAM was seen to answer: syntax, version, legacy parsing, statement ids, missing
elements, resources, actions. The first that fails is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ostiary.policy.compile import CURRENT_VERSION, OLD_VERSION, CompiledPolicy, compile_policy
from ostiary.policy.draft import Draft, is_text, unreadable
from ostiary.policy.faults import MalformedPolicy
from ostiary.policy.grammar_actions import check_actions
from ostiary.policy.grammar_conditions import check_conditions, check_dates
from ostiary.policy.grammar_principals import check_principals
from ostiary.policy.grammar_resources import check_resource_shapes, check_resources
from ostiary.policy.kinds import PolicyKind, policy_size, refuse_oversize
from ostiary.policy.parse import Json, Layout, Path, read

_FORBIDDEN: Final = re.compile(r"[^\t\n\r\x20-\xff]")
_SID: Final = re.compile(r"[0-9A-Za-z]*")

_TOP: Final = frozenset({"Version", "Id", "Statement"})
_ELEMENTS: Final = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_MANAGED: Final = frozenset({PolicyKind.MANAGED, PolicyKind.BOUNDARY})
_WITHOUT_ID: Final = frozenset({PolicyKind.SCP, PolicyKind.RCP})
_MAY_BE_EMPTY: Final = frozenset({PolicyKind.RESOURCE, PolicyKind.SCP, PolicyKind.RCP})
_FREE_SIDS: Final = frozenset({PolicyKind.RESOURCE})
_WITHOUT_RESOURCE: Final = frozenset({PolicyKind.TRUST})
_RESOURCE_OPTIONAL: Final = frozenset({PolicyKind.TRUST, PolicyKind.RESOURCE})

_NO_ACTIONS: Final = "Policy statement must contain actions."
_NO_RESOURCES: Final = "Policy statement must contain resources."
_EMPTIES: Final = (
    (("Action", "NotAction"), _NO_ACTIONS, "EMPTY_ARRAY_ACTION"),
    (("Resource", "NotResource"), _NO_RESOURCES, "EMPTY_ARRAY_RESOURCE"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that may be saved as what it was checked for."""

    kind: PolicyKind
    text: str
    size: int
    """Characters without white space."""
    policy: CompiledPolicy


def check(text: str, kind: PolicyKind, *, size_limit: int | None = None) -> Document:
    """Hold a document against the grammar and the size quota of its kind.

    Args:
        size_limit: takes the place of the quota, in characters (an account may have had it raised).

    Raises:
        MalformedPolicy: with AWS's code and wording, and the place at fault.
    """
    value = _read(text, kind)
    if not isinstance(value, dict):
        raise MalformedPolicy(unreadable(kind), finding="JSON_SYNTAX_ERROR")
    draft = Draft(text, kind, value)
    for rule in _RULES:
        rule(draft)
    refuse_oversize(text, kind, size_limit)
    return Document(kind=kind, text=text, size=policy_size(text), policy=compile_policy(text))


def _read(text: str, kind: PolicyKind) -> Json:
    found = _FORBIDDEN.search(text)
    if found is not None:
        at = Layout(text).position(found.start())
        raise MalformedPolicy(unreadable(kind), finding="JSON_SYNTAX_ERROR", line=at.line, column=at.column)
    try:
        return read(text)
    except MalformedPolicy as fault:
        raise MalformedPolicy(
            unreadable(kind), finding=fault.finding, pointer=fault.pointer, line=fault.line, column=fault.column
        ) from None


def _check_top(draft: Draft) -> None:
    for name in draft.value:
        if name not in _TOP:
            raise draft.refuse((name,), finding="INVALID_POLICY_ELEMENT")
    if "Id" in draft.value:
        if draft.kind in _WITHOUT_ID:
            raise draft.refuse(("Id",), finding="INVALID_POLICY_ELEMENT")
        if not is_text(draft.value["Id"]):
            raise draft.refuse(("Id",), finding="DATA_TYPE_MISMATCH")
    version = draft.value.get("Version", OLD_VERSION)
    if not is_text(version):
        raise draft.refuse(("Version",), finding="DATA_TYPE_MISMATCH")
    if version not in (CURRENT_VERSION, OLD_VERSION):
        raise draft.refuse(("Version",), finding="INVALID_VERSION")
    if "Statement" not in draft.value or draft.value["Statement"] == []:
        raise draft.refuse((), finding="MISSING_STATEMENT")
    body = draft.value["Statement"]
    for index, statement in enumerate(body if isinstance(body, list) else [body]):
        if not isinstance(statement, dict):
            path: Path = ("Statement", index) if isinstance(body, list) else ("Statement",)
            raise draft.refuse(path, finding="DATA_TYPE_MISMATCH")


def _check_elements(draft: Draft) -> None:
    for path, statement in draft.statements():
        for name in statement:
            if name not in _ELEMENTS:
                raise draft.refuse((*path, name), finding="INVALID_POLICY_ELEMENT")
        for name in ("Principal", "Action", "Resource"):
            if name in statement and f"Not{name}" in statement:
                raise draft.refuse((*path, f"Not{name}"), finding="UNSUPPORTED_ELEMENT_COMBINATION")
        for name in ("Action", "NotAction", "Resource", "NotResource"):
            if name in statement:
                _check_strings(draft, statement[name], (*path, name))
        if "Sid" in statement and not is_text(statement["Sid"]):
            raise draft.refuse((*path, "Sid"), finding="DATA_TYPE_MISMATCH")
        _check_effect(draft, statement, path)


def _check_strings(draft: Draft, value: Json, path: Path) -> None:
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        if not is_text(item):
            raise draft.refuse((*path, index) if isinstance(value, list) else path, finding="DATA_TYPE_MISMATCH")


def _check_effect(draft: Draft, statement: dict[str, Json], path: Path) -> None:
    effect = statement.get("Effect")
    if "Effect" not in statement:
        raise draft.refuse(path, finding="MISSING_EFFECT")
    if not isinstance(effect, str) or not is_text(effect):
        raise draft.refuse((*path, "Effect"), finding="DATA_TYPE_MISMATCH")
    if effect.lower() not in ("allow", "deny"):
        raise draft.refuse((*path, "Effect"), finding="INVALID_EFFECT")


def _check_version(draft: Draft) -> None:
    if draft.kind in _MANAGED and draft.value.get("Version") != CURRENT_VERSION:
        raise draft.refuse(("Version",), "Policy document must be version 2012-10-17 or greater.")


def _check_legacy(draft: Draft) -> None:
    for path, statement in draft.statements():
        if statement["Effect"] not in ("Allow", "Deny"):
            raise draft.refuse((*path, "Effect"), "The policy failed legacy parsing", "INVALID_EFFECT")
    check_dates(draft)
    check_resource_shapes(draft)


def _check_sids(draft: Draft) -> None:
    if draft.kind in _FREE_SIDS:
        return
    seen: set[str] = set()
    for path, statement in draft.statements():
        sid = str(statement.get("Sid", ""))
        if not _SID.fullmatch(sid):
            raise draft.refuse(
                (*path, "Sid"),
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                "[0-9A-Za-z]*",
                "UNSUPPORTED_SID",
            )
        if sid and sid in seen:
            raise draft.refuse(
                (*path, "Sid"), "Statement IDs (SID) in a single policy must be unique.", "UNIQUE_SIDS_REQUIRED"
            )
        seen.add(sid)


def _check_presence(draft: Draft) -> None:
    for path, statement in draft.statements():
        if "Action" not in statement and "NotAction" not in statement:
            raise draft.refuse(path, _NO_ACTIONS, "MISSING_ACTION")
        resource = next((name for name in ("Resource", "NotResource") if name in statement), None)
        if resource is not None and draft.kind in _WITHOUT_RESOURCE:
            raise draft.refuse(
                (*path, resource), f"Has prohibited field {resource}", "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"
            )
        if resource is None and draft.kind not in _RESOURCE_OPTIONAL:
            raise draft.refuse(path, _NO_RESOURCES, "MISSING_RESOURCE")
        if draft.kind not in _MAY_BE_EMPTY:
            _check_not_empty(draft, statement, path)


def _check_not_empty(draft: Draft, statement: dict[str, Json], path: Path) -> None:
    for names, message, finding in _EMPTIES:
        for name in names:
            if statement.get(name) == []:
                raise draft.refuse((*path, name), message, finding)


def _check_rcp(draft: Draft) -> None:
    """What only customers' RCPs must keep to."""
    if draft.kind is not PolicyKind.RCP:
        return
    for path, statement in draft.statements():
        if "NotAction" in statement:
            raise draft.refuse((*path, "NotAction"), finding="RCP_SYNTAX_ERROR_NOTACTION")
        if statement["Effect"] != "Deny":
            raise draft.refuse((*path, "Effect"))
        for at, action in draft.strings(statement, path, "Action"):
            if action == "*":
                raise draft.refuse(at)


_RULES: Final[tuple[Callable[[Draft], None], ...]] = (
    _check_top,
    _check_elements,
    check_conditions,
    _check_version,
    _check_legacy,
    _check_sids,
    check_principals,
    _check_rcp,
    _check_presence,
    check_resources,
    check_actions,
)
