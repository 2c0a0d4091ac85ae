"""AssumeRoleWithSAML below the wire: what it does not believe, in which words, and how often it believes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ostiary.authorization.judge import Ask
from ostiary.gate.authorize import Refused
from ostiary.store.database import Store
from tests.saml.encrypting import encrypted
from tests.saml.idp import NOW, ROLE, SESSION_NAME, Idp, packed, pem, rsa_key
from tests.sts.corp import ATTRIBUTES, PROVIDER, Corp, saml_trust
from tests.sts.people import add_policy, add_role, assume, caller_of, judged
from tests.world import ACCOUNT, OTHER, World, document


@pytest.fixture
def corp(world: World) -> Corp:
    return Corp(world)


def test_roles_that_trust_others_or_do_not_exist_are_refused_alike(corp: Corp) -> None:
    words = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
    gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
    assert corp.refused(corp.text(pairs=[f"{gone},{PROVIDER}"]), RoleArn=gone) == words
    everyone = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}'
    )
    other = add_role(corp.world, "other", everyone)
    assert corp.refused(corp.text(pairs=[f"{other},{PROVIDER}"]), RoleArn=other) == words
    assert corp.refused(corp.text(pairs=[f"x,{PROVIDER}"]), RoleArn="x" * 20)[0] == "ValidationError"


def test_a_subject_without_a_name_may_nothing(corp: Corp) -> None:
    text = corp.text(replaced={"saml:NameID": "saml:Other"})
    assert corp.refused(text) == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")


def test_an_unknown_provider_and_one_whose_metadata_has_ended(corp: Corp) -> None:
    for arn in (PROVIDER + "2", PROVIDER.replace("corp", "Corp"), "arn:aws:iam::x:saml-provider/corp", "x" * 20):
        code, words = corp.refused(corp.text(), PrincipalArn=arn)
        assert code == "InvalidIdentityToken"
        assert words.startswith(
            "Specified provider doesn't exist (Service: AWSOpenIdDiscoveryService; Status Code: 400;"
        )
    metadata = corp.idp.metadata(more='validUntil="2026-11-23T12:00:10Z"')
    corp.world.call("iam:UpdateSAMLProvider", SAMLProviderArn=PROVIDER, SAMLMetadataDocument=metadata)
    assert corp.assume()
    corp.world.clock.advance(seconds=10)
    assert corp.refused()[0] == "InvalidIdentityToken"


def test_the_words_for_what_is_not_believed(corp: Corp) -> None:
    idp = corp.idp
    cases = {
        packed(idp.response(idp.assertion())): ("InvalidIdentityToken", "Response signature invalid"),
        packed(idp.response("", status="urn:oasis:names:tc:SAML:2.0:status:Requester")): (
            "IDPRejectedClaim",
            "The identity provider (IdP) reported that authentication failed. "
            "This might be because the claim is invalid.",
        ),
        corp.text(audience=["x"]): ("InvalidIdentityToken", "Response does not contain the required audience."),
        corp.text(recipient=None): (
            "InvalidIdentityToken",
            "Responses must contain SubjectConfirmatonData with a Recipient and NotOnOrAfter",
        ),
        corp.text(issued=NOW - timedelta(seconds=301)): (
            "ExpiredTokenException",
            "Token must be redeemed within 5 minutes of issuance",
        ),
        corp.text(not_on_or_after=NOW - timedelta(minutes=1)): (
            "ExpiredTokenException",
            "The SAML assertion has expired",
        ),
    }
    for text, told in cases.items():
        assert corp.refused(text) == told
    for text, begins in {
        "****": "Invalid base64 SAMLResponse (Service: AWSOpenIdDiscoveryService; ",
        corp.text(issuer="https://other.example"): "Issuer not present in specified provider (Service: ",
        packed("<x/>"): "Invalid SAML response (Service: ",
    }.items():
        code, words = corp.refused(text)
        assert code == "InvalidIdentityToken" and words.startswith(begins)


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://signin.aws.amazon.com/saml", True),
        ("https://ap-northeast-2.signin.aws.amazon.com/saml", True),
        ("https://us-gov-west-1.signin.aws.amazon.com/saml", True),
        ("https://signin.aws.amazon.com/saml/acs/{id}", True),
        ("https://eu-west-1.signin.aws.amazon.com/saml/acs/{id}", True),
        ("https://own.example.com/saml", True),
        ("https://own.example.com/saml/acs/{id}", True),
        ("https://signin.aws.amazon.com/saml/acs/SAMLSPANOTHER", False),
        ("http://signin.aws.amazon.com/saml", False),
        ("https://signin.aws.amazon.com.evil.org/saml", False),
        ("https://evil.org/?https://signin.aws.amazon.com/saml", False),
        ("https://signin.aws.amazon.com/saml/", False),
        ("https://own.example.com", False),
        ("urn:amazon:webservices", False),
    ],
)
def test_recipients_are_the_sign_in_addresses_of_aws_and_our_own(corp: Corp, address: str, taken: bool) -> None:
    house = corp.world.house
    corp.world.house = replace(house, settings=replace(house.settings, public_url="https://own.example.com"))
    uuid = corp.world.call("iam:GetSAMLProvider", SAMLProviderArn=PROVIDER)["SAMLProviderUUID"]
    text = corp.text(recipient=address.format(id=uuid))
    if taken:
        assert corp.assume(text)["Audience"] == address.format(id=uuid)
    else:
        assert corp.refused(text) == ("InvalidIdentityToken", "Response is meant for another recipient")


def test_an_assertion_is_redeemed_once_a_role(corp: Corp) -> None:
    second = add_role(corp.world, "second", saml_trust())
    text = corp.text(pairs=[f"{corp.role},{PROVIDER}", f"{second},{PROVIDER}"])
    assert corp.assume(text)
    for _ in range(2):
        assert corp.refused(text) == ("InvalidIdentityToken", "The SAML assertion was redeemed already")
    assert corp.assume(text, RoleArn=second)
    assert corp.refused(text, RoleArn=second)[0] == "InvalidIdentityToken"


def test_another_process_knows_what_was_redeemed(corp: Corp, tmp_path: Path) -> None:
    text = corp.text()
    assert corp.assume(text)
    world = corp.world
    beside = Store(world.house.settings.database)
    world.house = replace(world.house, store=beside)
    assert corp.refused(text)[1] == "The SAML assertion was redeemed already"
    beside.close()


def test_a_refused_call_does_not_use_an_assertion_up(corp: Corp) -> None:
    text = corp.text()
    corp.trusts(actions="sts:TagSession")
    with pytest.raises(Refused):
        corp.assume(text)
    corp.trusts()
    assert corp.refused(text, DurationSeconds=3601)[0] == "ValidationError"
    assert corp.assume(text)


def test_redemptions_are_forgotten_when_they_could_not_be_repeated(corp: Corp) -> None:
    for _ in range(3):
        corp.assume()
    with corp.world.house.store.read() as tx:
        assert tx.saml_redemptions.count() == 3
    corp.world.clock.advance(seconds=400)
    corp.assume(corp.text(now=corp.world.clock.now()))
    with corp.world.house.store.read() as tx:
        assert tx.saml_redemptions.count() == 1


def test_session_policies_limit_it(corp: Corp) -> None:
    arn = add_policy(corp.world, "managed", document("s3:ListBucket"))
    given = corp.assume(Policy=document("s3:GetObject"), PolicyArns=[{"arn": arn}])
    assert given["PackedPolicySize"] >= 1
    caller = caller_of(corp.world, given)
    assert not judged(corp.world, caller, Ask(action="s3:PutObject", resource="arn:aws:s3:::b/k")).allowed
    assert corp.refused(Policy="{")[0] == "MalformedPolicyDocument"
    long = document("s3:GetObject", f"arn:aws:s3:::box/{'x' * 1900}")
    assert corp.refused(Policy=long, PolicyArns=[{"arn": arn}])[0] == "PackedPolicyTooLarge"


def test_source_identity_and_transitive_tags_go_on_in_a_chain(corp: Corp) -> None:
    said = {
        ATTRIBUTES + "PrincipalTag:Team": ["blue"],
        ATTRIBUTES + "TransitiveTagKeys": ["Team"],
        ATTRIBUTES + "SourceIdentity": ["alice"],
    }
    first = caller_of(corp.world, corp.assume(corp.text(said)))
    everything = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": corp.role},
                    "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                }
            ],
        }
    )
    next_role = add_role(corp.world, "next", everything)
    session = assume(corp.world, next_role, first).session
    assert session is not None
    assert session.source_identity == "alice"
    assert dict(session.tags) == {"Team": "blue"}


def test_encrypted_assertions_are_opened_with_the_providers_keys(corp: Corp) -> None:
    key, plain = rsa_key("ours"), corp.text()
    call = corp.world.call
    call("iam:UpdateSAMLProvider", SAMLProviderArn=PROVIDER, AddPrivateKey=pem(key), AssertionEncryptionMode="Required")
    assert corp.refused(plain) == ("InvalidIdentityToken", "The SAML provider requires encrypted assertions")
    attributes = {ROLE: [f"{corp.role},{PROVIDER}"], SESSION_NAME: ["alice"]}
    hidden = encrypted(corp.idp.signed(corp.idp.assertion(attributes, id="_hidden")), key.public_key())
    assert corp.assume(packed(corp.idp.response(hidden)))["Subject"] == "alice"
    call("iam:UpdateSAMLProvider", SAMLProviderArn=PROVIDER, AssertionEncryptionMode="Allowed")
    assert corp.assume(plain)


def test_a_provider_of_another_account_is_who_its_arn_says(corp: Corp) -> None:
    """The trust policy names the provider; that of the same name elsewhere is somebody else."""
    world = corp.world
    world.call("iam:CreateSAMLProvider", by=world.root(OTHER), Name="corp", SAMLMetadataDocument=corp.idp.metadata())
    other = PROVIDER.replace(ACCOUNT, OTHER)
    text = corp.text(pairs=[f"{corp.role},{other}"])
    assert corp.refused(text, PrincipalArn=other)[0] == "AccessDenied"


def test_a_provider_that_was_deleted_or_changed_is_believed_no_more(corp: Corp) -> None:
    text = corp.text()
    stranger = Idp(corp.idp.entity_id, rsa_key("thief"))
    corp.world.call("iam:UpdateSAMLProvider", SAMLProviderArn=PROVIDER, SAMLMetadataDocument=stranger.metadata())
    assert corp.refused(text) == ("InvalidIdentityToken", "Response signature invalid")
    corp.world.call("iam:DeleteSAMLProvider", SAMLProviderArn=PROVIDER)
    assert corp.refused(text)[1].startswith("Specified provider doesn't exist")
