"""Encrypted assertions: which are opened, and that a stranger learns nothing from those that are not."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ostiary.saml import NotAPrivateKey, Problem, Rejected, read_private_key, read_response, stored_private_key
from tests.credentials.certs import long_key_pem
from tests.saml.believing import ALICE, believed, expected, problem
from tests.saml.encrypting import encrypted
from tests.saml.idp import Idp, packed, pem, rsa_key

OURS = rsa_key("ours")


@pytest.fixture(scope="module")
def idp() -> Idp:
    return Idp()


def hidden(idp: Idp, content: str | None = None, key: Any = OURS, **how: Any) -> str:
    """A response with an encrypted assertion, signed inside."""
    return idp.response(encrypted(content or idp.signed(idp.assertion(ALICE)), key.public_key(), **how))


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("cipher", ["gcm", "cbc"])
def test_aes_in_gcm_and_cbc_is_opened(idp: Idp, bits: int, cipher: str) -> None:
    assert believed(hidden(idp, bits=bits, cipher=cipher), idp, keys=[OURS], encrypted=True).subject == "alice"


@pytest.mark.parametrize("transport", ["oaep", "oaep-bare", "oaep-sha256", "oaep11"])
@pytest.mark.parametrize("beside", [False, True])
def test_keys_come_by_rsa_oaep_in_the_data_or_beside_it(idp: Idp, transport: str, beside: bool) -> None:
    assert believed(hidden(idp, transport=transport, beside=beside), idp, keys=[OURS]).subject == "alice"


def test_the_older_and_the_newer_key_both_open(idp: Idp) -> None:
    newer = rsa_key("newer")
    for key in (OURS, newer):
        assert believed(hidden(idp, key=key), idp, keys=[OURS, newer]).subject == "alice"


def test_an_encrypted_assertion_in_a_signed_response_needs_no_signature_of_its_own(idp: Idp) -> None:
    whole = idp.signed(hidden(idp, idp.assertion(ALICE)))
    assert believed(whole, idp, keys=[OURS]).subject == "alice"
    assert problem(hidden(idp, idp.assertion(ALICE)), idp, keys=[OURS]) is Problem.UNDECIPHERABLE


def test_an_assertion_that_relies_on_prefixes_declared_outside_is_read(idp: Idp) -> None:
    bare = idp.assertion(ALICE).replace(' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"', "")
    assert believed(idp.signed(hidden(idp, bare)), idp, keys=[OURS]).subject == "alice"


def test_where_encryption_is_required_a_plain_assertion_is_refused(idp: Idp) -> None:
    plain = idp.response(idp.signed(idp.assertion(ALICE)))
    assert problem(plain, idp, keys=[OURS], encrypted=True) is Problem.NOT_ENCRYPTED
    assert believed(plain, idp, keys=[OURS]).subject == "alice"


def test_rsa_1_5_is_not_taken(idp: Idp) -> None:
    assert problem(hidden(idp, transport="rsa1_5"), idp, keys=[OURS]) is Problem.UNDECIPHERABLE


def test_without_the_right_key_nothing_is_opened(idp: Idp) -> None:
    assert problem(hidden(idp), idp) is Problem.UNDECIPHERABLE
    assert problem(hidden(idp, key=rsa_key("newer")), idp, keys=[OURS]) is Problem.UNDECIPHERABLE


def refusal(xml: str, idp: Idp) -> tuple[Problem, str]:
    with pytest.raises(Rejected) as caught:
        read_response(packed(xml), expected(idp, keys=[OURS]))
    return caught.value.problem, caught.value.detail


def test_bad_padding_bad_xml_and_a_bad_signature_inside_have_one_answer(idp: Idp) -> None:
    """Otherwise CBC is opened byte by byte by whoever captured a response (Jager and Somorovsky, CCS 2011)."""
    good = hidden(idp, cipher="cbc")
    value = re.findall(r"<xenc:CipherValue>([^<]+)</xenc:CipherValue>", good)[-1]
    raw = base64.b64decode(value)
    answers = set()
    for at in (-17, -1, 0, 15, 20, 200):  # the last block's padding, the first block, the middle
        spoilt = bytearray(raw)
        spoilt[at] ^= 0x41
        answers.add(refusal(good.replace(value, base64.b64encode(spoilt).decode()), idp))
    answers.add(refusal(good.replace(value, base64.b64encode(raw[:-16]).decode()), idp))
    answers.add(refusal(good.replace(value, base64.b64encode(raw[:16]).decode()), idp))
    stranger = Idp(idp.entity_id, rsa_key("thief"))
    for content in (
        "not xml",
        "<x/>",
        "",
        idp.assertion(ALICE),
        stranger.signed(stranger.assertion(ALICE)),
        idp.signed(idp.assertion(ALICE, issuer="https://other.example")),
        idp.signed(idp.assertion(ALICE)) * 2,
        "<!DOCTYPE x>" + idp.signed(idp.assertion(ALICE)),
        "</saml:EncryptedAssertion>",
        "</ostiary-opened><ostiary-opened>",
    ):
        answers.add(refusal(hidden(idp, content or " ", cipher="cbc"), idp))
    assert answers == {(Problem.UNDECIPHERABLE, "")}


def test_a_second_assertion_inside_or_outside_is_refused(idp: Idp) -> None:
    one = idp.signed(idp.assertion(ALICE))
    with_plain = hidden(idp).replace("</samlp:Response>", one + "</samlp:Response>")
    assert problem(with_plain, idp, keys=[OURS]) is Problem.MALFORMED
    twice = idp.response(encrypted(one, OURS.public_key()) * 2)
    assert problem(twice, idp, keys=[OURS]) is Problem.MALFORMED
    inside = idp.assertion(ALICE, id="_evil", subject="mallory").replace(
        "<saml:Conditions ", f"<saml:Advice>{one}</saml:Advice><saml:Conditions "
    )
    assert problem(hidden(idp, inside), idp, keys=[OURS]) is Problem.UNDECIPHERABLE


def test_private_keys_are_rsa_of_2048_bits_or_more_without_a_password() -> None:
    assert read_private_key(pem(OURS)).key_size == 2048
    traditional = OURS.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    assert read_private_key(traditional).key_size == 2048
    locked = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
    for text in (
        pem(rsa_key("small", 1024)),
        pem(ec.generate_private_key(ec.SECP256R1())),
        locked,
        "",
        "ÿ",
        "nonsense",
    ):
        with pytest.raises(NotAPrivateKey) as caught:
            read_private_key(text)
        assert "PRIVATE" not in str(caught.value)


def test_the_length_of_a_key_is_looked_at_before_it_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of 8,192 bits takes fifteen seconds, that of a stored key a hundred times as long as its use."""
    checked: list[bool] = []

    def load(text: bytes, password: None, *, unsafe_skip_rsa_key_validation: bool) -> Any:
        checked.append(not unsafe_skip_rsa_key_validation)
        return load_pem_private_key(text, password, unsafe_skip_rsa_key_validation=unsafe_skip_rsa_key_validation)

    monkeypatch.setattr("ostiary.saml.encryption.load_pem_private_key", load)
    for read in (read_private_key, stored_private_key):
        with pytest.raises(NotAPrivateKey):
            read(long_key_pem())
    stored_private_key(pem(OURS))
    assert not any(checked)
    read_private_key(pem(OURS))
    assert any(checked)
