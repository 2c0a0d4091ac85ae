"""saml: metadata: who the identity provider is, and the keys it signs with.

Whether a certificate has expired is not asked: it is a vessel for the key (as at AWS).

Source: SAML Metadata 2.0, 2.3–2.4; IAM User Guide, "Troubleshoot SAML federation", "Could not parse metadata".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ostiary.saml.faults import NotMetadata
from ostiary.saml.xml import DS, MD, BadXml, Element, attribute, elements, moment, parse, text_of

_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_MOST_ELEMENTS: Final = 200_000
_MOST_KEYS: Final = 20
_LEAST_RSA: Final = 1024
_LEAST_EC: Final = 256
_BOM: Final = "\ufeff"
_LONG: Final = 500_000
"""Characters; of longer documents (those of federations) only the latest is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a metadata document says."""

    issuers: Mapping[str, tuple[x509.Certificate, ...]]
    """The identity providers by entity id, with the certificates they sign with."""
    valid_until: float | None
    """Seconds since 1970."""


def read_metadata(text: str) -> Metadata:
    """Read and hold against the standard what is needed of it.

    Raises:
        NotMetadata: see there.
    """
    return _remembered(text) if len(text) <= _LONG else _latest_long(text)


def _parsed(text: str) -> Metadata:
    if text.startswith(_BOM):
        raise NotMetadata("it begins with a byte order mark")
    try:
        root = parse(text.encode("utf-8"), most_elements=_MOST_ELEMENTS)
        return _read(root)
    except (BadXml, UnicodeEncodeError) as problem:
        raise NotMetadata(str(problem)) from None


_remembered: Final = lru_cache(maxsize=16)(_parsed)
_latest_long: Final = lru_cache(maxsize=1)(_parsed)


def _read(root: Element) -> Metadata:
    issuers: dict[str, tuple[x509.Certificate, ...]] = {}
    ends: list[float] = []
    for entity in _entities(root):
        name = attribute(entity, "entityID")
        if not name or len(name) > 1024:
            raise NotMetadata("an entity has no entityID, or one of more than 1024 characters")
        roles = [each for each in elements(entity, MD + "IDPSSODescriptor") if _speaks_saml_2(each)]
        if not roles:
            continue
        if name in issuers:
            raise NotMetadata("an entityID stands twice")
        found = tuple(certificate for role in roles for certificate in _signing(role))
        if not found:
            raise NotMetadata("an identity provider has no certificate to sign with")
        if len(found) > _MOST_KEYS:
            raise NotMetadata(f"an identity provider has more than {_MOST_KEYS} certificates")
        issuers[name] = found
        ends += [moment(end) for each in (root, entity, *roles) if (end := attribute(each, "validUntil")) is not None]
    if not issuers:
        raise NotMetadata("there is no IDPSSODescriptor for SAML 2.0")
    return Metadata(issuers=issuers, valid_until=min(ends, default=None))


def _entities(root: Element) -> Iterator[Element]:
    if root.tag == MD + "EntityDescriptor":
        yield root
    elif root.tag == MD + "EntitiesDescriptor":
        yield from root.iter(MD + "EntityDescriptor")
    else:
        raise NotMetadata("its root is no EntityDescriptor")


def _speaks_saml_2(role: Element) -> bool:
    return _PROTOCOL in (attribute(role, "protocolSupportEnumeration") or "").split()


def _signing(role: Element) -> Iterator[x509.Certificate]:
    for key in elements(role, MD + "KeyDescriptor"):
        if attribute(key, "use") in (None, "signing"):
            for found in key.iter(DS + "X509Certificate"):
                yield _certificate(text_of(found))


def _certificate(text: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
        key = certificate.public_key()
    except (binascii.Error, ValueError, TypeError):  # as cryptography says what it can't read
        raise NotMetadata("a certificate can't be read") from None
    if isinstance(key, RSAPublicKey):
        if key.key_size < _LEAST_RSA:
            raise NotMetadata(f"a certificate's key has less than {_LEAST_RSA} bits")
    elif not isinstance(key, EllipticCurvePublicKey) or key.key_size < _LEAST_EC:
        raise NotMetadata("a certificate's key is of a kind that is not taken")
    return certificate
