"""Credentials: the encoded message of a refusal: which request, and which of its permissions, sealed.

Nobody can read it but this installation, and nothing in it says more than the record does: who decodes it is shown the
record's words.

Source: STS API Reference, DecodeAuthorizationMessage.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from ostiary.credentials.vault import SealBroken, seal, unseal
from ostiary.entropy import Entropy

PURPOSE: Final = "authorization messages"
"""What the key is derived for."""
_FORM: Final = b"\x01"
"""The first byte: which form this is. It also keeps a message from beginning with `-`, which command lines misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAsk:
    """A permission that was refused."""

    account: str
    """Whose record has it."""
    request_id: str
    number: int
    """Its place among the permissions that the request was asked for, from 0."""


def encode(key: bytes, refused: RefusedAsk, entropy: Entropy) -> str:
    """The message, in the characters of URLs."""
    plain = f"{refused.account} {refused.request_id} {refused.number}".encode()
    return base64.urlsafe_b64encode(_FORM + seal(key, plain, PURPOSE, entropy)).decode().rstrip("=")


def decode(key: bytes, message: str) -> RefusedAsk:
    """What was refused.

    Raises:
        SealBroken: it is not what `encode` made with this key.
    """
    try:
        sealed = base64.b64decode(message + "=" * (-len(message) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SealBroken(PURPOSE) from None
    if sealed[:1] != _FORM:
        raise SealBroken(PURPOSE)
    account, request_id, number = unseal(key, sealed[1:], PURPOSE).decode().split(" ")
    return RefusedAsk(account=account, request_id=request_id, number=int(number))
