"""Credentials: time-based one-time passwords, as MFA devices show them.

AWS's devices make codes of six digits with HMAC-SHA-1; virtual ones every 30 seconds. A device's clock may be off: a
code of the step before or after the present one is taken as well, and how far the device is ahead (`drift`, in steps)
is learnt from two consecutive codes.

Source: RFC 4226 (HOTP), RFC 6238 (TOTP), RFC 4648 (base32); IAM User Guide, "Resynchronize virtual and hardware MFA
devices".
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final
from urllib.parse import quote

from ostiary.entropy import Entropy, letters

PERIOD: Final = 30
DIGITS: Final = 6
ISSUER: Final = "Amazon Web Services"
"""Under this name authenticator apps file AWS's own devices."""
TOLERANCE: Final = 1
"""Steps before and after the present one whose code is taken (RFC 6238, section 5.2)."""
SYNC_WINDOW: Final = 20
"""Steps before and after in which two consecutive codes are looked for when a device is enabled."""
RESYNC_WINDOW: Final = 120
"""The same when it is resynchronized: an hour of a clock that runs wrong. Two codes prove as much as twelve digits."""
_SEED_LETTERS: Final = 64
_SHORTEST_SEED: Final = 10
"""Bytes; RFC 4226 asks for 16, older tokens have less."""


class NotASeed(ValueError):
    """The text is no base32 or hexadecimal of a seed that is long enough. Says nothing of the text itself."""


def new_seed(entropy: Entropy) -> str:
    """A seed as AWS makes them: 64 letters of base32, 320 bits."""
    return letters(entropy, _SEED_LETTERS)


def read_seed(text: str) -> str:
    """A seed that was given in base32 or hexadecimal, as base32 without padding; spaces and hyphens are ignored.

    Hexadecimal is what only holds hexadecimal digits and one of 0, 1, 8, 9, which base32 does not have.

    Raises:
        NotASeed: it is neither, or has less than 80 bits.
    """
    plain = text.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        raw = bytes.fromhex(plain) if set(plain) & set("0189") else seed_bytes(plain)
    except ValueError:
        raise NotASeed("a seed is written in base32 or hexadecimal") from None
    if len(raw) < _SHORTEST_SEED:
        raise NotASeed(f"a seed has at least {_SHORTEST_SEED} bytes")
    return base64.b32encode(raw).decode().rstrip("=")


def seed_bytes(seed: str) -> bytes:
    """The bytes behind base32 without padding. Raises `NotASeed`."""
    try:
        return base64.b32decode(seed + "=" * (-len(seed) % 8))
    except (binascii.Error, ValueError):
        raise NotASeed("it is not base32") from None


def code_at(seed: str, step: int, digits: int = DIGITS) -> str:
    """The code of a step (RFC 4226, section 5.3)."""
    digest = hmac.digest(seed_bytes(seed), step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    truncated = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{truncated % 10**digits:0{digits}d}"


def step_of(at: int, period: int = PERIOD) -> int:
    """The step of a moment, seconds since 1970 (RFC 6238, section 4)."""
    return at // period


def matching_step(seed: str, code: str, around: int, *, after: int) -> int | None:
    """The step around this one whose code it is; None: it is the code of no step that is still good.

    Args:
        around: our step, the device's drift added.
        after: the latest step whose code was taken: replayed codes, and older ones, match nothing.
    """
    steps = range(max(0, around - TOLERANCE), around + TOLERANCE + 1)
    # every step is compared: the time it takes does not tell which one it was
    found = [step for step in steps if _same(code_at(seed, step), code) and step > after]
    return found[0] if found else None


def consecutive_steps(seed: str, first: str, second: str, around: int, *, window: int, after: int) -> int | None:
    """The step of the second of two consecutive codes, the one nearest to `around`; None: they are not that."""
    steps = sorted(range(max(0, around - window), around + window + 1), key=lambda step: abs(step - around))
    for step in steps:
        if step - 1 > after and _same(code_at(seed, step), second) and _same(code_at(seed, step - 1), first):
            return step
    return None


def provisioning_uri(seed: str, device: str, account: str) -> str:
    """What a QR code tells an authenticator app: AWS's form of Google Authenticator's key URI.

    Args:
        device: the device's name, without path.
        account: the account's alias, or its id.
    """
    issuer = quote(ISSUER)
    return f"otpauth://totp/{issuer}:{quote(device, safe='@')}@{quote(account)}?secret={seed}&issuer={issuer}"


def _same(code: str, given: str) -> bool:
    return hmac.compare_digest(code.encode(), given.encode("utf-8", "surrogatepass"))
