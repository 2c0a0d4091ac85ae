"""services/ec2: what RunInstances asks for, read and held against what there is here.

Parameters that say nothing that could be untrue (a key pair's name, a shutdown behaviour, CPU credits) are taken;
those that would promise something that isn't done (volumes, network interfaces, launch templates, spot, …) are refused.

Source: Amazon EC2 API Reference, RunInstances.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.services.ec2 import profiles
from ostiary.services.ec2.faults import (
    InvalidAmiIdMalformed,
    InvalidGroupNotFound,
    InvalidParameterCombination,
    InvalidParameterValue,
    InvalidSubnetIdNotFound,
    MissingParameter,
    SecurityGroupsPerInterfaceLimitExceeded,
    UnsupportedOperation,
)
from ostiary.services.ec2.ids import IMAGE
from ostiary.services.ec2.instances import MetadataOptions
from ostiary.services.ec2.metadata_options import read_options
from ostiary.services.ec2.networks import GROUP_NAME, Network, default_network
from ostiary.services.ec2.tags import merged, read_tags
from ostiary.services.operation import Call

_REFUSED: Final = (
    "AdditionalInfo", "BlockDeviceMappings", "CapacityReservationSpecification", "CpuOptions", "DisableApiStop",
    "DisableApiTermination", "ElasticGpuSpecification", "ElasticInferenceAccelerators", "EnablePrimaryIpv6",
    "EnclaveOptions", "HibernationOptions", "InstanceMarketOptions", "Ipv6AddressCount", "Ipv6Addresses", "KernelId",
    "LaunchTemplate", "LicenseSpecifications", "NetworkInterfaces", "NetworkPerformanceOptions", "Operator",
    "PrivateIpAddress", "RamdiskId", "SecondaryInterfaces",
)  # fmt: skip
_TYPE: Final = re.compile(r"[a-z0-9-]{1,32}\.[a-z0-9-]{1,32}")
_LONGEST_KEY_NAME: Final = 255
_MOST_GROUPS: Final = 16
_DEFAULT_TYPE: Final = "m1.small"
_MOST_USER_DATA: Final = 16_384
_TAGGED: Final = frozenset({"instance", "network-interface", "volume"})
"""What a launch may tag. Only an instance's tags are kept: interfaces and volumes are no resources here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """A launch with nothing left to doubt about its form."""

    least: int
    most: int
    image_id: str
    instance_type: str
    zone: str
    network: Network
    subnet_id: str
    """As asked for; only the default subnet exists."""
    groups: tuple[str, ...]
    """Ids as asked for; only the default group exists."""
    key_name: str | None
    monitored: bool
    ebs_optimized: bool
    user_data: str | None
    options: MetadataOptions
    profile: Mapping[str, Any] | None
    tags: Mapping[str, Mapping[str, str]]
    """By resource type."""
    client_token: str | None
    digest: str
    """Two requests that ask for the same have the same."""

    def check_existence(self) -> None:
        """Raises `InvalidSubnetIdNotFound`, `InvalidGroupNotFound`."""
        if self.subnet_id != self.network.subnet_id:
            raise InvalidSubnetIdNotFound(f"The subnet ID '{self.subnet_id}' does not exist")
        for group in self.groups:
            if group != self.network.group_id:
                raise InvalidGroupNotFound(f"The security group '{group}' does not exist")


def read_launch(call: Call) -> LaunchRequest:
    """The launch that a call asks for.

    Raises:
        ServiceFault: a parameter is missing, has the wrong form, or asks for what isn't done here.
    """
    params = call.params
    for name in _REFUSED:
        if params.get(name):
            raise UnsupportedOperation(f"The parameter {name} is not supported.")
    network = default_network(call.house.vault, call.account, call.facts.region)
    least, most = _counts(params)
    profile = params.get("IamInstanceProfile")
    return LaunchRequest(
        least=least,
        most=most,
        image_id=_image(params),
        instance_type=_instance_type(params),
        zone=_zone(params, call.facts.region),
        network=network,
        subnet_id=params.get("SubnetId") or network.subnet_id,
        groups=_groups(params, network),
        key_name=_key_name(params),
        monitored=bool((params.get("Monitoring") or {}).get("Enabled")),
        ebs_optimized=bool(params.get("EbsOptimized")),
        user_data=_user_data(params),
        options=read_options(params.get("MetadataOptions") or {}, MetadataOptions()),
        profile=profiles.checked(profile) if profile is not None else None,
        tags=_tags(params),
        client_token=params.get("ClientToken") or None,
        digest=_digest(params),
    )


