"""doors/console: MFA devices: whose a page is about, and what a device is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from ostiary.authorization.caller import CallerKind
from ostiary.doors.console.visit import Visit
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.quotas import QUOTAS

MOST: Final = QUOTAS["MFADevicesPerUser"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose device a page is about."""

    name: str
    """What the API calls it: a user's name; the account's id for the root user."""
    own: bool
    root: bool

    @property
    def query(self) -> str:
        """For an address of these pages: `user=minsu`, or nothing for one's own."""
        return "" if self.own else urlencode({"user": self.name})

    @property
    def back(self) -> str:
        """Where the devices are listed."""
        return "/me" if self.own else f"/users/{quote(self.name, safe='')}/credentials"


def whose(visit: Visit) -> Whose:
    """As `user` says; without it whoever is signed in."""
    given = visit.form.get("user") or visit.query.get("user")
    caller = visit.caller
    if caller.kind is CallerKind.ROOT and given in ("", caller.account):
        return Whose(name=caller.account, own=True, root=True)
    if given and given != caller.name:
        return Whose(name=given, own=False, root=False)
    if caller.kind is not CallerKind.USER:
        raise ServiceFault("ValidationError", visit._("The session of a role has no MFA devices of its own."), 400)
    return Whose(name=caller.name, own=True, root=False)


def two_codes(visit: Visit) -> dict[str, str]:
    """What was written of a device, one code after the other."""
    return {
        "AuthenticationCode1": visit.form.get("code1").replace(" ", ""),
        "AuthenticationCode2": visit.form.get("code2").replace(" ", ""),
    }


def is_virtual(serial: str) -> bool:
    """Whether a device shows its codes in an app."""
    return ":mfa/" in serial


def device_name(serial: str) -> str:
    """What its owner called a device."""
    name = serial.rsplit("/", 1)[-1]
    return name.rsplit("-", 1)[0] if ":u2f/" in serial else name


def device_kind(visit: Visit, serial: str) -> str:
    """In words."""
    if ":u2f/" in serial:
        return visit._("Passkey or security key")
    return visit._("Authenticator app") if is_virtual(serial) else visit._("Hardware token")
