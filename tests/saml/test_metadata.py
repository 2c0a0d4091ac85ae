"""What is read of a metadata document, and what is refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec

from ostiary.saml import NotMetadata, read_metadata
from tests.saml.idp import ISSUER, Idp, certificate, rsa_key


@pytest.fixture(scope="module")
def idp() -> Idp:
    return Idp()


def test_issuer_certificates_and_end_are_read(idp: Idp) -> None:
    found = read_metadata(idp.metadata())
    assert found.issuers == {ISSUER: (idp.certificate,)}
    assert found.valid_until is None
    assert read_metadata(idp.metadata(more='validUntil="2030-01-01T00:00:00Z"')).valid_until == 1893456000


def test_the_earliest_end_counts_and_zones_are_regarded(idp: Idp) -> None:
    text = idp.metadata(more='validUntil="2031-01-01T00:00:00Z"')
    text = text.replace("<md:IDPSSODescriptor ", '<md:IDPSSODescriptor validUntil="2030-01-01T01:00:00+01:00" ')
    assert read_metadata(text).valid_until == 1893456000


def test_a_key_to_encrypt_with_is_no_key_to_sign_with(idp: Idp) -> None:
    with pytest.raises(NotMetadata, match="no certificate"):
        read_metadata(idp.metadata().replace('use="signing"', 'use="encryption"'))
    assert read_metadata(idp.metadata().replace(' use="signing"', "")).issuers[ISSUER] == (idp.certificate,)


def test_several_entities_are_several_issuers(idp: Idp) -> None:
    other = Idp("https://b.example", rsa_key("b"))
    inside = [each.metadata().partition("?>")[2] for each in (idp, other)]
    around = '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{}</md:EntitiesDescriptor>'
    assert set(read_metadata(around.format("".join(inside))).issuers) == {ISSUER, "https://b.example"}
    with pytest.raises(NotMetadata, match="twice"):
        read_metadata(around.format(inside[0] * 2))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("IDPSSODescriptor", "SPSSODescriptor", "no IDPSSODescriptor"),
        ("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol", "no IDPSSODescriptor"),
        (f'entityID="{ISSUER}"', "", "entityID"),
        (f'entityID="{ISSUER}"', f'entityID="{"x" * 1025}"', "entityID"),
        ("EntityDescriptor", "Entity", "root"),
        ("<ds:X509Certificate>", "<ds:X509Certificate>AAAA", "can't be read"),
        ("</md:EntityDescriptor>", "", "well-formed"),
    ],
)
def test_what_is_no_identity_provider_is_refused(idp: Idp, old: str, new: str, why: str) -> None:
    with pytest.raises(NotMetadata, match=why):
        read_metadata(idp.metadata().replace(old, new))


def test_a_byte_order_mark_is_refused(idp: Idp) -> None:
    with pytest.raises(NotMetadata, match="byte order mark"):
        read_metadata("\ufeff" + idp.metadata())


def test_weak_keys_and_strange_kinds_are_refused(idp: Idp) -> None:
    weak = [ec.generate_private_key(ec.SECP192R1()), dsa.generate_private_key(2048)]
    for key in weak:
        with pytest.raises(NotMetadata, match="key"):
            read_metadata(idp.metadata(certificates=[certificate(key)]))
    assert read_metadata(idp.metadata(certificates=[certificate(rsa_key("small", 1024))]))


def test_too_many_keys_are_refused(idp: Idp) -> None:
    with pytest.raises(NotMetadata, match="more than 20"):
        read_metadata(idp.metadata(certificates=[idp.certificate] * 21))
