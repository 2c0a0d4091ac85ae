"""services/ec2: CreateTags, DeleteTags, DescribeTags. Instances are the resources that have tags.

Source: Amazon EC2 API Reference, the operations of the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.services.ec2.asks import ask_instance, on_region, tag_request_keys
from ostiary.services.ec2.declared import ec2_operation
from ostiary.services.ec2.faults import InvalidId, InvalidParameterValue, MissingParameter
from ostiary.services.ec2.ids import well_formed
from ostiary.services.ec2.instances import change, get_all, visible
from ostiary.services.ec2.listing import Values, filtered, page
from ostiary.services.ec2.tags import merged, read_tags
from ostiary.services.operation import Asks, Call
from ostiary.store.transaction import Transaction

_Row = tuple[str, str, str]
"""Instance id, key, value."""
_FILTERS: Final[Mapping[str, Values[_Row]]] = {
    "key": lambda row: (row[1],),
    "resource-id": lambda row: (row[0],),
    "resource-type": lambda row: ("instance",),
    "value": lambda row: (row[2],),
}


def _on_resources(action: str) -> Asks:
    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        given = {tag.get("Key") or "": tag.get("Value") for tag in call.params.get("Tags") or ()}
        for instance_id in _instances(call):
            yield ask_instance(call, tx, action, instance_id, tag_request_keys(given))

    return asks


@ec2_operation("CreateTags", asks=_on_resources("ec2:CreateTags"), changes=True)
def create_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags."""
    tags = read_tags(call.params["Tags"])
    for instance in get_all(call, tx, _instances(call)):
        change(tx, instance, call.now, tags=merged(instance.facts.tags, tags))
    return {}


@ec2_operation("DeleteTags", asks=_on_resources("ec2:DeleteTags"), changes=True)
def delete_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags: all, those of a key, or those of a key that have the value."""
    given = call.params.get("Tags")
    for instance in get_all(call, tx, _instances(call)):
        tags = instance.facts.tags
        kept = {key: value for key, value in tags.items() if given and not _named(given, key, value)}
        change(tx, instance, call.now, tags=kept)
    return {}


@ec2_operation("DescribeTags", asks=on_region("ec2:DescribeTags"))
def describe_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """The tags of the account's instances in the Region."""
    rows = [(each.id, key, value) for each in visible(call, tx) for key, value in each.facts.tags.items()]
    kept = filtered(sorted(rows), call.params.get("Filters"), _FILTERS, lambda row: {row[1]: row[2]})
    shown, rest = page(call, kept, "\n".join, least=5)
    return {
        "Tags": [
            {"ResourceId": each, "ResourceType": "instance", "Key": key, "Value": value} for each, key, value in shown
        ],
        **rest,
    }


def _instances(call: Call) -> tuple[str, ...]:
    """The ids of the request. Raises `InvalidId`: something else than an instance; `MissingParameter`: none."""
    resources: list[str] = call.params["Resources"]
    if not resources:
        raise MissingParameter("The request must contain the parameter resourceIdSet")
    for each in resources:
        if not each.startswith("i-"):
            raise InvalidId(f"The ID '{each}' is not valid")
    return well_formed(resources)


def _named(given: Iterable[Mapping[str, Any]], key: str, value: str) -> bool:
    for tag in given:
        if tag.get("Key") is None:
            raise InvalidParameterValue("Tag key cannot be null or empty.")
        if tag["Key"] == key and tag.get("Value") in (None, value):
            return True
    return False
