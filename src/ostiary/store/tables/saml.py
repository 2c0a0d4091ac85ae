"""SAML providers, and the assertions that were seen."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from ostiary.store.tables.base import metadata

saml_providers: Final = Table(
    "saml_providers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("name_key", String(128), nullable=False),
    Column("document", Text, nullable=False),
    Column("encryption", String(16)),
    Column("created", Integer, nullable=False),
    Column("valid_until", Integer, nullable=False),
    UniqueConstraint("account", "name_key"),
)

saml_keys: Final = Table(
    "saml_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("provider_id", String(64), ForeignKey("saml_providers.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Integer, nullable=False),
)

saml_redemptions: Final = Table(
    "saml_redemptions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("until", Integer, nullable=False, index=True),
)
