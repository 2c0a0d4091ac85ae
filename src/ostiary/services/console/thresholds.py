"""services/console: from which age a credential is told of: 90 days caution, 365 warning, unless an account says else.

Kept as properties of the account, so that AWS's API reads and sets them like the console does: `visit.perform("iam",
"PutAccountProperties", Properties=properties(60, 365))`. What is put there and makes no sense counts as not put.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.store.transaction import Transaction

CAUTION: Final = "CredentialAge/CautionDays"
WARNING: Final = "CredentialAge/WarningDays"
MOST: Final = 36_500
DAY: Final = 86_400


class BadThresholds(ValueError):
    """Not whole days, or a warning that comes before its caution."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Ages in days."""

    caution: int = 90
    warning: int = 365

    def of_days(self, days: int) -> str:
        """What an age counts as: `good`, `care` or `bad`."""
        return "bad" if days >= self.warning else "care" if days >= self.caution else "good"


DEFAULT: Final = Thresholds()


def days_since(at: int, now: int) -> int:
    """An age in whole days."""
    return max(0, (now - at) // DAY)


def present(tx: Transaction, account: str) -> Thresholds:
    """Those of an account."""
    return read(tx.account_properties.of(account))


def read(properties: Mapping[str, str]) -> Thresholds:
    """Those that GetAccountProperties' answer holds."""
    caution, warning = properties.get(CAUTION), properties.get(WARNING)
    try:
        return checked(DEFAULT.caution if caution is None else caution, DEFAULT.warning if warning is None else warning)
    except BadThresholds:
        return DEFAULT


def checked(caution: str | int, warning: str | int) -> Thresholds:
    """Thresholds of what somebody wrote. Raises `BadThresholds`."""
    found = [_days(each) for each in (caution, warning)]
    if found[0] > found[1]:
        raise BadThresholds("the warning must not come before the caution")
    return Thresholds(*found)


def properties(caution: str | int, warning: str | int) -> dict[str, str]:
    """What PutAccountProperties is given. Raises `BadThresholds`."""
    thresholds = checked(caution, warning)
    return {CAUTION: str(thresholds.caution), WARNING: str(thresholds.warning)}


def _days(value: str | int) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= MOST:
        raise BadThresholds(f"`{text[:20]}` is no number of days from 1 to {MOST}")
    return int(text[:9])
