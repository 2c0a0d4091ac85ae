"""services/console: changing an access key for a new one without anything that uses it breaking.

How far a rotation is stands in the keys themselves: which there are, which is on, and when each was last used. No other
state is kept, so it may be begun here and gone on with by the API. A key is switched off, and deleted, only after it
was silent for some days.

Source: IAM User Guide, "Update access keys" (rotating).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ostiary.authorization.judge import Ask
from ostiary.services.console.thresholds import DAY
from ostiary.services.iam.access_keys import owner_of
from ostiary.services.iam.asks import on_self_or_user
from ostiary.services.operation import Call
from ostiary.services.view import View
from ostiary.store.records import AccessKeyUse
from ostiary.store.transaction import Transaction

SILENT_DAYS: Final = 7
CHOICES: Final = (1, 3, 7, 14, 30)


class Step(StrEnum):
    """What is to be done next."""

    CREATE = "create"
    SWITCH = "switch"
    """The new key is there, and nobody uses it yet."""
    WAIT = "wait"
    """The old key is used still, or was of late."""
    OFF = "off"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An access key, and who used it last."""

    id: str
    active: bool
    created: int
    use: AccessKeyUse | None

    def silent_for(self, now: int) -> int:
        """Seconds since its last use; since it was made, if it never was."""
        return max(0, now - (self.use.at if self.use is not None else self.created))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How far it is."""

    step: Step
    old: Key | None = None
    new: Key | None = None
    ready: bool = True
    """Whether the old key was silent for long enough."""


def rotation(keys: Sequence[Key], now: int, days: int) -> Rotation:
    """How far the rotation of an owner's keys is; the older of two is the one that goes."""
    if len(keys) < 2:
        return Rotation(step=Step.CREATE, old=keys[0] if keys else None)
    old, new = sorted(keys, key=lambda key: (key.created, key.id))[-2:]
    ready = old.silent_for(now) >= days * DAY
    if not old.active:
        step = Step.DELETE
    elif new.use is None or not new.active:
        step = Step.SWITCH
    else:
        step = Step.OFF if ready else Step.WAIT
    return Rotation(step=step, old=old, new=new, ready=ready)


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    for action in ("iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"):
        yield from on_self_or_user(action)(call, tx)


def _keys(call: Call, tx: Transaction) -> Sequence[Key]:
    return tuple(
        Key(id=each.id, active=each.active, created=each.created, use=tx.access_keys.use_of(each.id))
        for each in tx.access_keys.of(owner_of(call, tx).id)
    )


KEYS: Final = View("iam", "ListAccessKeys", _asks, _keys)
"""The keys of the user whom `UserName` names, else of the caller, the oldest first, with their last uses."""
