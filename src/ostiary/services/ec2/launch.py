"""services/ec2: RunInstances.

An instance here is a name for a program that runs somewhere: it is running as soon as it is launched, and its metadata
and its role's credentials are to be had at once. The answer says `pending`, as AWS's does.

Source: Amazon EC2 API Reference, RunInstances; Amazon EC2 User Guide, "Example policies to control access to the Amazon
EC2 API", "Grant permission to tag Amazon EC2 resources during creation", "Ensuring idempotency".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.policy import ContextValue
from ostiary.services.ec2 import profiles
from ostiary.services.ec2.asks import launch_keys, region_key, tag_request_keys
from ostiary.services.ec2.declared import ec2_operation
from ostiary.services.ec2.faults import IdempotentParameterMismatch, InstanceLimitExceeded
from ostiary.services.ec2.ids import new_id
from ostiary.services.ec2.instances import (
    ASSOCIATED,
    RUNNING,
    Facts,
    Instance,
    all_of,
    associations,
    instance_arn,
    read,
    written,
)
from ostiary.services.ec2.launch_request import LaunchRequest, read_launch
from ostiary.services.ec2.networks import new_address, new_mac
from ostiary.services.ec2.shown import shown_reservation
from ostiary.services.iam.names import INSTANCE_PROFILE
from ostiary.services.operation import Call, House
from ostiary.store.records import InstanceProfileRecord, InstanceRecord, ProfileAssociationRecord
from ostiary.store.transaction import Transaction

MOST_RUNNING: Final = 1000
"""Running instances of an account in a Region."""
_OTHER_REQUEST: Final = (
    "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
)
_TOO_MANY: Final = (
    "You have requested more instances ({}) than your current instance limit of {} allows for the specified instance "
    "type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
)


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    """The resources that every launch needs, the tags, and the role."""
    launch = read_launch(call)
    for resource, context in _resources(call, tx, launch):
        yield Ask(action="ec2:RunInstances", resource=_arn(call, resource), context={**region_key(call), **context})
    for kind, tags in launch.tags.items():
        context = {**region_key(call), **tag_request_keys(tags), "ec2:CreateAction": "RunInstances"}
        yield Ask(action="ec2:CreateTags", resource=_arn(call, f"{kind}/*"), context=context)
    if launch.profile is not None:
        anyone = instance_arn(call.facts.region, call.account, "*")
        yield profiles.pass_role(call, tx, launch.profile, anyone)


def _resources(call: Call, tx: Transaction, launch: LaunchRequest) -> Iterable[tuple[str, dict[str, ContextValue]]]:
    whole: dict[str, ContextValue] = {"ec2:IsLaunchTemplateResource": "false"}
    vpc: dict[str, ContextValue] = {**whole, "ec2:Vpc": _arn(call, f"vpc/{launch.network.vpc_id}")}
    subnet = _arn(call, f"subnet/{launch.subnet_id}")
    zone: dict[str, ContextValue] = {"ec2:AvailabilityZone": launch.zone}
    instance = whole | launch_keys(launch.zone, launch.instance_type, launch.ebs_optimized, launch.options)
    if launch.profile is not None:
        instance["ec2:InstanceProfile"] = profiles.named_arn(call, tx, launch.profile)
    yield "instance/*", instance | tag_request_keys(launch.tags.get("instance", {}))
    yield f"image/{launch.image_id}", whole | {"ec2:ImageID": launch.image_id}
    tags = tag_request_keys(launch.tags.get("network-interface", {}))
    yield "network-interface/*", vpc | zone | {"ec2:Subnet": subnet} | tags
    for group in launch.groups:
        yield f"security-group/{group}", vpc | {"ec2:SecurityGroupID": group}
    yield f"subnet/{launch.subnet_id}", vpc | zone | {"ec2:SubnetID": launch.subnet_id}
    if launch.key_name is not None:
        yield f"key-pair/{launch.key_name}", whole | {"ec2:KeyPairName": launch.key_name}


def _arn(call: Call, resource: str) -> str:
    """Images are shared between accounts: their ARNs name none."""
    account = "" if resource.startswith("image/") else call.account
    return f"arn:aws:ec2:{call.facts.region}:{account}:{resource}"


@ec2_operation("RunInstances", asks=_asks, changes=True)
def run_instances(call: Call, tx: Transaction) -> dict[str, Any]:
    """Launch instances; with a client token that was used before, show what was launched then."""
    launch = read_launch(call)
    held = all_of(tx, call.account, call.facts.region)
    before = _launched_before(launch, held)
    if before:
        return shown_reservation(before, associations(tx, call.account))
    launch.check_existence()
    running = [each for each in held if each.running]
    room = MOST_RUNNING - len(running)
    if launch.least > room:
        raise InstanceLimitExceeded(_TOO_MANY.format(len(running) + launch.least, MOST_RUNNING))
    profile = None if launch.profile is None else profiles.get_profile(call, tx, launch.profile)[0]
    made = launch_instances(
        call.house,
        tx,
        launch,
        account=call.account,
        region=call.facts.region,
        now=call.now,
        count=min(launch.most, room),
        profile=profile,
        taken={each.facts.private_ip for each in running},
    )
    return shown_reservation(made, associations(tx, call.account), "pending")


def _launched_before(launch: LaunchRequest, held: Iterable[Instance]) -> list[Instance]:
    """The instances of an earlier request with the same client token. Raises `IdempotentParameterMismatch`."""
    if launch.client_token is None:
        return []
    before = [each for each in held if each.facts.client_token == launch.client_token]
    if any(each.facts.request_hash != launch.digest for each in before):
        raise IdempotentParameterMismatch(_OTHER_REQUEST)
    return before


def launch_instances(
    house: House,
    tx: Transaction,
    launch: LaunchRequest,
    *,
    account: str,
    region: str,
    now: int,
    count: int,
    profile: InstanceProfileRecord | None,
    taken: set[str],
) -> list[Instance]:
    """Make the records of one reservation.

    Args:
        house, tx, launch: what to launch, where.
        account, region: whose instances they are, and where they say they are.
        now: seconds since 1970.
        count: how many.
        profile: to associate with each.
        taken: addresses that others have; the new ones are added.
    """
    entropy = house.entropy
    reservation = new_id("r", entropy)
    made = []
    for index in range(count):
        address = new_address(entropy, taken)
        taken.add(address)
        facts = Facts(
            region=region,
            zone=launch.zone,
            image_id=launch.image_id,
            instance_type=launch.instance_type,
            reservation_id=reservation,
            launch_index=index,
            vpc_id=launch.network.vpc_id,
            subnet_id=launch.network.subnet_id,
            group_id=launch.network.group_id,
            private_ip=address,
            mac=new_mac(entropy),
            interface_id=new_id("eni", entropy),
            attachment_id=new_id("eni-attach", entropy),
            key_name=launch.key_name,
            monitored=launch.monitored,
            ebs_optimized=launch.ebs_optimized,
            client_token=launch.client_token,
            request_hash=launch.digest,
            user_data=launch.user_data,
            options=launch.options,
            profile_arn=None if profile is None else INSTANCE_PROFILE.arn(profile),
            tags=dict(launch.tags.get("instance", {})),
            changed=now,
        )
        record = InstanceRecord(
            id=new_id("i", entropy), account=account, state=RUNNING, launched=now, facts=written(facts)
        )
        tx.instances.add(record)
        if profile is not None:
            associate(house, tx, record, profile, now)
        made.append(read(record))
    return made


def associate(
    house: House, tx: Transaction, record: InstanceRecord, profile: InstanceProfileRecord, now: int
) -> ProfileAssociationRecord:
    """Keep a new association of an instance that has none in force."""
    association = ProfileAssociationRecord(
        id=new_id("iip-assoc", house.entropy),
        instance_id=record.id,
        account=record.account,
        profile_id=profile.id,
        state=ASSOCIATED,
        at=now,
    )
    tx.associations.add(association)
    return association
