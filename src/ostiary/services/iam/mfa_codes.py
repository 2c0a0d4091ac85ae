"""services/iam: the codes that MFA devices show: taken once, and never guessed.

Two consecutive codes prove that a device is there and tell how far its clock is off. A single code authenticates its
owner. Whoever holds a user's keys could try codes: after some wrong ones in succession every further one is refused
for a while, without being compared.

Source: RFC 6238, section 5.2; RFC 4226, section 7.3 (throttling); IAM API Reference, EnableMFADevice, ResyncMFADevice.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from ostiary.credentials.totp import TOLERANCE, consecutive_steps, matching_step, step_of
from ostiary.services.iam.faults import InvalidAuthenticationCode
from ostiary.services.operation import Call, House
from ostiary.store.mfa import MfaDeviceRecord
from ostiary.store.transaction import Transaction

LOCKED_AFTER: Final = 10
"""Wrong codes in succession."""
LOCKED_SECONDS: Final = 900
_NOT_VALID: Final = "Authentication code for device is not valid."


class Code(Enum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    """Not the device's, taken before, or not compared any more."""
    NO_DEVICE = "no device"
    """The owner has no device of this serial number that makes codes."""


def take_code(house: House, owner_id: str, serial: str, code: str, at: int) -> Code:
    """Take one code of an owner's device: in a transaction of its own, which stays whatever becomes of the request.

    Args:
        owner_id: a user's unique id, or the account id for the root user.
        at: the moment of the request, seconds since 1970.
    """
    with house.store.read() as tx:  # nobody waits for those who have no device
        if not _has(tx.mfa_devices.by_serial(serial), owner_id):
            return Code.NO_DEVICE
    with house.store.write() as tx:
        device = tx.mfa_devices.by_serial(serial)
        if device is None or not _has(device, owner_id):
            return Code.NO_DEVICE
        failures = device.failures if at - device.failed < LOCKED_SECONDS else 0
        if failures >= LOCKED_AFTER:
            return Code.WRONG
        around = step_of(at, device.period) + device.drift
        step = matching_step(_seed(house, tx, device), code, around, after=device.used)
        if step is None:
            tx.mfa_devices.change(device, failures=failures + 1, failed=at)
            return Code.WRONG
        tx.mfa_devices.change(device, used=step, failures=0)
        return Code.RIGHT


def two_codes(call: Call, tx: Transaction, device: MfaDeviceRecord, window: int) -> dict[str, Any]:
    """Take the two consecutive codes of a request; the columns of the device that follow from them.

    Args:
        window: steps before and after ours in which the second is looked for.

    Raises:
        InvalidAuthenticationCode: they are not the device's, or were taken before.
    """
    first, second = call.params["AuthenticationCode1"], call.params["AuthenticationCode2"]
    now = step_of(call.now, device.period)
    step = None
    if device.seed is not None:
        seed = _seed(call.house, tx, device)
        step = consecutive_steps(seed, first, second, now, window=window, after=device.used)
    if step is None:
        raise InvalidAuthenticationCode(_NOT_VALID)
    ahead = step - now
    return {"used": step, "drift": ahead if abs(ahead) > TOLERANCE else 0, "failures": 0}


def seed_purpose(serial: str) -> str:
    """What a sealed seed is bound to."""
    return f"MFA seed of {serial}"


def _has(device: MfaDeviceRecord | None, owner_id: str) -> bool:
    return device is not None and device.owner_id == owner_id and device.seed is not None


def _seed(house: House, tx: Transaction, device: MfaDeviceRecord) -> str:
    account = tx.accounts.get(device.account)
    assert account is not None and device.seed is not None
    return house.vault.unseal(account.id, account.data_key, device.seed, seed_purpose(device.serial))
