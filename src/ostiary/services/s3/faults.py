"""Service S3: its refusals.

Source: Amazon S3 API Reference, "Error responses".
"""

from __future__ import annotations

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.addresses import S3Refusal


def no_such_bucket(name: str) -> ServiceFault:
    """There is no bucket of this name."""
    return ServiceFault("NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": name})


def no_such_key(key: str) -> ServiceFault:
    """There is no object of this name."""
    return ServiceFault("NoSuchKey", "The specified key does not exist.", 404, {"Key": key})


def engine_not_ready(why: str | None = None) -> ServiceFault:
    """The engine is starting, restarting or out of reach; clients try again. `why`: for the record."""
    return ServiceFault("ServiceUnavailable", "Service is unable to handle request.", 503, cause=why or "")


def malformed_xml() -> ServiceFault:
    """A body that says too much or too little."""
    text = "The XML you provided was not well-formed or did not validate against our published schema"
    return ServiceFault("MalformedXML", text, 400)


def access_denied() -> ServiceFault:
    """S3's shortest answer."""
    return ServiceFault("AccessDenied", "Access Denied", 403)


def locked() -> ServiceFault:
    """An object under object lock: the only thing for which an engine refuses what was allowed here."""
    return ServiceFault("AccessDenied", "Access Denied because object protected by object lock.", 403)


def of_refusal(refusal: S3Refusal) -> ServiceFault:
    """A refusal of the pure rooms, as a fault."""
    return ServiceFault(refusal.code, refusal.message, refusal.status, refusal.details)
