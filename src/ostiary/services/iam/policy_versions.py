"""services/iam: versions of managed policies.

Source: IAM API Reference, CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion,
DeletePolicyVersion; IAM User Guide, "Versioning IAM policies".
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.policy import PolicyKind
from ostiary.services.iam import managed, quotas
from ostiary.services.iam.documents import accept, encoded
from ostiary.services.iam.faults import DeleteConflict, LimitExceeded, NoSuchEntity
from ostiary.services.iam.managed import NOT_ATTACHABLE, Managed, Version, on_policy, shown_version
from ostiary.services.iam.paging import page_of
from ostiary.services.operation import Call, operation
from ostiary.store.records import PolicyRecord, PolicyVersionRecord
from ostiary.store.transaction import Transaction

_TOO_MANY: Final = (
    "A managed policy can have up to {} versions. Before you create a new version, you must delete an existing version."
)
_DEFAULT: Final = "Cannot delete the default version of a policy."


@operation("iam", "CreatePolicyVersion", asks=on_policy("iam:CreatePolicyVersion"), changes=True)
def create_policy_version(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add a version to a policy of the account, and perhaps put it in force."""
    record = managed.get_own(tx, call.account, call.params["PolicyArn"], NOT_ATTACHABLE)
    document = accept(tx, call.account, call.params["PolicyDocument"], PolicyKind.MANAGED)
    limit = quotas.quota(tx, call.account, "VersionsPerPolicy")
    if len(tx.policies.versions(record.id)) >= limit:
        raise LimitExceeded(_TOO_MANY.format(limit))
    number = record.last_version + 1
    is_default = bool(call.params.get("SetAsDefault"))
    tx.policies.add_version(
        PolicyVersionRecord(policy_id=record.id, number=number, document=document, created=call.now)
    )
    changed = {"default_version": number} if is_default else {}
    tx.policies.change(record.id, last_version=number, updated=call.now, **changed)
    policy = managed.get(tx, call.account, call.params["PolicyArn"])
    return {"PolicyVersion": shown_version(policy, _version(tx, policy, f"v{number}"))}


@operation("iam", "GetPolicyVersion", asks=on_policy("iam:GetPolicyVersion"))
def get_policy_version(call: Call, tx: Transaction) -> dict[str, Any]:
    """A version with its document."""
    wanted: str = call.params["VersionId"]
    policy = managed.get(tx, call.account, call.params["PolicyArn"], _missing(wanted))
    version = _version(tx, policy, wanted)
    return {"PolicyVersion": {"Document": encoded(version.document), **shown_version(policy, version)}}


@operation("iam", "ListPolicyVersions", asks=on_policy("iam:ListPolicyVersions"))
def list_policy_versions(call: Call, tx: Transaction) -> dict[str, Any]:
    """The versions, the newest first, without their documents."""
    policy = managed.get(tx, call.account, call.params["PolicyArn"], NOT_ATTACHABLE)
    found, rest = page_of(call, list(managed.versions(tx, policy)), _newest_first)
    return {"Versions": [shown_version(policy, version) for version in found], **rest}


@operation("iam", "SetDefaultPolicyVersion", asks=on_policy("iam:SetDefaultPolicyVersion"), changes=True)
def set_default_policy_version(call: Call, tx: Transaction) -> dict[str, Any]:
    """Put a version in force, wherever the policy is attached."""
    record, number = _own_version(call, tx)
    tx.policies.change(record.id, default_version=number)
    return {}


@operation("iam", "DeletePolicyVersion", asks=on_policy("iam:DeletePolicyVersion"), changes=True)
def delete_policy_version(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a version that is not in force."""
    record, number = _own_version(call, tx)
    if number == record.default_version:
        raise DeleteConflict(_DEFAULT)
    tx.policies.remove_version(record.id, number)
    return {}


def _own_version(call: Call, tx: Transaction) -> tuple[PolicyRecord, int]:
    """A policy of the account and the number of the version that the request names."""
    arn, wanted = call.params["PolicyArn"], call.params["VersionId"]
    record = managed.get_own(tx, call.account, arn, _missing(wanted))
    _version(tx, managed.own(record), wanted)
    return record, int(wanted.removeprefix("v"))


def _version(tx: Transaction, policy: Managed, wanted: str) -> Version:
    for version in managed.versions(tx, policy):
        if version.id == wanted:
            return version
    raise NoSuchEntity(_missing(wanted).format(policy.arn))


def _missing(version: str) -> str:
    return f"Policy {{}} version {version} does not exist or is not attachable."


def _newest_first(version: Version) -> str:
    return f"{10**9 - int(version.id.removeprefix('v').partition('.')[0]):010d}"
