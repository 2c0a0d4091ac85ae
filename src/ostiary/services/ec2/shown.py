"""services/ec2: instances and reservations as the API shows them.

Source: Amazon EC2 API Reference, Instance, Reservation, InstanceState, InstanceNetworkInterface.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from ostiary.services.ec2.instances import RUNNING, Instance
from ostiary.services.ec2.metadata_options import shown_options
from ostiary.services.ec2.networks import GROUP_NAME, private_name
from ostiary.services.ec2.tags import shown_tags
from ostiary.store.records import ProfileAssociationRecord

CODES: Final = {"pending": 0, RUNNING: 16, "shutting-down": 32, "terminated": 48}
Associations = Mapping[str, ProfileAssociationRecord]
"""Those in force, by instance id."""
_BY_USER: Final = "Client.UserInitiatedShutdown"


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as the wire wants a time."""
    return datetime.fromtimestamp(seconds, UTC)


def shown_state(name: str) -> dict[str, Any]:
    """`{"Code": 16, "Name": "running"}`."""
    return {"Code": CODES[name], "Name": name}


def shown_profile(instance: Instance, association: ProfileAssociationRecord) -> dict[str, str]:
    """ARN and id of the associated profile."""
    return {"Arn": instance.facts.profile_arn or "", "Id": association.profile_id}


def shown_reservations(instances: Iterable[Instance], associations: Associations) -> list[dict[str, Any]]:
    """Instances in their reservations; those of one reservation follow each other."""
    grouped = groupby(instances, key=lambda each: each.facts.reservation_id)
    return [shown_reservation(list(members), associations) for _, members in grouped]


def shown_reservation(
    instances: list[Instance], associations: Associations, state: str | None = None
) -> dict[str, Any]:
    """One reservation. A `state` is shown instead of the instances' own: that of a launch just begun."""
    first = instances[0]
    return {
        "ReservationId": first.facts.reservation_id,
        "OwnerId": first.record.account,
        "Groups": [],
        "Instances": [shown_instance(each, associations.get(each.id), state) for each in instances],
    }


def shown_instance(
    instance: Instance, association: ProfileAssociationRecord | None, state: str | None = None
) -> dict[str, Any]:
    """An instance with its profile, network and tags."""
    facts, record = instance.facts, instance.record
    shown: dict[str, Any] = {
        "InstanceId": record.id,
        "ImageId": facts.image_id,
        "State": shown_state(state or record.state),
        "PrivateDnsName": "",
        "PublicDnsName": "",
        "StateTransitionReason": "",
        "AmiLaunchIndex": facts.launch_index,
        "ProductCodes": [],
        "InstanceType": facts.instance_type,
        "LaunchTime": moment(record.launched),
        "Placement": {"AvailabilityZone": facts.zone, "GroupName": "", "Tenancy": "default"},
        "Monitoring": {"State": "enabled" if facts.monitored else "disabled"},
        "Architecture": "x86_64",
        "BlockDeviceMappings": [],
        "EbsOptimized": facts.ebs_optimized,
        "NetworkInterfaces": [],
        "SecurityGroups": [],
        "Tags": shown_tags(facts.tags),
        "VirtualizationType": "hvm",
        "MetadataOptions": shown_options(facts.options, "applied" if state is None else "pending"),
    }
    if facts.key_name is not None:
        shown["KeyName"] = facts.key_name
    if facts.client_token is not None:
        shown["ClientToken"] = facts.client_token
    if association is not None:
        shown["IamInstanceProfile"] = shown_profile(instance, association)
    return {**shown, **(_connected(instance) if instance.running else _ended(record.ended or 0))}


def _connected(instance: Instance) -> dict[str, Any]:
    """What only an instance that has not ended has."""
    facts = instance.facts
    name = private_name(facts.private_ip, facts.region)
    groups = [{"GroupId": facts.group_id, "GroupName": GROUP_NAME}]
    address = {"Primary": True, "PrivateIpAddress": facts.private_ip, "PrivateDnsName": name}
    interface = {
        "NetworkInterfaceId": facts.interface_id,
        "OwnerId": instance.record.account,
        "SubnetId": facts.subnet_id,
        "VpcId": facts.vpc_id,
        "MacAddress": facts.mac,
        "PrivateIpAddress": facts.private_ip,
        "PrivateDnsName": name,
        "PrivateIpAddresses": [address],
        "Groups": groups,
        "Status": "in-use",
        "Description": "",
        "InterfaceType": "interface",
        "SourceDestCheck": True,
        "Attachment": {
            "AttachmentId": facts.attachment_id,
            "AttachTime": moment(instance.record.launched),
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "Status": "attached",
        },
    }
    return {
        "PrivateDnsName": name,
        "PrivateIpAddress": facts.private_ip,
        "SubnetId": facts.subnet_id,
        "VpcId": facts.vpc_id,
        "SecurityGroups": groups,
        "NetworkInterfaces": [interface],
        "SourceDestCheck": True,
    }


def _ended(at: int) -> dict[str, Any]:
    return {
        "StateTransitionReason": f"User initiated ({moment(at):%Y-%m-%d %H:%M:%S} GMT)",
        "StateReason": {"Code": _BY_USER, "Message": f"{_BY_USER}: User initiated shutdown"},
    }
