"""MFA devices in tests: made, given to users, and read by pyotp as an authenticator app does."""

from __future__ import annotations

from typing import Any

import pyotp

from ostiary.authorization.caller import Caller
from tests.iam.asking import Iam
from tests.world import ACCOUNT


class Phone:
    """An authenticator app with one device, whose clock may be wrong."""

    def __init__(self, iam: Iam, name: str = "phone", *, ahead: int = 0, by: Caller | None = None, **more: Any) -> None:
        made = iam("CreateVirtualMFADevice", by=by, VirtualMFADeviceName=name, **more)["VirtualMFADevice"]
        self.iam, self.serial, self.seed, self.ahead = (
            iam,
            made["SerialNumber"],
            made["Base32StringSeed"].decode(),
            ahead,
        )

    def code(self, later: int = 0) -> str:
        """What it shows now, or `later` steps of 30 seconds later."""
        return pyotp.TOTP(self.seed).at(self.iam.world.clock.now(), counter_offset=self.ahead + later)

    def codes(self) -> dict[str, str]:
        """The one before and the present one."""
        return {"AuthenticationCode1": self.code(-1), "AuthenticationCode2": self.code()}

    def enable(self, user: str, by: Caller | None = None) -> None:
        self.iam("EnableMFADevice", by=by, UserName=user, SerialNumber=self.serial, **self.codes())

    def wait(self) -> None:
        """Until the next code."""
        self.iam.world.clock.advance(seconds=30)


def arn(name: str) -> str:
    """The serial number of a virtual device."""
    return f"arn:aws:iam::{ACCOUNT}:mfa/{name}"
