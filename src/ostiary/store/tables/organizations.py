"""Organizations."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from ostiary.store.tables.base import metadata

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
