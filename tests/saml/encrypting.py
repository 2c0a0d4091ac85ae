"""Encrypts assertions as XML Encryption 1.1 says, with `cryptography` alone.

What xmlsec1 encrypts is in the tests with PySAML2.
"""

from __future__ import annotations

import base64
import os
from typing import Any

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
SHA1, SHA256 = "http://www.w3.org/2000/09/xmldsig#sha1", XENC + "sha256"
TRANSPORTS: dict[str, tuple[str, str, AsymmetricPadding]] = {
    "oaep": (
        XENC + "rsa-oaep-mgf1p",
        f'<ds:DigestMethod Algorithm="{SHA1}"/>',
        OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None),
    ),
    "oaep-bare": (XENC + "rsa-oaep-mgf1p", "", OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None)),
    "oaep-sha256": (
        XENC + "rsa-oaep-mgf1p",
        f'<ds:DigestMethod Algorithm="{SHA256}"/>',
        OAEP(MGF1(hashes.SHA1()), hashes.SHA256(), None),
    ),
    "oaep11": (
        XENC11 + "rsa-oaep",
        f'<ds:DigestMethod Algorithm="{SHA256}"/><xenc11:MGF Algorithm="{XENC11}mgf1sha256"/>',
        OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None),
    ),
    "rsa1_5": (XENC + "rsa-1_5", "", PKCS1v15()),
}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def ciphered(plain: bytes, key: bytes, cipher: str) -> bytes:
    if cipher == "gcm":
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, plain, None)
    start = os.urandom(16)
    pad = padding.ANSIX923(128).padder()
    encryptor = Cipher(AES(key), CBC(start)).encryptor()
    return start + encryptor.update(pad.update(plain) + pad.finalize()) + encryptor.finalize()


def encrypted(
    plain: str, public: Any, *, bits: int = 256, cipher: str = "gcm", transport: str = "oaep", beside: bool = False
) -> str:
    """An EncryptedAssertion; `beside`: its key stands after the data and not in it."""
    key = os.urandom(bits // 8)
    name = f"{XENC11}aes{bits}-gcm" if cipher == "gcm" else f"{XENC}aes{bits}-cbc"
    uri, details, wrap = TRANSPORTS[transport]
    wrapped = (
        f'<xenc:EncryptedKey Id="_k"><xenc:EncryptionMethod Algorithm="{uri}">{details}</xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{_b64(public.encrypt(key, wrap))}</xenc:CipherValue></xenc:CipherData>"
        "</xenc:EncryptedKey>"
    )
    info = '<ds:RetrievalMethod Type="' + XENC + 'EncryptedKey" URI="#_k"/>' if beside else wrapped
    return (
        f'<saml:EncryptedAssertion xmlns:xenc="{XENC}" xmlns:xenc11="{XENC11}" '
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f'<xenc:EncryptedData Type="{XENC}Element"><xenc:EncryptionMethod Algorithm="{name}"/>'
        f"<ds:KeyInfo>{info}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>"
        f"{_b64(ciphered(plain.encode(), key, cipher))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        f"{wrapped if beside else ''}</saml:EncryptedAssertion>"
    )
