"""doors/console: an MFA device is enrolled, for oneself or for a user: an app, a passkey, a hardware token.

Source: IAM User Guide, "AWS multi-factor authentication in IAM", "Assign MFA devices in the AWS Management Console".
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from markupsafe import Markup

from ostiary.credentials import qr_codes
from ostiary.credentials.totp import provisioning_uri
from ostiary.credentials.vault import SealBroken, seal, unseal
from ostiary.doors.console.ceremonies import answer_of, registering
from ostiary.doors.console.devices import MOST, Whose, two_codes, whose
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console import mfa, passkeys
from ostiary.services.console.passkeys import PasskeyRefused
from ostiary.services.faults import ServiceFault

_ENROLLING_COOKIE: Final = "__Host-ostiary-enrolling"
_ENROLLING_SECONDS: Final = 30 * 86_400
_SEED: Final = "MFA seed in a form"
KINDS: Final = ("totp", "passkey", "token")


@page("GET", "/mfa/enrol")
def choose(visit: Visit) -> Reply:
    """Which kind of device, and what it is called."""
    return _choose(visit, whose(visit))


@page("POST", "/mfa/enrol", confirm=True)
def begin(visit: Visit) -> Reply:
    """A virtual device is made now, and its seed shown this once; the others come with a page of their own."""
    owner, kind, name = whose(visit), visit.form.get("kind"), visit.form.get("name")
    if kind not in KINDS:
        return _choose(visit, owner, visit._("Choose a kind of device."))
    if kind == "token":
        return visit.redirect(f"/mfa/enrol/token?{owner.query}".rstrip("?"))
    if not name:
        return _choose(visit, owner, visit._("Give the device a name."), field="name")
    if kind == "passkey":
        query = urlencode({"name": name, **({} if owner.own else {"user": owner.name})})
        return visit.redirect(f"/mfa/enrol/passkey?{query}")
    try:
        _forget_abandoned(visit)
        made = _made(visit, name)
    except ServiceFault as fault:
        return _choose(visit, owner, fault.message, field="name")
    serial, seed = made["SerialNumber"], made["Base32StringSeed"].decode()
    visit.set_cookie(_ENROLLING_COOKIE, _abandonable(visit, serial), seconds=_ENROLLING_SECONDS)
    return _show_seed(visit, owner, serial, seed)


@page("POST", "/mfa/enrol/codes", confirm=True)
def enable(visit: Visit) -> Reply:
    """Two codes of an app: then the device is the user's."""
    owner, serial = whose(visit), visit.form.get("serial")
    try:
        seed = unseal(_key(visit), bytes.fromhex(visit.form.get("seed")), f"{_SEED} of {serial}").decode()
    except (SealBroken, ValueError):
        return visit.redirect(f"/mfa/enrol?{owner.query}".rstrip("?"), visit._("Begin again, please."), "care")
    try:
        visit.perform("iam", "EnableMFADevice", UserName=owner.name, SerialNumber=serial, **two_codes(visit))
    except ServiceFault as fault:
        return _show_seed(visit, owner, serial, seed, fault.message)
    visit.set_cookie(_ENROLLING_COOKIE, "")
    return visit.redirect(owner.back, visit._("The device is registered. It is asked for at the next sign-in."))


@page("POST", "/mfa/enrol/cancel")
def cancel(visit: Visit) -> Reply:
    """A device that nobody has taken is deleted with its seed."""
    owner = whose(visit)
    _forget_abandoned(visit)
    visit.set_cookie(_ENROLLING_COOKIE, "")
    return visit.redirect(owner.back, visit._("No device was registered."), "care")


@page("GET", "/mfa/enrol/token")
def token_form(visit: Visit) -> Reply:
    """A hardware token by the number that is printed on it."""
    return _token(visit, whose(visit))


@page("POST", "/mfa/enrol/token", confirm=True)
def enable_token(visit: Visit) -> Reply:
    """Two codes that it shows."""
    owner = whose(visit)
    try:
        visit.perform(
            "iam", "EnableMFADevice", UserName=owner.name, SerialNumber=visit.form.get("serial"), **two_codes(visit)
        )
    except ServiceFault as fault:
        return _token(visit, owner, fault.message)
    return visit.redirect(owner.back, visit._("The device is registered. It is asked for at the next sign-in."))


@page("GET", "/mfa/enrol/passkey")
def passkey_form(visit: Visit) -> Reply:
    """The button that asks the browser for a new passkey."""
    return _passkey(visit, whose(visit))


@page("POST", "/mfa/enrol/passkey", confirm=True)
def register_passkey(visit: Visit) -> Reply:
    """What the authenticator made."""
    owner = whose(visit)
    answer = answer_of(visit, _owner_key(visit, owner))
    if answer is None:
        return _passkey(visit, owner)
    record = visit.session.record
    try:
        # whoever registers a key for somebody else is not let in by it: see services/console/passkeys.py
        made = passkeys.registered(visit.gate.house, answer, mark=record.mark or None if owner.own else None)
        visit.look(mfa.registering(made), UserName=owner.name, DeviceName=visit.form.get("name"))
    except PasskeyRefused:
        return _passkey(visit, owner, visit._("The passkey was not accepted. Try again."))
    except ServiceFault as fault:
        return _passkey(visit, owner, fault.message)
    return visit.redirect(owner.back, visit._("The passkey is registered."))


