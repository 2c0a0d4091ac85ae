"""Whatever is done to a response: it is believed as it was signed, or it is refused. Nothing else happens."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.saml import Rejected, read_response
from tests.saml.believing import ALICE, expected
from tests.saml.encrypting import encrypted
from tests.saml.idp import Idp, packed, rsa_key

IDP = Idp()
OURS = rsa_key("ours")
ASSERTION = IDP.signed(IDP.assertion(ALICE))
RESPONSES = [
    IDP.response(ASSERTION),
    IDP.signed(IDP.response(ASSERTION)),
    IDP.response(encrypted(ASSERTION, OURS.public_key(), cipher="cbc")),
]
EXPECTED = expected(IDP, keys=[OURS])
PIECES = [
    "<!--x-->", "<![CDATA[x]]>", "&amp;", "&x;", "<?x y?>", "<x>",
    "</saml:Assertion>", "<saml:Assertion>", "\0", "\ufffe",
    ' ID="_a1"', "xmlns:saml='urn:x'", "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>",
    "mallory", "é", "]]>",
]  # fmt: skip


def holds(text: str) -> None:
    """It is refused, or says what it said."""
    try:
        found = read_response(text, EXPECTED)
    except Rejected:
        return
    assert (found.subject, found.values("role"), found.issuer) == ("alice", ("reader",), IDP.entity_id)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(RESPONSES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(["", *PIECES])), min_size=1, max_size=4),
)
def test_texts_cut_in_and_out(response: str, changes: list[tuple[float, int, str]]) -> None:
    for where, length, piece in changes:
        at = int(where * len(response))
        response = response[:at] + piece + response[at + length :]
    holds(packed(response.encode("utf-8", "surrogatepass")))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(RESPONSES), st.floats(0, 1), st.floats(0, 1), st.integers(1, 400))
def test_a_piece_repeated_elsewhere(response: str, source: float, target: float, length: int) -> None:
    begin, at = int(source * len(response)), int(target * len(response))
    holds(packed(response[:at] + response[begin : begin + length] + response[at:]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    holds(base64.b64encode(data).decode())
    holds(data.decode("latin-1"))


@pytest.mark.parametrize("odd", ["", " ", "=", "A", "AAAA", "\0\0\0\0", "é" * 8, "PHg+PC94Pg=="])
def test_odd_texts(odd: Any) -> None:
    with pytest.raises(Rejected):
        read_response(odd, EXPECTED)
