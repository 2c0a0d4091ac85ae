"""Which responses are believed, when, and by whom: shape, status, issuer, addressee, time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ostiary.saml import Problem, Rejected, read_metadata, read_response, usable_until
from tests.saml.believing import ALICE, believed, expected, problem
from tests.saml.idp import ISSUER, NOW, SIGN_IN, Idp, packed, rsa_key

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def idp() -> Idp:
    return Idp()


def said(idp: Idp, **more: Any) -> str:
    """A response whose assertion alone is signed."""
    return idp.response(idp.signed(idp.assertion(ALICE, **more)))


def test_a_signed_assertion_in_an_unsigned_response_is_believed(idp: Idp) -> None:
    found = believed(said(idp, session_ends=NOW + timedelta(hours=1), in_response_to="_q"), idp)
    assert (found.id, found.issuer, found.subject, found.recipient) == ("_a1", ISSUER, "alice", SIGN_IN)
    assert found.values("role") == ("reader",)
    assert found.session_ends == (NOW + timedelta(hours=1)).timestamp()
    assert found.in_response_to == "_q"


def test_an_unsigned_assertion_in_a_signed_response_is_believed(idp: Idp) -> None:
    assert believed(idp.signed(idp.response(idp.assertion(ALICE))), idp).subject == "alice"


def test_both_may_be_signed(idp: Idp) -> None:
    assert believed(idp.signed(idp.response(idp.signed(idp.assertion(ALICE)))), idp).subject == "alice"


def test_a_bad_signature_of_the_response_is_not_healed_by_a_good_one_of_the_assertion(idp: Idp) -> None:
    whole = idp.signed(idp.response(idp.signed(idp.assertion(ALICE)), id="_r1"))
    assert problem(whole.replace(f'Destination="{SIGN_IN}"', ""), idp) is Problem.SIGNATURE


def test_a_format_that_is_not_said_is_unspecified(idp: Idp) -> None:
    found = believed(said(idp, format=None), idp)
    assert found.subject_format == "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def test_line_breaks_in_base64_are_taken_and_other_characters_are_not(idp: Idp) -> None:
    text = packed(said(idp))
    lines = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    assert read_response(lines, expected(idp)).subject == "alice"
    for spoilt in ("!" + text, text[:-1], text + "-", "_" + text[1:]):
        with pytest.raises(Rejected) as caught:
            read_response(spoilt, expected(idp))
        assert caught.value.problem is Problem.NOT_BASE64


def test_a_response_of_failure_is_the_providers_refusal(idp: Idp) -> None:
    failed = idp.response("", status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    assert problem(failed, idp) is Problem.STATUS


@pytest.mark.parametrize(
    "broken",
    [
        lambda idp: "<x/>",
        lambda idp: idp.signed(idp.assertion(ALICE)),
        lambda idp: idp.response(""),
        lambda idp: idp.response(idp.signed(idp.assertion(ALICE)) + idp.signed(idp.assertion(ALICE, id="_a2"))),
        lambda idp: said(idp).replace('Version="2.0"', 'Version="1.1"', 1),
        lambda idp: said(idp, replaced={"IssueInstant=": "Instant="}),
        lambda idp: said(idp, replaced={'AuthnInstant="': 'NotIt="', "AuthnStatement": "OtherStatement"}),
        lambda idp: said(idp, replaced={'NotBefore="2026-': 'NotBefore="yesterday-'}),
    ],
    ids=["other", "bare assertion", "no assertion", "two", "version", "instant", "no authentication", "time"],
)
def test_another_shape_is_not_taken(idp: Idp, broken: Any) -> None:
    assert problem(broken(idp), idp) is Problem.MALFORMED


def test_an_issuer_that_the_metadata_does_not_have_is_nobody(idp: Idp) -> None:
    assert problem(said(idp, issuer="https://other.example.com"), idp) is Problem.ISSUER
    assert problem(idp.response(idp.signed(idp.assertion(ALICE)), issuer="https://x.example"), idp) is Problem.ISSUER


def test_one_entity_of_the_metadata_does_not_sign_for_another(idp: Idp) -> None:
    other = Idp("https://other.example.com", rsa_key("other"))
    both = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
        + "".join(each.metadata().partition("?>")[2] for each in (idp, other))
        + "</md:EntitiesDescriptor>"
    )
    metadata = read_metadata(both)
    assert believed(said(idp), idp, metadata=metadata).issuer == ISSUER
    assert believed(said(other), idp, metadata=metadata).issuer == other.entity_id
    assert problem(said(other, issuer=ISSUER), idp, metadata=metadata) is Problem.SIGNATURE
    assert problem(other.response(idp.signed(idp.assertion(ALICE))), idp, metadata=metadata) is Problem.ISSUER


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"recipient": "https://sp.example.com/acs"}, Problem.RECIPIENT),
        ({"recipient": SIGN_IN + "/"}, Problem.RECIPIENT),
        ({"recipient": None}, Problem.CONFIRMATION),
        ({"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, Problem.CONFIRMATION),
        ({"audience": ["https://sp.example.com"]}, Problem.AUDIENCE),
        ({"audience": []}, Problem.AUDIENCE),
        (
            {"conditions": "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>"},
            Problem.AUDIENCE,
        ),
        ({"conditions": '<saml:Condition xsi:type="xs:string"/>'}, Problem.CONDITION),
        ({"subject": ""}, Problem.SUBJECT),
        ({"subject": "  "}, Problem.SUBJECT),
        ({"replaced": {"saml:NameID": "saml:Name"}}, Problem.SUBJECT),
        ({"in_response_to": "_other"}, Problem.CONFIRMATION),
    ],
)
def test_what_is_meant_for_others_is_not_taken(idp: Idp, changed: dict[str, Any], why: Problem) -> None:
    xml = idp.response(idp.signed(idp.assertion(ALICE, **changed)), in_response_to="_q")
    assert problem(xml, idp) is why


def test_a_response_sent_to_another_address_is_not_taken(idp: Idp) -> None:
    signed = idp.signed(idp.assertion(ALICE))
    assert problem(idp.response(signed, destination="https://sp.example.com/acs"), idp) is Problem.RECIPIENT
    assert believed(idp.response(signed, destination=None), idp).subject == "alice"


def test_two_audiences_in_one_restriction_are_alternatives_and_one_time_use_is_kept(idp: Idp) -> None:
    both = said(idp, audience=["https://sp.example.com", "urn:amazon:webservices"], conditions="<saml:OneTimeUse/>")
    assert believed(both, idp).subject == "alice"


def test_the_earliest_end_and_the_latest_beginning_count_with_a_minute_of_skew(idp: Idp) -> None:
    end = NOW + timedelta(minutes=2)
    xml = said(idp, not_on_or_after=end)
    assert believed(xml, idp, now=(end + 59 * SECOND).timestamp())
    assert problem(xml, idp, now=(end + 60 * SECOND).timestamp()) is Problem.EXPIRED
    later = said(idp, not_before=NOW + 61 * SECOND)
    assert problem(later, idp) is Problem.NOT_YET
    assert believed(later, idp, now=(NOW + SECOND).timestamp())
    ahead = said(idp, issued=NOW + 61 * SECOND)
    assert problem(ahead, idp) is Problem.NOT_YET


def test_an_assertion_is_redeemed_within_five_minutes_of_its_issuance(idp: Idp) -> None:
    xml = said(idp, not_on_or_after=NOW + timedelta(hours=8))
    assert believed(xml, idp, now=(NOW + 300 * SECOND).timestamp())
    assert problem(xml, idp, now=(NOW + 301 * SECOND).timestamp()) is Problem.TOO_OLD


def test_a_session_that_has_ended_is_no_session(idp: Idp) -> None:
    xml = said(idp, session_ends=NOW + 10 * SECOND)
    assert believed(xml, idp)
    assert problem(xml, idp, now=(NOW + 10 * SECOND).timestamp()) is Problem.EXPIRED


def test_after_the_moment_that_is_told_nothing_is_believed(idp: Idp) -> None:
    """What replays are remembered until."""
    for end in (timedelta(minutes=2), timedelta(hours=1)):
        xml = said(idp, not_on_or_after=NOW + end)
        until = usable_until(believed(xml, idp), expected(idp))
        assert believed(xml, idp, now=until - 1)
        assert problem(xml, idp, now=until + 1) in (Problem.EXPIRED, Problem.TOO_OLD)
