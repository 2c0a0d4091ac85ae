"""Service S3: what an engine refuses, said as AWS says it: what failed, of what.

Source: Amazon S3 API Reference, "Error responses", GetObject, CopyObject; the details as AWS was seen to tell them.
"""

from __future__ import annotations

from typing import Final

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.faults import locked, no_such_key
from ostiary.services.s3.requests import S3Request

_CONDITIONS: Final = ("If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since")
"""In the order in which HTTP has them judged."""
_OF_SOURCE: Final = "x-amz-copy-source"
_LOCKED: Final = frozenset({"DeleteObject", "PutObjectRetention"})
"""What object lock forbids."""


def mended(request: S3Request, fault: ServiceFault) -> ServiceFault:
    """The refusal as AWS words it; the same where there is nothing to add."""
    if fault.code == "PreconditionFailed":
        return _failed(request)
    if fault.code in ("NoSuchKey", "NoSuchVersion") and request.key is not None:
        return _missing(request)
    if fault.code == "AccessDenied" and request.operation in _LOCKED:
        return locked()
    if fault.code == "MethodNotAllowed":
        return _marked(request)
    if request.operation != "PutObjectLockConfiguration":
        return fault
    if fault.code == "MalformedXML" and request.header("content-length") in (None, "0"):
        return ServiceFault("MissingRequestBodyError", "Request Body is empty", 400)
    if fault.code == "InvalidBucketState":
        message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        return ServiceFault(fault.code, message, 409)
    return fault


def _failed(request: S3Request) -> ServiceFault:
    """A condition that did not hold: the first that can have failed."""
    asked = [f"{_OF_SOURCE}-{each}" for each in _CONDITIONS if request.copy_source is not None]
    named = next((each for each in (*asked, *_CONDITIONS) if request.header(each.lower()) is not None), None)
    details = {} if named is None else {"Condition": named}
    return ServiceFault(
        "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, details
    )


def _missing(request: S3Request) -> ServiceFault:
    """No such object, or no such version of it; a copy's refusal speaks of its source."""
    source = request.copy_source
    key, version = (request.key or "", request.version_id) if source is None else (source.key, source.version_id)
    if version is None:
        return no_such_key(key)
    details = {"Key": key, "VersionId": version}
    return ServiceFault("NoSuchVersion", "The specified version does not exist.", 404, details)


def _marked(request: S3Request) -> ServiceFault:
    """The version is a delete marker, of which there is nothing to read and to change."""
    message = "The specified method is not allowed against this resource."
    details = {"Method": request.method, "ResourceType": "DeleteMarker"}
    return ServiceFault("MethodNotAllowed", message, 405, details)
