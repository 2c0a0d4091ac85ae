"""services/iam: service-linked roles: CreateServiceLinkedRole, DeleteServiceLinkedRole and its task.

No service of AWS stands behind such a role here, so nothing keeps one from being deleted: the task has succeeded when
it is answered.

Source: IAM API Reference, the operations of the same names; IAM User Guide, "Create a service-linked role".
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.catalog.linked_services import LINKED_SERVICES, LinkedService
from ostiary.identifiers import SERVICE_LINKED, iam_arn
from ostiary.services.iam.asks import on_existing
from ostiary.services.iam.faults import InvalidInput, NoSuchEntity
from ostiary.services.iam.names import ROLE
from ostiary.services.iam.roles import shown_role
from ostiary.services.operation import Call, operation
from ostiary.store.delegation import RoleDeletionRecord
from ostiary.store.records import AlreadyExists, RoleRecord
from ostiary.store.transaction import Transaction

_UNKNOWN: Final = "Service name {} is not valid."
_NO_SUFFIX: Final = "Custom suffix is not allowed for {}"
_TAKEN: Final = "Service role name {} has been taken in this account, please try a different suffix."
_TASK: Final = re.compile(r"task(/aws-service-role/[\w.-]+/)([\w+=,.@-]{1,64})/[0-9a-f-]{36}", re.ASCII)
_LONGEST: Final = 64


def _linked(call: Call) -> tuple[LinkedService, str]:
    """The service, and the name of the role."""
    service = LINKED_SERVICES.get(call.params["AWSServiceName"])
    if service is None:
        raise InvalidInput(_UNKNOWN.format(call.params["AWSServiceName"]))
    suffix: str | None = call.params.get("CustomSuffix")
    if suffix is not None and not service.suffixes:
        raise InvalidInput(_NO_SUFFIX.format(service.principal))
    name = service.role if suffix is None else f"{service.role}_{suffix}"
    if len(name) > _LONGEST:
        raise InvalidInput(f"Service role name {name} is longer than {_LONGEST} characters.")
    return service, name


def _asks_to_create(call: Call, _tx: Transaction) -> Iterable[Ask]:
    principal = call.params["AWSServiceName"]
    known = LINKED_SERVICES.get(principal)
    suffix = call.params.get("CustomSuffix")
    name = (known.role if known else "*") + (f"_{suffix}" if suffix else "")
    arn = iam_arn(call.account, "role", name, f"{SERVICE_LINKED}{principal}/")
    context = {"iam:AWSServiceName": principal}
    yield Ask(action="iam:CreateServiceLinkedRole", resource=arn, context=context)


@operation("iam", "CreateServiceLinkedRole", asks=_asks_to_create, changes=True)
def create_service_linked_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add the role of a service. The quota of roles does not hold for it."""
    service, name = _linked(call)
    statement = {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [service.principal]}}
    record = RoleRecord(
        id=ROLE.new_id(call),
        account=call.account,
        name=name,
        path=f"{SERVICE_LINKED}{service.principal}/",
        created=call.now,
        trust=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        description=call.params.get("Description") or None,
    )
    try:
        tx.roles.add(record)
    except AlreadyExists:
        raise InvalidInput(_TAKEN.format(name)) from None
    tx.attachments.attach(record.id, service.policy, call.account, call.now)
    return {"Role": shown_role(tx, record)}


@operation("iam", "DeleteServiceLinkedRole", asks=on_existing("iam:DeleteServiceLinkedRole", ROLE), changes=True)
def delete_service_linked_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete the role of a service with what hangs on it; its sessions end."""
    role = ROLE.get(tx, call.account, call.params["RoleName"])
    if not role.path.startswith(SERVICE_LINKED):
        raise NoSuchEntity(ROLE.missing.format(role.name))
    tx.tags.remove(role.id)
    for arn in tx.attachments.of(role.id):
        tx.attachments.detach(role.id, arn)
    tx.roles.remove(role.id)
    drawn = uuid.UUID(bytes=call.house.entropy.draw(16), version=4)
    task = RoleDeletionRecord(id=f"task{role.path}{role.name}/{drawn}", account=call.account, at=call.now)
    tx.role_deletions.add(task)
    return {"DeletionTaskId": task.id}


def _asks_for_task(call: Call, _tx: Transaction) -> Iterable[Ask]:
    path, name = _read_task(call)
    arn = iam_arn(call.account, "role", name, path)
    yield Ask(action="iam:GetServiceLinkedRoleDeletionStatus", resource=arn)


@operation("iam", "GetServiceLinkedRoleDeletionStatus", asks=_asks_for_task)
def get_service_linked_role_deletion_status(call: Call, tx: Transaction) -> dict[str, Any]:
    """What became of a deletion."""
    task_id = call.params["DeletionTaskId"]
    task = tx.role_deletions.get(task_id)
    if task is None or task.account != call.account:
        raise NoSuchEntity(f"Deletion task {task_id} cannot be found.")
    return {"Status": "SUCCEEDED"}


def _read_task(call: Call) -> tuple[str, str]:
    """Path and name of the role that a task is about."""
    found = _TASK.fullmatch(call.params["DeletionTaskId"])
    if found is None:
        raise InvalidInput(f"Deletion task id {call.params['DeletionTaskId']} is not valid.")
    return found[1], found[2]
