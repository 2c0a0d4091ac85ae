"""services/iam: what several kinds of entities have alike: a new name, reasons to stay.

Source: IAM API Reference, UpdateUser, UpdateGroup, DeleteUser, DeleteGroup, DeleteRole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from ostiary.authorization.judge import Ask
from ostiary.identifiers import iam_arn
from ostiary.services.iam.asks import ask_named
from ostiary.services.iam.faults import DeleteConflict
from ostiary.services.iam.names import Kind
from ostiary.services.operation import Asks, Call
from ostiary.store.records import NamedRecord
from ostiary.store.transaction import Transaction

_MUST: Final = "Cannot delete entity, must {} first."


def on_old_and_new(action: str, kind: Kind[Any]) -> Asks:
    """For renaming and moving: the permission on the entity as it is, and as it will be."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        name = call.params[kind.parameter]
        now = ask_named(call, tx, action, kind, name)
        record = kind.rows(tx).get(call.account, name)
        then = renamed(call, kind)
        new_name = then.get("name") or (record.name if record else name)
        new_path = then.get("path") or (record.path if record else "/")
        yield now
        new_arn = iam_arn(call.account, kind.resource, new_name, new_path)
        if new_arn != now.resource:
            yield replace(now, resource=new_arn)

    return asks


def renamed(call: Call, kind: Kind[Any]) -> Mapping[str, str]:
    """The columns that a request for renaming or moving sets."""
    given = {"name": call.params.get(f"New{kind.parameter}"), "path": call.params.get("NewPath")}
    return {column: value for column, value in given.items() if value is not None}


def update_named(call: Call, tx: Transaction, kind: Kind[Any]) -> dict[str, Any]:
    """Rename and move an entity. Its unique id and all that hangs on it stay."""
    record: NamedRecord = kind.get(tx, call.account, call.params[kind.parameter])
    new = renamed(call, kind)
    if new:
        kind.change(tx, record.id, **new)
    return {}


def refuse_policies(tx: Transaction, owner_id: str) -> None:
    """Raises `DeleteConflict` while an entity has policies."""
    conflict(bool(tx.inline_policies.of(owner_id)), "delete policies")
    conflict(bool(tx.attachments.of(owner_id)), "detach all policies")


def conflict(holds: bool, remedy: str) -> None:
    """Raises `DeleteConflict` when something that must go first is there."""
    if holds:
        raise DeleteConflict(_MUST.format(remedy))
