"""What all tables share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint

metadata: Final = MetaData()


def named(name: str, *further: Column[object]) -> Table:
    """A table of things that have a unique id, an account, a name and a path."""
    return Table(
        name,
        metadata,
        Column("id", String(32), primary_key=True),
        Column("account", String(12), ForeignKey("accounts.id"), nullable=False),
        Column("name", String(128), nullable=False),
        Column("name_key", String(128), nullable=False),
        Column("path", String(512), nullable=False),
        Column("created", Integer, nullable=False),
        *further,
        UniqueConstraint("account", "name_key"),
    )
