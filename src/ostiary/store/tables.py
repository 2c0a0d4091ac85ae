"""The tables. Names and times are AWS's; times are whole seconds since 1970, UTC.

`owner_id` is the unique id of a user, group or role; for the root user it is the account id.
`name_key` is the name in lower case: IAM names are unique without regard to case (R137).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData()


def _named(name: str, *further: Column[object]) -> Table:
    """A table of things that have a unique id, an account, a name and a path."""
    return Table(
        name,
        metadata,
        Column("id", String(32), primary_key=True),
        Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
        Column("name", String(128), nullable=False),
        Column("name_key", String(128), nullable=False),
        Column("path", String(512), nullable=False),
        Column("created", Integer, nullable=False),
        *further,
        UniqueConstraint("account", "name_key"),
    )


accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("email", String(254), nullable=False, unique=True),
    Column("created", Integer, nullable=False),
    Column("canonical_id", String(64), nullable=False, unique=True),
    Column("alias", String(63), unique=True),
    Column("data_key", LargeBinary, nullable=False),
    Column("root_password", Text),
    Column("management", Boolean, nullable=False),
)

users: Final = _named("users", Column("boundary", Text), Column("password_used", Integer))

login_profiles: Final = Table(
    "login_profiles",
    metadata,
    Column("user_id", String(32), ForeignKey("users.id"), primary_key=True),
    Column("password", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("reset_required", Boolean, nullable=False),
)

groups: Final = _named("groups")

memberships: Final = Table(
    "memberships",
    metadata,
    Column("user_id", String(32), ForeignKey("users.id"), primary_key=True),
    Column("group_id", String(32), ForeignKey("groups.id"), primary_key=True, index=True),
)

roles: Final = _named(
    "roles",
    Column("trust", Text, nullable=False),
    Column("description", Text),
    Column("max_session", Integer, nullable=False),
    Column("boundary", Text),
    Column("used", Integer),
    Column("used_region", String(32)),
)

instance_profiles: Final = _named(
    "instance_profiles", Column("role_id", String(32), ForeignKey("roles.id"), index=True)
)

policies: Final = _named(
    "policies",
    Column("description", Text),
    Column("updated", Integer, nullable=False),
    Column("default_version", Integer, nullable=False),
    Column("last_version", Integer, nullable=False),
)

policy_versions: Final = Table(
    "policy_versions",
    metadata,
    Column("policy_id", String(32), ForeignKey("policies.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("created", Integer, nullable=False),
)

attachments: Final = Table(
    "attachments",
    metadata,
    Column("owner_id", String(32), primary_key=True),
    Column("policy_arn", String(2048), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("at", Integer, nullable=False),
    Index("attachments_by_policy", "policy_arn", "account"),
)

inline_policies: Final = Table(
    "inline_policies",
    metadata,
    Column("owner_id", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("document", Text, nullable=False),
)

tags: Final = Table(
    "tags",
    metadata,
    Column("owner_id", String(64), primary_key=True),
    Column("folded", String(128), primary_key=True),
    Column("key", String(128), nullable=False),
    Column("value", String(256), nullable=False),
)

access_keys: Final = Table(
    "access_keys",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("owner_id", String(32), nullable=False, index=True),
    Column("secret", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created", Integer, nullable=False),
)

access_key_uses: Final = Table(
    "access_key_uses",
    metadata,
    Column("key_id", String(128), primary_key=True),
    Column("at", Integer, nullable=False),
    Column("service", String(64), nullable=False),
    Column("region", String(64), nullable=False),
)

buckets: Final = Table(
    "buckets",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False, index=True),
    Column("region", String(64), nullable=False),
    Column("created", Integer, nullable=False),
    Column("policy", Text),
)

instances: Final = Table(
    "instances",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("launched", Integer, nullable=False),
    Column("ended", Integer),
    Column("facts", Text, nullable=False),
)

profile_associations: Final = Table(
    "profile_associations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("instance_id", String(32), ForeignKey("instances.id"), nullable=False, index=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("profile_id", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Integer, nullable=False),
)

organizations: Final = Table(
    "organizations",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("root_id", String(34), nullable=False, unique=True),
    Column("management_account", String(12), ForeignKey("accounts.id"), nullable=False, unique=True),
    Column("created", Integer, nullable=False),
)

organizational_units: Final = Table(
    "organizational_units",
    metadata,
    Column("id", String(68), primary_key=True),
    Column("organization_id", String(34), ForeignKey("organizations.id"), nullable=False, index=True),
    Column("parent_id", String(68), nullable=False),
    Column("name", String(128), nullable=False),
    UniqueConstraint("parent_id", "name"),
)

organization_members: Final = Table(
    "organization_members",
    metadata,
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("organization_id", String(34), ForeignKey("organizations.id"), nullable=False, index=True),
    Column("parent_id", String(68), nullable=False, index=True),
    Column("joined", Integer, nullable=False),
)

organization_policy_types: Final = Table(
    "organization_policy_types",
    metadata,
    Column("organization_id", String(34), ForeignKey("organizations.id"), primary_key=True),
    Column("type", String(64), primary_key=True),
)

organization_policies: Final = Table(
    "organization_policies",
    metadata,
    Column("id", String(130), primary_key=True),
    Column("organization_id", String(34), ForeignKey("organizations.id"), nullable=False),
    Column("type", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("description", Text, nullable=False),
    Column("document", Text, nullable=False),
    UniqueConstraint("organization_id", "type", "name"),
)

organization_attachments: Final = Table(
    "organization_attachments",
    metadata,
    Column("target_id", String(68), primary_key=True),
    Column("policy_id", String(130), primary_key=True),
    Column("organization_id", String(34), ForeignKey("organizations.id"), nullable=False),
    Column("type", String(64), nullable=False),
    Index("organization_attachments_by_policy", "organization_id", "policy_id"),
)

account_creations: Final = Table(
    "account_creations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(34), ForeignKey("organizations.id"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Integer, nullable=False),
    Column("account", String(12)),
    Column("failure", String(64)),
)

settings: Final = Table(
    "settings",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", Text, nullable=False),
)

events: Final = Table(
    "events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("request_id", String(36), nullable=False, index=True),
    Column("account", String(12)),
    Column("at", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index("events_by_account", "account", "at"),
    sqlite_autoincrement=True,
)

documents: Final = Table(
    "documents",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)

changes: Final = Table(
    "changes",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("entity", String(2048), nullable=False),
    sqlite_autoincrement=True,
)
