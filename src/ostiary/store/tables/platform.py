"""Buckets, instances, settings, the record and the list of changes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, text

from ostiary.store.tables.base import metadata

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
    Column("principal", String(64)),
    Column("error", String(128)),
    Index("events_by_account", "account", "at"),
    Index("events_by_principal", "principal", "at", sqlite_where=text("principal IS NOT NULL")),
    Index("events_failed", "account", "at", sqlite_where=text("error IS NOT NULL")),
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
