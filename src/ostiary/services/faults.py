"""A refusal in AWS's words. The HTTP status comes from the service model where it is not given."""

from __future__ import annotations

from collections.abc import Mapping


class ServiceFault(Exception):
    """An answer that is an error.

    Args:
        code: AWS's error code, such as `NoSuchEntity`.
        message: AWS's text.
        status: HTTP status; None: as the service model says, else 400.
        extra: further members of the error, such as S3's `BucketName`.
        cause: what the record is told besides, and the client is not.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int | None = None,
        extra: Mapping[str, str] | None = None,
        cause: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status
        self.extra: Mapping[str, str] = extra or {}
        self.cause = cause
