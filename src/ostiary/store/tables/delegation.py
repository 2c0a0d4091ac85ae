"""Delegation requests, role templates, service-linked roles that went, account properties, trust in an organization."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from ostiary.store.tables.base import metadata

delegation_requests: Final = Table(
    "delegation_requests",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("requestor", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("workflow_id", String(400), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("owner_account", String(12), ForeignKey("accounts.id"), index=True),
    Column("owner_id", String(2048)),
    Column("approver_id", String(2048)),
    Column("approver", Text),
    Column("session_seconds", Integer, nullable=False),
    Column("policy", Text, nullable=False),
    Column("facts", Text, nullable=False),
    UniqueConstraint("requestor", "workflow_id"),
)

role_template_versions: Final = Table(
    "role_template_versions",
    metadata,
    Column("arn", String(2048), primary_key=True),
    Column("minor", Integer, primary_key=True),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("facts", Text, nullable=False),
)

role_sources: Final = Table(
    "role_sources",
    metadata,
    Column("role_id", String(32), ForeignKey("roles.id"), primary_key=True),
    Column("template_arn", String(2048), nullable=False),
    Column("minor", Integer, nullable=False),
)

service_linked_role_deletions: Final = Table(
    "service_linked_role_deletions",
    metadata,
    Column("id", String(1000), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("at", Integer, nullable=False),
)

account_properties: Final = Table(
    "account_properties",
    metadata,
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("name", String(50), primary_key=True),
    Column("value", String(1024), nullable=False),
)

trusted_services: Final = Table(
    "trusted_services",
    metadata,
    Column("organization_id", String(34), ForeignKey("organizations.id"), primary_key=True),
    Column("service", String(128), primary_key=True),
    Column("at", Integer, nullable=False),
)

delegated_administrators: Final = Table(
    "delegated_administrators",
    metadata,
    Column("organization_id", String(34), ForeignKey("organizations.id"), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("service", String(128), primary_key=True),
    Column("at", Integer, nullable=False),
)

root_access_features: Final = Table(
    "root_access_features",
    metadata,
    Column("organization_id", String(34), ForeignKey("organizations.id"), primary_key=True),
    Column("feature", String(32), primary_key=True),
)
