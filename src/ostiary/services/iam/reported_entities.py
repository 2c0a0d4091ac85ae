"""services/iam: what a "last accessed" report is about: a user, a group, a role or a managed policy.

Source: IAM API Reference, GenerateServiceLastAccessedDetails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.policy import CompiledPolicy, compile_policy
from ostiary.services.iam import entities_by_arn, managed, simulation_policies
from ostiary.services.iam.asks import ask_record, resource_context
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.granted_services import Granted
from ostiary.services.iam.names import GROUP, POLICY, ROLE, USER, Kind
from ostiary.services.operation import Asks, Call
from ostiary.store.records import NamedRecord
from ostiary.store.transaction import Transaction

_POLICY: Final = ":policy/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What permissions are reported, and who can use them."""

    granted: Granted
    entities: tuple[tuple[Kind[Any], NamedRecord], ...]
    """Users and roles, by unique id."""


def on_reported(action: str) -> Asks:
    """For an action on the entity or the policy that `Arn` names."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        arn: str = call.params["Arn"]
        if _POLICY in arn:
            owner = managed.account_of(arn)
            found = managed.find(tx, call.account, arn)
            record = None if found is None else found.record
            context = resource_context(tx, POLICY, record.id) if record else {}
            yield Ask(action=action, resource=arn, account=None if owner == "aws" else owner, context=context)
            return
        entity = entities_by_arn.find(tx, call.account, arn)
        yield Ask(action=action, resource=arn) if entity is None else ask_record(call, tx, action, *entity)

    return asks


def reported(call: Call, tx: Transaction, arn: str) -> Reported:
    """What stands behind an ARN. Raises `InvalidInput`, `NoSuchEntity`."""
    if _POLICY in arn:
        policy = managed.get(tx, call.account, arn)
        text = next(each.document for each in managed.versions(tx, policy) if each.id == policy.default_version)
        return Reported(granted=Granted([[compile_policy(text)]]), entities=_sorted(_holders(call, tx, arn)))
    kind, record = entity(call, tx, arn)
    found = _members(tx, record) if kind is GROUP else [(kind, record)]
    return Reported(granted=Granted([policies(call, tx, kind, record)]), entities=_sorted(found))


def entity(call: Call, tx: Transaction, arn: str) -> tuple[Kind[Any], NamedRecord]:
    """The user, group or role with this ARN. Raises `InvalidInput`, `NoSuchEntity`."""
    found = entities_by_arn.find(tx, call.account, arn)
    if found is None:
        _, kind, name = entities_by_arn.kind_and_name(arn)
        raise NoSuchEntity(kind.missing.format(name))
    return found


def policies(call: Call, tx: Transaction, kind: Kind[Any], record: NamedRecord) -> list[CompiledPolicy]:
    """The identity policies of an entity, those of a user's groups too."""
    in_play = simulation_policies.of_entity(call, tx, kind, record)
    return [each.policy for each in in_play.identity if not simulation_policies.stands_for_setting(each.source)]


def _holders(call: Call, tx: Transaction, arn: str) -> Iterator[tuple[Kind[Any], NamedRecord]]:
    for unique_id in tx.attachments.holders(call.account, arn):
        if user := tx.users.by_id(unique_id):
            yield USER, user
        elif role := tx.roles.by_id(unique_id):
            yield ROLE, role
        elif group := tx.groups.by_id(unique_id):
            yield from _members(tx, group)


def _members(tx: Transaction, group: NamedRecord) -> Iterator[tuple[Kind[Any], NamedRecord]]:
    for user in tx.groups.members(group.id):
        yield USER, user


def _sorted(found: Iterable[tuple[Kind[Any], NamedRecord]]) -> tuple[tuple[Kind[Any], NamedRecord], ...]:
    """Each once."""
    by_id = {record.id: (kind, record) for kind, record in found}
    return tuple(by_id[unique_id] for unique_id in sorted(by_id))
