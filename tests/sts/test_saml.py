"""AssumeRoleWithSAML below the wire: whom it makes of an assertion, for how long, by whose trust."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from ostiary import catalog
from ostiary.authorization.judge import Ask
from ostiary.services.sts.saml_attributes import SAML_ATTRIBUTES
from ostiary.services.sts.saml_claims import name_qualifier
from tests.saml.idp import ISSUER, NOW, SIGN_IN
from tests.sts.corp import ACTIONS, ATTRIBUTES, PROVIDER, QUALIFIER, Corp
from tests.sts.people import caller_of, judged, session_of
from tests.world import ACCOUNT, World


@pytest.fixture
def corp(world: World) -> Corp:
    return Corp(world)


def test_the_answer_says_who_it_is_and_the_session_knows_it(corp: Corp) -> None:
    given = corp.assume()
    assert given["Subject"] == "alice"
    assert given["SubjectType"] == "persistent"
    assert given["Issuer"] == ISSUER
    assert given["Audience"] == SIGN_IN
    assert given["NameQualifier"] == QUALIFIER
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/alice@corp"
    assert "PackedPolicySize" not in given and "SourceIdentity" not in given
    session = session_of(corp.world, given)
    assert session.expires - session.issued == 3600
    assert session.provider == PROVIDER
    assert not session.chained
    context = judged(corp.world, caller_of(corp.world, given), Ask(action="s3:ListAllMyBuckets")).request.context
    assert context["aws:FederatedProvider"] == PROVIDER
    assert context["saml:sub"] == "alice"
    assert context["saml:sub_type"] == "persistent"
    assert context["saml:namequalifier"] == QUALIFIER
    assert "saml:aud" not in context


def test_the_documented_example_of_the_name_qualifier_is_a_sha_1_in_base64(corp: Corp) -> None:
    """STS API Reference: BASE64(SHA1("https://example.com/saml" + "123456789012" + "/MySAMLIdP"))."""
    expected = hashlib.sha1(b"https://example.com/saml123456789012/MySAMLIdP").digest()
    assert (
        name_qualifier("https://example.com/saml", "123456789012", "MySAMLIdP") == base64.b64encode(expected).decode()
    )


def test_role_and_provider_stand_in_either_order_with_white_space_and_among_others(corp: Corp) -> None:
    for pair in (f"{PROVIDER},{corp.role}", f" {corp.role} , {PROVIDER} "):
        assert corp.assume(corp.text(pairs=["junk", f"{corp.role}x,{PROVIDER}", pair]))


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [f"arn:aws:iam::{ACCOUNT}:role/reader,{PROVIDER}"],
        [f"arn:aws:iam::{ACCOUNT}:role/eng/reader,{PROVIDER}2"],
        [f"arn:aws:iam::{ACCOUNT}:role/eng/reader,{PROVIDER},more"],
        [f"arn:aws:iam::{ACCOUNT}:role/eng/reader", PROVIDER],
        [f"arn:aws:iam::{ACCOUNT}:role/eng/READER,{PROVIDER}"],
    ],
)
def test_a_pair_that_is_not_asserted_is_refused(corp: Corp, pairs: Sequence[str]) -> None:
    words = "SAML Assertion doesn't contain the requested Role and Metadata in the attributes"
    assert corp.refused(corp.text(pairs=pairs)) == ("InvalidIdentityToken", words)


def test_tags_source_identity_and_their_permissions(corp: Corp) -> None:
    said = {
        ATTRIBUTES + "PrincipalTag:Team": ["blue"],
        ATTRIBUTES + "PrincipalTag:Cost": ["7"],
        ATTRIBUTES + "TransitiveTagKeys": ["Team"],
        ATTRIBUTES + "SourceIdentity": ["alice"],
    }
    given = corp.assume(corp.text(said))
    assert given["SourceIdentity"] == "alice"
    assert given["PackedPolicySize"] >= 1
    session = session_of(corp.world, given)
    assert dict(session.tags) == {"Team": "blue", "Cost": "7"}
    assert session.transitive_tag_keys == ("Team",)
    assert session.source_identity == "alice"
    for missing in ACTIONS:
        corp.trusts(actions=[action for action in ACTIONS if action != missing])
        code, words = corp.refused(corp.text(said))
        assert (code, words) == ("AccessDenied", f"Not authorized to perform {missing}")
    corp.trusts(actions="sts:AssumeRoleWithSAML")
    assert corp.assume()


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("RoleSessionName", [], "RoleSessionName is required in AuthnResponse"),
        ("RoleSessionName", ["A B"], "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ("RoleSessionName", ["a"], "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ("RoleSessionName", ["ünal"], "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ("RoleSessionName", ["ab", "cd"], "RoleSessionName in AuthnResponse must have one value"),
        (
            "SourceIdentity",
            ["a b"],
            'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
        ),
        ("SessionDuration", ["899"], "SessionDuration in AuthnResponse must be a number between 900 and 43200"),
        ("SessionDuration", ["43201"], "SessionDuration in AuthnResponse must be a number between 900 and 43200"),
        ("SessionDuration", ["1h"], "SessionDuration in AuthnResponse must be a number between 900 and 43200"),
        ("PrincipalTag:k", ["a", "b"], "A PrincipalTag attribute in AuthnResponse must have one value"),
        ("PrincipalTag:" + "k" * 129, ["a"], "A PrincipalTag attribute in AuthnResponse is too long"),
        ("PrincipalTag:k", ["a" * 257], "A PrincipalTag attribute in AuthnResponse is too long"),
        ("PrincipalTag:", ["a"], "A PrincipalTag attribute in AuthnResponse is too long"),
        ("PrincipalTag:k", ["<a>"], "A PrincipalTag attribute in AuthnResponse has characters that tags can't have"),
    ],
)
def test_attributes_that_cannot_be_are_refused(corp: Corp, name: str, values: Sequence[str], words: str) -> None:
    assert corp.refused(corp.text({ATTRIBUTES + name: values})) == ("InvalidIdentityToken", words)


def test_tags_have_the_rules_of_session_tags(corp: Corp) -> None:
    many = {f"{ATTRIBUTES}PrincipalTag:k{number}": ["v"] for number in range(51)}
    assert corp.refused(corp.text(many))[0] == "InvalidIdentityToken"
    twice = {ATTRIBUTES + "PrincipalTag:Key": ["v"], ATTRIBUTES + "PrincipalTag:key": ["w"]}
    assert corp.refused(corp.text(twice))[0] == "InvalidParameterValue"
    assert corp.refused(corp.text({ATTRIBUTES + "PrincipalTag:aws:x": ["v"]}))[0] == "ValidationError"
    assert corp.refused(corp.text({ATTRIBUTES + "TransitiveTagKeys": ["nothing"]}))[0] == "InvalidParameterValue"


def lasts(corp: Corp, text: str, **params: Any) -> int:
    session = session_of(corp.world, corp.assume(text, **params))
    return session.expires - session.issued


def test_the_shortest_of_what_is_said_is_how_long_it_lasts(corp: Corp) -> None:
    duration = ATTRIBUTES + "SessionDuration"
    assert lasts(corp, corp.text(), DurationSeconds=900) == 900
    assert lasts(corp, corp.text({duration: ["1800"]})) == 1800
    assert lasts(corp, corp.text({duration: ["1800"]}), DurationSeconds=900) == 900
    assert lasts(corp, corp.text({duration: ["43200"]})) == 3600
    assert lasts(corp, corp.text(session_ends=NOW + timedelta(minutes=20))) == 1200
    assert lasts(corp, corp.text({duration: ["900"]}, session_ends=NOW + timedelta(minutes=20))) == 900
    words = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    assert corp.refused(DurationSeconds=3601) == ("ValidationError", words)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"saml:aud": SIGN_IN}},
        {"StringEquals": {"saml:iss": ISSUER}},
        {"StringEquals": {"saml:sub": "alice", "saml:sub_type": "persistent"}},
        {"StringEquals": {"saml:doc": f"{ACCOUNT}/corp"}},
        {"StringEquals": {"saml:namequalifier": QUALIFIER}},
        {"StringEquals": {"sts:RoleSessionName": "alice@corp"}},
        {"StringEquals": {"saml:edupersonprincipalname": "alice@example.org"}},
        {"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"}},
        {"ForAllValues:StringEquals": {"saml:edupersonaffiliation": ["staff", "member"]}},
        {"StringEquals": {"saml:mail": "alice@example.org"}},
        {"ForAnyValue:StringEquals": {"saml:cn": "Alice"}},
        {"StringEquals": {"aws:FederatedProvider": PROVIDER}},
        {"StringEquals": {"sts:SourceIdentity": "alice"}},
        {"StringEquals": {"aws:RequestTag/team": "blue"}},
        {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": "team"}},
        {"ArnLike": {"aws:FederatedProvider": "arn:aws:iam::*:saml-provider/corp"}},
    ],
    ids=lambda condition: str(next(iter(condition.values()))),
)
def test_the_condition_keys_of_a_trust_policy(corp: Corp, condition: dict[str, Any]) -> None:
    """Each is met by the assertion, and its contrary is not."""
    said = {
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": ["alice@example.org"],
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["staff", "member"],
        "urn:oid:2.5.4.3": ["Alice", "Al"],
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ["alice@example.org"],
        ATTRIBUTES + "PrincipalTag:team": ["blue"],
        ATTRIBUTES + "TransitiveTagKeys": ["team"],
        ATTRIBUTES + "SourceIdentity": ["alice"],
    }
    corp.trusts(condition)
    assert corp.assume(corp.text(said))
    ((operator, keys),) = condition.items()
    corp.trusts({operator: dict.fromkeys(keys, "something else")})
    assert corp.refused(corp.text(said)) == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")


def test_every_saml_key_of_the_service_authorization_reference_has_a_source() -> None:
    service = catalog.service("sts")
    assert service is not None
    listed = {key for key in service.actions["AssumeRoleWithSAML"].condition_keys if key.startswith("saml:")}
    own = {"saml:aud", "saml:doc", "saml:iss", "saml:namequalifier", "saml:sub", "saml:sub_type"}
    assert {f"saml:{known.key}" for known in SAML_ATTRIBUTES.values()} == listed - own
