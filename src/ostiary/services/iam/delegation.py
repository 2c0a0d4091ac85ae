"""services/iam: delegation requests: their states, who may do what with one, how one is shown.

Source: IAM API Reference, DelegationRequest; IAM User Guide, "IAM temporary delegation for AWS Partners",
"Understanding the Request Lifecycle", "Managing Permissions for Delegation Requests".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from ostiary.authorization.book import attached
from ostiary.authorization.judge import Ask
from ostiary.identifiers import iam_arn
from ostiary.policy import ContextValue, PolicyType, Pool, Source
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.names import moment
from ostiary.services.operation import Asks, Call
from ostiary.store.delegation import DelegationRecord
from ostiary.store.transaction import Transaction

_DAY: Final = 86_400
_MISSING: Final = "Delegation request {} cannot be found."
_OWNER_KEY: Final = "iam:DelegationRequestOwner"
_OF_OWNER: Final = frozenset({"iam:GetDelegationRequest", "iam:GetHumanReadableSummary", "iam:UpdateDelegationRequest"})
"""What the owner of a request may do with it by default."""


class State(StrEnum):
    """Where a request stands."""

    UNASSIGNED = "UNASSIGNED"
    ASSIGNED = "ASSIGNED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    ACCEPTED = "ACCEPTED"
    FINALIZED = "FINALIZED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


def expires(record: DelegationRecord) -> int:
    """When the request expires, if nothing is done."""
    return record.updated + (1 if record.state == State.UNASSIGNED else 7) * _DAY


def state_of(record: DelegationRecord, now: int) -> State:
    """Where the request stands now."""
    return State.EXPIRED if now >= expires(record) else State(record.state)


def get(tx: Transaction, request_id: str) -> DelegationRecord:
    """A request by id. Raises `NoSuchEntity`."""
    found = tx.delegations.get(request_id)
    if found is None:
        raise NoSuchEntity(_MISSING.format(request_id))
    return found


def arn_of(call: Call, record: DelegationRecord | None, request_id: str) -> str:
    """The request's ARN: in the owner's account; while there is none, in that of whoever asks."""
    account = (record.owner_account if record else None) or call.account
    return iam_arn(account, "delegation-request", request_id)


def on_request(action: str) -> Asks:
    """For an action on the request that `DelegationRequestId` names."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        yield ask(call, tx, action, call.params["DelegationRequestId"])

    return asks


def ask(call: Call, tx: Transaction, action: str, request_id: str) -> Ask:
    """An ask on a request; the owner's default permission is a policy of the request itself."""
    record = tx.delegations.get(request_id)
    owner = record.owner_id if record else None
    context: dict[str, ContextValue] = {} if owner is None else {_OWNER_KEY: owner}
    default = action in _OF_OWNER and owner is not None and owner == call.caller.arn
    return Ask(
        action=action,
        resource=arn_of(call, record, request_id),
        account=record.owner_account if record else None,
        context=context,
        resource_policy=_default_permission(owner, action) if default and owner else None,
    )


def _default_permission(owner: str, action: str) -> Pool:
    statement = {"Effect": "Allow", "Principal": {"AWS": owner}, "Action": action, "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    source = Source(type=PolicyType.RESOURCE, name="default permissions", owner="delegation-request")
    return Pool((attached(text, source),))


def shown(tx: Transaction, record: DelegationRecord, now: int) -> dict[str, Any]:
    """As the API shows it."""
    requestor = tx.accounts.get(record.requestor)
    named = {
        "OwnerAccountId": record.owner_account,
        "OwnerId": record.owner_id,
        "ApproverId": record.approver_id,
        "RequestorName": requestor.name[:30] if requestor else None,
    }
    return {
        "DelegationRequestId": record.id,
        **json.loads(record.facts),
        **{name: value for name, value in named.items() if value is not None},
        "PermissionPolicy": record.policy,
        "State": state_of(record, now).value,
        "RequestorId": record.requestor,
        "CreateDate": moment(record.created),
        "UpdatedTime": moment(record.updated),
        "ExpirationTime": moment(expires(record)),
        "SessionDuration": record.session_seconds,
    }