def _made(visit: Visit, name: str) -> dict[str, Any]:
    """A new virtual device. One of this name that nobody has was begun and left: it is made anew."""
    try:
        found = visit.perform("iam", "CreateVirtualMFADevice", VirtualMFADeviceName=name)
    except ServiceFault as fault:
        if fault.code != "EntityAlreadyExists":
            raise
        serial = f"arn:aws:iam::{visit.caller.account}:mfa/{name}"
        try:
            visit.perform("iam", "DeleteVirtualMFADevice", SerialNumber=serial)
        except ServiceFault:
            raise fault from None
        found = visit.perform("iam", "CreateVirtualMFADevice", VirtualMFADeviceName=name)
    made: dict[str, Any] = found["VirtualMFADevice"]
    return made


def _abandonable(visit: Visit, serial: str) -> str:
    return quote(json.dumps([visit.caller.user_id, serial]), safe="")


def _forget_abandoned(visit: Visit) -> None:
    """The device that this person began to enrol in this browser, and left: gone, if it is nobody's still."""
    try:
        who, serial = json.loads(unquote(visit.cookies.get(_ENROLLING_COOKIE, "")))
    except (ValueError, TypeError):
        return
    if who != visit.caller.user_id or not isinstance(serial, str):
        return
    try:
        visit.perform("iam", "DeleteVirtualMFADevice", SerialNumber=serial)
    except ServiceFault:
        return  # it is somebody's by now, or gone


def _key(visit: Visit) -> bytes:
    return visit.gate.house.vault.derive(_SEED)


def _owner_key(visit: Visit, owner: Whose) -> str:
    """What a challenge is bound to, besides the browser."""
    return visit.caller.entity_id if owner.own else f"user/{owner.name}"


def _choose(visit: Visit, owner: Whose, wrong: str = "", field: str = "") -> Reply:
    devices = visit.see("iam", "ListMFADevices", UserName=None if owner.root else owner.name)
    count = len(devices.value["MFADevices"]) if devices else 0
    stem = "root" if owner.root else owner.name
    return visit.page(
        "mfa/choose.html",
        status=400 if wrong else 200,
        title=visit._("Register an MFA device"),
        owner=owner,
        most=MOST,
        full=count >= MOST,
        kind=visit.form.get("kind") or "passkey",
        name=visit.form.get("name") or (f"{stem}-{count + 1}" if count else stem),
        wrong=wrong,
        wrong_field=field,
        passkeys_here=passkeys.Party.of(visit.origin) is not None,
        may_make=visit.could("iam:CreateVirtualMFADevice", f"arn:aws:iam::{visit.caller.account}:mfa/*"),
        may_enable=visit.may("iam", "EnableMFADevice", UserName=owner.name, SerialNumber="x" * 9),
    )


def _show_seed(visit: Visit, owner: Whose, serial: str, seed: str, wrong: str = "") -> Reply:
    record = visit.gate.house.book.account(visit.caller.account)
    issuer = record.alias if record is not None and record.alias else visit.caller.account
    name = serial.partition(":mfa/")[2].rsplit("/", 1)[-1]
    sealed = seal(_key(visit), seed.encode(), f"{_SEED} of {serial}", visit.gate.house.entropy)
    return visit.page(
        "mfa/totp.html",
        status=400 if wrong else 200,
        title=visit._("Scan the code with your app"),
        owner=owner,
        serial=serial,
        name=name,
        seed=seed,
        grouped=" ".join(seed[at : at + 4] for at in range(0, len(seed), 4)),
        qr=Markup(qr_codes.svg(provisioning_uri(seed, name, issuer))),  # noqa: S704  # segno's own
        sealed=sealed.hex(),
        wrong=wrong,
    )


def _token(visit: Visit, owner: Whose, wrong: str = "") -> Reply:
    return visit.page(
        "mfa/token.html",
        status=400 if wrong else 200,
        title=visit._("Register a hardware token"),
        owner=owner,
        serial=visit.form.get("serial"),
        wrong=wrong,
        may=visit.may("iam", "EnableMFADevice", UserName=owner.name, SerialNumber="x" * 9),
    )


def _passkey(visit: Visit, owner: Whose, wrong: str = "") -> Reply:
    name = visit.form.get("name") or visit.query.get("name")
    present = visit.glimpse(mfa.DEVICES, UserName=owner.name)
    handle, devices = present.value if present else (_owner_key(visit, owner), ())
    return visit.page(
        "mfa/passkey.html",
        status=400 if wrong else 200,
        title=visit._("Register a passkey or security key"),
        owner=owner,
        name=name,
        ceremony=registering(visit, _owner_key(visit, owner), handle, owner.name, devices),
        wrong=wrong,
        may=visit.may("iam", "EnableMFADevice", UserName=owner.name, SerialNumber="x" * 9),
    )
