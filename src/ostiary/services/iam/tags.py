"""services/iam: tags of users, roles, instance profiles and managed policies.

Keys of users and roles are compared without regard to case, those of all else with it; both are kept as written.

Source: IAM User Guide, "Tags for AWS Identity and Access Management resources", "Rules for tagging in IAM and AWS STS".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ostiary.services.iam import quotas
from ostiary.services.iam.faults import InvalidInput, LimitExceeded
from ostiary.services.iam.paging import page_of
from ostiary.services.operation import Call
from ostiary.store.possessions import tags_fold
from ostiary.store.records import TagRecord
from ostiary.store.transaction import Transaction

_RESERVED: Final = "aws:"
_DUPLICATE: Final = "Duplicate tag keys found."
_DUPLICATE_FOLDED: Final = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
_PREFIXED: Final = "aws: prefixed tag key names are not allowed for external use."
_TOO_MANY: Final = "The number of tags has reached the maximum limit."


def read_tags(given: Iterable[Mapping[str, Any]] | None, *, case_matters: bool = False) -> tuple[TagRecord, ...]:
    """The tags of a request. Raises `InvalidInput`: a key twice, or one of AWS's own.

    Args:
        given: as the model names them.
        case_matters: whether `Team` and `team` are two keys: not for users and roles, but for all else.
    """
    tags = tuple(TagRecord(key=tag["Key"], value=tag["Value"]) for tag in given or ())
    if len({tag.key if case_matters else tag.key.lower() for tag in tags}) < len(tags):
        raise InvalidInput(_DUPLICATE if case_matters else _DUPLICATE_FOLDED)
    if any(tag.key.lower().startswith(_RESERVED) for tag in tags):
        raise InvalidInput(_PREFIXED)
    return tags


def put_tags(tx: Transaction, account: str, owner_id: str, tags: Sequence[TagRecord]) -> None:
    """Add or replace tags of an entity. Raises `LimitExceeded`."""
    if not tags:
        return
    fold = tags_fold(owner_id)
    kept = {tag.key.lower() if fold else tag.key for tag in (*tx.tags.of(owner_id), *tags)}
    if len(kept) > quotas.quota(tx, account, "TagsPerResource"):
        raise LimitExceeded(_TOO_MANY)
    tx.tags.put(owner_id, tags)


def shown_tags(tags: Iterable[TagRecord]) -> list[dict[str, str]]:
    """As the API shows them."""
    return [{"Key": tag.key, "Value": tag.value} for tag in tags]


def page_of_tags(call: Call, tx: Transaction, owner_id: str) -> dict[str, Any]:
    """The output of the operations that list tags."""
    fold = tags_fold(owner_id)
    tags, rest = page_of(call, tx.tags.of(owner_id), lambda tag: tag.key.lower() if fold else tag.key)
    return {"Tags": shown_tags(tags), **rest}


def tagged(tx: Transaction, owner_id: str) -> dict[str, Any]:
    """The member `Tags` of a shown entity; absent when it has none."""
    tags = shown_tags(tx.tags.of(owner_id))
    return {"Tags": tags} if tags else {}
