"""services/iam: managed policies on users, groups and roles: the operations Attach…, Detach…, ListAttached….

Source: IAM API Reference, AttachUserPolicy, DetachUserPolicy, ListAttachedUserPolicies and their like for groups and
roles.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from ostiary.services.iam import managed, quotas
from ostiary.services.iam.asks import on_existing
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.managed import NOT_ATTACHABLE, NOT_FOUND
from ostiary.services.iam.names import GROUP, ROLE, USER, Kind
from ostiary.services.iam.paging import page_of
from ostiary.services.operation import Call, Deed, operation
from ostiary.store.transaction import Transaction


def _attach(kind: Kind[Any], noun: str, quota: str) -> Deed:
    def attach(call: Call, tx: Transaction) -> dict[str, Any]:
        """Attach a policy; a second time changes nothing."""
        arn: str = call.params["PolicyArn"]
        entity = kind.get_to_change(tx, call.account, call.params[kind.parameter])
        held = tx.attachments.of(entity.id)
        if arn in held:
            return {}
        managed.get_attachable(tx, call.account, arn, NOT_ATTACHABLE)
        managed.refuse_service_role_policy(arn, noun)
        quotas.check(tx, call.account, quota, len(held) + 1)
        tx.attachments.attach(entity.id, arn, call.account, call.now)
        return {}

    return attach


def _detach(kind: Kind[Any]) -> Deed:
    def detach(call: Call, tx: Transaction) -> dict[str, Any]:
        """Detach a policy."""
        arn: str = call.params["PolicyArn"]
        managed.account_of(arn)
        entity = kind.get_to_change(tx, call.account, call.params[kind.parameter])
        if not tx.attachments.detach(entity.id, arn):
            raise NoSuchEntity(NOT_FOUND.format(arn))
        return {}

    return detach


def _list_attached(kind: Kind[Any]) -> Deed:
    def list_attached(call: Call, tx: Transaction) -> dict[str, Any]:
        """The policies attached to an entity, by name."""
        entity = kind.get(tx, call.account, call.params[kind.parameter])
        prefix = call.params.get("PathPrefix", "/")
        arns = [arn for arn in tx.attachments.of(entity.id) if path_of(arn).startswith(prefix)]
        found, rest = page_of(call, arns, _place)
        return {"AttachedPolicies": [shown_attached(arn) for arn in found], **rest}

    return list_attached


def shown_attached(arn: str) -> dict[str, str]:
    """An attached policy as the API shows it."""
    return {"PolicyName": arn.rsplit("/", 1)[1], "PolicyArn": arn}


def path_of(arn: str) -> str:
    """The path in a policy's ARN."""
    return arn[arn.index("/") : arn.rindex("/") + 1]


def _place(arn: str) -> str:
    """By name; two of one name (the account's and AWS's) in an order that stays, in few characters."""
    return f"{arn.rsplit('/', 1)[1].lower()}\0{hashlib.sha256(arn.encode()).hexdigest()[:16]}"


_KINDS: Final = (
    ("User", USER, "PoliciesPerUser"),
    ("Group", GROUP, "PoliciesPerGroup"),
    ("Role", ROLE, "PoliciesPerRole"),
)

for _noun, _kind, _quota in _KINDS:
    for _name, _deed, _changes in (
        (f"Attach{_noun}Policy", _attach(_kind, _noun, _quota), True),
        (f"Detach{_noun}Policy", _detach(_kind), True),
        (f"ListAttached{_noun}Policies", _list_attached(_kind), False),
    ):
        operation("iam", _name, asks=on_existing(f"iam:{_name}", _kind), changes=_changes)(_deed)
