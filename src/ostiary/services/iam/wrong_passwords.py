"""services/iam: passwords that are guessed: after some wrong ones in succession none is compared for a while.

Whoever holds a user's keys could try passwords with ChangePassword. An attempt is counted before it is compared, so
that many at once are no more than one after another.

Source: OWASP Authentication Cheat Sheet, "Account Lockout"; MFA codes are held to the same (`mfa_codes`).
"""

from __future__ import annotations

from typing import Final

from ostiary.services.operation import House

LOCKED_AFTER: Final = 10
"""Wrong passwords in succession."""
LOCKED_SECONDS: Final = 900


def may_try(house: House, user_id: str, at: int) -> bool:
    """Whether one more password may be compared; it counts as wrong until `forgive`.

    Args:
        at: the moment of the request, seconds since 1970.
    """
    with house.store.write() as tx:
        count, latest = _read(tx.settings.get(_setting(user_id)))
        if at - latest >= LOCKED_SECONDS:
            count = 0
        if count >= LOCKED_AFTER:
            return False
        tx.settings.put(_setting(user_id), f"{count + 1} {at}")
        return True


def forgive(house: House, user_id: str) -> None:
    """It was the right one."""
    with house.store.write() as tx:
        tx.settings.put(_setting(user_id), None)


def _setting(user_id: str) -> str:
    return f"wrong-passwords:{user_id}"


def _read(value: str | None) -> tuple[int, int]:
    """How many, and when the latest came."""
    count, _, at = (value or "0 0").partition(" ")
    return int(count), int(at)
