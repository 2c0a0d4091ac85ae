"""MFA devices, password policies, and the passwords that were."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from ostiary.store.tables.base import metadata

mfa_devices: Final = Table(
    "mfa_devices",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("serial", String(256), nullable=False, unique=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("created", Integer, nullable=False),
    Column("owner_id", String(32), index=True),
    Column("enabled", Integer),
    Column("seed", LargeBinary),
    Column("period", Integer, nullable=False),
    Column("drift", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("credential_id", LargeBinary, unique=True),
    Column("facts", Text),
)

password_policies: Final = Table(
    "password_policies",
    metadata,
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("minimum_length", Integer, nullable=False),
    Column("symbols", Boolean, nullable=False),
    Column("numbers", Boolean, nullable=False),
    Column("uppercase", Boolean, nullable=False),
    Column("lowercase", Boolean, nullable=False),
    Column("users_may_change", Boolean, nullable=False),
    Column("max_age", Integer, nullable=False),
    Column("reuse_prevention", Integer, nullable=False),
    Column("hard_expiry", Boolean),
)

passwords_set: Final = Table(
    "passwords_set",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("user_id", String(32), ForeignKey("users.id"), nullable=False, index=True),
    Column("password", Text, nullable=False),
    Column("at", Integer, nullable=False),
)
