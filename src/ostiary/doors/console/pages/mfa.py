"""doors/console: MFA devices, one's own and those of a user: removed, resynchronized.

Source: IAM User Guide, "AWS multi-factor authentication in IAM".
"""

from __future__ import annotations

from ostiary.doors.console.devices import Whose, device_name, is_virtual, two_codes, whose
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.faults import ServiceFault


@page("GET", "/mfa/remove")
def remove_form(visit: Visit) -> Reply:
    """What removing a device means."""
    return _remove(visit, whose(visit))


@page("POST", "/mfa/remove", confirm=True)
def remove(visit: Visit) -> Reply:
    """Taken from its owner; a virtual one is deleted with its seed."""
    owner, serial = whose(visit), visit.form.get("serial")
    try:
        visit.perform("iam", "DeactivateMFADevice", UserName=owner.name, SerialNumber=serial)
    except ServiceFault as fault:
        return _remove(visit, owner, fault.message)
    if is_virtual(serial):
        try:
            visit.perform("iam", "DeleteVirtualMFADevice", SerialNumber=serial)
        except ServiceFault as fault:
            told = visit._("The device is nobody's any more, but could not be deleted: %(why)s", why=fault.message)
            return visit.redirect(owner.back, told, "care")
    return visit.redirect(owner.back, visit._("The device is removed."))


@page("GET", "/mfa/resync")
def resync_form(visit: Visit) -> Reply:
    """A device whose clock has run away."""
    return _resync(visit, whose(visit))


@page("POST", "/mfa/resync", confirm=True)
def resync(visit: Visit) -> Reply:
    """Two codes tell by how much."""
    owner, serial = whose(visit), visit.form.get("serial")
    try:
        visit.perform("iam", "ResyncMFADevice", UserName=owner.name, SerialNumber=serial, **two_codes(visit))
    except ServiceFault as fault:
        return _resync(visit, owner, fault.message)
    return visit.redirect(owner.back, visit._("The device is synchronized."))


def _remove(visit: Visit, owner: Whose, wrong: str = "") -> Reply:
    serial = visit.form.get("serial") or visit.query.get("serial")
    devices = visit.see("iam", "ListMFADevices", UserName=None if owner.root else owner.name)
    count = len(devices.value["MFADevices"]) if devices else 0
    return visit.page(
        "mfa/remove.html",
        status=400 if wrong else 200,
        title=visit._("Remove an MFA device"),
        owner=owner,
        serial=serial,
        name=device_name(serial),
        last=count == 1,
        virtual=is_virtual(serial),
        wrong=wrong,
        may=visit.may("iam", "DeactivateMFADevice", UserName=owner.name, SerialNumber=serial),
    )


def _resync(visit: Visit, owner: Whose, wrong: str = "") -> Reply:
    serial = visit.form.get("serial") or visit.query.get("serial")
    return visit.page(
        "mfa/resync.html",
        status=400 if wrong else 200,
        title=visit._("Synchronize an MFA device"),
        owner=owner,
        serial=serial,
        name=device_name(serial),
        wrong=wrong,
        may=visit.may("iam", "ResyncMFADevice", UserName=owner.name, SerialNumber=serial),
    )
