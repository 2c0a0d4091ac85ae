"""Service S3 Control: the public access block of a whole account.

Source: Amazon S3 API Reference, S3 Control: GetPublicAccessBlock, PutPublicAccessBlock, DeletePublicAccessBlock;
Service Authorization Reference (the actions have no resource).
"""

from __future__ import annotations

from typing import Any

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, on_everything, operation
from ostiary.services.s3.faults import access_denied
from ostiary.services.s3.public import read_switches, shown_switches
from ostiary.store.transaction import Transaction


@operation("s3control", "GetPublicAccessBlock", asks=on_everything("s3:GetAccountPublicAccessBlock"))
def get_public_access_block(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's switches."""
    found = tx.account_public_access.get(_own(call))
    if found is None:
        text = "The public access block configuration was not found"
        raise ServiceFault("NoSuchPublicAccessBlockConfiguration", text, 404, {"AccountId": call.account})
    return {"PublicAccessBlockConfiguration": shown_switches(found)}


@operation("s3control", "PutPublicAccessBlock", asks=on_everything("s3:PutAccountPublicAccessBlock"), changes=True)
def put_public_access_block(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set all four switches for every bucket of the account; one that is not named is off."""
    switches = read_switches(call.params.get("PublicAccessBlockConfiguration") or {})
    tx.account_public_access.put(_own(call), switches)
    return {}


@operation("s3control", "DeletePublicAccessBlock", asks=on_everything("s3:PutAccountPublicAccessBlock"), changes=True)
def delete_public_access_block(call: Call, tx: Transaction) -> dict[str, Any]:
    """Leave it to the buckets."""
    tx.account_public_access.put(_own(call), None)
    return {}


def _own(call: Call) -> str:
    """The account, which must be the caller's."""
    if call.params.get("AccountId") != call.account:
        raise access_denied()
    return call.account
