"""X.509 certificates in PEM: reading them, their keys and their chains.

Only what stands between the BEGIN and END lines is taken; text around it is refused, as AWS does.

Source: RFC 7468 (PEM); RFC 5280; IAM User Guide, "Manage server certificates in IAM", "Troubleshoot server
certificates".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"
MOST_RSA_BITS: Final = 4096
"""To check a longer key takes ten seconds, for which nothing else is done."""
_BLOCK: Final = re.compile(rf"\s*({_BEGIN}\s[A-Za-z0-9+/=\s]+{_END})\s*")

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


class NotACertificate(ValueError):
    """The text is not the certificate, or the certificates, that were asked for."""


class NotAPrivateKey(ValueError):
    """The text is no RSA or EC key in PEM, it is encrypted, or it has more than 4096 bits."""


def read_certificate(text: str) -> x509.Certificate:
    """The one certificate of a text. Raises `NotACertificate`."""
    found = read_certificates(text)
    if len(found) != 1:
        raise NotACertificate
    return found[0]


def read_certificates(text: str) -> Sequence[x509.Certificate]:
    """The certificates of a text that has nothing else, in order. Raises `NotACertificate`."""
    found, place = [], 0
    while place < len(text):
        block = _BLOCK.match(text, place)
        if block is None:
            raise NotACertificate
        try:
            certificate = x509.load_pem_x509_certificate(block[1].encode())
            certificate.public_key()  # one whose key can't be read proves nothing
        except (ValueError, UnsupportedAlgorithm):
            raise NotACertificate from None
        found.append(certificate)
        place = block.end()
    if not found:
        raise NotACertificate
    return found


def read_private_key(text: str) -> PrivateKey:
    """An unencrypted key. Raises `NotAPrivateKey`."""
    pem = text.strip().encode()
    try:
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        if isinstance(key, RSAPrivateKey) and key.key_size <= MOST_RSA_BITS:
            key = load_pem_private_key(pem, password=None)  # only now, as its length is known, is it checked
        elif isinstance(key, RSAPrivateKey):
            raise NotAPrivateKey
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotAPrivateKey from None
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise NotAPrivateKey
    return key


def belong_together(certificate: x509.Certificate, key: PrivateKey) -> bool:
    """Whether the certificate is for this key."""
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return certificate.public_key().public_bytes(*form) == key.public_key().public_bytes(*form)


def break_in_chain(certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> int | None:
    """Where a chain breaks: the index of the first certificate that the next one has not signed.

    Returns:
        -1 for the certificate itself, 0 for the first of the chain, and so on; None for a chain that holds. Nothing is
        asked of who signed the last one.
    """
    for index, (issued, issuer) in enumerate(zip((certificate, *chain), chain, strict=False), -1):
        try:
            issued.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return index
    return None


def is_over(certificate: x509.Certificate, at: datetime) -> bool:
    """Whether its time has passed."""
    return at > certificate.not_valid_after_utc


def is_to_come(certificate: x509.Certificate, at: datetime) -> bool:
    """Whether its time has not begun."""
    return at < certificate.not_valid_before_utc


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the whole certificate, in hex."""
    return certificate.fingerprint(SHA256()).hex()
