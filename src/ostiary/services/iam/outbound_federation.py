"""services/iam: an account as an issuer of identity tokens: on, off, and where.

Source: IAM API Reference, EnableOutboundWebIdentityFederation, DisableOutboundWebIdentityFederation,
GetOutboundWebIdentityFederationInfo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ostiary.services.iam.faults import ConcurrentModification, FeatureDisabled, FeatureEnabled
from ostiary.services.issuer import add_keys, issuer_url, new_uuid, wanted_keys
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.openid import IssuerKeyRecord, OutboundRecord
from ostiary.store.records import AlreadyExists
from ostiary.store.transaction import Transaction

_ENABLED: Final = "Outbound web identity federation is already enabled for this account."
_DISABLED: Final = "Outbound web identity federation is disabled for this account."


def _prepare_keys(call: Call, tx: Transaction) -> Sequence[IssuerKeyRecord]:
    account = tx.accounts.get(call.account)
    assert account is not None
    return wanted_keys(call.house, account, tx.issuers.keys(call.account), call.now)


def _enabled(call: Call, tx: Transaction) -> OutboundRecord:
    record = tx.issuers.get(call.account)
    if record is None or not record.enabled:
        raise FeatureDisabled(_DISABLED)
    return record


@operation(
    "iam",
    "EnableOutboundWebIdentityFederation",
    asks=on_everything("iam:EnableOutboundWebIdentityFederation"),
    changes=True,
    prepare=_prepare_keys,
)
def enable(call: Call, tx: Transaction) -> dict[str, Any]:
    """Let the account's principals have identity tokens. An issuer that was there before has the same URL again."""
    held = tx.issuers.get(call.account)
    if held is not None and held.enabled:
        raise FeatureEnabled(_ENABLED)
    issuer_id = new_uuid(call.house.entropy) if held is None else held.issuer_id
    tx.issuers.put(OutboundRecord(account=call.account, issuer_id=issuer_id, enabled=True))
    try:
        add_keys(tx, call.prepared)
    except AlreadyExists:
        raise ConcurrentModification("The keys of the issuer were changed by another request.") from None
    return {"IssuerIdentifier": issuer_url(call.house.settings, issuer_id)}


@operation(
    "iam",
    "DisableOutboundWebIdentityFederation",
    asks=on_everything("iam:DisableOutboundWebIdentityFederation"),
    changes=True,
)
def disable(call: Call, tx: Transaction) -> dict[str, Any]:
    """No more tokens. Those that were issued stay good: the keys stay published."""
    record = _enabled(call, tx)
    tx.issuers.put(OutboundRecord(account=call.account, issuer_id=record.issuer_id, enabled=False))
    return {}


@operation(
    "iam", "GetOutboundWebIdentityFederationInfo", asks=on_everything("iam:GetOutboundWebIdentityFederationInfo")
)
def info(call: Call, tx: Transaction) -> dict[str, Any]:
    """Where the issuer is."""
    record = _enabled(call, tx)
    return {"IssuerIdentifier": issuer_url(call.house.settings, record.issuer_id), "JwtVendingEnabled": True}
