"""Too many requests: a bucket of tokens for each account and family of operations, off unless the operator says so.

A bucket holds as many tokens as may come at once, and fills at the rate that may last; a request takes one. Buckets are
this process's: with several workers each has its own.

Source: IAM User Guide, "IAM and AWS STS quotas"; Amazon EC2 API Reference, "Request throttling"; the codes of each
service from its API reference, "Common errors".
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ostiary.gate.target import Target
from ostiary.services.faults import ServiceFault
from ostiary.settings import Rate

_REMEMBERED: Final = 10_000
"""Buckets; beyond, those that are full are looked for and forgotten."""
_MOST: Final = 100_000
_JSON: Final = ("ThrottlingException", "Rate exceeded", 400)
_REFUSALS: Final[Mapping[str, tuple[str, str, int]]] = MappingProxyType(
    {
        "iam": ("Throttling", "Rate exceeded", 400),
        "sts": ("Throttling", "Rate exceeded", 400),
        "s3": ("SlowDown", "Please reduce your request rate.", 503),
        "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
        "organizations": (
            "TooManyRequestsException",
            "You have sent too many requests in too short a period of time.",
            400,
        ),
    }
)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Throttle:
    """Counts requests."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._rates = {rate.family: rate for rate in rates}
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._look_at = _REMEMBERED
        """The number of buckets at which the full ones are looked for; it doubles with those that stay."""
        self._lock = threading.Lock()

    def refusal(self, target: Target, whose: str, now: float) -> ServiceFault | None:
        """What to answer when the caller has no token left; None when it had one, which is taken.

        Args:
            target: what the request is for.
            whose: the caller's account; the address of a caller that has none.
            now: seconds since 1970.
        """
        rate = self._rate(target)
        if rate is None:
            return None
        with self._lock:
            passes = self._take(rate, (whose, rate.family), now)
        return None if passes else ServiceFault(*_REFUSALS.get(target.service, _JSON))

    def _take(self, rate: Rate, key: tuple[str, str], now: float) -> bool:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._look_at:
                self._forget(now)
                self._look_at = max(_REMEMBERED, 2 * len(self._buckets))
            if len(self._buckets) >= _MOST:  # addresses cost nothing: the bucket that was begun first goes
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[key] = _Bucket(rate.burst, now)
        bucket.tokens = min(rate.burst, bucket.tokens + max(0.0, now - bucket.at) * rate.per_second)
        bucket.at = max(now, bucket.at)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _rate(self, target: Target) -> Rate | None:
        """The narrowest family that an operation is in: itself, the reads or writes of its service, its service."""
        service = target.service
        kind = "read" if target.read_only else "write"
        for family in (f"{service}:{target.operation}", f"{service}-{kind}", service):
            found = self._rates.get(family)
            if found is not None:
                return found
        return None

    def _forget(self, now: float) -> None:
        """Full buckets are as good as none."""
        for key, bucket in list(self._buckets.items()):
            rate = self._rates[key[1]]
            if bucket.tokens + max(0.0, now - bucket.at) * rate.per_second >= rate.burst:
                del self._buckets[key]
