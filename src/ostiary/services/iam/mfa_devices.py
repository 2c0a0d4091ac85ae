"""services/iam: MFA devices: made, given to a user or to the root user, taken back, put right.

Source: IAM API Reference, CreateVirtualMFADevice, EnableMFADevice, ResyncMFADevice, DeactivateMFADevice,
DeleteVirtualMFADevice; IAM User Guide, "AWS multi-factor authentication in IAM".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary.credentials import qr_codes
from ostiary.credentials.totp import RESYNC_WINDOW, SYNC_WINDOW, new_seed, provisioning_uri
from ostiary.entropy import letters
from ostiary.services.iam import quotas
from ostiary.services.iam.access_keys import Owner
from ostiary.services.iam.faults import DeleteConflict, EntityAlreadyExists, NoSuchEntity, ValidationError
from ostiary.services.iam.mfa_asks import device_in, new_serial, on_device, on_new_device, on_owner, owner_of
from ostiary.services.iam.mfa_codes import seed_purpose, two_codes
from ostiary.services.iam.tags import put_tags, read_tags, tagged
from ostiary.services.operation import Call, operation
from ostiary.store.mfa import FIDO, VIRTUAL, MfaDeviceRecord
from ostiary.store.records import AccountRecord, AlreadyExists
from ostiary.store.transaction import Transaction

_SERIAL: Final = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
_ID_LETTERS: Final = 17
_TAKEN: Final = "MFA device already exists."
_ASSIGNED: Final = "MFA Device is already in use."
_IN_USE: Final = "MFA VirtualDevice in use. Must deactivate first."
_NOT_THEIRS: Final = "MFA Device invalid for user."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seeded:
    """A seed, and the image that tells it to an app."""

    seed: str = field(repr=False)
    png: bytes = field(repr=False)


def new_device_id(call: Call) -> str:
    """What a device is called inside; the API never shows it."""
    return "MFA" + letters(call.house.entropy, _ID_LETTERS)


def _prepare_seed(call: Call, tx: Transaction) -> _Seeded:
    """Draw the QR code, which takes milliseconds."""
    account = _account(call, tx)
    seed = new_seed(call.house.entropy)
    uri = provisioning_uri(seed, call.params["VirtualMFADeviceName"], account.alias or account.id)
    return _Seeded(seed=seed, png=qr_codes.png(uri))


@operation(
    "iam",
    "CreateVirtualMFADevice",
    asks=on_new_device("iam:CreateVirtualMFADevice"),
    changes=True,
    prepare=_prepare_seed,
)
def create_virtual_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make a device that is nobody's yet, and say its seed, this once."""
    tags = read_tags(call.params.get("Tags"), case_matters=True)
    serial, account = new_serial(call), _account(call, tx)
    if not _SERIAL.fullmatch(serial):
        raise ValidationError("The specified value for path is invalid: no serial number can hold it with the name.")
    device = MfaDeviceRecord(
        id=new_device_id(call),
        serial=serial,
        account=account.id,
        kind=VIRTUAL,
        created=call.now,
        seed=call.house.vault.seal(account.id, account.data_key, call.prepared.seed, seed_purpose(serial)),
    )
    try:
        tx.mfa_devices.add(device)
    except AlreadyExists:
        raise EntityAlreadyExists(_TAKEN) from None
    quotas.check(tx, account.id, "MFADevicesPerAccount", tx.mfa_devices.count_virtual(account.id))
    put_tags(tx, account.id, device.id, tags)
    shown = {"SerialNumber": serial, "Base32StringSeed": call.prepared.seed.encode(), "QRCodePNG": call.prepared.png}
    return {"VirtualMFADevice": {**shown, **tagged(tx, device.id)}}


@operation("iam", "EnableMFADevice", asks=on_owner("iam:EnableMFADevice"), changes=True)
def enable_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give a device to a user who has it at hand: two consecutive codes prove it."""
    owner, serial = owner_of(call, tx), call.params["SerialNumber"]
    device = device_in(tx, call.account, serial)
    if device is None:
        raise _missing(serial)
    if device.owner_id is not None:
        raise EntityAlreadyExists(_ASSIGNED)
    learnt = two_codes(call, tx, device, SYNC_WINDOW)
    assign(call, tx, device, owner, **learnt)
    return {}


def assign(call: Call, tx: Transaction, device: MfaDeviceRecord, owner: Owner, **learnt: Any) -> None:
    """Make a device somebody's. Raises `LimitExceeded`."""
    quotas.check(tx, call.account, "MFADevicesPerUser", len(tx.mfa_devices.of(owner.id)) + 1)
    tx.mfa_devices.change(device, owner_id=owner.id, enabled=call.now, **learnt)


@operation("iam", "ResyncMFADevice", asks=on_owner("iam:ResyncMFADevice"), changes=True)
def resync_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """Learn how far a device's clock is off."""
    device = _theirs(call, tx)
    tx.mfa_devices.change(device, **two_codes(call, tx, device, RESYNC_WINDOW))
    return {}


@operation("iam", "DeactivateMFADevice", asks=on_owner("iam:DeactivateMFADevice"), changes=True)
def deactivate_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take a device from its owner. A virtual one and a hardware token stay; a FIDO authenticator is forgotten."""
    device = _theirs(call, tx)
    if device.kind == FIDO:
        tx.tags.remove(device.id)
        tx.mfa_devices.remove(device)
    else:
        tx.mfa_devices.change(device, owner_id=None, enabled=None, drift=0, failures=0)
    return {}


@operation("iam", "DeleteVirtualMFADevice", asks=on_device("iam:DeleteVirtualMFADevice"), changes=True)
def delete_virtual_mfa_device(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a device with its seed."""
    device = virtual_device(call, tx)
    if device.owner_id is not None:
        raise DeleteConflict(_IN_USE)
    tx.tags.remove(device.id)
    tx.mfa_devices.remove(device)
    return {}


def virtual_device(call: Call, tx: Transaction) -> MfaDeviceRecord:
    """The virtual device that `SerialNumber` names. Raises `NoSuchEntity`."""
    device = device_in(tx, call.account, call.params["SerialNumber"])
    if device is None or device.kind != VIRTUAL:
        raise _missing(call.params["SerialNumber"])
    return device


def _theirs(call: Call, tx: Transaction) -> MfaDeviceRecord:
    """The device that a request names, if it is the user's."""
    owner, serial = owner_of(call, tx), call.params["SerialNumber"]
    device = device_in(tx, call.account, serial)
    if device is None:
        raise _missing(serial)
    if device.owner_id != owner.id:
        raise NoSuchEntity(_NOT_THEIRS)
    return device


def _missing(serial: str) -> NoSuchEntity:
    return NoSuchEntity(f"MFA Device with serial number {serial} does not exist.")


def _account(call: Call, tx: Transaction) -> AccountRecord:
    found = tx.accounts.get(call.account)
    if found is None:
        raise NoSuchEntity(f"Account {call.account} does not exist.")
    return found
