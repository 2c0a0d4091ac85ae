"""policy: who asks (IAM User Guide, "AWS JSON policy elements: Principal").

Each class is one kind of principal. `arn` is the ARN AWS shows for it, `account` the account it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user, with long-term keys or GetSessionToken credentials."""

    arn: str
    account: str
    id: str | None = None
    """The unique id, `AIDA…`."""
    management_account: bool = False
    """The account is the management account of its organization: SCPs do not bind it."""
    canonical_id: str | None = None
    """S3's canonical user id of the account."""


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
    canonical_id: str | None = None


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
    canonical_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The root user of an account."""

    arn: str
    account: str
    management_account: bool = False
    canonical_id: str | None = None


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


AccountPrincipal = User | RoleSession | FederatedUser | Root
"""The principals that belong to an account."""

OF_ACCOUNT: Final = (User, RoleSession, FederatedUser, Root)

WITH_POLICIES: Final = (User, RoleSession, FederatedUser)
"""The principals that have identity policies; the root user has none."""

Principal = AccountPrincipal | Service | Federated | Anonymous


class Strength(IntEnum):
    """How a statement's Principal names the caller; decides what else must allow in the same account."""

    NONE = 0
    ACCOUNT = 1
    """Names the account: its own policies must allow too."""
    LIMITED = 2
    """Names the role of a session or the issuer of a federated user: boundary and session policy limit it."""
    DIRECT = 3
    """Names the caller itself, or everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom a Principal or NotPrincipal element names. Compared exactly: a `*` inside an ARN is no wildcard."""

    everyone: bool = False
    aws: frozenset[str] = frozenset()
    """ARNs and unique ids."""
    accounts: frozenset[str] = frozenset()
    """Account ids, from `123456789012` and `arn:…:root` alike."""
    services: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    canonical: frozenset[str] = frozenset()

    def strength(self, principal: Principal) -> Strength:
        """How strongly the element names a principal."""
        if self.everyone:
            return Strength.DIRECT
        match principal:
            case User() | RoleSession() | FederatedUser() | Root():
                return self._of_account(principal)
            case Service():
                return Strength.DIRECT if principal.arn in self.services else Strength.NONE
            case Federated():
                return Strength.DIRECT if principal.arn in self.providers else Strength.NONE
            case Anonymous():
                return Strength.NONE

    def _of_account(self, principal: AccountPrincipal) -> Strength:
        if principal.arn in self.aws or (isinstance(principal, User) and principal.id in self.aws):
            return Strength.DIRECT
        if isinstance(principal, RoleSession | FederatedUser) and not self.aws.isdisjoint(_behind(principal)):
            return Strength.LIMITED
        return Strength.ACCOUNT if self._account(principal) else Strength.NONE

    def _account(self, principal: AccountPrincipal) -> bool:
        return principal.account in self.accounts or principal.canonical_id in self.canonical

    def spares(self, principal: Principal) -> bool:
        """Whether a NotPrincipal with Deny that lists these leaves the principal alone.

        A partial list spares nobody: a user needs its ARN and its account, a session its ARN, its role and its account.
        """
        if self.everyone:
            return True
        match principal:
            case Root():
                return self._account(principal)
            case User():
                return self._account(principal) and (principal.arn in self.aws or principal.id in self.aws)
            case RoleSession() | FederatedUser():
                listed = principal.arn in self.aws and not self.aws.isdisjoint(_behind(principal))
                return listed and self._account(principal)
            case _:
                return self.strength(principal) is Strength.DIRECT


def _behind(session: RoleSession | FederatedUser) -> tuple[str | None, ...]:
    """The role or user a session acts for."""
    if isinstance(session, RoleSession):
        return session.role_arn, session.id
    return session.issuer_arn, session.issuer_id


_ROOT_ARN: Final = re.compile(r"arn:[^:]*:iam::([0-9]{12}):root")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def named(entries: Mapping[str, Iterable[str]]) -> Named:
    """Read a Principal element, its keys mapped to their values. `"*"` is `{"AWS": ["*"]}`."""
    aws, accounts = set[str](), set[str]()
    everyone = False
    for entry in entries.get("AWS", ()):
        root = _ROOT_ARN.fullmatch(entry)
        if entry == "*":
            everyone = True
        elif root or _ACCOUNT.fullmatch(entry):
            accounts.add(root[1] if root else entry)
        else:
            aws.add(entry)
    return Named(
        everyone=everyone,
        aws=frozenset(aws),
        accounts=frozenset(accounts),
        services=frozenset(entries.get("Service", ())),
        providers=frozenset(entries.get("Federated", ())),
        canonical=frozenset(entries.get("CanonicalUser", ())),
    )


def principal_of_arn(arn: str, *, role_arn: str | None = None, issuer_arn: str | None = None) -> Principal:
    """The principal an ARN (or a service's name) stands for, as far as it tells.

    Args:
        role_arn: of a session whose role has a path: session ARNs carry none.
        issuer_arn: of a federated user: the user who called GetFederationToken, whom its own ARN does not tell.

    Raises:
        ValueError: the ARN names no principal.
    """
    if _SERVICE_NAME.fullmatch(arn):
        return Service(arn=arn)
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and parts[2] in ("iam", "sts") and _ACCOUNT.fullmatch(parts[4]):
        partition, account, (kind, _, name) = parts[1], parts[4], parts[5].partition("/")
        if parts[5] == "root":
            return Root(arn=arn, account=account)
        if kind == "user" and name:
            return User(arn=arn, account=account)
        if kind == "assumed-role" and name.partition("/")[2]:
            role = role_arn or f"arn:{partition}:iam::{account}:role/{name.partition('/')[0]}"
            return RoleSession(arn=arn, role_arn=role, account=account)
        if kind == "federated-user" and name:
            return FederatedUser(arn=arn, issuer_arn=issuer_arn or "", account=account)
        if kind in ("oidc-provider", "saml-provider") and name:
            return Federated(arn=arn)
    raise ValueError(f"`{arn}` is no principal: give the ARN of a user, a session or a root user, or a service's name")


_SERVICE_NAME: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?")
