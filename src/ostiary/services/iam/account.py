"""services/iam: the account itself: its alias and what it has.

Source: IAM API Reference, CreateAccountAlias, DeleteAccountAlias, ListAccountAliases, GetAccountSummary; IAM User
Guide, "Using an alias for your AWS account ID": a new alias overwrites the previous one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ostiary.identifiers import ACCOUNT_ID
from ostiary.services.iam import quotas
from ostiary.services.iam.account_properties import token_version
from ostiary.services.iam.faults import EntityAlreadyExists, InvalidInput, NoSuchEntity
from ostiary.services.iam.paging import by_name, page_of
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import AccountRecord, PolicyRecord
from ostiary.store.transaction import Transaction

_BATCH: Final = 500

SUMMARY_QUOTAS: Final = {
    "UsersQuota": "UsersPerAccount",
    "GroupsQuota": "GroupsPerAccount",
    "RolesQuota": "RolesPerAccount",
    "PoliciesQuota": "PoliciesPerAccount",
    "InstanceProfilesQuota": "InstanceProfilesPerAccount",
    "ServerCertificatesQuota": "ServerCertificatesPerAccount",
    "UserPolicySizeQuota": "UserPolicySize",
    "GroupPolicySizeQuota": "GroupPolicySize",
    "RolePolicySizeQuota": "RolePolicySize",
    "PolicySizeQuota": "PolicySize",
    "AssumeRolePolicySizeQuota": "ACLSizePerRole",
    "GroupsPerUserQuota": "GroupsPerUser",
    "AccessKeysPerUserQuota": "AccessKeysPerUser",
    "SigningCertificatesPerUserQuota": "CertificatesPerUser",
    "AttachedPoliciesPerUserQuota": "PoliciesPerUser",
    "AttachedPoliciesPerGroupQuota": "PoliciesPerGroup",
    "AttachedPoliciesPerRoleQuota": "PoliciesPerRole",
    "VersionsPerPolicyQuota": "VersionsPerPolicy",
    "PolicyVersionsInUseQuota": "PolicyVersionsInUse",
}
"""Members of the summary that are quotas, by the quota's name."""


@operation("iam", "CreateAccountAlias", asks=on_everything("iam:CreateAccountAlias"), changes=True)
def create_account_alias(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set the account's alias. It replaces the one there was."""
    alias = call.params["AccountAlias"]
    if ACCOUNT_ID.fullmatch(alias):
        raise InvalidInput(f"The account alias {alias} is not valid: it must not be 12 digits.")
    if tx.accounts.by_alias(alias) is not None:
        raise EntityAlreadyExists(f"The account alias {alias} already exists.")
    tx.accounts.change(call.account, alias=alias)
    return {}


@operation("iam", "DeleteAccountAlias", asks=on_everything("iam:DeleteAccountAlias"), changes=True)
def delete_account_alias(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take the account's alias away."""
    alias = call.params["AccountAlias"]
    if _account(call, tx).alias != alias:
        raise NoSuchEntity(f"The account alias {alias} cannot be found.")
    tx.accounts.change(call.account, alias=None)
    return {}


@operation("iam", "ListAccountAliases", asks=on_everything("iam:ListAccountAliases"))
def list_account_aliases(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's alias, if it has one."""
    alias = _account(call, tx).alias
    aliases, rest = page_of(call, [] if alias is None else [alias], str)
    return {"AccountAliases": list(aliases), **rest}


@operation("iam", "GetAccountSummary", asks=on_everything("iam:GetAccountSummary"))
def get_account_summary(call: Call, tx: Transaction) -> dict[str, Any]:
    """How many of what the account has, and may have."""
    account = _account(call, tx)
    counts = {
        "Users": tx.users.count(account.id),
        "Groups": tx.groups.count(account.id),
        "Roles": tx.roles.count(account.id),
        "Policies": tx.policies.count(account.id),
        "InstanceProfiles": tx.instance_profiles.count(account.id),
        "PolicyVersionsInUse": sum(len(tx.policies.versions(each.id)) for each in _policies(tx, account.id)),
        "AccountAccessKeysPresent": int(bool(tx.access_keys.of(account.id))),
        "MFADevices": tx.mfa_devices.count_virtual(account.id),
        "MFADevicesInUse": tx.mfa_devices.count_assigned(account.id),
        "AccountMFAEnabled": int(bool(tx.mfa_devices.of(account.id))),
        "ServerCertificates": tx.server_certificates.count(account.id),
        "AccountSigningCertificatesPresent": int(bool(tx.signing_certificates.of(account.id))),
        "AccountPasswordPresent": int(account.root_password is not None),
        "Providers": tx.openid_providers.count(account.id) + tx.saml_providers.count(account.id),
        "GlobalEndpointTokenVersion": token_version(tx, account.id),
    }
    limits = {member: quotas.quota(tx, account.id, name) for member, name in SUMMARY_QUOTAS.items()}
    return {"SummaryMap": {**counts, **limits}}


def _policies(tx: Transaction, account: str) -> Iterator[PolicyRecord]:
    after = ""
    while found := tx.policies.page(account, after=after, limit=_BATCH):
        yield from found
        after = by_name(found[-1])


def _account(call: Call, tx: Transaction) -> AccountRecord:
    found = tx.accounts.get(call.account)
    if found is None:
        raise NoSuchEntity(f"Account {call.account} does not exist.")
    return found
