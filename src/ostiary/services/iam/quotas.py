"""services/iam: how many of what (R135, R136).

An operator overrides one for an account: `ostiary account quota`.

Source: IAM User Guide, "IAM and AWS STS quotas"; the names are those that IAM prints in its messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ostiary.services.iam.faults import LimitExceeded
from ostiary.store.named import Named
from ostiary.store.transaction import Transaction

QUOTAS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "UsersPerAccount": 5000,
        "GroupsPerAccount": 300,
        "RolesPerAccount": 1000,
        "PoliciesPerAccount": 1500,
        "InstanceProfilesPerAccount": 1000,
        "ServerCertificatesPerAccount": 20,
        "GroupsPerUser": 10,
        "AccessKeysPerUser": 2,
        "CertificatesPerUser": 2,
        "SSHPublicKeysPerUser": 5,
        "ServiceSpecificCredentialsPerUser": 2,
        "MFADevicesPerUser": 8,
        "MFADevicesPerAccount": 5000,
        "OpenIdConnectProvidersPerAccount": 100,
        "SAMLProvidersPerAccount": 100,
        "ClientIdsPerOpenIdConnectProvider": 100,
        "PoliciesPerUser": 10,
        "PoliciesPerGroup": 10,
        "PoliciesPerRole": 10,
        "VersionsPerPolicy": 5,
        "PolicyVersionsInUse": 10000,
        "InstanceSessionsPerInstanceProfile": 1,
        "TagsPerResource": 50,
        # sizes in characters, white space not counted
        "PolicySize": 6144,
        "UserPolicySize": 2048,
        "GroupPolicySize": 5120,
        "RolePolicySize": 10240,
        "ACLSizePerRole": 2048,
    }
)


def quota(tx: Transaction, account: str, name: str) -> int:
    """How many an account may have."""
    override = tx.settings.get(setting(account, name))
    return QUOTAS[name] if override is None else int(override)


def overridden(tx: Transaction, account: str) -> dict[str, int]:
    """The quotas that an operator has set for an account."""
    return {name: quota(tx, account, name) for name in QUOTAS if tx.settings.get(setting(account, name)) is not None}


def override(tx: Transaction, account: str, name: str, value: int | None) -> None:
    """Set a quota of an account; None: as AWS has it. What is there already stays there."""
    tx.settings.put(setting(account, name), None if value is None else str(value))


def setting(account: str, name: str) -> str:
    """The name of the setting that overrides a quota for an account."""
    return f"quota:{account}:{name}"


def check(tx: Transaction, account: str, name: str, wanted: int) -> None:
    """Raises `LimitExceeded` when `wanted`, the number there would be, is more than the quota."""
    limit = quota(tx, account, name)
    if wanted > limit:
        raise _exceeded(name, limit)


def check_all(tx: Transaction, account: str, name: str, of: Named[Any]) -> None:
    """Raises `LimitExceeded` when the account has more of a kind, the new one among them, than the quota."""
    limit = quota(tx, account, name)
    if of.exceeds(account, limit):
        raise _exceeded(name, limit)


def _exceeded(name: str, limit: int) -> LimitExceeded:
    return LimitExceeded(f"Cannot exceed quota for {name}: {limit}")
