"""saml: encrypted assertions, opened with the private keys of the one they are meant for.

AES in GCM or CBC, the key by RSA-OAEP; RSA 1.5 is not taken (Bleichenbacher). With CBC an answer that tells padding
from content apart would open any captured assertion (Jager, Somorovsky: "How to Break XML Encryption"): whatever goes
wrong from here to the verified signature inside has one name, UNDECIPHERABLE.

Source: W3C XML Encryption 1.1, 5.2, 5.5; SAML Core 2.3.4, 6.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ostiary.saml.faults import Problem, Rejected
from ostiary.saml.xml import DS, XENC, XENC11, BadXml, Element, attribute, elements, namespaces, only, parse, text_of

_XENC: Final = XENC[1:-1]
_XENC11: Final = XENC11[1:-1]
_CBC: Final = {f"{_XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_GCM: Final = {f"{_XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_BLOCK: Final = 16
_NONCE: Final = 12
_HASHES: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1,
    f"{_XENC}sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    f"{_XENC}sha512": hashes.SHA512,
}
_MASKS: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {
    f"{_XENC11}mgf1sha1": hashes.SHA1,
    f"{_XENC11}mgf1sha256": hashes.SHA256,
    f"{_XENC11}mgf1sha384": hashes.SHA384,
    f"{_XENC11}mgf1sha512": hashes.SHA512,
}
_OAEP_SHA1_MASK: Final = f"{_XENC}rsa-oaep-mgf1p"
_OAEP: Final = f"{_XENC11}rsa-oaep"
_MOST_ENCRYPTED_KEYS: Final = 10
_LEAST_BITS: Final = 2048
_MOST_BITS: Final = 4096
"""To check a longer key, and to decrypt with it, takes seconds for which nothing else is done."""
_WRAPPER: Final = "ostiary-opened"


class NotAPrivateKey(ValueError):
    """The text is no RSA private key in PEM, or a weak one."""


def read_private_key(pem: str) -> RSAPrivateKey:
    """An unencrypted RSA key of 2048 to 4096 bits, checked. Takes a second for the longest.

    Raises:
        NotAPrivateKey: see there; the message quotes nothing.
    """
    stored_private_key(pem)  # its length, before the check that depends on it
    return _loaded(pem, checked=True)


def stored_private_key(pem: str) -> RSAPrivateKey:
    """A key that `read_private_key` has checked before. Raises `NotAPrivateKey`."""
    key = _loaded(pem, checked=False)
    if not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise NotAPrivateKey(f"it is no RSA key of {_LEAST_BITS} to {_MOST_BITS} bits")
    return key


def _loaded(pem: str, *, checked: bool) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode("ascii"), password=None, unsafe_skip_rsa_key_validation=not checked)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotAPrivateKey("it can't be read") from None
    if not isinstance(key, RSAPrivateKey):
        raise NotAPrivateKey("it is no RSA key")
    return key


def opened(encrypted: Element, keys: Sequence[RSAPrivateKey], *, most_elements: int) -> Element:
    """The content of an EncryptedAssertion, as the one child of the element that is given.

    Raises:
        Rejected: UNDECIPHERABLE.
    """
    try:
        plain = _plain(encrypted, keys)
        return parse(_wrapped(plain, namespaces(encrypted)), most_elements=most_elements)
    except (BadXml, InvalidTag, ValueError, UnsupportedAlgorithm):
        raise Rejected(Problem.UNDECIPHERABLE) from None


def _plain(encrypted: Element, keys: Sequence[RSAPrivateKey]) -> bytes:
    data = only(encrypted, XENC + "EncryptedData")
    if data is None:
        raise BadXml("there is no EncryptedData")
    algorithm = _algorithm(data)
    length = _CBC.get(algorithm) or _GCM.get(algorithm)
    if length is None:
        raise BadXml("an algorithm that is not taken")
    ciphertext = _cipher_value(data)
    transported = list(encrypted.iter(XENC + "EncryptedKey"))
    for wrapped in transported[:_MOST_ENCRYPTED_KEYS]:
        for key in keys:
            try:
                session_key = _transported(wrapped, key)
                if len(session_key) == length:
                    return _gcm(session_key, ciphertext) if algorithm in _GCM else _cbc(session_key, ciphertext)
            except (BadXml, InvalidTag, ValueError):
                continue
    raise BadXml("no key opens it")


def _transported(wrapped: Element, key: RSAPrivateKey) -> bytes:
    method = only(wrapped, XENC + "EncryptionMethod")
    algorithm = _algorithm(wrapped)
    if method is None or algorithm not in (_OAEP, _OAEP_SHA1_MASK):
        raise BadXml("an algorithm that is not taken")
    digest = _HASHES[_named(method, DS + "DigestMethod", _HASHES, "http://www.w3.org/2000/09/xmldsig#sha1")]
    mask = hashes.SHA1
    if algorithm == _OAEP:
        mask = _MASKS[_named(method, XENC11 + "MGF", _MASKS, f"{_XENC11}mgf1sha1")]  # type: ignore[assignment]
    params = only(method, XENC + "OAEPparams")
    label = None if params is None else _base64(text_of(params))
    padding = OAEP(mgf=MGF1(mask()), algorithm=digest(), label=label or None)
    return key.decrypt(_cipher_value(wrapped), padding)


def _named(method: Element, tag: str, table: Mapping[str, object], default: str) -> str:
    found = only(method, tag)
    name = default if found is None else attribute(found, "Algorithm") or ""
    if name not in table:
        raise BadXml("an algorithm that is not taken")
    return name


def _algorithm(element: Element) -> str:
    method = only(element, XENC + "EncryptionMethod")
    return "" if method is None else attribute(method, "Algorithm") or ""


def _cipher_value(element: Element) -> bytes:
    data = elements(element, XENC + "CipherData")
    values = elements(data[0], XENC + "CipherValue") if len(data) == 1 else []
    if len(values) != 1:
        raise BadXml("there is no CipherValue")
    return _base64(text_of(values[0]))


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadXml("not base64") from None


def _gcm(key: bytes, ciphertext: bytes) -> bytes:
    return AESGCM(key).decrypt(ciphertext[:_NONCE], ciphertext[_NONCE:], None)


def _cbc(key: bytes, ciphertext: bytes) -> bytes:
    if len(ciphertext) < 2 * _BLOCK or len(ciphertext) % _BLOCK:
        raise BadXml("not whole blocks")
    decryptor = Cipher(AES(key), CBC(ciphertext[:_BLOCK])).decryptor()
    padded = decryptor.update(ciphertext[_BLOCK:]) + decryptor.finalize()
    if not 1 <= padded[-1] <= _BLOCK:
        raise BadXml("no padding")
    return padded[: -padded[-1]]


def _wrapped(plain: bytes, prefixes: Mapping[str | None, str]) -> bytes:
    """The plain text in an element that declares what was in scope where it stood (XML Encryption 4.3.3)."""
    if plain.lstrip().startswith(b"<?xml"):
        plain = plain[plain.index(b"?>") + 2 :]
    declared = "".join(
        f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}"
        for prefix, uri in prefixes.items()
        if prefix != "xml"
    )
    return f"<{_WRAPPER}{declared}>".encode() + plain + f"</{_WRAPPER}>".encode()
