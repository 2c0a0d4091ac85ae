"""services/iam: AcquireRole: a role made from a template.

The service authorization reference has no action of this name; `iam:RoleTemplateARN` is a key of the actions that the
parts of a role need, so those are asked: CreateRole, and what the template has of policies, boundary and tags.

Source: IAM API Reference, AcquireRole; Service Authorization Reference, `iam:RoleTemplateARN`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.identifiers import SERVICE_LINKED, iam_arn
from ostiary.policy import ContextValue, PolicyKind, policy_size
from ostiary.services.iam import managed, quotas, role_templates
from ostiary.services.iam.boundaries import shown_boundary
from ostiary.services.iam.documents import accept, accept_trust
from ostiary.services.iam.faults import (
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    NameConflict,
    RoleTemplateDisabled,
)
from ostiary.services.iam.managed import NOT_ATTACHABLE
from ostiary.services.iam.names import ROLE
from ostiary.services.iam.role_templates import Blueprint, shown_source
from ostiary.services.iam.roles import shown_role
from ostiary.services.iam.tags import put_tags, read_tags, shown_tags
from ostiary.services.operation import Call, operation
from ostiary.store.delegation import RoleSourceRecord, RoleTemplateRecord
from ostiary.store.records import RoleRecord
from ostiary.store.transaction import Transaction

_KEY: Final = "iam:RoleTemplateARN"
_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PATH: Final = re.compile(r"/(?:[\x21-\x7e]{1,510}/)?")
"""As CreateRole takes them: a name with a slash would be another role's ARN."""
_TOO_LONG: Final = "Maximum policy size of {} bytes exceeded for role {}"


def _template(call: Call, tx: Transaction) -> RoleTemplateRecord | None:
    return role_templates.find(tx, call.params["TemplateArn"], call.params.get("TemplateMinorVersion"))


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    template = _template(call, tx)
    key: dict[str, ContextValue] = {_KEY: call.params["TemplateArn"]}
    if template is None:
        yield Ask(action="iam:CreateRole", resource=iam_arn(call.account, "role", "*"), context=key)
        return
    try:
        plan = role_templates.blueprint(template, call.params.get("ReplacementValues") or {})
    except InvalidInput:  # who may make roles is told what is wrong with the values, nobody else
        yield Ask(action="iam:CreateRole", resource=iam_arn(call.account, "role", "*"), context=key)
        return
    arn = iam_arn(call.account, "role", plan.name, plan.path)
    yield from (Ask(action=f"iam:{action}", resource=arn, context={**key, **more}) for action, more in _parts(plan))


def _parts(plan: Blueprint) -> Iterator[tuple[str, dict[str, ContextValue]]]:
    tags: dict[str, ContextValue] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in plan.tags}
    if tags:
        tags["aws:TagKeys"] = tuple(tag["Key"] for tag in plan.tags)
    boundary: dict[str, ContextValue] = {} if plan.boundary is None else {"iam:PermissionsBoundary": plan.boundary}
    yield "CreateRole", {**boundary, **tags}
    if plan.inline:
        yield "PutRolePolicy", boundary
    for policy in plan.managed:
        yield "AttachRolePolicy", {**boundary, "iam:PolicyARN": policy}
    if plan.boundary is not None:
        yield "PutRolePermissionsBoundary", boundary
    if plan.tags:
        yield "TagRole", tags


@operation("iam", "AcquireRole", asks=_asks, changes=True)
def acquire_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make a role from a template."""
    template = role_templates.get(tx, call.params["TemplateArn"], call.params.get("TemplateMinorVersion"))
    facts = json.loads(template.facts)
    if not (facts.get("Enabled", True) and facts.get("VersionEnabled", True)):
        raise RoleTemplateDisabled(f"Role template {template.arn} is disabled.")
    plan = role_templates.blueprint(template, call.params.get("ReplacementValues") or {})
    _refuse_taken(call, tx, template, plan)
    record = _make(call, tx, plan)
    tx.role_templates.note_source(RoleSourceRecord(role_id=record.id, template_arn=template.arn, minor=template.minor))
    shown = {**shown_role(tx, record), "MaxSessionDuration": record.max_session, **shown_boundary(record.boundary)}
    described = {} if record.description is None else {"Description": record.description}
    tags = {"Tags": shown_tags(tx.tags.of(record.id))} if plan.tags else {}
    return {"Role": {**shown, **described, **tags, **shown_source(tx, record)}}


def _refuse_taken(call: Call, tx: Transaction, template: RoleTemplateRecord, plan: Blueprint) -> None:
    there = tx.roles.get(call.account, plan.name)
    if there is None:
        return
    source = tx.role_templates.source_of(there.id)
    if source is not None and source.template_arn == template.arn:
        raise EntityAlreadyExists(ROLE.taken.format(plan.name))
    raise NameConflict(f"A role with name {plan.name} exists that was not made from {template.arn}.")


def _make(call: Call, tx: Transaction, plan: Blueprint) -> RoleRecord:
    if plan.path.startswith(SERVICE_LINKED) or not _PATH.fullmatch(plan.path):
        raise InvalidInput(f"The path {plan.path} can't be a role's.")
    if not _NAME.fullmatch(plan.name):
        raise InvalidInput(f"The name {plan.name} can't be a role's.")
    quotas.check(tx, call.account, "RolesPerAccount", tx.roles.count(call.account) + 1)
    quotas.check(tx, call.account, "PoliciesPerRole", len(plan.managed))
    for policy in (*plan.managed, *([plan.boundary] if plan.boundary else ())):
        managed.get_attachable(tx, call.account, policy, NOT_ATTACHABLE)
    inline = {n: accept(tx, call.account, text, PolicyKind.ROLE_INLINE) for n, text in plan.inline.items()}
    limit = quotas.quota(tx, call.account, "RolePolicySize")
    if sum(map(policy_size, inline.values())) > limit:
        raise LimitExceeded(_TOO_LONG.format(limit, plan.name))
    record = RoleRecord(
        id=ROLE.new_id(call),
        account=call.account,
        name=plan.name,
        path=plan.path,
        created=call.now,
        trust=accept_trust(tx, call.account, plan.trust),
        description=plan.description,
        max_session=plan.seconds,
        boundary=plan.boundary,
    )
    ROLE.add(tx, record)
    put_tags(tx, call.account, record.id, read_tags(plan.tags))
    for name, text in inline.items():
        tx.inline_policies.put(record.id, name, text)
    for policy in plan.managed:
        tx.attachments.attach(record.id, policy, call.account, call.now)
    return record
