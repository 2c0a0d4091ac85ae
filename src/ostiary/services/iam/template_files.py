"""services/iam: role templates that an operator adds: JSON of the shape that GetRoleTemplateVersion answers."""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.services.iam import role_templates
from ostiary.services.iam.faults import InvalidInput
from ostiary.store.delegation import RoleTemplateRecord
from ostiary.store.transaction import Transaction

_REQUIRED: Final = {
    "TemplateArn": str,
    "MinorVersion": int,
    "RoleNamePattern": str,
    "AssumeRolePolicyDocumentTemplate": str,
}
_FURTHER: Final = {
    "DefaultMinorVersion": int,
    "Description": str,
    "Enabled": bool,
    "InlinePolicyTemplates": list,
    "ManagedByType": str,
    "ManagedByValue": str,
    "ManagedPolicyArns": list,
    "MaxSessionDuration": int,
    "ParametersDefinition": list,
    "PermissionBoundaryArn": str,
    "RoleDescriptionPattern": str,
    "RolePathPattern": str,
    "RoleTagsTemplate": list,
    "VersionEnabled": bool,
}
_MEMBERS: Final = {**_REQUIRED, **_FURTHER}


class UnusableTemplate(Exception):
    """The file is no role template; the text says why."""


def add_template(tx: Transaction, text: str, now: int) -> RoleTemplateRecord:
    """Add or replace a version. Raises `UnusableTemplate`."""
    given = _read(text)
    arn, minor = given["TemplateArn"], given["MinorVersion"]
    try:
        before = role_templates.find(tx, arn, minor)
    except InvalidInput as refusal:
        raise UnusableTemplate(refusal.message) from None
    record = RoleTemplateRecord(
        arn=arn,
        minor=minor,
        created=now if before is None else before.created,
        updated=now,
        is_default=given.get("DefaultMinorVersion") == minor,
        facts=json.dumps(given, ensure_ascii=False),
    )
    tx.role_templates.put(record)
    return record


def _read(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError:
        raise UnusableTemplate("the file is not JSON") from None
    if not isinstance(given, dict):
        raise UnusableTemplate("the file holds no JSON object")
    for name, value in given.items():
        kind = _MEMBERS.get(name)
        if kind is None or type(value) is not kind:
            raise UnusableTemplate(f"`{name}` is no member of a role template, or not of its type")
    missing = sorted(set(_REQUIRED) - set(given))
    if missing:
        raise UnusableTemplate(f"`{missing[0]}` is missing")
    for document in (given["AssumeRolePolicyDocumentTemplate"], *_inline(given)):
        try:
            json.loads(document)
        except (TypeError, ValueError):
            raise UnusableTemplate("a policy template is not JSON") from None
    return given


def _inline(given: dict[str, Any]) -> list[Any]:
    return [each.get("PolicyDocument") for each in given.get("InlinePolicyTemplates", ()) if isinstance(each, dict)]
