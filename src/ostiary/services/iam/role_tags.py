"""services/iam: tags of roles and of instance profiles.

Source: IAM API Reference, TagRole, UntagRole, ListRoleTags, TagInstanceProfile, UntagInstanceProfile,
ListInstanceProfileTags.
"""

from __future__ import annotations

from typing import Any

from ostiary.services.iam.asks import on_existing
from ostiary.services.iam.names import INSTANCE_PROFILE, ROLE, Kind
from ostiary.services.iam.tags import page_of_tags, put_tags, read_tags
from ostiary.services.operation import Call, Deed, operation
from ostiary.store.transaction import Transaction


def _tag(kind: Kind[Any]) -> Deed:
    def tag(call: Call, tx: Transaction) -> dict[str, Any]:
        """Add or replace tags."""
        entity = kind.get(tx, call.account, call.params[kind.parameter])
        put_tags(tx, call.account, entity.id, read_tags(call.params["Tags"], case_matters=kind is not ROLE))
        return {}

    return tag


def _untag(kind: Kind[Any]) -> Deed:
    def untag(call: Call, tx: Transaction) -> dict[str, Any]:
        """Remove tags; keys that are not there are passed over."""
        entity = kind.get(tx, call.account, call.params[kind.parameter])
        tx.tags.remove(entity.id, call.params["TagKeys"])
        return {}

    return untag


def _list_tags(kind: Kind[Any]) -> Deed:
    def list_tags(call: Call, tx: Transaction) -> dict[str, Any]:
        """An entity's tags."""
        return page_of_tags(call, tx, kind.get(tx, call.account, call.params[kind.parameter]).id)

    return list_tags


for _noun, _kind in (("Role", ROLE), ("InstanceProfile", INSTANCE_PROFILE)):
    for _name, _deed, _changes in (
        (f"Tag{_noun}", _tag(_kind), True),
        (f"Untag{_noun}", _untag(_kind), True),
        (f"List{_noun}Tags", _list_tags(_kind), False),
    ):
        operation("iam", _name, asks=on_existing(f"iam:{_name}", _kind), changes=_changes)(_deed)
