"""Which signatures are taken: by whose key, by which algorithm. KeyInfo is never believed."""

from __future__ import annotations

import base64
import hmac
import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from ostiary.saml import Problem, read_metadata
from ostiary.saml.xml import DS
from tests.saml.believing import ALICE, believed, problem
from tests.saml.idp import NOW, Idp, certificate, rsa_key

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}


@pytest.fixture(scope="module")
def idp() -> Idp:
    return Idp()


def by(idp: Idp, **how: Any) -> str:
    return idp.response(idp.signed(idp.assertion(ALICE), **how))


@pytest.mark.parametrize("method", ["RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "SHA256_RSA_MGF1", "SHA512_RSA_MGF1"])
def test_rsa_with_sha_2_is_taken(idp: Idp, method: str) -> None:
    assert believed(by(idp, method=SignatureMethod[method], digest=DigestAlgorithm.SHA512), idp).subject == "alice"


@pytest.mark.parametrize("curve", CURVES)
def test_ecdsa_with_sha_2_is_taken(curve: str) -> None:
    other = Idp(key=ec.generate_private_key(CURVES[curve]))
    assert believed(by(other), other).subject == "alice"


def test_sha_1_is_refused_in_the_signature_and_in_the_digest(idp: Idp) -> None:
    assert problem(by(idp, method=SignatureMethod.RSA_SHA1), idp) is Problem.SIGNATURE
    assert problem(by(idp, digest=DigestAlgorithm.SHA1), idp) is Problem.SIGNATURE


def test_what_nobody_signed_is_refused(idp: Idp) -> None:
    assert problem(idp.response(idp.assertion(ALICE)), idp) is Problem.SIGNATURE


def test_a_key_that_is_not_in_the_metadata_is_nobodys_whatever_keyinfo_shows(idp: Idp) -> None:
    thief = rsa_key("thief")
    xml = by(idp, key=thief)
    assert "X509Certificate" in xml
    assert problem(xml, idp) is Problem.SIGNATURE
    forged = Idp(idp.entity_id, thief)
    assert believed(xml, forged).subject == "alice"  # the signature itself is good


def test_the_trusted_certificate_shown_beside_a_strangers_signature_helps_nobody(idp: Idp) -> None:
    shown = re.search(r"<ds:X509Certificate>.*?</ds:X509Certificate>", by(idp), re.DOTALL)
    assert shown is not None
    xml = re.sub(
        r"<ds:X509Certificate>.*?</ds:X509Certificate>", shown[0], by(idp, key=rsa_key("thief")), flags=re.DOTALL
    )
    assert problem(xml, idp) is Problem.SIGNATURE


def test_keyinfo_may_be_missing_or_wrong_where_the_right_key_signed(idp: Idp) -> None:
    bare = re.sub(r"<ds:KeyInfo>.*?</ds:KeyInfo>", "", by(idp), flags=re.DOTALL)
    assert believed(bare, idp).subject == "alice"


def test_any_of_several_certificates_may_have_signed(idp: Idp) -> None:
    others = [certificate(rsa_key("thief")), certificate(ec.generate_private_key(CURVES["P-256"])), idp.certificate]
    metadata = read_metadata(idp.metadata(certificates=others))
    assert believed(by(idp), idp, metadata=metadata).subject == "alice"


def test_a_certificate_that_has_expired_is_still_the_providers_key(idp: Idp) -> None:
    """As at AWS: it is the metadata that makes it trusted."""
    old = certificate(idp.key, start=NOW - timedelta(days=800), days=365)
    assert believed(by(idp), idp, metadata=read_metadata(idp.metadata(certificates=[old]))).subject == "alice"


def test_a_change_to_what_was_signed_is_seen(idp: Idp) -> None:
    xml = by(idp)
    assert problem(xml.replace(">alice<", ">root<"), idp) is Problem.SIGNATURE
    assert problem(xml.replace(">reader<", ">admin<"), idp) is Problem.SIGNATURE
    value = re.search(r"<ds:SignatureValue>(.{20})", xml, re.DOTALL)
    assert value is not None
    assert problem(xml.replace(value[1], value[1][::-1]), idp) is Problem.SIGNATURE


def test_an_hmac_with_the_public_certificate_as_its_secret_is_no_signature(idp: Idp) -> None:
    """Algorithm confusion: what everybody knows must not become a key."""
    root = etree.fromstring(by(idp).encode())
    info = next(root.iter(DS + "SignedInfo"))
    method = next(root.iter(DS + "SignatureMethod"))
    shown = "".join(next(root.iter(DS + "X509Certificate")).itertext()).encode()
    for uri, digest in (
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "sha256"),
        ("http://www.w3.org/2000/09/xmldsig#hmac-sha1", "sha1"),
    ):
        method.set("Algorithm", uri)
        canonical = etree.tostring(info, method="c14n", exclusive=True)
        mac = hmac.digest(shown, canonical, digest)
        next(root.iter(DS + "SignatureValue")).text = base64.b64encode(mac).decode()
        assert problem(etree.tostring(root), idp) is Problem.SIGNATURE


def test_a_signature_of_one_kind_does_not_verify_under_a_key_of_another(idp: Idp) -> None:
    elliptic = Idp(idp.entity_id, ec.generate_private_key(CURVES["P-256"]))
    assert problem(by(idp), elliptic) is Problem.SIGNATURE
    assert problem(by(elliptic), idp) is Problem.SIGNATURE


@pytest.mark.parametrize("uri", ["http://www.w3.org/2000/09/xmldsig#dsa-sha1", "urn:none", ""])
def test_an_algorithm_that_is_unknown_is_refused(idp: Idp, uri: str) -> None:
    root = etree.fromstring(by(idp).encode())
    next(root.iter(DS + "SignatureMethod")).set("Algorithm", uri)
    assert problem(etree.tostring(root), idp) is Problem.SIGNATURE
