"""Who may reach a bucket and its objects beside the bucket policy: ownership, ACLs, public access."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from ostiary.store.tables.base import metadata

bucket_access: Final = Table(
    "bucket_access",
    metadata,
    Column("bucket", String(63), primary_key=True),
    Column("ownership", String(32)),
    Column("acl", Text),
    Column("public_access", Integer),
    Column("requester_pays", Boolean, nullable=False),
    Column("cors", Text),
)

object_access: Final = Table(
    "object_access",
    metadata,
    Column("bucket", String(63), primary_key=True),
    Column("key", String(1024), primary_key=True),
    Column("marker", String(128), primary_key=True),
    Column("account", String(12), nullable=False),
    Column("acl", Text),
    Column("at", Integer, nullable=False),
    Column("of_upload", Boolean, nullable=False),
)

uploads: Final = Table(
    "uploads",
    metadata,
    Column("bucket", String(63), primary_key=True),
    Column("upload_id", String(256), primary_key=True),
    Column("key", String(1024), nullable=False),
    Column("account", String(12), nullable=False),
    Column("user_id", String(128), nullable=False),
    Column("arn", String(2048), nullable=False),
)

account_public_access: Final = Table(
    "account_public_access",
    metadata,
    Column("account", String(12), ForeignKey("accounts.id"), primary_key=True),
    Column("public_access", Integer, nullable=False),
)
