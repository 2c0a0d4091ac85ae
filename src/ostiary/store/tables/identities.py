"""Accounts, users, groups, roles, policies and what they have."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from ostiary.store.tables.base import metadata, named

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

users: Final = named("users", Column("boundary", Text), Column("password_used", Integer))

login_profiles: Final = Table(
    "login_profiles",
    metadata,
    Column("user_id", String(32), ForeignKey("users.id"), primary_key=True),
    Column("password", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("reset_required", Boolean, nullable=False),
)

groups: Final = named("groups")

memberships: Final = Table(
    "memberships",
    metadata,
    Column("user_id", String(32), ForeignKey("users.id"), primary_key=True),
    Column("group_id", String(32), ForeignKey("groups.id"), primary_key=True, index=True),
)

roles: Final = named(
    "roles",
    Column("trust", Text, nullable=False),
    Column("description", Text),
    Column("max_session", Integer, nullable=False),
    Column("boundary", Text),
    Column("used", Integer),
    Column("used_region", String(32)),
)

instance_profiles: Final = named("instance_profiles", Column("role_id", String(32), ForeignKey("roles.id"), index=True))

policies: Final = named(
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
    Column("user_agent", Text, nullable=False),
    Column("source_ip", String(45), nullable=False),
)
