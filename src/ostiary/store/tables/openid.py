"""OpenID Connect providers, and the keys of our own issuer."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from ostiary.store.tables.base import metadata

openid_providers: Final = Table(
    "openid_providers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("name_key", String(255), nullable=False),
    Column("client_ids", Text, nullable=False),
    Column("thumbprints", Text, nullable=False),
    Column("created", Integer, nullable=False),
    UniqueConstraint("account", "name_key"),
)

outbound_federations: Final = Table(
    "outbound_federations",
    metadata,
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("issuer_id", String(36), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
)

issuer_keys: Final = Table(
    "issuer_keys",
    metadata,
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("kid", String(32), primary_key=True),
    Column("algorithm", String(8), nullable=False),
    Column("number", Integer, nullable=False),
    Column("public", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Integer, nullable=False),
)
