"""services/iam: tags of virtual MFA devices. The case of keys matters.

Source: IAM API Reference, TagMFADevice, UntagMFADevice, ListMFADeviceTags.
"""

from __future__ import annotations

from typing import Any

from ostiary.services.iam.mfa_asks import on_device
from ostiary.services.iam.mfa_devices import virtual_device
from ostiary.services.iam.tags import page_of_tags, put_tags, read_tags
from ostiary.services.operation import Call, operation
from ostiary.store.transaction import Transaction


@operation("iam", "TagMFADevice", asks=on_device("iam:TagMFADevice"), changes=True)
def tag_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags."""
    tags = read_tags(call.params["Tags"], case_matters=True)
    put_tags(tx, call.account, virtual_device(call, tx).id, tags)
    return {}


@operation("iam", "UntagMFADevice", asks=on_device("iam:UntagMFADevice"), changes=True)
def untag_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags; keys that are not there are no fault."""
    tx.tags.remove(virtual_device(call, tx).id, call.params["TagKeys"])
    return {}


@operation("iam", "ListMFADeviceTags", asks=on_device("iam:ListMFADeviceTags"))
def list_mfa_device_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """A device's tags by key."""
    return page_of_tags(call, tx, virtual_device(call, tx).id)
