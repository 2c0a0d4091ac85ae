"""Service S3: configurations that no bucket here has: asked for them, S3 says so; none can be made.

Source: Amazon S3 API Reference, the operations named below, and "List of error codes".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.actions import not_implemented
from ostiary.services.s3.bucket_access import bucket_facts
from ostiary.services.s3.faults import of_refusal
from ostiary.store.transaction import Transaction

_NONE_OF_IT: Final = ("NoSuchConfiguration", "The specified configuration does not exist.")
_BY_ID: Final = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")

MISSING: Final[Mapping[str, tuple[str, str]]] = {
    "GetBucketWebsite": (
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
    ),
    "GetBucketReplication": (
        "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found",
    ),
    **{f"{verb}Bucket{what}Configuration": _NONE_OF_IT for verb in ("Get", "Delete") for what in _BY_ID},
}
"""Operation → the error that there is none."""

EMPTY: Final[Mapping[str, Mapping[str, Any]]] = {
    "GetBucketAccelerateConfiguration": {},
    "GetBucketLogging": {},
    "GetBucketNotificationConfiguration": {},
    "GetBucketAbac": {"AbacStatus": {"Status": "Disabled"}},
    **{f"ListBucket{what}Configurations": {"IsTruncated": False} for what in _BY_ID},
    **{f"DeleteBucket{what}": {} for what in ("Website", "Replication")},
}
"""Operation → the answer that says so; to delete what is not there succeeds."""

OFF: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "PutBucketLogging": ("BucketLoggingStatus", {}),
    "PutBucketNotificationConfiguration": ("NotificationConfiguration", {}),
    "PutBucketAbac": ("AbacStatus", {"Status": "Disabled"}),
}
"""Operation → the member, and its value that asks for what is so anyway. Any other is not implemented."""


def _missing(code: str, message: str) -> Callable[[Call, Transaction], dict[str, Any]]:
    def tell(call: Call, _tx: Transaction) -> dict[str, Any]:
        raise ServiceFault(code, message, 404, {"BucketName": bucket_facts(call).record.name})

    return tell


def _empty(answer: Mapping[str, Any]) -> Callable[[Call, Transaction], dict[str, Any]]:
    def tell(call: Call, _tx: Transaction) -> dict[str, Any]:
        bucket_facts(call)
        return dict(answer)

    return tell


def _off(member: str, off: Mapping[str, Any]) -> Callable[[Call, Transaction], dict[str, Any]]:
    def take(call: Call, _tx: Transaction) -> dict[str, Any]:
        bucket_facts(call)
        said = {name: value for name, value in (call.params.get(member) or {}).items() if value != []}
        if said != off:
            raise of_refusal(not_implemented(call.operation))
        return {}

    return take


for _name, _error in MISSING.items():
    operation("s3", _name, asks=s3_asks)(_missing(*_error))
for _name, _answer in EMPTY.items():
    operation("s3", _name, asks=s3_asks)(_empty(_answer))
for _name, (_member, _value) in OFF.items():
    operation("s3", _name, asks=s3_asks)(_off(_member, _value))
