"""services/iam: which MFA devices there are.

Source: IAM API Reference, ListMFADevices, ListVirtualMFADevices, GetMFADevice.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.identifiers import iam_arn, root_arn
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.mfa_asks import device_in, on_owner, owner_of
from ostiary.services.iam.names import moment
from ostiary.services.iam.paging import page, page_of
from ostiary.services.iam.users import shown_user
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.mfa import MfaDeviceRecord
from ostiary.store.transaction import Transaction

_ASSIGNED: Final = {"Any": None, "Assigned": True, "Unassigned": False}


@operation("iam", "ListMFADevices", asks=on_owner("iam:ListMFADevices"))
def list_mfa_devices(call: Call, tx: Transaction) -> dict[str, Any]:
    """A user's devices of every kind, the oldest first."""
    owner = owner_of(call, tx)
    devices, rest = page_of(call, tx.mfa_devices.of(owner.id), lambda device: f"{device.enabled:012d} {device.id}")
    return {"MFADevices": [{**owner.shown, **_shown(device)} for device in devices], **rest}


@operation("iam", "GetMFADevice", asks=on_owner("iam:GetMFADevice"))
def get_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """One device of a user, with what its maker had certified."""
    owner, serial = owner_of(call, tx), call.params["SerialNumber"]
    device = device_in(tx, call.account, serial)
    if device is None or device.owner_id != owner.id:
        raise NoSuchEntity(f"MFA Device with serial number {serial} does not exist.")
    certified = json.loads(device.facts or "{}").get("certifications")
    return {**owner.shown, **_shown(device), **({"Certifications": certified} if certified else {})}


@operation("iam", "ListVirtualMFADevices", asks=on_everything("iam:ListVirtualMFADevices"))
def list_virtual_mfa_devices(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's virtual devices, with whose they are; never a seed."""
    assigned = _ASSIGNED[call.params.get("AssignmentStatus", "Any")]
    before = iam_arn(call.account, "mfa", "")
    devices, rest = page(
        call,
        lambda after, limit: tx.mfa_devices.virtual_page(
            call.account, assigned=assigned, after=before + after if after else "", limit=limit
        ),
        lambda device: device.serial.removeprefix(before),
    )
    return {"VirtualMFADevices": [_shown_virtual(tx, device) for device in devices], **rest}


def _shown(device: MfaDeviceRecord) -> dict[str, Any]:
    return {"SerialNumber": device.serial, "EnableDate": moment(device.enabled or 0)}


def _shown_virtual(tx: Transaction, device: MfaDeviceRecord) -> dict[str, Any]:
    if device.owner_id is None:
        return {"SerialNumber": device.serial}
    return {**_shown(device), "User": _shown_owner(tx, device.owner_id)}


def _shown_owner(tx: Transaction, owner_id: str) -> dict[str, Any]:
    user = tx.users.by_id(owner_id)
    if user is not None:
        return shown_user(user)
    account = tx.accounts.get(owner_id)
    assert account is not None  # whoever is neither can have no device: users are deleted without
    return {"UserId": account.id, "Arn": root_arn(account.id), "CreateDate": moment(account.created)}
