"""Service S3: what an operation of S3 gets beside the parameters of the model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ostiary.services.s3.requests import S3Request


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Call:
    """A request to S3, its signature verified."""

    request: S3Request
    body: bytes | None
    """The body as it was meant: decoded, its digests checked. None: it is streamed to the engine."""
    style: str | None
    """`REST-HEADER` or `REST-QUERY-STRING`; None for an anonymous request."""
    signed_at: datetime | None
    secure: bool
