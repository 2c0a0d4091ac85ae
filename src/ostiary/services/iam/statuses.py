"""services/iam: whether a credential is switched on.

Source: IAM API Reference, UpdateSSHPublicKey, UpdateSigningCertificate, UpdateServiceSpecificCredential: `Expired` is
answered, never taken.
"""

from __future__ import annotations

from typing import Final

from ostiary.services.iam.faults import ValidationError
from ostiary.services.operation import Call

_ACTIVE: Final = {"Active": True, "Inactive": False}


def read_status(call: Call) -> bool:
    """The status that a request sets. Raises `ValidationError`: nobody can make a credential expire."""
    active = _ACTIVE.get(call.params["Status"])
    if active is None:
        raise ValidationError("Status must be Active or Inactive.")
    return active


def shown_status(active: bool, *, expired: bool = False) -> str:
    """As the API shows it."""
    return "Expired" if expired else "Active" if active else "Inactive"
