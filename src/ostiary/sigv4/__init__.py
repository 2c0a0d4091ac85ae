"""Room `sigv4`: AWS Signature Version 4, verified and made: header, presigned, streaming.

Pure: no I/O, no clock; the time is handed in. Source: IAM User Guide, "AWS Signature Version 4 for API requests";
Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
"""

from ostiary.sigv4.canonical import EMPTY_SHA256, Headers, sha256_hex
from ostiary.sigv4.chunked import ChunkedBody, ChunkSigner
from ostiary.sigv4.faults import Family, Reason, SignatureFault, Told
from ostiary.sigv4.form import present_form, verify_form
from ostiary.sigv4.keys import SigningKeys
from ostiary.sigv4.payload import BodyReader, Declaration, Kind, PlainBody, declaration, open_body
from ostiary.sigv4.presented import MAX_EXPIRES, UNSIGNED_PAYLOAD, Presented, Scope, Style, present
from ostiary.sigv4.sign import Credentials, presign, sign
from ostiary.sigv4.standing import StandingSigner
from ostiary.sigv4.verify import (
    MAX_SKEW,
    SIGNING_KEYS,
    Verified,
    check_service,
    check_signed_headers,
    check_time,
    verify,
)

__all__ = [
    "EMPTY_SHA256",
    "MAX_EXPIRES",
    "MAX_SKEW",
    "SIGNING_KEYS",
    "UNSIGNED_PAYLOAD",
    "BodyReader",
    "ChunkSigner",
    "ChunkedBody",
    "Credentials",
    "Declaration",
    "Family",
    "Headers",
    "Kind",
    "PlainBody",
    "Presented",
    "Reason",
    "Scope",
    "SignatureFault",
    "SigningKeys",
    "StandingSigner",
    "Style",
    "Told",
    "Verified",
    "check_service",
    "check_signed_headers",
    "check_time",
    "declaration",
    "open_body",
    "present",
    "present_form",
    "presign",
    "sha256_hex",
    "sign",
    "verify",
    "verify_form",
]
