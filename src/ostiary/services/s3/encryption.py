"""Service S3: the default encryption of a bucket: SSE-S3, done by the engine under a key of ours, or none.

Source: Amazon S3 API Reference, PutBucketEncryption, DeleteBucketEncryption.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.services.operation import Call, operation
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.actions import not_implemented
from ostiary.services.s3.addresses import encode
from ostiary.services.s3.bucket_access import bucket_facts
from ostiary.services.s3.engine_calls import ask_engine
from ostiary.services.s3.faults import engine_not_ready, malformed_xml, of_refusal
from ostiary.services.s3.headers import ENCRYPTION, check_owner
from ostiary.store.transaction import Transaction

_DOCUMENT: Final = (
    b'<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>'
    b"<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
    b"</Rule></ServerSideEncryptionConfiguration>"
)


@operation("s3", "DeleteBucketEncryption", asks=s3_asks, blocking=True)
def delete_bucket_encryption(call: Call, _tx: Transaction) -> dict[str, Any]:
    """Write as it comes from now on, whether or not that is new."""
    check_owner(call)
    bucket = bucket_facts(call).record.name
    if ask_engine(call, "DELETE", f"/{encode(bucket)}", "encryption=").status not in (200, 204, 404):
        raise engine_not_ready()
    return {}


@operation("s3", "PutBucketEncryption", asks=s3_asks, blocking=True)
def put_bucket_encryption(call: Call, _tx: Transaction) -> dict[str, Any]:
    """Encrypt what is written from now on. There are no keys of KMS."""
    bucket = bucket_facts(call).record.name
    rules: list[dict[str, Any]] = (call.params.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or []
    if len(rules) != 1:
        raise malformed_xml()
    wanted = rules[0].get("ApplyServerSideEncryptionByDefault") or {}
    others = rules[0].keys() - {"ApplyServerSideEncryptionByDefault", "BucketKeyEnabled"}
    if wanted != {"SSEAlgorithm": ENCRYPTION} or others:
        raise of_refusal(not_implemented(call.operation))
    headers = [("content-type", "application/xml")]
    if ask_engine(call, "PUT", f"/{encode(bucket)}", "encryption=", headers, _DOCUMENT).status >= 300:
        raise engine_not_ready()
    return {}
