"""services/console: MFA devices: what registering a passkey needs, for which AWS's API has no operation.

Source: IAM User Guide, "Available keys for IAM" (`iam:RegisterSecurityKey`: `Create` before the authenticator makes
its key, `Activate` when it is given to the user).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ostiary.authorization.judge import Ask
from ostiary.services.console.passkeys import Made
from ostiary.services.iam.mfa_asks import on_owner, owner_of, security_key_context
from ostiary.services.iam.security_keys import register
from ostiary.services.operation import Asks, Call
from ostiary.services.view import View
from ostiary.store.mfa import MfaDeviceRecord
from ostiary.store.transaction import Transaction

_owner_ask = on_owner("iam:EnableMFADevice")


def _devices(call: Call, tx: Transaction) -> tuple[str, Sequence[MfaDeviceRecord]]:
    owner = owner_of(call, tx)
    return owner.id, tx.mfa_devices.of(owner.id)


DEVICES = View("iam", "ListMFADevices", on_owner("iam:ListMFADevices"), _devices)
"""The unique id of the user whom `UserName` names (of the root user the account's), and its devices."""


def registering(made: Made) -> View[Mapping[str, Any]]:
    """Give a passkey to the user whom `UserName` names (the root user by the account's id), as `DeviceName`."""

    def keep(call: Call, tx: Transaction) -> Mapping[str, Any]:
        owner = owner_of(call, tx)
        kept = register(
            call, tx, owner, call.params["DeviceName"], made.credential_id, made.facts, counter=made.counter
        )
        return {"SerialNumber": kept.serial}

    return View("iam", "EnableMFADevice", _asks(made), keep, changes=True)


def _asks(made: Made) -> Asks:
    certifications = made.facts.get("certifications", {})

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        for ask in _owner_ask(call, tx):
            yield replace(ask, context={**ask.context, **security_key_context("Create", {})})
            yield replace(ask, context={**ask.context, **security_key_context("Activate", certifications)})

    return asks
