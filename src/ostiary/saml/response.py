"""saml: a response, from the text that came to the assertion that is believed.

The order: size and shape, before anything costs; the signature; only then what is said, and whether it holds now, here.

Source: SAML Core 3.3.3; SAML Bindings 3.5 (HTTP POST); SAML Profiles 4.1.4.3 (processing rules).
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ostiary.saml.assertion import VERSION, Assertion, read_assertion
from ostiary.saml.encryption import opened
from ostiary.saml.faults import Problem, Rejected
from ostiary.saml.metadata import Metadata
from ostiary.saml.signature import verified
from ostiary.saml.xml import DS, SAML, SAMLP, BadXml, Element, attribute, elements, ids, only, parse, text_of

MOST_CHARACTERS: Final = 100_000
_MOST_ELEMENTS: Final = 5_000
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a response must be, and when it is now."""

    metadata: Metadata
    recipient: Callable[[str], bool]
    """Whether an address is ours."""
    audience: Callable[[str], bool]
    """Whether a name of a service provider is ours."""
    now: float
    """Seconds since 1970."""
    skew: float
    """How many seconds the provider's clock may differ from ours."""
    lifetime: float
    """How many seconds after its issuance an assertion may be redeemed."""
    keys: Sequence[RSAPrivateKey] = field(default=(), repr=False)
    encrypted: bool = False
    """Whether an assertion must be encrypted."""


def read_response(text: str, expected: Expected) -> Assertion:
    """The assertion of a response in base64, if it is to be believed.

    Raises:
        Rejected: see `Problem`.
    """
    try:
        root = parse(_decoded(text), most_elements=_MOST_ELEMENTS)
        _check_envelope(root)
        _check_shape(root)
        assertion = read_assertion(_trusted(root, expected))
        _check_agreement(root, assertion, expected)
    except BadXml as problem:
        raise Rejected(Problem.MALFORMED, str(problem)) from None
    _check_validity(assertion, expected)
    return assertion


def unverified_values(text: str, name: str) -> tuple[str, ...]:
    """The values of an attribute as a response in base64 says them, which nobody has verified.

    INVARIANT: good for choosing whose keys to try, and for nothing else.

    Raises:
        Rejected: it is no response.
    """
    try:
        root = parse(_decoded(text), most_elements=_MOST_ELEMENTS)
        _check_envelope(root)
    except BadXml as problem:
        raise Rejected(Problem.MALFORMED, str(problem)) from None
    found = []
    for each in root.iter(SAML + "Attribute"):
        if attribute(each, "Name") == name:
            found += [text_of(value) for value in elements(each, SAML + "AttributeValue")]
    return tuple(found)


def usable_until(assertion: Assertion, expected: Expected) -> float:
    """After this moment the assertion is believed no more."""
    validity = assertion.validity
    return min(validity.not_on_or_after + expected.skew, validity.issued + expected.lifetime)


def _decoded(text: str) -> bytes:
    if len(text) > MOST_CHARACTERS:
        raise BadXml("it is too long")
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        raise Rejected(Problem.NOT_BASE64) from None


def _check_envelope(root: Element) -> None:
    if root.tag != SAMLP + "Response" or attribute(root, "Version") != VERSION:
        raise BadXml("it is no response of SAML 2.0")
    status = only(root, SAMLP + "Status")
    code = None if status is None else only(status, SAMLP + "StatusCode")
    if code is None:
        raise BadXml("it has no status")
    if attribute(code, "Value") != _SUCCESS:
        raise Rejected(Problem.STATUS)


def _check_shape(root: Element) -> None:
    """One assertion in all, in its place; ids that are unique; signatures only of the response and of the assertion.

    INVARIANT: there is no second element that a reader could mistake for the one that was signed.
    """
    plain, encrypted = elements(root, SAML + "Assertion"), elements(root, SAML + "EncryptedAssertion")
    if len(plain) + len(encrypted) != 1:
        raise BadXml("there must be one assertion")
    anywhere = sum(1 for _ in root.iter(SAML + "Assertion", SAML + "EncryptedAssertion"))
    if anywhere != 1 or sum(1 for _ in root.iter(SAMLP + "Response")) > 1:
        raise BadXml("an assertion or a response stands where none belongs")
    known = list(ids(root))
    if len(set(known)) != len(known):
        raise BadXml("an ID stands twice")
    signed = [each.getparent() for each in root.iter(DS + "Signature")]
    if any(parent is not root and parent not in plain for parent in signed):
        raise BadXml("a signature stands where none belongs")


