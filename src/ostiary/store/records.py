"""What the store gives: frozen rows. Times are seconds since 1970, UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

USER_AGENT_KEPT: Final = 512
"""Characters of a client's name that are kept with a key's last use."""


class AlreadyExists(Exception):
    """A row with this name or key is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """An account and its root user."""

    id: str
    name: str
    email: str
    created: int
    canonical_id: str
    alias: str | None = None
    data_key: bytes = field(repr=False)
    root_password: str | None = field(default=None, repr=False)
    management: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRecord:
    """What users, groups, roles, instance profiles and managed policies share."""

    id: str
    account: str
    name: str
    path: str
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord(NamedRecord):
    boundary: str | None = None
    """ARN of the permissions boundary."""
    password_used: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord(NamedRecord):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRecord(NamedRecord):
    trust: str
    """The trust policy with principals as unique ids (R37)."""
    description: str | None = None
    max_session: int = 3600
    boundary: str | None = None
    used: int | None = None
    used_region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceProfileRecord(NamedRecord):
    role_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord(NamedRecord):
    """A customer-managed policy."""

    description: str | None = None
    updated: int
    default_version: int = 1
    last_version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersionRecord:
    policy_id: str
    number: int
    document: str
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginProfileRecord:
    user_id: str
    password: str = field(repr=False)
    """A PHC string (Argon2id)."""
    created: int
    reset_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKeyRecord:
    id: str
    account: str
    owner_id: str
    """A user's AIDA id; the account id for a key of the root user."""
    secret: bytes = field(repr=False)
    """Sealed."""
    active: bool
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKeyUse:
    key_id: str
    at: int
    service: str
    region: str
    user_agent: str = ""
    """As the client calls itself; never longer than `USER_AGENT_KEPT`."""
    source_ip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRecord:
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketRecord:
    name: str
    account: str
    region: str
    created: int
    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRecord:
    id: str
    account: str
    state: str
    launched: int
    ended: int | None = None
    facts: str
    """JSON: what the launch request said and what was drawn for it (addresses, token options, tags)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileAssociationRecord:
    id: str
    instance_id: str
    account: str
    profile_id: str
    state: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    request_id: str
    account: str | None
    at: int
    body: str
    """JSON, CloudTrail's shape."""
    principal: str | None = None
    """The unique id of the user or role that asked; the account id for the root user."""
    error: str | None = None
    """The error's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRecord:
    id: str
    root_id: str
    management_account: str
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalUnitRecord:
    id: str
    organization_id: str
    parent_id: str
    """The root or another unit."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    """An account's place in an organization."""

    account: str
    organization_id: str
    parent_id: str
    joined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPolicyRecord:
    id: str
    organization_id: str
    type: str
    """`SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`."""
    name: str
    description: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreationRecord:
    """A request to make an account, and what became of it."""

    id: str
    organization_id: str
    name: str
    state: str
    at: int
    account: str | None = None
    failure: str | None = None
