"""services/console: instances of every Region with their profiles and roles, and the list of instance profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ostiary.services.console.paging import Listed, placed
from ostiary.services.ec2 import instances
from ostiary.services.ec2.faults import InvalidInstanceIdNotFound
from ostiary.services.operation import Call
from ostiary.services.view import on, view
from ostiary.store.records import InstanceRecord
from ostiary.store.transaction import Transaction

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """An instance."""

    id: str
    name: str
    state: str
    running: bool
    region: str
    type: str
    address: str
    launched: int
    profile: str
    role: str
    association: str
    """Of the profile that it has now; empty without one."""
    served: int | None
    """When credentials were last asked for."""
    tokens_required: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    profile_gone: bool = False
    """The profile was deleted while it is associated."""


@view("ec2", "DescribeInstances", asks=on("ec2:DescribeInstances"))
def list_instances(call: Call, tx: Transaction) -> Listed[InstanceRow]:
    """By words in id, address, tags or profile (`words`, `page`), the latest first."""
    words = str(call.params.get("words") or "")
    since = call.now - instances.VISIBLE_SECONDS
    total = tx.instance_lists.count(call.account, words, since)
    page, pages = placed(total, PAGE, call.params.get("page"))
    found = tx.instance_lists.page(call.account, words, since=since, skip=(page - 1) * PAGE, limit=PAGE)
    return Listed(rows=[_row(tx, each) for each in found], total=total, page=page, pages=pages)


@view("ec2", "DescribeInstances", asks=on("ec2:DescribeInstances"))
def one_instance(call: Call, tx: Transaction) -> InstanceRow:
    """One by its id (`id`). Raises `InvalidInstanceIdNotFound`."""
    record = tx.instances.get(str(call.params["id"]))
    gone = record is not None and record.ended is not None and call.now - record.ended >= instances.VISIBLE_SECONDS
    if record is None or record.account != call.account or gone:
        raise InvalidInstanceIdNotFound(f"The instance ID '{call.params['id']}' does not exist")
    return _row(tx, record)


def _row(tx: Transaction, record: InstanceRecord) -> InstanceRow:
    instance = instances.read(record)
    facts = instance.facts
    association = instances.association_of(tx, record.id) if instance.running else None
    profile = None if association is None else tx.instance_profiles.by_id(association.profile_id)
    role = None if profile is None or profile.role_id is None else tx.roles.by_id(profile.role_id)
    return InstanceRow(
        id=record.id,
        name=facts.tags.get("Name", ""),
        state=record.state,
        running=instance.running,
        region=facts.region,
        type=facts.instance_type,
        address=facts.private_ip,
        launched=record.launched,
        profile=profile.name if profile is not None else "",
        role=role.name if role is not None else "",
        association=association.id if association is not None else "",
        served=facts.served,
        tokens_required=facts.options.http_tokens == "required",
        tags=facts.tags,
        profile_gone=association is not None and profile is None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """An instance profile."""

    name: str
    role: str
    created: int


@view("iam", "ListInstanceProfiles", asks=on("iam:ListInstanceProfiles"))
def list_profiles(call: Call, tx: Transaction) -> Listed[ProfileRow]:
    """By words in their names (`words`, `page`)."""
    words = str(call.params.get("words") or "")
    total = tx.instance_lists.count_profiles(call.account, words)
    size = int(call.params.get("size") or PAGE)
    page, pages = placed(total, size, call.params.get("page"))
    rows = []
    for each in tx.instance_lists.profiles(call.account, words, skip=(page - 1) * size, limit=size):
        role = None if each.role_id is None else tx.roles.by_id(each.role_id)
        rows.append(ProfileRow(name=each.name, role=role.name if role is not None else "", created=each.created))
    return Listed(rows=rows, total=total, page=page, pages=pages)