def _trusted(root: Element, expected: Expected) -> Element:
    """The assertion as a trusted key signed it: itself, or as a part of the response."""
    response = root if only(root, DS + "Signature") is None else verified(root, root, _keys_of(root, expected))
    encrypted = only(response, SAML + "EncryptedAssertion")
    if encrypted is not None:
        return _decrypted(encrypted, expected, trusted=response is not root)
    if expected.encrypted:
        raise Rejected(Problem.NOT_ENCRYPTED)
    assertion = elements(root, SAML + "Assertion")[0]
    if only(assertion, DS + "Signature") is not None:
        return verified(root, assertion, _keys_of(assertion, expected))
    if response is root:
        raise Rejected(Problem.SIGNATURE, "neither the response nor the assertion is signed")
    return elements(response, SAML + "Assertion")[0]


def _decrypted(encrypted: Element, expected: Expected, *, trusted: bool) -> Element:
    """INVARIANT: whatever is wrong in here, one answer: which step failed is not told to who may have made the text."""
    wrapper = opened(encrypted, expected.keys, most_elements=_MOST_ELEMENTS)
    try:
        assertion = elements(wrapper, SAML + "Assertion")
        if len(wrapper) != 1 or len(assertion) != 1 or (wrapper.text or "").strip():
            raise BadXml("there must be one assertion")
        if sum(1 for _ in wrapper.iter(SAML + "Assertion", SAML + "EncryptedAssertion")) != 1:
            raise BadXml("an assertion stands where none belongs")
        known = list(ids(wrapper))
        if len(set(known)) != len(known):
            raise BadXml("an ID stands twice")
        if trusted and only(assertion[0], DS + "Signature") is None:
            return assertion[0]
        return verified(wrapper, assertion[0], _keys_of(assertion[0], expected))
    except (BadXml, Rejected):
        raise Rejected(Problem.UNDECIPHERABLE) from None


def _keys_of(element: Element, expected: Expected) -> tuple[x509.Certificate, ...]:
    """The certificates of the issuer that an element names: one of the provider's, or nobody."""
    issuer = only(element, SAML + "Issuer")
    found = None if issuer is None else expected.metadata.issuers.get(text_of(issuer))
    if found is None:
        raise Rejected(Problem.ISSUER)
    return found


def _check_agreement(root: Element, assertion: Assertion, expected: Expected) -> None:
    """What the response says around the assertion must not contradict it."""
    if assertion.issuer not in expected.metadata.issuers:
        raise Rejected(Problem.ISSUER)
    issuer = only(root, SAML + "Issuer")
    if issuer is not None and text_of(issuer) != assertion.issuer:
        raise Rejected(Problem.ISSUER, "the response and its assertion have different issuers")
    destination = attribute(root, "Destination")
    if destination and not expected.recipient(destination):
        raise Rejected(Problem.RECIPIENT, "the response is meant for another address")
    answered = attribute(root, "InResponseTo")
    if answered and assertion.in_response_to and answered != assertion.in_response_to:
        raise Rejected(Problem.CONFIRMATION, "the response and its assertion answer different requests")


def _check_validity(assertion: Assertion, expected: Expected) -> None:
    validity = assertion.validity
    if not expected.recipient(assertion.recipient):
        raise Rejected(Problem.RECIPIENT)
    if not validity.audiences or not all(any(map(expected.audience, each)) for each in validity.audiences):
        raise Rejected(Problem.AUDIENCE)
    if max(validity.issued, validity.not_before) > expected.now + expected.skew:
        raise Rejected(Problem.NOT_YET)
    if expected.now >= validity.not_on_or_after + expected.skew:
        raise Rejected(Problem.EXPIRED)
    if expected.now > validity.issued + expected.lifetime:
        raise Rejected(Problem.TOO_OLD)
    if assertion.session_ends is not None and expected.now >= assertion.session_ends:
        raise Rejected(Problem.EXPIRED)
