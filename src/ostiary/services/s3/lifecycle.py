"""Service S3: the life cycle of objects: what AWS takes, kept and carried out by the engine.

Source: Amazon S3 API Reference, PutBucketLifecycleConfiguration; Amazon S3 User Guide, "Lifecycle configuration
elements".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Forward
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.faults import malformed_xml
from ostiary.services.s3.objects import forwarded
from ostiary.store.transaction import Transaction

_LONGEST_ID: Final = 255
_MOST_RULES: Final = 1000
_POSITIVE: Final = {"Expiration": ("Days",), "NoncurrentVersionExpiration": ("NoncurrentDays",)}
"""The numbers of days that are at least one, by the action that has them."""


@operation("s3", "PutBucketLifecycleConfiguration", asks=s3_asks)
def put_bucket_lifecycle_configuration(call: Call, tx: Transaction) -> Forward:
    """Send it on, if these can be rules.

    Raises:
        ServiceFault: MalformedXML, InvalidArgument.
    """
    rules: list[dict[str, Any]] = (call.params.get("LifecycleConfiguration") or {}).get("Rules") or []
    if not 1 <= len(rules) <= _MOST_RULES:
        raise malformed_xml()
    seen = set()
    for rule in rules:
        name = rule.get("ID") or ""
        if len(name) > _LONGEST_ID:
            raise _invalid(f"ID length should not exceed allowed limit of {_LONGEST_ID}")
        if name in seen:
            raise _invalid("Rule ID must be unique. Found same ID for more than one rule")
        seen |= {name} if name else set()
        _check_days(rule)
        for moment in _dates(rule):
            if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0):
                raise _invalid("'Date' must be at midnight GMT")
    return forwarded(call, tx)


def _check_days(rule: dict[str, Any]) -> None:
    for action, names in _POSITIVE.items():
        said = rule.get(action) or {}
        for name in names:
            if name in said and said[name] < 1:
                raise _invalid(f"'{name}' for {action} action must be a positive integer")


def _dates(rule: dict[str, Any]) -> Iterable[datetime]:
    actions = [rule.get("Expiration") or {}, *(rule.get("Transitions") or [])]
    return [each["Date"] for each in actions if "Date" in each]


def _invalid(message: str) -> ServiceFault:
    return ServiceFault("InvalidArgument", message, 400)
