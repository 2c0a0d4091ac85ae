"""services/ec2: an instance as it is kept: a record, and facts in JSON.

Terminated instances stay visible for an hour, as on AWS.

Source: Amazon EC2 API Reference, Instance; Amazon EC2 User Guide, "Terminate Amazon EC2 instances".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from ostiary.services.ec2.faults import IncorrectInstanceState, InvalidInstanceIdNotFound
from ostiary.services.operation import Call
from ostiary.store.records import InstanceRecord, ProfileAssociationRecord
from ostiary.store.transaction import Transaction

RUNNING: Final = "running"
TERMINATED: Final = "terminated"
ASSOCIATED: Final = "associated"
VISIBLE_SECONDS: Final = 3600


class MetadataOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the instance's metadata may be asked for; the values are AWS's."""

    http_tokens: str = "optional"
    http_endpoint: str = "enabled"
    hop_limit: int = 1
    instance_metadata_tags: str = "disabled"


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the launch request said of an instance, and what was drawn for it."""

    region: str
    zone: str
    image_id: str
    instance_type: str
    reservation_id: str
    launch_index: int = 0
    vpc_id: str
    subnet_id: str
    group_id: str
    private_ip: str
    mac: str
    interface_id: str
    attachment_id: str
    key_name: str | None = None
    monitored: bool = False
    ebs_optimized: bool = False
    client_token: str | None = None
    request_hash: str = ""
    """Tells whether a second request with the client token is the same."""
    user_data: str | None = None
    """Base64."""
    options: MetadataOptions = MetadataOptions()
    profile_arn: str | None = None
    """Of the profile that was associated last; kept because a profile may be deleted while it is associated."""
    tags: dict[str, str] = {}
    changed: int
    """When anything here last changed, seconds since 1970."""
    served: int | None = None
    """When its role's credentials were last asked for, within a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A record with its facts read."""

    record: InstanceRecord
    facts: Facts

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def arn(self) -> str:
        return instance_arn(self.facts.region, self.record.account, self.record.id)

    @property
    def running(self) -> bool:
        return self.record.state == RUNNING


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Facts).decode


def instance_arn(region: str, account: str, instance_id: str) -> str:
    """The ARN of an instance; `*` for one that is yet to be."""
    return f"arn:aws:ec2:{region}:{account}:instance/{instance_id}"


def read(record: InstanceRecord) -> Instance:
    """A record with its facts."""
    return Instance(record=record, facts=_decode(record.facts))


def written(facts: Facts) -> str:
    """Facts as they are kept."""
    return _encode(facts).decode()


def change(tx: Transaction, instance: Instance, now: int, **facts: object) -> Instance:
    """Change facts."""
    changed = msgspec.structs.replace(instance.facts, changed=now, **facts)
    tx.instances.change(instance.id, facts=written(changed))
    return Instance(record=instance.record, facts=changed)


def note_served(tx: Transaction, instance_id: str, now: int) -> None:
    """Its credentials were asked for. Nothing that the instance's metadata tell changes by it."""
    record = tx.instances.get(instance_id)
    if record is not None:
        tx.instances.change(instance_id, facts=written(msgspec.structs.replace(read(record).facts, served=now)))


def all_of(tx: Transaction, account: str, region: str) -> list[Instance]:
    """Every instance an account ever had in a Region, the oldest first."""
    found = map(read, tx.instances.of_account(account))
    return [each for each in found if each.facts.region == region]


def visible(call: Call, tx: Transaction) -> list[Instance]:
    """The instances that the caller's account has in the Region of the request, the oldest first."""
    return [each for each in all_of(tx, call.account, call.facts.region) if _visible(call, each)]


def find(call: Call, tx: Transaction, instance_id: str) -> Instance | None:
    """One of the visible instances."""
    record = tx.instances.get(instance_id)
    if record is None or record.account != call.account:
        return None
    instance = read(record)
    return instance if instance.facts.region == call.facts.region and _visible(call, instance) else None


def get_all(call: Call, tx: Transaction, ids: Sequence[str]) -> list[Instance]:
    """The visible instances of these ids. Raises `InvalidInstanceIdNotFound`, naming all that are missing."""
    found = {each: find(call, tx, each) for each in ids}
    missing = [each for each, instance in found.items() if instance is None]
    if len(missing) == 1:
        raise InvalidInstanceIdNotFound(f"The instance ID '{missing[0]}' does not exist")
    if missing:
        raise InvalidInstanceIdNotFound(f"The instance IDs '{', '.join(missing)}' do not exist")
    return [instance for instance in found.values() if instance is not None]


def get_running(call: Call, tx: Transaction, instance_id: str) -> Instance:
    """A running instance. Raises `InvalidInstanceIdNotFound`, `IncorrectInstanceState`."""
    (instance,) = get_all(call, tx, (instance_id,))
    if not instance.running:
        raise IncorrectInstanceState(
            f"The instance '{instance_id}' is not in a state from which this operation can be performed."
        )
    return instance


def association_of(tx: Transaction, instance_id: str) -> ProfileAssociationRecord | None:
    """The association that is in force."""
    return _in_force(tx.associations.of_instance(instance_id)).get(instance_id)


def associations(tx: Transaction, account: str) -> Mapping[str, ProfileAssociationRecord]:
    """An account's associations that are in force, by instance id."""
    return _in_force(tx.associations.of_account(account))


def _in_force(found: Iterable[ProfileAssociationRecord]) -> dict[str, ProfileAssociationRecord]:
    return {each.instance_id: each for each in found if each.state == ASSOCIATED}


def _visible(call: Call, instance: Instance) -> bool:
    ended = instance.record.ended
    return ended is None or call.now - ended < VISIBLE_SECONDS
