"""services/console: how often a sign-in may be tried: of each user, and from each address.

An attempt is counted before it is compared, so that many at once are no more than one after another. Whom nobody has
ever heard of is counted like everybody else: the answers don't tell who exists.

Source: OWASP Authentication Cheat Sheet, "Account Lockout".
"""

from __future__ import annotations

from typing import Final

from ostiary.services.operation import House
from ostiary.store.console import FailureRecord
from ostiary.store.transaction import Transaction

MOST: Final = {"user": 10, "address": 100}
"""Failures in succession, of a user or from an address."""
LOCKED_SECONDS: Final = 900
_LONGEST: Final = 200


def may_try(house: House, user: str, address: str, now: int) -> bool:
    """Whether one more sign-in may be compared; it counts as failed until `succeeded`.

    Args:
        user: whom it is for, as it was written.
        address: where it comes from.
        now: seconds since 1970.
    """
    with house.store.write() as tx:
        tx.sign_in_failures.forget_old(now - LOCKED_SECONDS)
        # both are counted, whatever the other says
        counted = [_count(tx, kind, who, now) for kind, who in (("user", user), ("address", address))]
        return all(counted)


def succeeded(house: House, user: str, address: str) -> None:
    """It was the right password: the user's count ends, and this attempt was none of the address's failures."""
    with house.store.write() as tx:
        tx.sign_in_failures.forget(_subject("user", user))
        found = tx.sign_in_failures.get(_subject("address", address))
        if found is not None:
            less = FailureRecord(subject=found.subject, count=max(0, found.count - 1), latest=found.latest)
            tx.sign_in_failures.put(less)


def _count(tx: Transaction, kind: str, who: str, now: int) -> bool:
    subject = _subject(kind, who)
    found = tx.sign_in_failures.get(subject)
    count = found.count if found is not None else 0
    if found is not None and count >= MOST[kind]:
        return False
    tx.sign_in_failures.put(FailureRecord(subject=subject, count=count + 1, latest=now))
    return True


def _subject(kind: str, who: str) -> str:
    return f"{kind}:{who.lower()}"[:_LONGEST]
