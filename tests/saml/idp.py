"""An identity provider of the tests: it writes responses as real ones do and signs them with signxml's signer.

What real providers write, signed by xmlsec1 and by PHP's xmlseclibs, is in tests/clients/test_boto3_saml.py.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from ostiary.saml.xml import DS, SAML

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SIGN_IN = "https://signin.aws.amazon.com/saml"
ISSUER = "https://idp.example.com/saml"
ROLE = "https://aws.amazon.com/SAML/Attributes/Role"
SESSION_NAME = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key by name: made once a process."""
    return rsa.generate_private_key(65537, bits)


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def certificate(key: Any, *, start: datetime = NOW - timedelta(days=1), days: int = 3650) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(start + timedelta(days=days))
    return builder.sign(key, hashes.SHA256())


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def packed(xml: str | bytes) -> str:
    """As a browser posts it."""
    return base64.b64encode(xml.encode() if isinstance(xml, str) else xml).decode()


@dataclass
class Idp:
    """Who it is, and what it signs with."""

    entity_id: str = ISSUER
    key: Any = field(default_factory=lambda: rsa_key("idp"))
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.certificate = certificate(self.key)

    def metadata(self, *, more: str = "", certificates: Sequence[x509.Certificate] | None = None) -> str:
        """`more`: attributes of the EntityDescriptor."""
        keys = "".join(
            '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
            + base64.b64encode(each.public_bytes(Encoding.DER)).decode()
            + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for each in ([self.certificate] if certificates is None else certificates)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
            f'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID={quoteattr(self.entity_id)} {more}>'
            '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f"{keys}<md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>"
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
            'Location="https://idp.example.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )

    def assertion(
        self,
        attributes: Mapping[str, Sequence[str]] | None = None,
        *,
        now: datetime = NOW,
        id: str = "_a1",
        issuer: str | None = None,
        subject: str = "alice",
        format: str | None = PERSISTENT,
        recipient: str | None = SIGN_IN,
        audience: Sequence[str] = (SIGN_IN,),
        issued: datetime | None = None,
        not_before: datetime | None = None,
        not_on_or_after: datetime | None = None,
        session_ends: datetime | None = None,
        in_response_to: str | None = None,
        method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer",
        conditions: str = "",
        replaced: Mapping[str, str] | None = None,
    ) -> str:
        """An assertion without a signature. `replaced`: texts to exchange at the end."""
        end = stamp(not_on_or_after or now + timedelta(minutes=5))
        values = "".join(
            f"<saml:Attribute Name={quoteattr(name)}>"
            + "".join(
                f'<saml:AttributeValue xsi:type="xs:string">{escape(each)}</saml:AttributeValue>' for each in given
            )
            + "</saml:Attribute>"
            for name, given in (attributes or {}).items()
        )
        data = f'NotOnOrAfter="{end}"' + (f" Recipient={quoteattr(recipient)}" if recipient is not None else "")
        data += f' InResponseTo="{in_response_to}"' if in_response_to else ""
        heard = "".join(f"<saml:Audience>{escape(each)}</saml:Audience>" for each in audience)
        restriction = f"<saml:AudienceRestriction>{heard}</saml:AudienceRestriction>" if audience else ""
        session = f' SessionNotOnOrAfter="{stamp(session_ends)}"' if session_ends else ""
        text = (
            '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
            'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'ID="{id}" Version="2.0" IssueInstant="{stamp(issued or now)}">'
            f"<saml:Issuer>{escape(issuer or self.entity_id)}</saml:Issuer>"
            "<saml:Subject><saml:NameID"
            + (f' Format="{format}"' if format else "")
            + f">{escape(subject)}</saml:NameID>"
            f'<saml:SubjectConfirmation Method="{method}"><saml:SubjectConfirmationData {data}/>'
            "</saml:SubjectConfirmation></saml:Subject>"
            f'<saml:Conditions NotBefore="{stamp(not_before or now - timedelta(minutes=1))}" NotOnOrAfter="{end}">'
            f"{restriction}{conditions}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{stamp(now)}"{session}><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            "</saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{values}</saml:AttributeStatement></saml:Assertion>"
        )
        for old, new in (replaced or {}).items():
            assert old in text
            text = text.replace(old, new)
        return text

    def response(
        self,
        content: str,
        *,
        now: datetime = NOW,
        id: str = "_r1",
        issuer: str | None = None,
        destination: str | None = SIGN_IN,
        status: str = "urn:oasis:names:tc:SAML:2.0:status:Success",
        in_response_to: str | None = None,
    ) -> str:
        """A response around an assertion, without a signature."""
        more = f" Destination={quoteattr(destination)}" if destination else ""
        more += f' InResponseTo="{in_response_to}"' if in_response_to else ""
        return (
            '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
            'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
            f'ID="{id}" Version="2.0" IssueInstant="{stamp(now)}"{more}>'
            f"<saml:Issuer>{escape(issuer or self.entity_id)}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>{content}</samlp:Response>'
        )

    def signed(
        self,
        xml: str,
        *,
        key: Any = None,
        method: SignatureMethod | None = None,
        digest: DigestAlgorithm = DigestAlgorithm.SHA256,
        c14n: CanonicalizationMethod = EXCLUSIVE,
    ) -> str:
        """The same with a signature of the root element after its Issuer."""
        key = key or self.key
        shown = self.certificate if key is self.key else certificate(key)
        chosen = method or (
            SignatureMethod.ECDSA_SHA256 if isinstance(key, ec.EllipticCurvePrivateKey) else SignatureMethod.RSA_SHA256
        )
        root = etree.fromstring(xml.encode())
        placeholder = etree.Element(DS + "Signature", nsmap={"ds": DS[1:-1]}, Id="placeholder")
        root.insert(1, placeholder)
        assert root[0].tag == SAML + "Issuer"
        signer = _Signer(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=chosen,
            digest_algorithm=digest,
            c14n_algorithm=c14n,
        )
        made = signer.sign(root, key=key, cert=[shown], reference_uri="#" + str(root.get("ID")), id_attribute="ID")
        return etree.tostring(made, encoding="unicode")


class _Signer(XMLSigner):
    """Signs with old algorithms too: tests need what must not be taken."""

    def check_deprecated_methods(self) -> None:
        pass
