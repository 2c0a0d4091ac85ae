"""services/iam: what becomes of a delegation request: UpdateDelegationRequest, AcceptDelegationRequest,
RejectDelegationRequest, SendDelegationToken.

AWS sends the token to a topic of SNS. There is none here: an operator reads it with `ostiary account delegations`.

Source: IAM API Reference, the operations of the same names; IAM User Guide, "Understanding the Request Lifecycle":
"root users can only approve delegation requests with a duration of 4 hours or less".
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.authorization.caller import Caller, CallerKind
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.delegation import State, get, on_request, state_of
from ostiary.services.iam.faults import ConcurrentModification, IamFault, InvalidInput
from ostiary.services.operation import Call, operation
from ostiary.store.delegation import DelegationRecord
from ostiary.store.transaction import Transaction

_WRONG_STATE: Final = "Delegation request {} is in state {}."
_OPEN: Final = (State.ASSIGNED, State.PENDING_APPROVAL)
_ROOT_SECONDS: Final = 4 * 3600
_ROOT_TOO_LONG: Final = "The root user can only accept delegation requests with a duration of 4 hours or less."
_LIMITED: Final = "A session with a session policy can't accept a delegation request."
_NOT_A_PRINCIPAL: Final = "Only users, role sessions and the root user can accept a delegation request."
_BY_OWNER: Final = "Only the owner of delegation request {} can send its token."


def _in(call: Call, tx: Transaction, *states: State, otherwise: type[IamFault] = InvalidInput) -> DelegationRecord:
    """The request, in one of these states."""
    record = get(tx, call.params["DelegationRequestId"])
    state = state_of(record, call.now)
    if state not in states:
        raise otherwise(_WRONG_STATE.format(record.id, state.value))
    return record


def _noted(record: DelegationRecord, name: str, notes: str | None) -> str:
    facts = json.loads(record.facts)
    return json.dumps(facts if notes is None else {**facts, name: notes}, ensure_ascii=False)


@operation("iam", "UpdateDelegationRequest", asks=on_request("iam:UpdateDelegationRequest"), changes=True)
def update_delegation_request(call: Call, tx: Transaction) -> dict[str, Any]:
    """Hand a request on for approval, with notes."""
    record = _in(call, tx, *_OPEN)
    facts = _noted(record, "Notes", call.params.get("Notes"))
    tx.delegations.change(record.id, state=State.PENDING_APPROVAL.value, updated=call.now, facts=facts)
    return {}


@operation("iam", "AcceptDelegationRequest", asks=on_request("iam:AcceptDelegationRequest"), changes=True)
def accept_delegation_request(call: Call, tx: Transaction) -> dict[str, Any]:
    """Grant a request; who accepts is who acts in the sessions to come."""
    record = _in(call, tx, *_OPEN, otherwise=ConcurrentModification)
    approver = _approver(call.caller, record)
    tx.delegations.change(
        record.id,
        state=State.ACCEPTED.value,
        updated=call.now,
        approver_id=call.caller.arn,
        approver=json.dumps(approver, ensure_ascii=False),
    )
    return {}


def _approver(caller: Caller, record: DelegationRecord) -> dict[str, Any]:
    """The identity as a session needs it."""
    session = caller.session
    if caller.kind not in (CallerKind.USER, CallerKind.ROLE_SESSION, CallerKind.ROOT):
        raise InvalidInput(_NOT_A_PRINCIPAL)
    if caller.kind is CallerKind.ROOT and record.session_seconds > _ROOT_SECONDS:
        raise InvalidInput(_ROOT_TOO_LONG)
    if session is not None and (session.policies is not None or session.policy_arns):
        raise InvalidInput(_LIMITED)  # several session policies are pooled: the limit would be lost
    kept: dict[str, Any] = {"principal_id": caller.entity_id}
    if session is not None:
        kept |= {"name": session.name, "tags": session.tags, "source_identity": session.source_identity}
        kept |= {"mfa_at": session.mfa_at, "provider": session.provider}
    return kept


@operation("iam", "RejectDelegationRequest", asks=on_request("iam:RejectDelegationRequest"), changes=True)
def reject_delegation_request(call: Call, tx: Transaction) -> dict[str, Any]:
    """Refuse a request, or take back that it was accepted while its token was not sent."""
    record = _in(call, tx, *_OPEN, State.ACCEPTED)
    facts = _noted(record, "RejectionReason", call.params.get("Notes"))
    tx.delegations.change(record.id, state=State.REJECTED.value, updated=call.now, facts=facts)
    return {}


@operation("iam", "SendDelegationToken", asks=on_request("iam:SendDelegationToken"), changes=True)
def send_delegation_token(call: Call, tx: Transaction) -> dict[str, Any]:
    """Let the requestor have the token; from now on the time of the session runs."""
    record = _in(call, tx, State.ACCEPTED)
    if json.loads(record.facts).get("OnlySendByOwner") and call.caller.arn != record.owner_id:
        raise ServiceFault("AccessDenied", _BY_OWNER.format(record.id), 403)
    tx.delegations.change(record.id, state=State.FINALIZED.value, updated=call.now)
    return {}
