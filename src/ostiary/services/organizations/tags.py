"""services/organizations: tags of roots, units, accounts and policies.

Source: Organizations API Reference, TagResource, UntagResource, ListTagsForResource; at most 50, none of AWS's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on, request_tags
from ostiary.services.organizations.faults import ConstraintViolation, InvalidInput, TargetNotFound
from ostiary.services.organizations.members import find, managed
from ostiary.services.organizations.paging import page
from ostiary.store.records import TagRecord
from ostiary.store.transaction import Transaction

_MOST: Final = 50


def put_tags(tx: Transaction, owner_id: str, given: Iterable[Mapping[str, str]] | None) -> None:
    """Add or replace tags. Raises `InvalidInput`, `ConstraintViolation`."""
    tags = [TagRecord(key=tag["Key"], value=tag["Value"]) for tag in given or ()]
    if not tags:
        return
    if len({tag.key.lower() for tag in tags}) < len(tags):
        raise InvalidInput("DUPLICATE_TAG_KEY", "Tag keys must be unique among the tags attached to the same entity.")
    if any(tag.key.lower().startswith("aws:") for tag in tags):
        raise InvalidInput(
            "INVALID_SYSTEM_TAGS_PARAMETER", "You can't add, edit, or delete tags whose key begins with aws:."
        )
    kept = {tag.key.lower() for tag in (*tx.tags.of(owner_id), *tags)}
    if len(kept) > _MOST:
        raise ConstraintViolation("MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed.")
    tx.tags.put(owner_id, tags)


@operation("organizations", "TagResource", asks=on("TagResource", "ResourceId", context=request_tags), changes=True)
def tag_resource(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags."""
    put_tags(tx, _resource(call, tx), call.params["Tags"])
    return {}


@operation("organizations", "UntagResource", asks=on("UntagResource", "ResourceId", context=request_tags), changes=True)
def untag_resource(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags; keys that are not there are no matter."""
    tx.tags.remove(_resource(call, tx), call.params["TagKeys"])
    return {}


@operation("organizations", "ListTagsForResource", asks=on("ListTagsForResource", "ResourceId"))
def list_tags_for_resource(call: Call, tx: Transaction) -> dict[str, Any]:
    """The tags of a root, a unit, an account or a policy."""
    tags, rest = page(call, tx.tags.of(_resource(call, tx)), lambda tag: tag.key.lower())
    return {"Tags": [{"Key": tag.key, "Value": tag.value} for tag in tags], **rest}


def _resource(call: Call, tx: Transaction) -> str:
    organization, named = managed(call, tx), str(call.params["ResourceId"])
    policy = tx.organization_policies.get(named)
    is_policy = policy is not None and policy.organization_id == organization.id
    if not is_policy and find(tx, organization, named) is None:
        raise TargetNotFound
    return named
