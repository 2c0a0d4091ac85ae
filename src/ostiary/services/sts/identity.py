"""Who am I, whose key is this.

Source: STS API Reference, GetCallerIdentity, GetAccessKeyInfo; R101.
"""

from __future__ import annotations

from typing import Any

from ostiary.credentials.access_keys import account_of
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, nothing, on_everything, operation
from ostiary.store.transaction import Transaction


@operation("sts", "GetCallerIdentity", asks=nothing)
def get_caller_identity(call: Call, _tx: Transaction) -> dict[str, Any]:
    """Always answered, whatever a policy says."""
    return {"UserId": call.caller.user_id, "Account": call.caller.account, "Arn": call.caller.arn}


@operation("sts", "GetAccessKeyInfo", asks=on_everything("sts:GetAccessKeyInfo"))
def get_access_key_info(call: Call, _tx: Transaction) -> dict[str, Any]:
    """The account that an access key id names; the key itself need not exist any more."""
    account = account_of(call.params["AccessKeyId"])
    if account is None:
        raise ServiceFault("ValidationError", "Invalid length or characters for access key ID", 400)
    return {"Account": account}
