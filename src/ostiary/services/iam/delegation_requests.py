"""services/iam: delegation requests from their making to their owner: CreateDelegationRequest,
AssociateDelegationRequest, GetDelegationRequest, ListDelegationRequests.

AWS takes requests from its partners; here every account may make one.

Source: IAM API Reference, the operations of the same names.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.identifiers import iam_arn
from ostiary.services.iam.delegation import State, get, on_request, shown, state_of
from ostiary.services.iam.delegation_check import permission_check
from ostiary.services.iam.delegation_templates import boundaries, filled_in
from ostiary.services.iam.faults import EntityAlreadyExists, InvalidInput
from ostiary.services.iam.paging import page_of
from ostiary.services.operation import Call, operation
from ostiary.store.delegation import DelegationRecord
from ostiary.store.records import AlreadyExists
from ostiary.store.transaction import Transaction

_KEPT: Final = ("Description", "RequestMessage", "Permissions", "RedirectUrl", "OnlySendByOwner")
_LINK: Final = "http://{}:{}/delegation-requests/{}"


def _asks_to_create(call: Call, _tx: Transaction) -> Iterable[Ask]:
    context = {
        "iam:DelegationDuration": str(call.params["SessionDuration"]),
        "iam:NotificationChannel": call.params["NotificationChannel"],
        "iam:TemplateArn": call.params["Permissions"].get("PolicyTemplateArn"),
    }
    told = {key: value for key, value in context.items() if value is not None}
    arn = iam_arn(call.account, "delegation-request", "*")
    yield Ask(action="iam:CreateDelegationRequest", resource=arn, context=told)


@operation("iam", "CreateDelegationRequest", asks=_asks_to_create, changes=True)
def create_delegation_request(call: Call, tx: Transaction) -> dict[str, Any]:
    """Ask for permissions in another account, for a time."""
    params, house = call.params, call.house
    owner_account: str | None = params.get("OwnerAccountId")
    if owner_account is not None and tx.accounts.get(owner_account) is None:
        raise InvalidInput(f"Account {owner_account} does not exist.")
    policy = filled_in(tx, call.account, params["Permissions"])
    facts = {name: params[name] for name in _KEPT if name in params}
    if arns := boundaries(policy):
        facts["RolePermissionRestrictionArns"] = arns
    record = DelegationRecord(
        id=str(uuid.UUID(bytes=house.entropy.draw(16), version=4)),
        requestor=call.account,
        workflow_id=params["RequestorWorkflowId"],
        state=State.UNASSIGNED.value,
        created=call.now,
        updated=call.now,
        owner_account=owner_account,
        session_seconds=params["SessionDuration"],
        policy=policy,
        facts=json.dumps(facts, ensure_ascii=False),
    )
    try:
        tx.delegations.add(record)
    except AlreadyExists:
        raise EntityAlreadyExists(
            f"A delegation request with workflow id {record.workflow_id} already exists."
        ) from None
    link = _LINK.format(house.settings.host, house.settings.console_port, record.id)
    return {"ConsoleDeepLink": link, "DelegationRequestId": record.id}


@operation("iam", "AssociateDelegationRequest", asks=on_request("iam:AssociateDelegationRequest"), changes=True)
def associate_delegation_request(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make the caller the owner of a request that nobody owns."""
    record = get(tx, call.params["DelegationRequestId"])
    state = state_of(record, call.now)
    if state is not State.UNASSIGNED:
        raise InvalidInput(f"Delegation request {record.id} cannot be associated in state {state.value}.")
    tx.delegations.change(
        record.id,
        owner_account=call.account,
        owner_id=call.caller.arn,
        state=State.ASSIGNED.value,
        updated=call.now,
    )
    return {}


@operation("iam", "GetDelegationRequest", asks=on_request("iam:GetDelegationRequest"), blocking=True)
def get_delegation_request(call: Call, tx: Transaction) -> dict[str, Any]:
    """A request, and on demand whether the caller has the permissions it asks for."""
    record = get(tx, call.params["DelegationRequestId"])
    answer: dict[str, Any] = {"DelegationRequest": shown(tx, record, call.now)}
    if call.params.get("DelegationPermissionCheck"):
        answer |= {"PermissionCheckStatus": "COMPLETE", "PermissionCheckResult": permission_check(call, record.policy)}
    return answer


def _asks_to_list(call: Call, _tx: Transaction) -> Iterable[Ask]:
    owner = call.params.get("OwnerId")
    context = {} if owner is None else {"iam:DelegationRequestOwner": owner}
    yield Ask(action="iam:ListDelegationRequests", context=context)


@operation("iam", "ListDelegationRequests", asks=_asks_to_list)
def list_delegation_requests(call: Call, tx: Transaction) -> dict[str, Any]:
    """The requests that somebody of the account owns, or one owner's."""
    owner = call.params.get("OwnerId")
    owned = [each for each in tx.delegations.owned_in(call.account) if owner in (None, each.owner_id)]
    found, rest = page_of(call, owned, lambda each: each.id)
    rest["isTruncated"] = rest.pop("IsTruncated")
    return {"DelegationRequests": [shown(tx, each, call.now) for each in found], **rest}
