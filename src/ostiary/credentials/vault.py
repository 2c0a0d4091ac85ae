"""Secrets at rest: AES-256-GCM in an envelope.

One key-encryption key (a file of the data directory, or the environment) wraps a data key per account; the data key
seals that account's secrets. What a sealed text belongs to is bound in as associated data, so it can't be moved to
another row.

Source: NIST SP 800-38D; AWS KMS Developer Guide, "Envelope encryption".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ostiary.entropy import Entropy

KEY_BYTES: Final = 32
_NONCE: Final = 12
_PURPOSES: Final = 1_000
"""Derived keys that are remembered."""


class SealBroken(Exception):
    """The sealed text was changed, moved, or sealed under another key."""


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal(key: bytes, plain: bytes, bound_to: str, entropy: Entropy) -> bytes:
    """Nonce and ciphertext. `bound_to` must be given again to open it."""
    nonce = entropy.draw(_NONCE)
    return nonce + _cipher(key).encrypt(nonce, plain, bound_to.encode())


def unseal(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """What was sealed.

    Raises:
        SealBroken: it is not what `seal` made with this key and this binding.
    """
    try:
        return _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode())
    except (InvalidTag, ValueError):
        raise SealBroken(bound_to) from None


class Vault:
    """Opens and seals the secrets of every account."""

    def __init__(self, key_encryption_key: bytes, entropy: Entropy) -> None:
        if len(key_encryption_key) != KEY_BYTES:
            raise ValueError("the key-encryption key must be 32 bytes")
        self._kek, self._entropy = key_encryption_key, entropy
        self._open: dict[bytes, bytes] = {}
        self._derived: dict[str, bytes] = {}

    def new_data_key(self, account: str) -> bytes:
        """A fresh data key for an account, wrapped: this is what the store keeps."""
        return seal(self._kek, self._entropy.draw(KEY_BYTES), f"data key of {account}", self._entropy)

    def seal(self, account: str, data_key: bytes, plain: str, bound_to: str) -> bytes:
        """Seal one secret of an account under its wrapped data key."""
        return seal(self._data_key(account, data_key), plain.encode(), bound_to, self._entropy)

    def unseal(self, account: str, data_key: bytes, sealed: bytes, bound_to: str) -> str:
        """Open one secret. Raises `SealBroken`."""
        return unseal(self._data_key(account, data_key), sealed, bound_to).decode()

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, the same in every process that holds this vault's key."""
        found = self._derived.get(purpose)
        if found is None:
            info = b"ostiary/" + purpose.encode()
            found = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._kek)
            if len(self._derived) < _PURPOSES:
                self._derived[purpose] = found
        return found

    def _data_key(self, account: str, wrapped: bytes) -> bytes:
        key = self._open.get(wrapped)
        if key is None:
            key = self._open[wrapped] = unseal(self._kek, wrapped, f"data key of {account}")
        return key
