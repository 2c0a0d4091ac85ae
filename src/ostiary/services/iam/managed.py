"""services/iam: managed policies, the account's own and AWS's, in one form.

Source: IAM User Guide, "Managed policies and inline policies"; IAM API Reference, Policy, PolicyVersion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ostiary import catalog
from ostiary.authorization.judge import Ask
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.asks import request_context, resource_context
from ostiary.services.iam.faults import InvalidInput, NoSuchEntity, PolicyNotAttachable, ValidationError
from ostiary.services.iam.names import POLICY, moment
from ostiary.services.operation import Asks, Call
from ostiary.store.records import PolicyRecord
from ostiary.store.transaction import Transaction

_ARN: Final = re.compile(
    r"arn:aws:iam::([0-9]{12}|aws):policy((?:/[A-Za-z0-9.,+@=_-]+)*/)([\w+=,.@-]{1,128})", re.ASCII
)
NOT_FOUND: Final = "Policy {} was not found."
NOT_ATTACHABLE: Final = "Policy {} does not exist or is not attachable."
_FOREIGN: Final = "Policy is outside your own account."
_OF_SERVICES: Final = "arn:aws:iam::aws:policy/aws-service-role/"
_NOT_FOR_CUSTOMERS: Final = "Cannot attach a Service Role Policy to a Customer {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version with its document."""

    id: str
    document: str
    created: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A managed policy. `record` is None for AWS's own."""

    id: str
    arn: str
    name: str
    path: str
    description: str | None
    default_version: str
    created: datetime
    updated: datetime
    record: PolicyRecord | None


@dataclass(frozen=True, slots=True)
class Usage:
    """How often an account uses each policy, by ARN."""

    attached: Mapping[str, int]
    boundary: Mapping[str, int]

    @classmethod
    def of(cls, tx: Transaction, account: str) -> Usage:
        """What is so now."""
        return cls(tx.attachments.counts(account), tx.attachments.boundary_counts(account))


def own(record: PolicyRecord) -> Managed:
    """A customer-managed policy."""
    return Managed(
        id=record.id,
        arn=POLICY.arn(record),
        name=record.name,
        path=record.path,
        description=record.description,
        default_version=f"v{record.default_version}",
        created=moment(record.created),
        updated=moment(record.updated),
        record=record,
    )


def aws(policy: catalog.ManagedPolicy) -> Managed:
    """An AWS-managed policy."""
    return Managed(
        id=policy.id,
        arn=policy.arn,
        name=policy.name,
        path=policy.path,
        description=policy.description,
        default_version=policy.default_version,
        created=policy.created,
        updated=policy.updated,
        record=None,
    )


def account_of(arn: str) -> str:
    """Whose policy an ARN names: an account id, or `aws`.

    Raises:
        ValidationError: it is no ARN.
        InvalidInput: it is the ARN of something else.
    """
    found = _ARN.fullmatch(arn)
    if found is None:
        refusal = InvalidInput if arn.startswith("arn:") else ValidationError
        raise refusal(f"ARN {arn} is not valid.")
    return found[1]


def find(tx: Transaction, account: str, arn: str) -> Managed | None:
    """The policy with exactly this ARN, if the account may use it: its own, or AWS's."""
    owner = account_of(arn)
    if owner == "aws":
        known = catalog.managed_policy(arn)
        return None if known is None else aws(known)
    record = tx.policies.get(account, arn.rsplit("/", 1)[1]) if owner == account else None
    return own(record) if record is not None and own(record).arn == arn else None


def get(tx: Transaction, account: str, arn: str, missing: str = NOT_FOUND) -> Managed:
    """The same, or `NoSuchEntity` in the words of `missing`."""
    found = find(tx, account, arn)
    if found is None:
        raise NoSuchEntity(missing.format(arn))
    return found


def get_attachable(tx: Transaction, account: str, arn: str, missing: str) -> Managed:
    """The same, if it may be attached or be a boundary today."""
    found = get(tx, account, arn, missing)
    if not is_attachable(found):
        raise NoSuchEntity(missing.format(arn))
    return found


def refuse_service_role_policy(arn: str, noun: str) -> None:
    """Raises `PolicyNotAttachable`: AWS's policies for service-linked roles are for these alone.

    Args:
        arn: of a policy that is there.
        noun: what it would be attached to: `User`, `Group` or `Role`.
    """
    if arn.startswith(_OF_SERVICES):
        raise PolicyNotAttachable(_NOT_FOR_CUSTOMERS.format(noun))


def get_own(tx: Transaction, account: str, arn: str, missing: str = NOT_FOUND) -> PolicyRecord:
    """A policy that the account may change: its own.

    Raises:
        ServiceFault: AccessDenied for AWS's policies.
        NoSuchEntity: there is none.
    """
    if account_of(arn) != account:
        raise ServiceFault("AccessDenied", _FOREIGN, 403)
    record = get(tx, account, arn, missing).record
    assert record is not None
    return record


def on_policy(action: str) -> Asks:
    """For an action on the policy that `PolicyArn` names."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        arn: str = call.params["PolicyArn"]
        owner = account_of(arn)
        found = find(tx, call.account, arn)
        context = request_context(call, action)
        if found is not None and found.record is not None:
            context |= resource_context(tx, POLICY, found.id)
        return (Ask(action=action, resource=arn, account=None if owner == "aws" else owner, context=context),)

    return asks


def is_attachable(policy: Managed) -> bool:
    """AWS's retired policies work where they are attached, and can't be attached anew."""
    known = None if policy.record is not None else catalog.managed_policy(policy.arn)
    return known is None or not known.retired


def versions(tx: Transaction, policy: Managed) -> Iterator[Version]:
    """Every version, the newest first."""
    if policy.record is not None:
        for row in tx.policies.versions(policy.record.id):
            yield Version(id=f"v{row.number}", document=row.document, created=moment(row.created))
        return
    known = catalog.managed_policy(policy.arn)
    for listed in known.versions if known else ():
        text = catalog.document(policy.arn, listed.id)
        if text is not None:
            yield Version(id=listed.id, document=text, created=listed.created)


def shown_policy(policy: Managed, usage: Usage) -> dict[str, Any]:
    """The members that every answer about a policy has."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version,
        "AttachmentCount": usage.attached.get(policy.arn, 0),
        "PermissionsBoundaryUsageCount": usage.boundary.get(policy.arn, 0),
        "IsAttachable": is_attachable(policy),
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }


def shown_version(policy: Managed, version: Version) -> dict[str, Any]:
    """A version without its document."""
    shown: dict[str, Any] = {"VersionId": version.id, "IsDefaultVersion": version.id == policy.default_version}
    if version.created is not None:
        shown["CreateDate"] = version.created
    return shown
