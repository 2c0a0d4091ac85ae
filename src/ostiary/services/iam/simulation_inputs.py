"""services/iam: what a simulation is asked: its parameters, read and held against the API's rules.

Source: IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy, ContextEntry; R128, R134.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ostiary.identifiers import ACCOUNT_ID, Arn, NotAnArn
from ostiary.policy import (
    DOCUMENT_LIMIT,
    Attached,
    ContextValue,
    MalformedPolicy,
    PolicyKind,
    PolicyType,
    Pool,
    Source,
    check,
    compile_policy,
)
from ostiary.policy.scalars import read_boolean, read_bytes, read_moment, read_network, read_number
from ostiary.services.iam.faults import InvalidInput

Params = Mapping[str, Any]
EVERYTHING: Final = "*"
LIST: Final = "List"

_ACTION: Final = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+", re.ASCII)
_OWNER: Final = re.compile(r"arn:aws:iam::([0-9]{12}):root")
_NOT_AN_ACTION: Final = "ActionNames are not in a valid format: {}."
_NOT_AN_ARN: Final = "ResourceNames are not in a valid ARN format: {}."
_NOT_AN_OWNER: Final = "'{}' is not a valid as a Resource Owner."
_ONE_BOUNDARY: Final = "Only one permissions boundary policy can be included in a simulation."
_BAD_ENTRY: Final = "Invalid value for context key {} of type {}: {}."

_READ: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "string": lambda text: text,
        "numeric": read_number,
        "boolean": read_boolean,
        "ip": read_network,
        "binary": read_bytes,
        "date": read_moment,
    }
)
"""Reads a value of each type; None when it is none. Each also as a list."""

_SCENARIOS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "EC2-VPC-InstanceStore": (),
        "EC2-VPC-InstanceStore-Subnet": ("subnet",),
        "EC2-VPC-EBS": ("volume",),
        "EC2-VPC-EBS-Subnet": ("subnet", "volume"),
    }
)
"""ResourceHandlingOption, and the resources that each needs besides `_OF_EVERY_SCENARIO`."""
_OF_EVERY_SCENARIO: Final = ("instance", "image", "security-group", "network-interface")


def actions(params: Params) -> list[str]:
    """ActionNames.

    Raises:
        InvalidInput: one is no `service:Name`; wildcards are not allowed.
    """
    for name in params["ActionNames"]:
        if _ACTION.fullmatch(name) is None:
            raise InvalidInput(_NOT_AN_ACTION.format(name))
    return list(params["ActionNames"])


def resources(params: Params) -> list[str]:
    """ResourceArns; `*` if there are none.

    Raises:
        InvalidInput: one is neither an ARN nor `*`, or the ResourceHandlingOption misses one.
    """
    given = list(params.get("ResourceArns") or [EVERYTHING])
    for each in given:
        if each != EVERYTHING and not _is_arn(each):
            raise InvalidInput(_NOT_AN_ARN.format(each))
    _hold_scenario(params.get("ResourceHandlingOption"), given)
    return given


def owner(params: Params) -> str | None:
    """The account of ResourceOwner. Raises `InvalidInput` if that is no account's ARN."""
    given = params.get("ResourceOwner")
    if given is None:
        return None
    found = _OWNER.fullmatch(given)
    if found is None:
        raise InvalidInput(_NOT_AN_OWNER.format(given))
    return found[1]


def account_of(resource: str, owner: str | None, caller_account: str) -> str:
    """Whose a resource is: as its ARN tells, else as ResourceOwner tells, else the caller's."""
    if resource != EVERYTHING:
        named = Arn.parse(resource).account
        if ACCOUNT_ID.fullmatch(named):
            return named
    return owner or caller_account


def context(params: Params) -> dict[str, ContextValue]:
    """ContextEntries: a `…List` is multivalued, and so are several values without a type.

    Raises:
        InvalidInput: a key is not named or given twice, or a value is not of its type.
    """
    found: dict[str, ContextValue] = {}
    seen: set[str] = set()
    for entry in params.get("ContextEntries") or ():
        name = entry.get("ContextKeyName")
        if not name or name.lower() in seen:
            raise InvalidInput("Each context entry must name a context key that no other entry names.")
        seen.add(name.lower())
        found[name] = _value(name, entry.get("ContextKeyType"), entry.get("ContextKeyValues") or [])
    return found


def documents(name: str, texts: Iterable[str], kind: PolicyKind, part: PolicyType) -> Pool:
    """Policy documents of a parameter, called after it: `PolicyInputList.1`.

    Raises:
        InvalidInput: one is no policy of its kind.
    """
    return Pool([_attached(f"{name}.{number}", text, kind, part) for number, text in enumerate(texts, 1)])


def identity(params: Params) -> Pool:
    """PolicyInputList."""
    return documents("PolicyInputList", params.get("PolicyInputList") or (), PolicyKind.IDENTITY, PolicyType.IDENTITY)


def boundary(params: Params) -> Pool | None:
    """PermissionsBoundaryPolicyInputList; None if there is none."""
    name = "PermissionsBoundaryPolicyInputList"
    given = params.get(name) or ()
    if len(given) > 1:
        raise InvalidInput(_ONE_BOUNDARY)
    return documents(name, given, PolicyKind.BOUNDARY, PolicyType.BOUNDARY) if given else None


def levels(params: Params) -> tuple[Pool, ...] | None:
    """OrderedOrganizationPolicyInputList, from the root down; None if there is none."""
    given = params.get("OrderedOrganizationPolicyInputList")
    if not given:
        return None
    name = "ServiceControlPolicyInputList"
    return tuple(documents(name, each.get(name) or (), PolicyKind.SCP, PolicyType.SCP) for each in given)


def resource_policy(params: Params) -> Pool | None:
    """ResourcePolicy; None if there is none."""
    text = params.get("ResourcePolicy")
    if text is None:
        return None
    return Pool((_attached("ResourcePolicy", text, PolicyKind.RESOURCE, PolicyType.RESOURCE),))


def _attached(name: str, text: str, kind: PolicyKind, part: PolicyType) -> Attached:
    try:
        check(text, kind, size_limit=DOCUMENT_LIMIT)
        return Attached(compile_policy(text), Source(type=part, name=name))
    except MalformedPolicy as malformed:
        raise InvalidInput(f"Invalid policy {name}: {malformed.message}") from None


def _is_arn(text: str) -> bool:
    try:
        Arn.parse(text)
    except NotAnArn:
        return False
    return True


def _hold_scenario(option: str | None, given: Iterable[str]) -> None:
    if option is None:
        return
    if option not in _SCENARIOS:
        raise InvalidInput(f"{option} is not a valid ResourceHandlingOption.")
    arns = [Arn.parse(each) for each in given if each != EVERYTHING]
    have = {arn.resource.partition("/")[0] for arn in arns if arn.service == "ec2"}
    for needed in (*_OF_EVERY_SCENARIO, *_SCENARIOS[option]):
        if needed not in have:
            raise InvalidInput(f"{option} requires a resource of type {needed}.")


def _value(name: str, kind: str | None, values: list[str]) -> ContextValue:
    if kind is None:
        return values[0] if len(values) == 1 else tuple(values)
    listed = kind.endswith(LIST)
    read = _READ[kind.removesuffix(LIST)]
    if not listed and len(values) != 1:
        raise InvalidInput(_BAD_ENTRY.format(name, kind, f"{len(values)} values"))
    for value in values:
        if read(value) is None:
            raise InvalidInput(_BAD_ENTRY.format(name, kind, value))
    return tuple(values) if listed else values[0]
