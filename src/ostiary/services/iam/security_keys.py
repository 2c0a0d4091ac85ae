"""services/iam: FIDO authenticators (passkeys, security keys) as MFA devices.

AWS's API lists them, tells their certifications and takes them away; they are registered by its console alone, and
so here: the ceremony is a web page's, what comes of it is kept by `register`.

Source: IAM User Guide, "Assign a passkey or security key in the AWS Management Console"; IAM API Reference,
GetMFADevice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ostiary.entropy import letters
from ostiary.services.iam.access_keys import Owner
from ostiary.services.iam.faults import EntityAlreadyExists
from ostiary.services.iam.mfa_devices import assign, new_device_id
from ostiary.services.operation import Call
from ostiary.store.mfa import FIDO, MfaDeviceRecord
from ostiary.store.records import AlreadyExists
from ostiary.store.transaction import Transaction

_SUFFIX_LETTERS: Final = 26
_TAKEN: Final = "This security key is registered already."


def register(
    call: Call,
    tx: Transaction,
    owner: Owner,
    name: str,
    credential_id: bytes,
    facts: Mapping[str, Any],
    counter: int = 0,
) -> MfaDeviceRecord:
    """Give a FIDO authenticator that has just proven itself to its owner.

    Args:
        name: as the owner calls it: letters of `[\\w+=,.@-]`, 1 to 64.
        credential_id: what the authenticator calls its key.
        facts: kept as JSON: the public key, and `certifications` as GetMFADevice shows them.
        counter: the authenticator's signature counter.

    Raises:
        LimitExceeded: the owner has as many devices as it may.
        EntityAlreadyExists: the key is registered, to whomever.
    """
    whose = "root-account" if owner.name is None else f"user/{owner.name}"
    suffix = letters(call.house.entropy, _SUFFIX_LETTERS)
    device = MfaDeviceRecord(
        id=new_device_id(call),
        serial=f"arn:aws:iam::{call.account}:u2f/{whose}/{name}-{suffix}",
        account=call.account,
        kind=FIDO,
        created=call.now,
        used=counter,
        credential_id=credential_id,
        facts=json.dumps(dict(facts)),
    )
    try:
        tx.mfa_devices.add(device)
    except AlreadyExists:
        raise EntityAlreadyExists(_TAKEN) from None
    assign(call, tx, device, owner)
    return device
