"""services/iam: whose MFA devices are meant, and the permissions that their operations ask for.

The API names the users of EnableMFADevice and ResyncMFADevice; AWS's root user manages its devices in AWS's console
alone. Here the root user may name itself by the account's id.

Source: Service Authorization Reference, "AWS Identity and Access Management (IAM)"; IAM User Guide, "Available keys for
IAM" (`iam:RegisterSecurityKey`, `iam:FIDO-…`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ostiary.authorization.caller import CallerKind
from ostiary.authorization.judge import Ask
from ostiary.identifiers import Arn, NotAnArn, iam_arn, root_arn
from ostiary.policy import ContextValue
from ostiary.services.iam.access_keys import Owner
from ostiary.services.iam.asks import ask_named, own_or_named, request_context
from ostiary.services.iam.faults import ValidationError
from ostiary.services.iam.names import USER, path_of
from ostiary.services.operation import Asks, Call
from ostiary.store.mfa import MfaDeviceRecord
from ostiary.store.transaction import Transaction

_CERTIFICATIONS: Final = {
    "FIDO": "iam:FIDO-certification",
    "FIPS-140-2": "iam:FIDO-FIPS-140-2-certification",
    "FIPS-140-3": "iam:FIDO-FIPS-140-3-certification",
}
"""The condition keys of an authenticator's certifications, by their names in `GetMFADevice`."""


def owner_of(call: Call, tx: Transaction) -> Owner:
    """Whose devices are meant. Raises `NoSuchEntity`, `ValidationError`."""
    name = _named(call, tx)
    if name is None:
        return Owner(call.account, None)
    user = USER.get(tx, call.account, name)
    return Owner(user.id, user.name)


def on_owner(action: str) -> Asks:
    """For an action on the user whose devices are meant."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        name = _named(call, tx)
        if name is None:
            return (Ask(action=action, resource=root_arn(call.account)),)
        return (ask_named(call, tx, action, USER, name),)

    return asks


def _named(call: Call, tx: Transaction) -> str | None:
    """The user's name; None means the root user, whom nobody else can name."""
    name = own_or_named(call)
    if name == call.account and call.caller.kind is CallerKind.ROOT and tx.users.get(call.account, name) is None:
        return None
    return name


def new_serial(call: Call) -> str:
    """The ARN that a virtual device will have."""
    return iam_arn(call.account, "mfa", call.params["VirtualMFADeviceName"], path_of(call))


def on_new_device(action: str) -> Asks:
    """For making a virtual device."""

    def asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
        return (Ask(action=action, resource=new_serial(call), context=request_context(call, action)),)

    return asks


def on_device(action: str) -> Asks:
    """For an action on the virtual device that `SerialNumber` names."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        serial: str = call.params["SerialNumber"]
        if not _is_device_arn(serial):
            raise ValidationError(f"ARN {serial} is not valid.")
        context = {**request_context(call, action), **_tags(tx, call.account, serial)}
        return (Ask(action=action, resource=serial, context=context),)

    return asks


def security_key_context(step: str, certifications: Mapping[str, str]) -> dict[str, ContextValue]:
    """The keys of `iam:EnableMFADevice` when a FIDO authenticator is registered, which AWS's API itself can't.

    Args:
        step: `Create` before the authenticator has made its key, `Activate` when it is given to the user.
        certifications: as far as they are known.
    """
    known = {_CERTIFICATIONS[name]: level for name, level in certifications.items() if name in _CERTIFICATIONS}
    return {"iam:RegisterSecurityKey": step, **known}


def device_in(tx: Transaction, account: str, serial: str) -> MfaDeviceRecord | None:
    """An account's device."""
    found = tx.mfa_devices.by_serial(serial)
    return found if found is not None and found.account == account else None


def _is_device_arn(serial: str) -> bool:
    try:
        arn = Arn.parse(serial)
    except NotAnArn:
        return False
    return arn.service == "iam" and arn.resource.startswith("mfa/")


def _tags(tx: Transaction, account: str, serial: str) -> dict[str, ContextValue]:
    device = device_in(tx, account, serial)
    return {} if device is None else {f"aws:ResourceTag/{tag.key}": tag.value for tag in tx.tags.of(device.id)}
