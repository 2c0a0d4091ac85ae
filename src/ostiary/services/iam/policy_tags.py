"""services/iam: tags of managed policies.

Source: IAM API Reference, TagPolicy, UntagPolicy, ListPolicyTags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ostiary.services.iam import managed
from ostiary.services.iam.managed import on_policy
from ostiary.services.iam.paging import page_of
from ostiary.services.iam.tags import put_tags, read_tags, shown_tags
from ostiary.services.operation import Call, operation
from ostiary.store.records import TagRecord
from ostiary.store.transaction import Transaction


def read_policy_tags(given: Iterable[Mapping[str, Any]] | None) -> tuple[TagRecord, ...]:
    """The tags of a request; case matters."""
    return read_tags(given, case_matters=True)


@operation("iam", "TagPolicy", asks=on_policy("iam:TagPolicy"), changes=True)
def tag_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags of a policy of the account."""
    record = managed.get_own(tx, call.account, call.params["PolicyArn"])
    put_tags(tx, call.account, record.id, read_policy_tags(call.params["Tags"]))
    return {}


@operation("iam", "UntagPolicy", asks=on_policy("iam:UntagPolicy"), changes=True)
def untag_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags; keys that are not there are passed over."""
    record = managed.get_own(tx, call.account, call.params["PolicyArn"])
    tx.tags.remove(record.id, call.params["TagKeys"])
    return {}


@operation("iam", "ListPolicyTags", asks=on_policy("iam:ListPolicyTags"))
def list_policy_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """A policy's tags, short keys first, as AWS was seen to list them."""
    found = tx.tags.of(managed.get(tx, call.account, call.params["PolicyArn"]).id)
    tags, rest = page_of(call, sorted(found, key=_place), _place)
    return {"Tags": shown_tags(tags), **rest}


def _place(tag: TagRecord) -> str:
    return f"{len(tag.key):03d} {tag.key}"
