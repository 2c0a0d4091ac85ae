"""Sessions of the console, and sign-ins that failed."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from ostiary.store.tables.base import metadata

console_sessions: Final = Table(
    "console_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("principal_id", String(32), nullable=False, index=True),
    Column("token", Text, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("created", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("source_ip", String(45), nullable=False),
    Column("user_agent", Text, nullable=False),
)

sign_in_failures: Final = Table(
    "sign_in_failures",
    metadata,
    Column("subject", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("latest", Integer, nullable=False, index=True),
)
