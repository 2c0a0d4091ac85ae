"""Session tokens of IMDSv2: sealed statements "whoever shows this asked from that instance, until then".

Nothing is stored, so every process that holds the key accepts a token, and a restart forgets none.

Source: Amazon EC2 User Guide, "How Instance Metadata Service Version 2 works".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Final

from ostiary.entropy import Entropy

SHORTEST: Final = 1
LONGEST: Final = 21_600
"""Seconds a token may live: one second to six hours."""

_VERSION: Final = b"\x01"
_EXPIRY_BYTES: Final = 5
_NONCE_BYTES: Final = 10
_MAC_BYTES: Final = 24
_STATEMENT_BYTES: Final = len(_VERSION) + _EXPIRY_BYTES + _NONCE_BYTES
_PURPOSE: Final = b"ostiary instance metadata session token\x00"


def issue(key: bytes, instance_id: str, ttl: int, now: datetime, entropy: Entropy) -> str:
    """A token for `ttl` seconds, 56 characters like AWS's."""
    expiry = int(now.timestamp()) + ttl
    statement = _VERSION + expiry.to_bytes(_EXPIRY_BYTES) + entropy.draw(_NONCE_BYTES)
    return base64.urlsafe_b64encode(statement + _seal(key, instance_id, statement)).decode("ascii")


def seconds_left(key: bytes, instance_id: str, token: str, now: datetime) -> int:
    """How long this instance may go on using the token; 0 when it may not: expired, forged or another instance's."""
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return 0
    statement, seal = raw[:_STATEMENT_BYTES], raw[_STATEMENT_BYTES:]
    if not hmac.compare_digest(seal, _seal(key, instance_id, statement)) or not statement.startswith(_VERSION):
        return 0
    expiry = int.from_bytes(statement[len(_VERSION) : len(_VERSION) + _EXPIRY_BYTES])
    return max(0, expiry - int(now.timestamp()))


def _seal(key: bytes, instance_id: str, statement: bytes) -> bytes:
    message = _PURPOSE + statement + instance_id.encode()
    return hmac.digest(key, message, hashlib.sha256)[:_MAC_BYTES]
