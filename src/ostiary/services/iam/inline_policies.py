"""services/iam: policies embedded in users, groups and roles: the operations Put…, Get…, Delete…, List….

Source: IAM API Reference, PutUserPolicy, GetUserPolicy, DeleteUserPolicy, ListUserPolicies and their like for groups
and roles; the sizes of R135 are those of all embedded policies of an entity together.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.policy import PolicyKind, policy_size
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import on_existing
from ostiary.services.iam.documents import accept, encoded
from ostiary.services.iam.faults import LimitExceeded, NoSuchEntity
from ostiary.services.iam.names import GROUP, ROLE, USER, Kind
from ostiary.services.iam.paging import page_of
from ostiary.services.operation import Call, Deed, operation
from ostiary.store.transaction import Transaction

_TOO_LONG: Final = "Maximum policy size of {} bytes exceeded for {} {}"
_MISSING: Final = "The {} policy with name {} cannot be found."


def _put(kind: Kind[Any], form: PolicyKind, quota: str) -> Deed:
    def put(call: Call, tx: Transaction) -> dict[str, Any]:
        """Add or replace an embedded policy."""
        entity = kind.get_to_change(tx, call.account, call.params[kind.parameter])
        name: str = call.params["PolicyName"]
        document = accept(tx, call.account, call.params["PolicyDocument"], form)
        others = (text for held, text in tx.inline_policies.of(entity.id).items() if held != name)
        limit = quotas.quota(tx, call.account, quota)
        if policy_size(document) + sum(map(policy_size, others)) > limit:
            raise LimitExceeded(_TOO_LONG.format(limit, kind.resource, entity.name))
        tx.inline_policies.put(entity.id, name, document)
        return {}

    return put


def _get(kind: Kind[Any]) -> Deed:
    def get(call: Call, tx: Transaction) -> dict[str, Any]:
        """An embedded policy with its document."""
        entity = kind.get(tx, call.account, call.params[kind.parameter])
        name: str = call.params["PolicyName"]
        document = tx.inline_policies.get(entity.id, name)
        if document is None:
            raise NoSuchEntity(_MISSING.format(kind.resource, name))
        return {kind.parameter: entity.name, "PolicyName": name, "PolicyDocument": encoded(document)}

    return get


def _delete(kind: Kind[Any]) -> Deed:
    def delete(call: Call, tx: Transaction) -> dict[str, Any]:
        """Delete an embedded policy."""
        entity = kind.get_to_change(tx, call.account, call.params[kind.parameter])
        name: str = call.params["PolicyName"]
        if not tx.inline_policies.remove(entity.id, name):
            raise NoSuchEntity(_MISSING.format(kind.resource, name))
        return {}

    return delete


def _list(kind: Kind[Any]) -> Deed:
    def list_names(call: Call, tx: Transaction) -> dict[str, Any]:
        """The names of an entity's embedded policies."""
        entity = kind.get(tx, call.account, call.params[kind.parameter])
        found, rest = page_of(call, list(tx.inline_policies.of(entity.id)), str)
        return {"PolicyNames": list(found), **rest}

    return list_names


_KINDS: Final = (
    ("User", USER, PolicyKind.USER_INLINE, "UserPolicySize"),
    ("Group", GROUP, PolicyKind.GROUP_INLINE, "GroupPolicySize"),
    ("Role", ROLE, PolicyKind.ROLE_INLINE, "RolePolicySize"),
)

for _noun, _kind, _form, _quota in _KINDS:
    for _name, _deed, _changes in (
        (f"Put{_noun}Policy", _put(_kind, _form, _quota), True),
        (f"Get{_noun}Policy", _get(_kind), False),
        (f"Delete{_noun}Policy", _delete(_kind), True),
        (f"List{_noun}Policies", _list(_kind), False),
    ):
        operation("iam", _name, asks=on_existing(f"iam:{_name}", _kind), changes=_changes)(_deed)
