"""saml: signatures: an element is what a trusted key signed, or it is nothing.

What is verified is decided by us, never by the document: which element must be signed, by its own id, with which
algorithms, by which keys. What is read afterwards is the canonical form that was hashed, parsed anew: no unsigned byte
of the document is looked at again (signature wrapping, XSW1–8; comments).

Source: SAML Core 5.4; W3C XML Signature Best Practices; Somorovsky et al., "On Breaking SAML".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from ostiary.saml.faults import Problem, Rejected
from ostiary.saml.xml import DS, Element, attribute, elements, only

_RSA: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
    }
)
_EC: Final = frozenset({SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512})
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
"""The two transforms of SAML Core 5.4.4; `#WithComments` is not taken."""


def verified(root: Element, element: Element, certificates: Sequence[x509.Certificate]) -> Element:
    """What a trusted key signed of `element`: its canonical form, parsed anew, in a document of its own.

    Args:
        root: of the document that holds the element.
        element: the root itself or a child of it; it must hold a signature of itself.
        certificates: whose keys are trusted.

    Raises:
        Rejected: SIGNATURE.
    """
    identity = attribute(element, "ID")
    signature = only(element, DS + "Signature")
    if not identity or signature is None:
        raise Rejected(Problem.SIGNATURE, "it is not signed")
    _check_form(signature, identity)
    location = "./" if element is root else f"./{element.tag}/"
    document = etree.tostring(root, encoding="utf-8")
    for certificate in certificates:
        signed = _signed(document, location, certificate)
        if signed is not None and signed.tag == element.tag and attribute(signed, "ID") == identity:
            return signed
    raise Rejected(Problem.SIGNATURE, "no trusted key signed it")


def _check_form(signature: Element, identity: str) -> None:
    """One reference, to the element that holds the signature, by SAML's transforms alone."""
    signed_info = elements(signature, DS + "SignedInfo")
    references = elements(signed_info[0], DS + "Reference") if len(signed_info) == 1 else []
    if len(references) != 1 or elements(signature, DS + "Object"):
        raise Rejected(Problem.SIGNATURE, "a signature must have one reference and no object")
    if attribute(references[0], "URI") != "#" + identity:
        raise Rejected(Problem.SIGNATURE, "a signature must sign the element that holds it")
    listed = [
        attribute(each, "Algorithm")
        for transforms in elements(references[0], DS + "Transforms")
        for each in elements(transforms, DS + "Transform")
    ]
    if listed != [_ENVELOPED, _EXCLUSIVE]:
        raise Rejected(Problem.SIGNATURE, "a signature must be enveloped and canonicalised exclusively")
    methods = elements(signed_info[0], DS + "CanonicalizationMethod")
    if [attribute(each, "Algorithm") for each in methods] != [_EXCLUSIVE]:
        raise Rejected(Problem.SIGNATURE, "a signature must be canonicalised exclusively")


def _signed(document: bytes, location: str, certificate: x509.Certificate) -> Element | None:
    """None when this key did not sign it."""
    methods = _RSA if isinstance(certificate.public_key(), RSAPublicKey) else _EC
    expected = SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=methods,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,  # KeyInfo is never asked: the metadata has the keys
        verification_time=certificate.not_valid_before_utc,
    )
    try:
        result = XMLVerifier().verify(document, x509_cert=certificate, expect_config=expected, id_attribute="ID")
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, KeyError):
        return None
    assert not isinstance(result, list)
    return result.signed_xml
