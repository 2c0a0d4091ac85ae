"""Service S3: how long a body may be, and that its length must be known.

Source: Amazon S3 API Reference, PutObject, UploadPart and "Error responses"; Amazon S3 User Guide, "Uploading objects".
"""

from __future__ import annotations

import re
from typing import Final

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.call import S3Call

LARGEST_PUT: Final = 5 * 1024**3
"""Bytes of an object, or a part, that is sent in one request."""
_DIGITS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


def check_length(s3: S3Call) -> None:
    """Hold the announced length of a streamed body against what S3 takes.

    Raises:
        ServiceFault: EntityTooLarge; MissingContentLength; NotImplemented for a body whose length is not told.
    """
    chunked = s3.request.header("x-amz-decoded-content-length")
    length = chunked if chunked is not None else s3.request.header("content-length")
    if length is None:
        if s3.request.header("transfer-encoding") is not None:
            message = "A header you provided implies functionality that is not implemented"
            raise ServiceFault("NotImplemented", message, 501, {"Header": "Transfer-Encoding"})
        raise ServiceFault("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    if _DIGITS.fullmatch(length) and int(length) > LARGEST_PUT:
        details = {"ProposedSize": length, "MaxSizeAllowed": str(LARGEST_PUT)}
        message = "Your proposed upload exceeds the maximum allowed size"
        raise ServiceFault("EntityTooLarge", message, 400, details)
