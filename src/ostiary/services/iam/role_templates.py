"""services/iam: role templates: GetRoleTemplateVersion, and what a version makes of its parameters.

AWS's services publish role templates; none of them are in the data that comes with Ostiary. An operator adds templates
with `ostiary account role-template`.

Source: IAM API Reference, GetRoleTemplateVersion, RoleTemplateVersion, AcquireRole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.identifiers import Arn, NotAnArn
from ostiary.services.iam.faults import InvalidInput, NoSuchEntity
from ostiary.services.iam.names import moment
from ostiary.services.iam.template_parameters import fill, fill_text
from ostiary.services.operation import Call, operation
from ostiary.store.delegation import RoleTemplateRecord
from ostiary.store.records import RoleRecord
from ostiary.store.transaction import Transaction

_ARN: Final = re.compile(r"arn:aws:iam::aws:role-template/[\w.-]+/[\w+=,.-]{1,128}:([0-9]{1,9})", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_DEFAULT_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A role as a template makes it."""

    name: str
    path: str
    description: str | None
    trust: str
    inline: Mapping[str, str]
    managed: tuple[str, ...]
    boundary: str | None
    tags: tuple[dict[str, str], ...]
    seconds: int


def find(tx: Transaction, arn: str, minor: int | None) -> RoleTemplateRecord | None:
    """A version; without a number the default one, which is the latest when none is said to be.

    Raises:
        InvalidInput: the ARN is not a role template's.
    """
    if _ARN.fullmatch(arn) is None:
        raise InvalidInput(f"{arn} is not the ARN of a role template.")
    if minor is not None:
        return tx.role_templates.get(arn, minor)
    versions = tx.role_templates.versions(arn)
    return next((each for each in versions if each.is_default), versions[-1] if versions else None)


def get(tx: Transaction, arn: str, minor: int | None) -> RoleTemplateRecord:
    """The same. Raises `NoSuchEntity`."""
    found = find(tx, arn, minor)
    if found is None:
        raise NoSuchEntity(f"Role template {arn} was not found.")
    return found


def _asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    yield Ask(action="iam:GetRoleTemplateVersion", resource=call.params["TemplateArn"])


@operation("iam", "GetRoleTemplateVersion", asks=_asks)
def get_role_template_version(call: Call, tx: Transaction) -> dict[str, Any]:
    """A version of a role template."""
    arn: str = call.params["TemplateArn"]
    found = get(tx, arn, call.params.get("MinorVersion"))
    default = find(tx, arn, None)
    known = {
        "TemplateArn": arn,
        "TemplateName": arn.rpartition(":")[0].rpartition("/")[2],
        "MajorVersion": int(arn.rpartition(":")[2]),
        "MinorVersion": found.minor,
        "CreateTimestamp": moment(found.created),
        "UpdateTimestamp": moment(found.updated),
    }
    if default is not None:
        known["DefaultMinorVersion"] = default.minor
    return {"RoleTemplateVersion": {**json.loads(found.facts), **known}}


def shown_source(tx: Transaction, role: RoleRecord) -> dict[str, Any]:
    """The member `SourceRoleTemplate` of a role; absent when it was not made from a template."""
    source = tx.role_templates.source_of(role.id)
    if source is None:
        return {}
    return {"SourceRoleTemplate": {"TemplateArn": source.template_arn, "TemplateMinorVersion": source.minor}}


def blueprint(record: RoleTemplateRecord, given: Mapping[str, Mapping[str, Any]]) -> Blueprint:
    """The role that a version makes with these values. Raises `InvalidInput`."""
    facts = json.loads(record.facts)
    values, used = _values(facts.get("ParametersDefinition") or (), given), set[str]()

    def text(name: str) -> str | None:
        pattern = facts.get(name)
        return None if pattern is None else fill_text(pattern, values, used)

    def document(template: str) -> str:
        return json.dumps(fill(json.loads(template), values, used), ensure_ascii=False)

    return Blueprint(
        name=text("RoleNamePattern") or "",
        path=text("RolePathPattern") or "/",
        description=text("RoleDescriptionPattern"),
        trust=document(facts["AssumeRolePolicyDocumentTemplate"]),
        inline={
            each["PolicyName"]: document(each["PolicyDocument"]) for each in facts.get("InlinePolicyTemplates") or ()
        },
        managed=tuple(facts.get("ManagedPolicyArns") or ()),
        boundary=facts.get("PermissionBoundaryArn"),
        tags=tuple(
            {"Key": fill_text(tag["Key"], values, used), "Value": fill_text(tag["Value"], values, used)}
            for tag in facts.get("RoleTagsTemplate") or ()
        ),
        seconds=facts.get("MaxSessionDuration", _DEFAULT_SECONDS),
    )


def _values(
    definitions: Iterable[Mapping[str, Any]], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    known = {each["Name"]: each for each in definitions}
    for name in given:
        if name not in known:
            raise InvalidInput(f"The role template has no parameter {name}.")
    for name, definition in known.items():
        default = definition.get("DefaultValue")
        values = list(given[name].get("Values") or ()) if name in given else [] if default is None else [default]
        if not values and definition.get("IsRequired"):
            raise InvalidInput(f"The parameter {name} is missing.")
        if values:
            found[name] = _typed(name, definition["Type"], values)
    return found


def _typed(name: str, kind: str, values: list[str]) -> str | list[str]:
    """The values, if they are of the parameter's type."""
    single = kind.removesuffix("List")
    for value in values:
        if (single == "Number" and not _NUMBER.fullmatch(value)) or (single == "Arn" and not _is_arn(value)):
            raise InvalidInput(f"The parameter {name} must be of type {kind}.")
    if kind.endswith("List"):
        return values
    if len(values) != 1:
        raise InvalidInput(f"The parameter {name} must have one value.")
    return values[0]


def _is_arn(text: str) -> bool:
    try:
        Arn.parse(text)
    except NotAnArn:
        return False
    return True
