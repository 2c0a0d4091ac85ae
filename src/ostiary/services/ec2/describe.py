"""services/ec2: DescribeInstances, DescribeInstanceStatus.

Source: Amazon EC2 API Reference, the operations of the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ostiary.services.ec2.asks import on_region
from ostiary.services.ec2.declared import ec2_operation
from ostiary.services.ec2.ids import well_formed
from ostiary.services.ec2.instances import Instance, associations, get_all, visible
from ostiary.services.ec2.listing import Values, filtered, page
from ostiary.services.ec2.networks import GROUP_NAME, private_name
from ostiary.services.ec2.shown import CODES, Associations, shown_reservations, shown_state
from ostiary.services.operation import Call
from ostiary.store.transaction import Transaction

_LEAST: Final = 5
_FILTERS: Final[Mapping[str, Values[Instance]]] = {
    "availability-zone": lambda each: (each.facts.zone,),
    "client-token": lambda each: (each.facts.client_token or "",),
    "image-id": lambda each: (each.facts.image_id,),
    "instance-id": lambda each: (each.id,),
    "instance-state-code": lambda each: (str(CODES[each.record.state]),),
    "instance-state-name": lambda each: (each.record.state,),
    "instance-type": lambda each: (each.facts.instance_type,),
    "instance.group-id": lambda each: (each.facts.group_id,),
    "instance.group-name": lambda each: (GROUP_NAME,),
    "key-name": lambda each: (each.facts.key_name,) if each.facts.key_name else (),
    "metadata-options.http-endpoint": lambda each: (each.facts.options.http_endpoint,),
    "metadata-options.http-put-response-hop-limit": lambda each: (str(each.facts.options.hop_limit),),
    "metadata-options.http-tokens": lambda each: (each.facts.options.http_tokens,),
    "metadata-options.instance-metadata-tags": lambda each: (each.facts.options.instance_metadata_tags,),
    "owner-id": lambda each: (each.record.account,),
    "private-dns-name": lambda each: (private_name(each.facts.private_ip, each.facts.region),),
    "private-ip-address": lambda each: (each.facts.private_ip,),
    "reservation-id": lambda each: (each.facts.reservation_id,),
    "subnet-id": lambda each: (each.facts.subnet_id,),
    "vpc-id": lambda each: (each.facts.vpc_id,),
}


@ec2_operation("DescribeInstances", asks=on_region("ec2:DescribeInstances"))
def describe_instances(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's instances in the Region, in their reservations, the oldest first."""
    held = associations(tx, call.account)
    known = {**_FILTERS, **_of_profiles(held)}
    kept = filtered(_asked_for(call, tx), call.params.get("Filters"), known, _tags)
    shown, rest = page(call, kept, _place, least=_LEAST, named="InstanceIds")
    return {"Reservations": shown_reservations(shown, held), **rest}


@ec2_operation("DescribeInstanceStatus", asks=on_region("ec2:DescribeInstanceStatus"))
def describe_instance_status(call: Call, tx: Transaction) -> dict[str, Any]:
    """The status of running instances; of all when `IncludeAllInstances` says so."""
    everyone = bool(call.params.get("IncludeAllInstances"))
    asked = [each for each in _asked_for(call, tx) if everyone or each.running]
    kept = filtered(asked, call.params.get("Filters"), _FILTERS, _tags)
    shown, rest = page(call, kept, _place, least=_LEAST, named="InstanceIds")
    return {"InstanceStatuses": [_status(each) for each in shown], **rest}


def _asked_for(call: Call, tx: Transaction) -> list[Instance]:
    ids = call.params.get("InstanceIds")
    if not ids:
        return sorted(visible(call, tx), key=_place)
    return sorted(get_all(call, tx, well_formed(ids)), key=_place)


def _place(instance: Instance) -> str:
    """By launch; the instances of a reservation together."""
    facts = instance.facts
    return f"{instance.record.launched:012d} {facts.reservation_id} {facts.launch_index:06d}"


def _tags(instance: Instance) -> Mapping[str, str]:
    return instance.facts.tags


def _of_profiles(held: Associations) -> Mapping[str, Values[Instance]]:
    return {
        "iam-instance-profile.arn": lambda each: (each.facts.profile_arn or "",) if each.id in held else (),
        "iam-instance-profile.id": lambda each: (held[each.id].profile_id,) if each.id in held else (),
        "iam-instance-profile.name": lambda each: (
            ((each.facts.profile_arn or "").rsplit("/", 1)[-1],) if each.id in held else ()
        ),
    }


def _status(instance: Instance) -> dict[str, Any]:
    state = "ok" if instance.running else "not-applicable"
    details = [{"Name": "reachability", "Status": "passed"}] if instance.running else []
    summary = {"Status": state, "Details": details}
    return {
        "InstanceId": instance.id,
        "AvailabilityZone": instance.facts.zone,
        "InstanceState": shown_state(instance.record.state),
        "InstanceStatus": summary,
        "SystemStatus": summary,
    }
