"""Service S3: what an operation of S3 gets beside the parameters of the model."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ostiary.services.s3.requests import S3Request


class S3Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request to S3, its signature verified."""

    request: S3Request
    body: bytes | None
    """The body as it was meant: decoded, its digests checked. None: it is streamed to the engine."""
    style: str | None
    """`REST-HEADER`, `REST-QUERY-STRING` or `POST`; None for an anonymous request."""
    signed_at: datetime | None
    secure: bool
    tls_version: str | None = None
    """`1.2`, `1.3`; None where TLS ends elsewhere or there is none."""
    host: str = ""
    """The header, as the client addressed us."""
    form: Any = None
    """The fields of an upload by an HTML form (`forms.Form`)."""
