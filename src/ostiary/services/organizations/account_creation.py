"""services/organizations: new accounts: CreateAccount, and what became of the requests.

AWS makes accounts in the background; here the account is there when the answer is. Nobody gets a key of its root user:
the management account comes in by a role that trusts it.

Source: Organizations API Reference, CreateAccount, DescribeCreateAccountStatus, ListCreateAccountStatus; Organizations
User Guide, "Accessing member accounts: OrganizationAccountAccessRole".
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.identifiers import root_arn
from ostiary.services.accounts import admit, new_account_id
from ostiary.services.iam.names import ROLE, moment
from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on_all, request_tags
from ostiary.services.organizations.faults import CreateAccountStatusNotFound
from ostiary.services.organizations.founding import new_id
from ostiary.services.organizations.members import managed
from ostiary.services.organizations.paging import page
from ostiary.services.organizations.tags import put_tags
from ostiary.store.records import AccountCreationRecord, AlreadyExists, RoleRecord
from ostiary.store.transaction import Transaction

_ROLE: Final = "OrganizationAccountAccessRole"
_ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


@operation("organizations", "CreateAccount", asks=on_all("CreateAccount", request_tags), changes=True)
def create_account(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make an account under the root, with a role for the management account."""
    organization, params = managed(call, tx), call.params
    creation = {
        "id": new_id(call.house.entropy, "car-", 32),
        "organization_id": organization.id,
        "name": params["AccountName"],
        "at": call.now,
    }
    account = new_account_id(call.house)
    try:
        admit(call.house, tx, account=account, name=params["AccountName"], email=params["Email"], into=organization)
    except AlreadyExists:
        record = AccountCreationRecord(**creation, state="FAILED", failure="EMAIL_ALREADY_EXISTS")
    else:
        _let_in(call, tx, account, organization.management_account)
        put_tags(tx, account, params.get("Tags"))
        record = AccountCreationRecord(**creation, state="SUCCEEDED", account=account)
    tx.organizations.note_creation(record)
    return {"CreateAccountStatus": _shown(record)}


@operation("organizations", "DescribeCreateAccountStatus", asks=on_all("DescribeCreateAccountStatus"))
def describe_create_account_status(call: Call, tx: Transaction) -> dict[str, Any]:
    """What became of one request."""
    wanted = call.params["CreateAccountRequestId"]
    for record in tx.organizations.creations(managed(call, tx).id):
        if record.id == wanted:
            return {"CreateAccountStatus": _shown(record)}
    raise CreateAccountStatusNotFound


@operation("organizations", "ListCreateAccountStatus", asks=on_all("ListCreateAccountStatus"))
def list_create_account_status(call: Call, tx: Transaction) -> dict[str, Any]:
    """What became of all requests, or of those in some states."""
    states = call.params.get("States")
    known = tx.organizations.creations(managed(call, tx).id)
    found, rest = page(call, [each for each in known if not states or each.state in states], lambda each: each.id)
    return {"CreateAccountStatuses": [_shown(record) for record in found], **rest}


def _let_in(call: Call, tx: Transaction, account: str, management_account: str) -> None:
    """The role by which administrators of the management account act in the new one."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": root_arn(management_account)}, "Action": "sts:AssumeRole"}
        ],
    }
    role = RoleRecord(
        id=ROLE.new_id(call),
        account=account,
        name=call.params.get("RoleName") or _ROLE,
        path="/",
        created=call.now,
        trust=json.dumps(trust),
    )
    tx.roles.add(role)
    tx.attachments.attach(role.id, _ADMINISTRATOR, account, call.now)


def _shown(record: AccountCreationRecord) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Id": record.id,
        "AccountName": record.name,
        "State": record.state,
        "RequestedTimestamp": moment(record.at),
        "CompletedTimestamp": moment(record.at),
    }
    optional = {"AccountId": record.account, "FailureReason": record.failure}
    return shown | {name: value for name, value in optional.items() if value is not None}
