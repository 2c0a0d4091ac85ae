"""AssumeRoot: the root user of a member account, for one task of at most fifteen minutes.

The session has a limit of two parts: the task's policy of AWS, which only denies, and an Allow of everything beside it,
so that the root user may do what the task's policy leaves.

Source: STS API Reference, AssumeRoot; IAM User Guide, "Perform a privileged task on an AWS Organizations member
account", "AWS global condition context keys" (`aws:AssumedRoot`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ostiary.authorization.caller import CallerKind
from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.identifiers import AccountId, root_arn
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.organizations_features import CREDENTIALS, IAM, SESSIONS, administered_by
from ostiary.services.operation import Call, operation
from ostiary.services.sts.session_parameters import credentials, validation_error
from ostiary.store.transaction import Transaction

_DEFAULT_SECONDS: Final = 900
_PREFIX: Final = "arn:aws:iam::aws:policy/root-task/"
TASKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        f"{_PREFIX}IAMAuditRootUserCredentials": CREDENTIALS,
        f"{_PREFIX}IAMCreateRootUserPassword": CREDENTIALS,
        f"{_PREFIX}IAMDeleteRootUserCredentials": CREDENTIALS,
        f"{_PREFIX}S3UnlockBucketPolicy": SESSIONS,
        f"{_PREFIX}SQSUnlockQueuePolicy": SESSIONS,
    }
)
"""The task policies, and the feature of the organization that each needs."""
_TARGET: Final = re.compile(r"(?:arn:aws:iam::)?([0-9]{12})(?::root)?")
_ALL: Final = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
_BY_ROOT: Final = "Root user credentials cannot be used to call AssumeRoot."
_NOT_ALLOWED: Final = "Centralized root access is not enabled for this task on account {}."


def _target(call: Call) -> str:
    """The account whose root user is meant."""
    named: str = call.params["TargetPrincipal"]
    found = _TARGET.fullmatch(named)
    if found is None or named not in (found[1], root_arn(found[1])):
        raise validation_error(f"{named} is invalid")
    return found[1]


def _task(call: Call) -> str:
    arn: str | None = call.params["TaskPolicyArn"].get("arn")
    if arn is None or arn not in TASKS:
        raise validation_error(f"Task policy {arn} is invalid")
    return arn


def _asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    """The caller's own policies decide: the member account has none about its root user."""
    if call.caller.kind is CallerKind.ROOT:
        raise ServiceFault("AccessDenied", _BY_ROOT, 403)
    account = _target(call)
    context = {"sts:TaskPolicyArn": _task(call), "aws:ResourceAccount": account}
    yield Ask(action="sts:AssumeRoot", resource=root_arn(account), context=context)


@operation("sts", "AssumeRoot", asks=_asks)
def assume_root(call: Call, tx: Transaction) -> dict[str, Any]:
    """Credentials of a member account's root user, for a task."""
    account, task = _target(call), _task(call)
    organization = administered_by(tx, call.account)
    member = tx.organizations.member(account)
    permitted = (
        organization is not None
        and member is not None
        and member.organization_id == organization.id
        and account != organization.management_account
        and IAM in tx.organization_trust.services(organization.id)
        and TASKS[task] in tx.organization_trust.features(organization.id)
    )
    if not permitted:
        raise ServiceFault("AccessDenied", _NOT_ALLOWED.format(account), 403)
    identity = call.caller.session.source_identity if call.caller.session else None
    session = Session(
        kind=SessionKind.ROOT,
        account=account,
        principal_id=account,
        access_key_id=call.house.seal.new_access_key_id(AccountId(account)),
        issued=call.now,
        expires=call.now + call.params.get("DurationSeconds", _DEFAULT_SECONDS),
        policies=(_ALL,),
        policy_arns=(task,),
        source_identity=identity,
        chained=call.caller.session is not None,
        context=(("aws:AssumedRoot", "true"),),
    )
    answer: dict[str, Any] = {"Credentials": credentials(call.house.seal.issue(session))}
    return answer if identity is None else {**answer, "SourceIdentity": identity}
