"""Signing certificates, SSH public keys, server certificates, service-specific credentials."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from ostiary.store.tables.base import metadata, named

signing_certificates: Final = Table(
    "signing_certificates",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("owner_id", String(32), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created", Integer, nullable=False),
    UniqueConstraint("account", "fingerprint"),
)

ssh_public_keys: Final = Table(
    "ssh_public_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), ForeignKey("users.id"), nullable=False),
    Column("fingerprint", String(48), nullable=False),
    Column("body", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created", Integer, nullable=False),
    UniqueConstraint("owner_id", "fingerprint"),
)

server_certificates: Final = named(
    "server_certificates",
    Column("body", Text, nullable=False),
    Column("chain", Text),
    Column("private_key", LargeBinary, nullable=False),
    Column("expires", Integer, nullable=False),
)

service_credentials: Final = Table(
    "service_credentials",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("owner_id", String(32), ForeignKey("users.id"), nullable=False, index=True),
    Column("service", String(64), nullable=False),
    Column("login", String(200), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created", Integer, nullable=False),
    Column("expires", Integer),
    UniqueConstraint("service", "login"),
)