def _counts(params: Mapping[str, Any]) -> tuple[int, int]:
    least, most = params["MinCount"], params["MaxCount"]
    for name, count in (("minCount", least), ("maxCount", most)):
        if count < 1:
            raise InvalidParameterValue(f"Value ({count}) for parameter {name} is invalid. It must be at least 1.")
    if least > most:
        raise InvalidParameterCombination(f"The minimum count {least} must not exceed the maximum count {most}.")
    return least, most


def _image(params: Mapping[str, Any]) -> str:
    image: str | None = params.get("ImageId")
    if not image:
        raise MissingParameter("The request must contain the parameter ImageId")
    if not IMAGE.fullmatch(image):
        raise InvalidAmiIdMalformed(f'Invalid id: "{image}" (expecting "ami-...")')
    return image


def _instance_type(params: Mapping[str, Any]) -> str:
    asked: str = params.get("InstanceType") or _DEFAULT_TYPE
    if not _TYPE.fullmatch(asked):
        raise InvalidParameterValue(f"Invalid value '{asked}' for InstanceType.")
    return asked


def _zone(params: Mapping[str, Any], region: str) -> str:
    placement = params.get("Placement") or {}
    further = {name: value for name, value in placement.items() if value and name != "AvailabilityZone"}
    if further not in ({}, {"Tenancy": "default"}):
        raise UnsupportedOperation("Of the parameter Placement only AvailabilityZone is supported.")
    zone: str = placement.get("AvailabilityZone") or f"{region}a"
    if not re.fullmatch(re.escape(region) + "[a-f]", zone):
        raise InvalidParameterValue(f"Invalid availability zone: [{zone}]")
    return zone


def _groups(params: Mapping[str, Any], network: Network) -> tuple[str, ...]:
    ids = list(params.get("SecurityGroupIds") or ())
    for name in params.get("SecurityGroups") or ():
        ids.append(network.group_id if name == GROUP_NAME else name)
    if len(ids) > _MOST_GROUPS:
        raise SecurityGroupsPerInterfaceLimitExceeded(
            "The maximum number of security groups per interface has been reached."
        )
    return tuple(dict.fromkeys(ids)) or (network.group_id,)


def _key_name(params: Mapping[str, Any]) -> str | None:
    name: str | None = params.get("KeyName") or None
    if name is not None and len(name) > _LONGEST_KEY_NAME:
        raise InvalidParameterValue(f"Invalid value '{name[:20]}…' for keyName. It has more than 255 characters.")
    return name


def _user_data(params: Mapping[str, Any]) -> str | None:
    given: str | None = params.get("UserData")
    if not given:
        return None
    try:
        size = len(base64.b64decode(given, validate=True))
    except (binascii.Error, ValueError):
        raise InvalidParameterValue("Invalid BASE64 encoding of user data") from None
    if size > _MOST_USER_DATA:
        raise InvalidParameterValue(f"User data is limited to {_MOST_USER_DATA} bytes")
    return given


def _tags(params: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for specification in params.get("TagSpecifications") or ():
        kind = specification.get("ResourceType") or ""
        if kind not in _TAGGED:
            raise InvalidParameterValue(f"'{kind}' is not a valid taggable resource type for this operation.")
        if kind in found:
            raise InvalidParameterValue(f"The resource type '{kind}' is specified more than once.")
        tags = read_tags(specification.get("Tags"))
        if tags:
            found[kind] = merged({}, tags)
    return found


def _digest(params: Mapping[str, Any]) -> str:
    asked = {name: value for name, value in params.items() if name not in ("ClientToken", "DryRun")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
