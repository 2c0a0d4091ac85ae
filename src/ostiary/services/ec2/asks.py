"""services/ec2: the permissions that operations on existing instances ask for, and the condition keys they have.

Keys that nothing here has a value for (`ec2:PlacementGroup`, `ec2:ProductCode`, …) are absent.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ostiary.authorization.judge import Ask
from ostiary.policy import ContextValue
from ostiary.services.ec2 import profiles
from ostiary.services.ec2.ids import well_formed
from ostiary.services.ec2.instances import Instance, MetadataOptions, association_of, find, instance_arn
from ostiary.services.operation import Asks, Call
from ostiary.store.transaction import Transaction


def on_region(action: str) -> Asks:
    """For an action without resource-level permissions: its Region is still a condition key."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        return (Ask(action=action, context=region_key(call)),)

    return asks


def on_instances(action: str) -> Asks:
    """For an action on each of the instances that `InstanceIds` names."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        for instance_id in well_formed(call.params["InstanceIds"]):
            yield ask_instance(call, tx, action, instance_id)

    return asks


def ask_instance(
    call: Call, tx: Transaction, action: str, instance_id: str, more: Mapping[str, ContextValue] | None = None
) -> Ask:
    """An ask on one instance; where there is none, on its ARN alone."""
    instance = find(call, tx, instance_id)
    context = region_key(call) if instance is None else instance_context(call, tx, instance)
    arn = instance_arn(call.facts.region, call.account, instance_id)
    return Ask(action=action, resource=arn, context={**context, **(more or {})})


def ask_profile_change(
    call: Call, tx: Transaction, action: str, instance_id: str, given: Mapping[str, object]
) -> Iterable[Ask]:
    """To give an instance a profile: the action on the instance, and passing the profile's role."""
    named = {"ec2:NewInstanceProfile": profiles.named_arn(call, tx, given)}
    yield ask_instance(call, tx, action, instance_id, named)
    yield profiles.pass_role(call, tx, given, instance_arn(call.facts.region, call.account, instance_id))


def region_key(call: Call) -> dict[str, ContextValue]:
    """`ec2:Region`, which every action has."""
    return {"ec2:Region": call.facts.region}


def instance_context(call: Call, tx: Transaction, instance: Instance) -> dict[str, ContextValue]:
    """The keys of an existing instance."""
    facts = instance.facts
    context = region_key(call) | launch_keys(facts.zone, facts.instance_type, facts.ebs_optimized, facts.options)
    context["ec2:InstanceID"] = instance.id
    if facts.profile_arn is not None and association_of(tx, instance.id) is not None:
        context["ec2:InstanceProfile"] = facts.profile_arn
    for key, value in facts.tags.items():
        context[f"aws:ResourceTag/{key}"] = context[f"ec2:ResourceTag/{key}"] = value
    return context


def launch_keys(
    zone: str, instance_type: str, ebs_optimized: bool, options: MetadataOptions
) -> dict[str, ContextValue]:
    """The keys that an instance has from its launch on."""
    return {
        "ec2:AvailabilityZone": zone,
        "ec2:EbsOptimized": "true" if ebs_optimized else "false",
        "ec2:InstanceMetadataTags": options.instance_metadata_tags,
        "ec2:InstanceType": instance_type,
        "ec2:MetadataHttpEndpoint": options.http_endpoint,
        "ec2:MetadataHttpPutResponseHopLimit": str(options.hop_limit),
        "ec2:MetadataHttpTokens": options.http_tokens,
        "ec2:Tenancy": "default",
    }


def tag_request_keys(tags: Mapping[str, str | None]) -> dict[str, ContextValue]:
    """`aws:RequestTag/…` and `aws:TagKeys` of the tags in a request; a tag without a value gives its key alone."""
    context: dict[str, ContextValue] = {f"aws:RequestTag/{k}": v for k, v in tags.items() if v is not None}
    if tags:
        context["aws:TagKeys"] = tuple(tags)
    return context
