"""GetDelegatedAccessToken: credentials of whoever accepted a delegation request, within what it asked for.

Source: STS API Reference, GetDelegatedAccessToken; IAM API Reference, AcceptDelegationRequest: "the identity that gets
mapped to the delegated credential", CreateDelegationRequest: "the active time window for the session starts when the
customer calls the SendDelegationToken API".
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.credentials import trade_in_tokens
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.credentials.vault import SealBroken
from ostiary.identifiers import AccountId
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.delegation import State, state_of
from ostiary.services.operation import Call, House, on_everything, operation
from ostiary.services.sts.session_parameters import credentials, validation_error
from ostiary.store.delegation import DelegationRecord
from ostiary.store.transaction import Transaction

_INVALID: Final = "The trade-in token is invalid."
_EXPIRED: Final = ("ExpiredTradeInTokenException", "The trade-in token has expired.", 400)
_NOT_YOURS: Final = ("AccessDenied", "The trade-in token belongs to another account.", 403)


def token_of(house: House, record: DelegationRecord, now: int) -> str | None:
    """The token of a request that was finalized, while its time runs."""
    running = state_of(record, now) is State.FINALIZED and now < record.updated + record.session_seconds
    return trade_in_tokens.issue(house.vault, record.id, house.entropy) if running else None


@operation("sts", "GetDelegatedAccessToken", asks=on_everything("sts:GetDelegatedAccessToken"))
def get_delegated_access_token(call: Call, tx: Transaction) -> dict[str, Any]:
    """Exchange the token of a finalized request; as often as wanted while its time runs."""
    try:
        request_id = trade_in_tokens.read(call.house.vault, call.params["TradeInToken"])
    except SealBroken:
        raise validation_error(_INVALID) from None
    record = tx.delegations.get(request_id)
    if record is None or record.owner_account is None or record.approver is None:
        raise validation_error(_INVALID)
    if record.requestor != call.account:
        raise ServiceFault(*_NOT_YOURS)
    ends = record.updated + record.session_seconds
    if state_of(record, call.now) is not State.FINALIZED or call.now >= ends:
        raise ServiceFault(*_EXPIRED)
    approver = json.loads(record.approver)
    session = Session(
        kind=SessionKind.DELEGATED,
        account=record.owner_account,
        principal_id=approver["principal_id"],
        access_key_id=call.house.seal.new_access_key_id(AccountId(record.owner_account)),
        issued=call.now,
        expires=ends,
        name=approver.get("name", ""),
        policies=(record.policy,),
        tags=tuple((key, value) for key, value in approver.get("tags", ())),
        source_identity=approver.get("source_identity"),
        mfa_at=approver.get("mfa_at"),
        provider=approver.get("provider"),
        chained=True,
    )
    return {"Credentials": credentials(call.house.seal.issue(session)), "AssumedPrincipal": record.approver_id}
