"""AssumeRoleWithWebIdentity, with a real provider on loopback whose tokens PyJWT writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ostiary.audit.record import identity
from ostiary.authorization.caller import ANONYMOUS
from ostiary.authorization.judge import Ask
from ostiary.federation.addresses import Reach
from ostiary.federation.issuers import Issuers
from ostiary.gate.authenticate import vouched_for
from ostiary.policy import Verdict
from ostiary.services.operation import OPERATIONS, Call
from tests.federation.provider import (
    DISCOVERY,
    EC384_KEY,
    EC_KEY,
    OTHER_RSA_KEY,
    Authority,
    Provider,
    say,
)
from tests.organizations.asking import RCP, SCP, Organizations
from tests.sts.federated import ALL, AT, Federated
from tests.sts.people import ALLOW_ALL, add_role, caller_of, facts, judged, session_of
from tests.world import ACCOUNT, OTHER, World, document

NO_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)


DENIED = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)


def test_a_token_gives_credentials_of_the_role(federated: Federated) -> None:
    answer = federated.assume(federated.role())
    given = answer.pop("Credentials")
    assert answer == {
        "SubjectFromWebIdentityToken": "user-1",
        "AssumedRoleUser": {
            "AssumedRoleId": f"AROA{'WEB':A<17}:pod-1",
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/web/pod-1",
        },
        "Provider": federated.arn,
        "Audience": "sts.amazonaws.com",
    }
    assert int(given["Expiration"].timestamp()) == AT + 3600


@pytest.mark.parametrize(("key", "algorithm"), [(EC_KEY, "ES256"), (EC384_KEY, "ES384")])
def test_elliptic_keys_are_taken_too(federated: Federated, key: Any, algorithm: str) -> None:
    assert federated.assume(federated.role(), federated.token(key, algorithm))


def test_the_session_says_who_vouched_and_keeps_the_keys(federated: Federated) -> None:
    session = federated.session(
        federated.role(), federated.token(azp="sts.amazonaws.com", aud="other", amr=["pwd", "otp"], email="a@b.c")
    )
    name = federated.name
    assert session.provider == federated.arn
    assert dict(session.context) == {
        f"{name}:aud": "sts.amazonaws.com",
        f"{name}:oaud": "other",
        f"{name}:sub": "user-1",
        f"{name}:amr": ("pwd", "otp"),
    }


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "{}:sub", "user-1"),
        ("StringEquals", "{}:aud", "sts.amazonaws.com"),
        ("ForAnyValue:StringEquals", "{}:amr", "otp"),
        ("ArnEquals", "aws:FederatedProvider", "arn:aws:iam::111122223333:oidc-provider/{}"),
        ("StringEquals", "aws:PrincipalType", "AssumedRole"),
    ],
)
def test_policies_of_the_session_see_the_keys(federated: Federated, operator: str, key: str, value: str) -> None:
    named = key.format(federated.name)
    expected = value.format(federated.name)
    statement = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "*",
        "Condition": {operator: {named: expected}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    trust = {"Effect": "Allow", "Principal": {"Federated": federated.arn}, "Action": ALL}
    role = add_role(federated.world, "limited", json.dumps({"Version": "2012-10-17", "Statement": [trust]}), policy)
    world = federated.world
    for methods, verdict in ((["otp"], Verdict.ALLOWED), (["pwd"], Verdict.IMPLICIT_DENY)):
        caller = caller_of(world, federated.assume(role, federated.token(amr=methods)))
        found = judged(world, caller, Ask(action="s3:GetObject", resource="arn:aws:s3:::b/k")).decision.verdict
        assert found is (verdict if "amr" in key else Verdict.ALLOWED)


@pytest.mark.parametrize(
    ("condition", "claims", "allowed"),
    [
        ({"StringEquals": {"{}:sub": "user-1"}}, {}, True),
        ({"StringEquals": {"{}:sub": "user-2"}}, {}, False),
        ({"StringLike": {"{}:sub": "user-*"}}, {}, True),
        ({"StringEquals": {"{}:aud": "sts.amazonaws.com"}}, {}, True),
        ({"StringEquals": {"{}:aud": "app"}}, {}, False),
        (
            {"StringEquals": {"{}:aud": "sts.amazonaws.com", "{}:oaud": "other"}},
            {"azp": "sts.amazonaws.com", "aud": "other"},
            True,
        ),
        ({"StringEquals": {"{}:aud": "sts.amazonaws.com"}}, {"aud": ["x", "sts.amazonaws.com"]}, True),
        ({"ForAnyValue:StringEquals": {"{}:amr": "otp"}}, {"amr": ["pwd", "otp"]}, True),
        ({"ForAnyValue:StringEquals": {"{}:amr": "otp"}}, {"amr": ["pwd"]}, False),
        ({"StringEquals": {"{}:email": "a@b.c"}}, {"email": "a@b.c"}, True),
        ({"StringEquals": {"{}:groups": "admins"}}, {"groups": "admins"}, False),
        ({"StringEquals": {"sts:RoleSessionName": "pod-1"}}, {}, True),
        ({"Bool": {"sts:RoleAuthorizedByIdp": "true"}}, {}, False),
        ({"Null": {"aws:PrincipalArn": "true", "aws:PrincipalAccount": "true", "aws:userid": "true"}}, {}, True),
        ({"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, {}, True),
    ],
)
def test_the_trust_policy_judges_the_claims(
    federated: Federated, condition: dict[str, Any], claims: dict[str, Any], allowed: bool
) -> None:
    text = json.dumps(condition).replace("{}", federated.name)
    role = federated.role(condition=json.loads(text))
    if allowed:
        assert federated.assume(role, federated.token(**claims))
    else:
        assert federated.refused(role, federated.token(**claims)) == DENIED


def test_a_role_that_trusts_somebody_else_or_is_not_there_refuses_in_the_same_words(federated: Federated) -> None:
    other = federated.arn.replace(federated.name, "other.example.com")
    trust = {"Effect": "Allow", "Principal": {"Federated": other}, "Action": ALL}
    elsewhere = add_role(federated.world, "elsewhere", json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    assert federated.refused(elsewhere) == DENIED
    assert federated.refused(f"arn:aws:iam::{ACCOUNT}:role/nobody") == DENIED
    assert federated.refused(federated.role(actions="sts:AssumeRole")) == DENIED
    for principal in ({"AWS": ACCOUNT}, {"Service": "ec2.amazonaws.com"}):
        trust["Principal"] = principal  # type: ignore[assignment]
        text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        assert federated.refused(add_role(federated.world, f"r{len(str(principal))}", text)) == DENIED


def test_the_provider_must_be_in_the_account_of_the_role(federated: Federated) -> None:
    trust = {"Effect": "Allow", "Principal": {"Federated": federated.arn}, "Action": ALL}
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    theirs = add_role(federated.world, "theirs", text, account=OTHER)
    expected = f"No OpenIDConnect provider found in your account for {federated.provider.issuer}"
    assert federated.refused(theirs) == ("InvalidIdentityToken", expected, 400)
    federated.world.call("iam:DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=federated.arn)
    assert federated.refused(federated.role())[1] == expected


@pytest.mark.parametrize("change", [lambda url: url + "/", lambda url: url.replace("localhost", "LOCALHOST")])
def test_the_issuer_is_compared_letter_for_letter(federated: Federated, change: Callable[[str], str]) -> None:
    token = federated.token(iss=change(federated.provider.issuer))
    assert federated.refused(federated.role(), token)[1].startswith("No OpenIDConnect provider found")


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat"])
def test_required_claims(federated: Federated, claim: str) -> None:
    said = federated.refused(federated.role(), federated.token(without=(claim,)))
    assert said == ("InvalidIdentityToken", f"Missing a required claim: {claim}", 400)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": AT + 600.5},
        {"exp": str(AT + 600)},
        {"exp": True},
        {"exp": 2**70},
        {"iat": "now"},
        {"nbf": "x"},
        {"nbf": -1},
        {"sub": 5},
        {"iss": ["x"]},
    ],
)
def test_claims_of_other_types_are_refused(federated: Federated, claims: dict[str, Any]) -> None:
    import jwt

    from tests.federation.provider import RSA_KEY

    usual = {"iss": federated.provider.issuer, "sub": "u", "aud": "sts.amazonaws.com", "iat": AT, "exp": AT + 600}
    text = json.dumps({**usual, **claims}).encode()
    token = jwt.api_jws.encode(text, RSA_KEY, "RS256", headers={"kid": "rsa"})
    assert federated.refused(federated.role(), token) == ("InvalidIdentityToken", NO_JWT, 400)
    assert federated.provider.asked == []


def test_times(federated: Federated) -> None:
    role = federated.role()
    said = federated.refused(role, federated.token(exp=AT))
    text = f"Token expired: current date/time {AT} must be before the expiration date/time {AT}"
    assert said == ("ExpiredTokenException", text, 400)
    assert federated.assume(role, federated.token(exp=AT + 1))
    for claim in ("nbf", "iat"):
        assert federated.assume(role, federated.token(**{claim: AT + 299}))
        assert federated.refused(role, federated.token(**{claim: AT + 301}))[0] == "InvalidIdentityToken"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "other"},
        {"aud": ["a", "b"]},
        {"aud": [5]},
        {"aud": "STS.amazonaws.com"},
        {"azp": "other"},
        {"azp": "other", "aud": "sts.amazonaws.com"},
        {"azp": 5},
    ],
)
def test_a_token_for_somebody_else_is_refused(federated: Federated, claims: dict[str, Any]) -> None:
    said = federated.refused(federated.role(), federated.token(**claims))
    assert said == ("InvalidIdentityToken", "Incorrect token audience", 400)


def test_signatures_that_do_not_hold_are_refused(federated: Federated) -> None:
    role = federated.role()
    assert federated.refused(role, federated.token(OTHER_RSA_KEY))[0] == "InvalidIdentityToken"
    head, body, mark = federated.token().split(".")
    other = federated.token(sub="admin").split(".")[1]
    assert federated.refused(role, f"{head}.{other}.{mark}")[0] == "InvalidIdentityToken"
    assert federated.refused(role, f"{head}.{body}.")[0] == "InvalidIdentityToken"
    for text in ("opaque", f"{head}.{body}", "e30.e30.e30"):
        assert federated.refused(role, text) == ("InvalidIdentityToken", NO_JWT, 400)


def test_an_issuer_that_is_down_is_told_apart_from_one_that_has_no_keys(federated: Federated) -> None:
    role = federated.role()
    federated.provider.answers[DISCOVERY] = lambda handler: say(handler, {}, 503)
    assert federated.refused(role)[::2] == ("IDPCommunicationError", 400)
    federated.world.house = replace(federated.world.house, issuers=Issuers(reach=federated.world.house.issuers.reach))
    federated.provider.answers[DISCOVERY] = lambda handler: say(handler, {}, 404)
    assert federated.refused(role) == ("InvalidIdentityToken", NO_KEY, 400)


def test_an_issuer_that_the_operator_does_not_allow_is_not_asked(federated: Federated) -> None:
    federated.world.house = replace(federated.world.house, issuers=Issuers())
    assert federated.refused(federated.role()) == ("InvalidIdentityToken", NO_KEY, 400)
    assert federated.provider.asked == []


def test_a_certificate_without_an_authority_needs_its_thumbprint(federated: Federated, authority: Authority) -> None:
    role = federated.role()
    federated.world.house = replace(
        federated.world.house, issuers=Issuers(reach=Reach(frozenset({("localhost", None)})))
    )
    expected = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
    assert federated.refused(role) == ("InvalidIdentityToken", expected, 400)
    federated.world.call(
        "iam:UpdateOpenIDConnectProviderThumbprint",
        OpenIDConnectProviderArn=federated.arn,
        ThumbprintList=[authority.thumbprint],
    )
    assert federated.assume(role)


NESTED = {
    "https://aws.amazon.com/tags": {
        "principal_tags": {"Project": ["Automation"], "team": "blue"},
        "transitive_tag_keys": ["Project"],
    }
}
FLAT = {
    "https://aws.amazon.com/tags/principal_tags/Project": "Automation",
    "https://aws.amazon.com/tags/principal_tags/team": ["blue"],
    "https://aws.amazon.com/tags/transitive_tag_keys": ["Project"],
}


@pytest.mark.parametrize("claims", [NESTED, FLAT])
def test_session_tags_come_from_the_token_in_both_of_awss_forms(federated: Federated, claims: dict[str, Any]) -> None:
    condition = {
        "StringEquals": {"aws:RequestTag/Project": "Automation"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Project", "team"], "sts:TransitiveTagKeys": ["Project"]},
    }
    answer = federated.assume(federated.role(condition=condition), federated.token(**claims))
    session = session_of(federated.world, answer)
    assert (dict(session.tags), session.transitive_tag_keys) == (
        {"Project": "Automation", "team": "blue"},
        ("Project",),
    )
    assert answer["PackedPolicySize"] >= 1


def test_tags_and_a_source_identity_each_need_to_be_trusted(federated: Federated) -> None:
    role = federated.role(actions=["sts:AssumeRoleWithWebIdentity"])
    assert federated.assume(role)
    said = federated.refused(role, federated.token(**NESTED))
    assert said == ("AccessDenied", "Not authorized to perform sts:TagSession", 403)
    source = {"https://aws.amazon.com/source_identity": "jimin"}
    said = federated.refused(role, federated.token(**source))
    assert said == ("AccessDenied", "Not authorized to perform sts:SetSourceIdentity", 403)
    answer = federated.assume(federated.role("full"), federated.token(**source))
    assert answer["SourceIdentity"] == session_of(federated.world, answer).source_identity == "jimin"


@pytest.mark.parametrize(
    "claims",
    [
        {"https://aws.amazon.com/tags": "x"},
        {"https://aws.amazon.com/tags": {"principal_tags": []}},
        {"https://aws.amazon.com/tags": {"principal_tags": {"a": ["x", "y"]}}},
        {"https://aws.amazon.com/tags": {"principal_tags": {"a": 5}}},
        {"https://aws.amazon.com/tags": {"principal_tags": {"a": "x" * 257}}},
        {"https://aws.amazon.com/tags": {"principal_tags": {"": "x"}}},
        {"https://aws.amazon.com/tags": {"principal_tags": {"a": "<"}}},
        {"https://aws.amazon.com/tags": {"principal_tags": {f"k{n}": "" for n in range(51)}}},
        {"https://aws.amazon.com/tags": {"transitive_tag_keys": [5]}},
        {"https://aws.amazon.com/source_identity": "x"},
        {"https://aws.amazon.com/source_identity": ["jimin"]},
    ],
)
def test_tags_that_cant_be_read_are_refused(federated: Federated, claims: dict[str, Any]) -> None:
    assert federated.refused(federated.role(), federated.token(**claims))[::2] == ("InvalidIdentityToken", 400)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"principal_tags": {"a": "1", "A": "2"}}, "InvalidParameterValue"),
        ({"principal_tags": {"a": "1"}, "transitive_tag_keys": ["b"]}, "InvalidParameterValue"),
        ({"principal_tags": {"aws:x": "1"}}, "ValidationError"),
    ],
)
def test_tags_follow_the_rules_of_all_session_tags(federated: Federated, tags: dict[str, Any], code: str) -> None:
    token = federated.token(**{"https://aws.amazon.com/tags": tags})
    assert federated.refused(federated.role(), token)[0] == code


def test_an_issuer_may_say_which_roles_a_token_is_for(federated: Federated) -> None:
    role, other = federated.role("one"), federated.role("two")
    bound = federated.role("bound", condition={"Bool": {"sts:RoleAuthorizedByIdp": "true"}})
    claim = "https://aws.amazon.com/roles"
    for named in (role, [other, role]):
        assert federated.assume(role, federated.token(**{claim: named}))
        said = federated.refused(bound, federated.token(**{claim: named}))
        text = "The target role ARN is not present in the roles claim of the identity token"
        assert said == ("InvalidIdentityToken", text, 400)
    assert federated.refused(role, federated.token(**{claim: f"arn:aws:iam::{ACCOUNT}:role/*"}))[0] != "AccessDenied"
    assert federated.assume(bound, federated.token(**{claim: bound}))
    assert federated.refused(bound) == DENIED


def test_durations_and_session_policies_are_as_with_assume_role(federated: Federated) -> None:
    role = federated.role()
    assert federated.session(role, DurationSeconds=900).expires == AT + 900
    assert federated.refused(role, DurationSeconds=3601)[:2] == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    assert federated.session(role, Policy=ALLOW_ALL).policies == (ALLOW_ALL,)
    assert federated.refused(role, Policy="{}")[0] == "MalformedPolicyDocument"
    long = document("s3:GetObject", f"arn:aws:s3:::box/{'x' * 1900}")
    read_only = {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    assert federated.refused(role, Policy=long, PolicyArns=[read_only])[0] == "PackedPolicyTooLarge"
    assert federated.refused(role, PolicyArns=[{"arn": f"arn:aws:iam::{ACCOUNT}:policy/none"}])[0] == "ValidationError"
    assert federated.refused("arn:aws:iam::1:role/x")[0] == "ValidationError"
    assert federated.refused(role, ProviderId="graph.facebook.com")[0] == "ValidationError"


def test_the_record_names_the_subject_and_the_provider_as_cloudtrail_does(federated: Federated) -> None:
    world = federated.world
    params = {"RoleArn": federated.role(), "RoleSessionName": "pod-1", "WebIdentityToken": federated.token()}
    call = Call(
        service="sts",
        operation="AssumeRoleWithWebIdentity",
        caller=ANONYMOUS,
        params=params,
        facts=facts(world),
        house=world.house,
    )
    called = vouched_for(OPERATIONS["sts", "AssumeRoleWithWebIdentity"], call)
    assert identity(called.caller, "") == {
        "type": "WebIdentityUser",
        "principalId": f"{federated.arn}:sts.amazonaws.com:user-1",
        "userName": "user-1",
        "identityProvider": federated.arn,
    }
    assert params["WebIdentityToken"] not in repr(called)


def test_control_policies_of_resources_bind_whoever_comes_and_those_of_services_do_not(
    world: World, provider: Provider, reach: Reach
) -> None:
    """Who is vouched for belongs to no account: SCPs are not theirs, and the role is a resource that RCPs guard."""
    world.house = replace(world.house, issuers=Issuers(reach=reach))
    organization = Organizations(world)
    organization("CreateOrganization")
    organization.enable(SCP, RCP)
    member = organization.account()
    federated = Federated(world, provider, member)
    role = federated.role()
    action = "sts:AssumeRoleWithWebIdentity"
    organization.policy(document(action, effect="Deny"), "scp", SCP, member)
    assert federated.assume(role)
    condition = {"ArnEquals": {"aws:FederatedProvider": federated.arn}, "Bool": {"sts:RoleAuthorizedByIdp": "false"}}
    bound = document(action, effect="Deny", Principal="*", Condition=condition)
    organization.policy(bound, "rcp", RCP, member)
    assert federated.refused(role) == DENIED
    assert federated.assume(role, federated.token(**{"https://aws.amazon.com/roles": role}))
