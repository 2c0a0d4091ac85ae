"""policy: who asks (IAM User Guide, "AWS JSON policy elements: Principal").

Each class is one kind of principal. `arn` is the ARN AWS shows for it, `account` the account it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user, with long-term keys or GetSessionToken credentials."""

    arn: str
    account: str
    id: str | None = None
    """The unique id, `AIDA…`."""
    management_account: bool = False
    """The account is the management account of its organization: SCPs do not bind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSession:
    """A session of a role."""

    arn: str
    """The session's ARN, `arn:aws:sts::account:assumed-role/role/session`."""
    role_arn: str
    """The role's ARN, with its path."""
    account: str
    id: str | None = None
    """The role's unique id, `AROA…`."""
    service_linked: bool = False
    management_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedUser:
    """A session from GetFederationToken."""

    arn: str
    """`arn:aws:sts::account:federated-user/name`."""
    issuer_arn: str
    """The user who called GetFederationToken (or the root user)."""
    account: str
    issuer_id: str | None = None
    """That user's unique id."""
    management_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The root user of an account."""

    arn: str
    account: str
    management_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An AWS service acting for itself; `arn` is its name, such as `ec2.amazonaws.com`."""

    arn: str
    account: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Federated:
    """The caller of AssumeRoleWithSAML or AssumeRoleWithWebIdentity; `arn` names the identity provider."""

    arn: str
    account: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    """A caller without a signature."""

    arn: None = None
    account: None = None


Principal = User | RoleSession | FederatedUser | Root | Service | Federated | Anonymous
