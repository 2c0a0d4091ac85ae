"""Service S3: public access: what counts as public, and the four switches that block it.

Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public".
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from enum import IntFlag
from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call


class Block(IntFlag):
    """The switches, as they are kept."""

    BLOCK_PUBLIC_ACLS = 1
    IGNORE_PUBLIC_ACLS = 2
    BLOCK_PUBLIC_POLICY = 4
    RESTRICT_PUBLIC_BUCKETS = 8


_MEMBERS: Final = {
    "BlockPublicAcls": Block.BLOCK_PUBLIC_ACLS,
    "IgnorePublicAcls": Block.IGNORE_PUBLIC_ACLS,
    "BlockPublicPolicy": Block.BLOCK_PUBLIC_POLICY,
    "RestrictPublicBuckets": Block.RESTRICT_PUBLIC_BUCKETS,
}
EVERYTHING: Final = int(
    Block.BLOCK_PUBLIC_ACLS | Block.IGNORE_PUBLIC_ACLS | Block.BLOCK_PUBLIC_POLICY | Block.RESTRICT_PUBLIC_BUCKETS
)
"""What a new bucket has."""


def read_switches(configuration: Mapping[str, Any]) -> int:
    """From the API's members; one that is not there is off."""
    return sum(int(bit) for name, bit in _MEMBERS.items() if configuration.get(name))


def shown_switches(bits: int) -> dict[str, bool]:
    """As the API's members."""
    return {name: bool(bits & bit) for name, bit in _MEMBERS.items()}


_NARROWING: Final = frozenset(
    {f"aws:source{word}" for word in ("arn", "vpc", "vpce", "owner", "account", "orgid", "orgpaths")}
    | {f"aws:principal{word}" for word in ("orgid", "orgpaths", "arn", "account", "servicename")}
    | {"aws:userid", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"}
    | {"s3:x-amz-server-side-encryption-aws-kms-key-id"}
)
_POSITIVE: Final = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_WIDEST: Final = {4: 8, 6: 32}
"""A set of addresses with a shorter prefix than this is the public's."""

_PRIVATE: Final = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def is_public(text: str) -> bool:
    """Whether a policy is public: any Allow speaks to everybody and is not bound to fixed sources."""
    found = _list(json.loads(text).get("Statement"))
    return any(each.get("Effect") == "Allow" and _everybody(each) and not _narrowed(each) for each in found)


def _everybody(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and "*" in _list(principal.get("AWS")))


def _narrowed(statement: dict[str, Any]) -> bool:
    return any(
        _fixed(operator.lower(), key.lower(), values)
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, values in keys.items()
    )


def _fixed(operator: str, key: str, values: Any) -> bool:
    """Whether a condition holds for known sources alone: an absent key fails it, and no value has a wildcard."""
    given = [str(value) for value in _list(values)]
    if not given:
        return False
    operator = operator.removeprefix("foranyvalue:")
    if operator == "ipaddress" and key == "aws:sourceip":
        return all(_narrow_range(value) for value in given)
    if operator not in _POSITIVE or key not in _NARROWING:
        return False
    if key == "s3:dataaccesspointarn":
        given = [":".join(value.split(":")[:5]) for value in given]
    return not any(character in value for value in given for character in "*?$")


def _narrow_range(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    private = isinstance(network, ipaddress.IPv4Network) and any(network.subnet_of(each) for each in _PRIVATE)
    return private or network.prefixlen >= _WIDEST[network.version]


def prevented(call: Call, resource: str, what: str, switch: str) -> ServiceFault:
    """The refusal by a switch. `what`: `ACLs` or `policies`."""
    if not call.caller.arn:
        return ServiceFault("AccessDenied", "Access Denied", 403)
    text = (
        f"User: {call.caller.arn} is not authorized to perform: s3:{call.operation} on resource: "
        f'"{resource}" because public {what} are prevented by the {switch} setting in S3 Block Public Access.'
    )
    return ServiceFault("AccessDenied", text, 403)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
