"""Credentials: the token that a finalized delegation request is exchanged by: the request's id, sealed.

Source: STS API Reference, GetDelegatedAccessToken.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from ostiary.credentials.vault import SealBroken, Vault, seal, unseal
from ostiary.entropy import Entropy

_PURPOSE: Final = "trade-in tokens"
_FORM: Final = b"\x01"
"""The first byte keeps a token from beginning with `-`, which command lines misread."""


def issue(vault: Vault, request_id: str, entropy: Entropy) -> str:
    """A token for a request, in the characters of URLs."""
    sealed = seal(vault.derive(_PURPOSE), request_id.encode(), _PURPOSE, entropy)
    return base64.urlsafe_b64encode(_FORM + sealed).decode().rstrip("=")


def read(vault: Vault, token: str) -> str:
    """The id of the request. Raises `SealBroken`."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SealBroken(_PURPOSE) from None
    if sealed[:1] != _FORM:
        raise SealBroken(_PURPOSE)
    return unseal(vault.derive(_PURPOSE), sealed[1:], _PURPOSE).decode()
