"""Public keys for SSH: reading them in OpenSSH's format or PEM, and writing them in either.

Source: IAM API Reference, UploadSSHPublicKey and GetSSHPublicKey (RSA of at least 2048 bits; the fingerprint is MD5 of
the key); RFC 4253, section 6.6; RFC 4716, section 4.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
    load_ssh_public_key,
)

LEAST_BITS: Final = 2048
_OPENSSH: Final = re.compile(r"[a-z][a-z0-9@.-]*\s+AAAA[A-Za-z0-9+/=]*(\s.*)?", re.DOTALL)
_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----.*-----END \1-----", re.DOTALL)


class UnknownEncoding(ValueError):
    """The text is neither OpenSSH's format nor PEM."""


class UnusableKey(ValueError):
    """The text is damaged, or not an RSA key of at least 2048 bits."""


@dataclass(frozen=True, slots=True)
class SshPublicKey:
    """A key, whichever way it was written."""

    blob: bytes
    """As SSH sends it."""
    pem: str

    @property
    def fingerprint(self) -> str:
        """MD5: hex, a colon after each byte."""
        digest = hashlib.md5(self.blob, usedforsecurity=False).hexdigest()
        return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))

    @property
    def line(self) -> str:
        """In OpenSSH's format, without a comment."""
        return "ssh-rsa " + base64.b64encode(self.blob).decode()


def read_ssh_public_key(text: str) -> SshPublicKey:
    """A key in OpenSSH's format or PEM. Raises `UnknownEncoding`, `UnusableKey`."""
    text = text.strip()
    openssh = _OPENSSH.fullmatch(text) is not None
    if not openssh and not _PEM.fullmatch(text):
        raise UnknownEncoding
    try:
        key = load_ssh_public_key(text.encode()) if openssh else load_pem_public_key(text.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey from None
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise UnusableKey
    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return SshPublicKey(blob=base64.b64decode(line.split()[1]), pem=pem.decode())
