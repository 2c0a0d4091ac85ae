"""services/ec2: how an instance's metadata may be asked for: ModifyInstanceMetadataOptions.

Source: Amazon EC2 API Reference, ModifyInstanceMetadataOptions; Amazon EC2 User Guide, "Configure the Instance Metadata
Service options".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from ostiary.authorization.judge import Ask
from ostiary.policy import ContextValue
from ostiary.services.ec2.asks import ask_instance
from ostiary.services.ec2.declared import ec2_operation
from ostiary.services.ec2.faults import InvalidParameterValue, UnsupportedOperation, value_refused
from ostiary.services.ec2.ids import well_formed
from ostiary.services.ec2.instances import MetadataOptions, change, get_running
from ostiary.services.operation import Call
from ostiary.store.transaction import Transaction

_MEMBERS: Final = {
    "HttpTokens": ("http_tokens", ("optional", "required")),
    "HttpEndpoint": ("http_endpoint", ("enabled", "disabled")),
    "InstanceMetadataTags": ("instance_metadata_tags", ("enabled", "disabled")),
}
_HOPS: Final = range(1, 65)


def read_options(given: Mapping[str, Any], held: MetadataOptions) -> MetadataOptions:
    """The options after a request; what it leaves out stays as held.

    Raises:
        InvalidParameterValue: a value is none of AWS's.
        UnsupportedOperation: metadata over IPv6, which nothing here serves.
    """
    if given.get("HttpProtocolIpv6") == "enabled":
        raise UnsupportedOperation("The IPv6 endpoint of the instance metadata service is not supported.")
    new: dict[str, Any] = {}
    for member, (name, known) in _MEMBERS.items():
        value = given.get(member)
        if value is None:
            continue
        if value not in known:
            raise value_refused(value, member, f"Valid values are {', '.join(known)}.")
        new[name] = value
    hops = given.get("HttpPutResponseHopLimit")
    if hops is not None:
        if hops not in _HOPS:
            raise InvalidParameterValue(
                f"Invalid value '{hops}' for HttpPutResponseHopLimit. It must be between 1 and 64."
            )
        new["hop_limit"] = hops
    return msgspec.structs.replace(held, **new)


def shown_options(options: MetadataOptions, state: str = "applied") -> dict[str, Any]:
    """As the API shows them."""
    return {
        "State": state,
        "HttpTokens": options.http_tokens,
        "HttpPutResponseHopLimit": options.hop_limit,
        "HttpEndpoint": options.http_endpoint,
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": options.instance_metadata_tags,
    }


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    (instance_id,) = well_formed((call.params["InstanceId"],))
    named = (*_MEMBERS, "HttpPutResponseHopLimit")
    asked: dict[str, ContextValue] = {
        f"ec2:Attribute/{member}": str(call.params[member]) for member in named if call.params.get(member) is not None
    }
    yield ask_instance(call, tx, "ec2:ModifyInstanceMetadataOptions", instance_id, asked)


@ec2_operation("ModifyInstanceMetadataOptions", asks=_asks, changes=True)
def modify_instance_metadata_options(call: Call, tx: Transaction) -> dict[str, Any]:
    """Change the options of a running instance; they are in force for its next metadata request."""
    instance = get_running(call, tx, call.params["InstanceId"])
    options = read_options(call.params, instance.facts.options)
    change(tx, instance, call.now, options=options)
    return {"InstanceId": instance.id, "InstanceMetadataOptions": shown_options(options, "pending")}
