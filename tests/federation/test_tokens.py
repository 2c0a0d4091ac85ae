"""Reading and verifying tokens. They are written by PyJWT, keys are published in its form."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostiary.federation.tokens import ALGORITHMS, BadSignature, NoToken, read_keys, read_token, verify
from tests.federation.provider import EC384_KEY, EC_KEY, OTHER_RSA_KEY, RSA_KEY, jwk

EC521_KEY = ec.generate_private_key(ec.SECP521R1())
KEY_OF = {
    "RS256": RSA_KEY,
    "RS384": RSA_KEY,
    "RS512": RSA_KEY,
    "ES256": EC_KEY,
    "ES384": EC384_KEY,
    "ES512": EC521_KEY,
}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def holds(token: str, *published: dict[str, Any]) -> bool:
    read = read_token(token)
    for key in read_keys({"keys": list(published)}):
        try:
            verify(read, key)
        except BadSignature:
            continue
        return True
    return False


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_that_aws_takes_is_taken(algorithm: str) -> None:
    key = KEY_OF[algorithm]
    token = jwt.encode({"sub": "x"}, key, algorithm, headers={"kid": "k"})
    assert holds(token, jwk(key, "k")) and holds(token, jwk(key, None)) and holds(token, jwk(key, "k", alg=algorithm))
    changed = token.split(".")
    changed[1] = part({"sub": "y"})
    assert not holds(".".join(changed), jwk(key, "k"))
    assert not holds(token[:-4] + "AAAA", jwk(key, "k"))


def test_the_algorithms_are_those_of_the_api_reference() -> None:
    assert {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"} == ALGORITHMS


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS512", "PS256", "EdDSA", "RS1", "", "ES256K"])
def test_other_algorithms_are_no_tokens(algorithm: str) -> None:
    with pytest.raises(NoToken):
        read_token(f"{part({'alg': algorithm})}.{part({'sub': 'x'})}.{part(b'x')}")


def test_a_public_key_is_no_shared_secret() -> None:
    """The classic confusion: HS256 with the text of the issuer's RSA key."""
    import hashlib
    import hmac

    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for claimed in ("HS256", "RS256"):
        signed = f"{part({'alg': claimed, 'kid': 'k'})}.{part({'sub': 'x'})}"
        token = f"{signed}.{part(hmac.digest(pem, signed.encode(), hashlib.sha256))}"
        if claimed == "HS256":
            with pytest.raises(NoToken):
                read_token(token)
        else:
            assert not holds(token, jwk(RSA_KEY, "k"))


def test_the_algorithm_must_fit_the_type_and_the_curve_of_the_key() -> None:
    token = jwt.encode({"sub": "x"}, RSA_KEY, "RS256")
    assert not holds(token, jwk(OTHER_RSA_KEY, None)) and not holds(token, jwk(EC_KEY, None))
    assert not holds(token, jwk(RSA_KEY, None, alg="RS512"))
    assert not holds(jwt.encode({"sub": "x"}, EC_KEY, "ES256"), jwk(EC384_KEY, None))


@pytest.mark.parametrize(
    "key",
    [
        jwk(RSA_KEY, "k", use="enc"),
        jwk(RSA_KEY, "k", key_ops=["encrypt"]),
        {**jwk(RSA_KEY, "k"), "kty": "oct", "k": "c2VjcmV0"},
        {**jwk(RSA_KEY, "k"), "n": 5},
        {**jwk(RSA_KEY, "k"), "n": "!!"},
        {**jwk(EC_KEY, "k"), "x": jwk(EC_KEY, "k")["y"]},
        {**jwk(EC_KEY, "k"), "crv": "secp256k1"},
        jwk(RSA_KEY, "k", alg="HS256"),
        jwk(rsa.generate_private_key(65537, 1024), "k"),
        {**jwk(RSA_KEY, None), "kid": 7},
        {},
    ],
)
def test_keys_of_other_uses_kinds_and_sizes_are_passed_over(key: dict[str, Any]) -> None:
    assert list(read_keys({"keys": [key]})) == []


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, {"keys": {}}, "x"])
def test_what_is_no_key_set_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="no JWK set"):
        read_keys(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        f"{part([])}.{part({})}.x",
        f"{part({'alg': 'RS256'})}.{part([])}.x",
        f"{part({'alg': 'RS256'})}.{part(b'not json')}.x",
        f"{part({'alg': 'RS256', 'crit': ['x'], 'x': 1})}.{part({})}.x",
        f"{part({'alg': 'RS256', 'b64': False})}.{part({})}.x",
        f"{part({'alg': 'RS256', 'kid': 1})}.{part({})}.x",
        f"{part({'alg': ['RS256']})}.{part({})}.x",
        f"{part({})}.{part({})}.x",
        part({"alg": "RS256"}) + "." + part(b'{"sub":"a","sub":"b"}') + ".x",
        part({"alg": "RS256"}) + "." + part(b'{"exp":NaN}') + ".x",
        part({"alg": "RS256"}) + "." + part(b"[" * 100_000) + ".x",
        part({"alg": "RS256"}) + "=.e30.x y",
        "opaque-access-token",
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(NoToken):
        read_token(text)


@pytest.mark.parametrize("place", ["iss", "sub", "deep", "name"])
def test_half_a_surrogate_pair_is_no_text(place: str) -> None:
    """Nothing that is told of it, kept or compared could be written down."""
    claims: dict[str, Any] = {"iss": "i", "sub": "s"}
    claims |= (
        {"deep": {"x": ["\udc00"]}} if place == "deep" else {"\ud800": 1} if place == "name" else {place: "a\ud800"}
    )
    with pytest.raises(NoToken):
        read_token(f"{part({'alg': 'RS256'})}.{part(claims)}.AAAA")
    whole = json.dumps({"iss": "\U0001f600", "sub": "s"})
    assert "\\ud83d\\ude00" in whole
    assert read_token(f"{part({'alg': 'RS256'})}.{part(json.loads(whole))}.AAAA").issuer == "\U0001f600"


def test_the_line_feed_at_the_end_of_a_token_file_is_passed_over() -> None:
    token = jwt.encode({"sub": "x"}, RSA_KEY, "RS256")
    assert read_token(token + "\n").text == token and holds(token + "\r\n", jwk(RSA_KEY, None))


def test_a_token_is_not_shown_by_accident() -> None:
    token = jwt.encode({"sub": "x", "secret": "hush"}, RSA_KEY, "RS256")
    assert token not in repr(read_token(token)) and "hush" not in repr(read_token(token))


def test_a_key_that_is_slow_to_verify_with_is_passed_over() -> None:
    """An issuer may publish two hundred keys, and anybody may send a token that names none of them."""
    usual = jwk(RSA_KEY, "k")
    large = base64.urlsafe_b64encode((2**8191 + 1).to_bytes(1024, "big")).decode().rstrip("=")
    larger = base64.urlsafe_b64encode((2**16383 + 1).to_bytes(2048, "big")).decode().rstrip("=")
    assert len(read_keys({"keys": [usual, {**usual, "n": large}]})) == 2
    assert read_keys({"keys": [{**usual, "n": larger}, {**usual, "e": usual["n"][:200]}]}) == []
