"""What principals did last, action by action; jobs of reports."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from ostiary.store.tables.base import metadata

service_accesses: Final = Table(
    "service_accesses",
    metadata,
    Column("principal_id", String(32), primary_key=True),
    Column("service", String(64), primary_key=True),
    Column("action", String(128), primary_key=True),
    Column("account", String(12), nullable=False),
    Column("at", Integer, nullable=False),
    Column("region", String(64), nullable=False),
    Column("allowed", Integer),
    Column("refused", Integer),
    Index("service_accesses_by_account", "account", "service"),
)

report_jobs: Final = Table(
    "report_jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("owner_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("question", Text, nullable=False),
    Column("created", Integer, nullable=False, index=True),
)

credential_reports: Final = Table(
    "credential_reports",
    metadata,
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("requested", Integer, nullable=False),
)
