"""GetWebIdentityToken: claims, permissions, keys. Tokens are read by PyJWT with the keys that are published."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jwt
import pytest

from ostiary.authorization.caller import Caller
from ostiary.gate.published import published
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.services.faults import ServiceFault
from ostiary.services.issuer import ANNOUNCED_SECONDS, LONGEST_SECONDS, SIGNING_SECONDS
from ostiary.services.s3.addresses import Endpoints
from ostiary.store.records import TagRecord
from tests.sts.people import add_role, add_user, assume, trust
from tests.world import ACCOUNT, NOW, OTHER, World, document

AT = int(NOW.timestamp())
API = "https://api.example.com"
NAMESPACE = "https://sts.amazonaws.com/"


@pytest.fixture
def issuer(world: World) -> str:
    """The account's issuer, switched on."""
    world.house = replace(world.house, settings=replace(world.house.settings, public_url="https://aws.example.com"))
    url: str = world.call("iam:EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    return url


def ask(world: World, by: Caller | None = None, **more: Any) -> dict[str, Any]:
    given = {"Audience": [API], "SigningAlgorithm": "RS256", **more}
    answer: dict[str, Any] = world.call("sts:GetWebIdentityToken", given, by=by)
    return answer


def fault(world: World, by: Caller | None = None, **more: Any) -> tuple[str, int | None]:
    with pytest.raises(ServiceFault) as caught:
        ask(world, by, **more)
    return caught.value.code, caught.value.status


def page(
    world: World, url: str, host: str = "aws.example.com", method: str = "GET", query: str = "", **headers: str
) -> HttpResponse | None:
    request = HttpRequest(
        method=method,
        raw_path=url.removeprefix("https://aws.example.com"),
        raw_query=query,
        headers=[("host", host), *headers.items()],
        body=None,
        source_ip="127.0.0.1",
        secure=True,
        at=world.clock.now(),
        request_id="r",
    )
    return published(world.house, request, Endpoints())


def keys(world: World, issuer: str) -> dict[str, Any]:
    found = page(world, issuer + "/.well-known/jwks.json")
    assert found is not None and found.status == 200
    return {key["kid"]: key for key in json.loads(found.body)["keys"]}


def read(world: World, issuer: str, token: str, audience: str = API) -> dict[str, Any]:
    """As a relying party reads it; its clock is the world's."""
    header = jwt.get_unverified_header(token)
    key = jwt.PyJWK(keys(world, issuer)[header["kid"]])
    found: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=["RS256", "ES384"],
        audience=audience,
        issuer=issuer,
        options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "sub", "jti"]},
    )
    return found


@pytest.mark.parametrize(("algorithm", "kid"), [("RS256", "RSA_0"), ("ES384", "EC384_0")])
def test_a_token_holds_with_the_keys_that_are_published(world: World, issuer: str, algorithm: str, kid: str) -> None:
    answer = ask(world, SigningAlgorithm=algorithm)
    assert jwt.get_unverified_header(answer["WebIdentityToken"]) == {"alg": algorithm, "kid": kid, "typ": "JWT"}
    claims = read(world, issuer, answer["WebIdentityToken"])
    assert (claims["iat"], claims["exp"]) == (AT, AT + 300) and int(answer["Expiration"].timestamp()) == AT + 300


def test_the_documents_are_those_of_awss_issuers(world: World, issuer: str) -> None:
    found = page(world, issuer + "/.well-known/openid-configuration")
    assert found is not None and dict(found.headers)["content-type"] == "application/json"
    assert json.loads(found.body) == {
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "jti", "https://sts.amazonaws.com/"],
        "id_token_signing_alg_values_supported": ["RS256", "ES384"],
        "issuer": issuer,
        "jwks_uri": issuer + "/.well-known/jwks.json",
        "subject_types_supported": ["public"],
    }
    published_keys = keys(world, issuer)
    assert set(published_keys["RSA_0"]) == {"kty", "n", "e", "kid", "use", "alg"}
    assert set(published_keys["EC384_0"]) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_the_claims_of_a_user(world: World, issuer: str) -> None:
    user = add_user(world, "alice", path="/team/")
    with world.house.store.write() as tx:
        tx.tags.put(user.entity_id, [TagRecord(key="cost", value="7")])
    claims = read(
        world, issuer, ask(world, user, Audience=[API, "b"], Tags=[{"Key": "job", "Value": "1"}])["WebIdentityToken"]
    )
    assert claims.pop("jti") and claims.pop("iat") and claims.pop("exp")
    arn = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
    assert claims == {
        "iss": issuer,
        "aud": [API, "b"],
        "sub": arn,
        NAMESPACE: {
            "aws_account": ACCOUNT,
            "source_region": "us-east-1",
            "principal_id": arn,
            "principal_tags": {"cost": "7"},
            "request_tags": {"job": "1"},
        },
    }


def test_the_claims_of_a_session_name_the_role_and_end_with_the_session(world: World, issuer: str) -> None:
    user = add_user(world, "alice")
    role = add_role(world, "app", trust(user.arn), path="/p/", tags={"Team": "role", "own": "1"})
    tags = [{"Key": "team", "Value": "session"}]
    caller = assume(world, role, user, Tags=tags, SourceIdentity="jimin", DurationSeconds=900)
    claims = read(world, issuer, ask(world, caller, DurationSeconds=900)["WebIdentityToken"])
    assert claims["sub"] == role == f"arn:aws:iam::{ACCOUNT}:role/p/app" and claims["aud"] == API
    about = claims[NAMESPACE]
    assert about["principal_tags"] == {"own": "1", "team": "session"} and about["source_identity"] == "jimin"
    assert about["original_session_exp"] == "2026-11-23T12:15:00Z"
    assert fault(world, caller, DurationSeconds=901) == ("SessionDurationEscalationException", 403)


def test_the_organization_is_named(world: World, issuer: str) -> None:
    world.call("organizations:CreateOrganization", {"FeatureSet": "ALL"})
    about = read(world, issuer, ask(world)["WebIdentityToken"])[NAMESPACE]
    assert about["org_id"].startswith("o-")
    assert about["ou_path"] == [f"{about['org_id']}/{about['ou_path'][0].split('/')[1]}/"]


def test_who_is_off_gives_no_tokens_and_old_ones_stay_good(world: World) -> None:
    disabled = ("OutboundWebIdentityFederationDisabledException", 403)
    assert fault(world) == disabled
    world.house = replace(world.house, settings=replace(world.house.settings, public_url="https://aws.example.com"))
    issuer = world.call("iam:EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    token = ask(world)["WebIdentityToken"]
    world.call("iam:DisableOutboundWebIdentityFederation")
    assert fault(world) == disabled and fault(world, world.root(OTHER)) == disabled
    assert read(world, issuer, token)["sub"] == f"arn:aws:iam::{ACCOUNT}:root"


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [API]}}, True),
        ({"ForAnyValue:StringEquals": {"sts:IdentityTokenAudience": ["https://other.example.com"]}}, False),
        ({"StringEquals": {"sts:SigningAlgorithm": "RS256"}}, True),
        ({"StringEquals": {"sts:SigningAlgorithm": "ES384"}}, False),
        ({"NumericLessThanEquals": {"sts:DurationSeconds": "300"}}, True),
        ({"NumericLessThanEquals": {"sts:DurationSeconds": "299"}}, False),
    ],
)
def test_policies_judge_audience_algorithm_and_duration(
    world: World, issuer: str, condition: dict[str, Any], allowed: bool
) -> None:
    user = add_user(world, "alice", document("sts:GetWebIdentityToken", Condition=condition))
    if allowed:
        assert ask(world, user)
    else:
        assert fault(world, user) == ("AccessDenied", 403)


def test_tags_need_a_permission_of_their_own(world: World, issuer: str) -> None:
    tags = [{"Key": "scope", "Value": "read"}]
    without = add_user(world, "alice", document("sts:GetWebIdentityToken"))
    assert ask(world, without) and fault(world, without, Tags=tags) == ("AccessDenied", 403)
    condition = {
        "StringEquals": {"aws:RequestTag/scope": "read"},
        "ForAllValues:StringEquals": {"aws:TagKeys": "scope"},
    }
    tagging = document(["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"], Condition=condition)
    user = add_user(world, "bob", tagging)
    assert ask(world, user, Tags=tags)
    assert fault(world, user, Tags=[{"Key": "scope", "Value": "write"}]) == ("AccessDenied", 403)
    assert fault(world, without, Tags=[*tags, {"Key": "Scope", "Value": ""}])[0] == "InvalidParameterValue"


def test_other_algorithms_and_too_many_tags_are_refused(world: World, issuer: str) -> None:
    assert fault(world, SigningAlgorithm="HS256") == ("ValidationError", 400)
    many = [{"Key": f"k{number}", "Value": "v" * 256} for number in range(50)]
    assert fault(world, Tags=many) == ("JWTPayloadSizeExceededException", 400)


def test_keys_rotate_before_they_are_needed_and_stay_until_their_tokens_are_over(world: World, issuer: str) -> None:
    first = ask(world, DurationSeconds=3600)["WebIdentityToken"]

    def kid() -> str:
        found: str = jwt.get_unverified_header(ask(world)["WebIdentityToken"])["kid"]
        return found

    world.clock.advance(seconds=SIGNING_SECONDS - 1)
    assert kid() == "RSA_0" and set(keys(world, issuer)) == {"RSA_0", "EC384_0"}
    world.clock.advance(seconds=1)
    assert kid() == "RSA_0" and set(keys(world, issuer)) == {"RSA_0", "RSA_1", "EC384_0", "EC384_1"}
    world.clock.advance(seconds=ANNOUNCED_SECONDS - 1)
    assert kid() == "RSA_0"
    last = ask(world, DurationSeconds=LONGEST_SECONDS)["WebIdentityToken"]
    world.clock.advance(seconds=1)
    assert kid() == "RSA_1"
    world.clock.advance(seconds=LONGEST_SECONDS)
    assert kid() == "RSA_1" and read(world, issuer, last)["iss"] == issuer
    world.clock.advance(seconds=LONGEST_SECONDS)
    assert kid() == "RSA_1" and set(keys(world, issuer)) == {"RSA_1", "EC384_1"}
    with pytest.raises(KeyError):
        read(world, issuer, first)


def test_keys_are_sealed_in_the_store(world: World, issuer: str) -> None:
    with world.house.store.read() as tx:
        records = tx.issuers.keys(ACCOUNT)
    for record in records:
        assert b"PRIVATE" not in record.sealed and "sealed" not in repr(record)
        assert set(json.loads(record.public)).isdisjoint({"d", "p", "q", "dp", "dq", "qi", "k"})


def test_the_documents_shadow_no_object_and_nothing_else(world: World, issuer: str) -> None:
    """Objects may have such keys: by virtual host they are reached; in path style no bucket can be so named."""
    jwks = issuer + "/.well-known/jwks.json"
    for host in ("aws.example.com", "127.0.0.1:4700", "localhost", "s3.amazonaws.com"):
        found = page(world, jwks, host)
        assert found is not None and found.status == 200
    for host in ("box.localhost", "box.s3.amazonaws.com", "box.s3.ap-northeast-2.amazonaws.com"):
        assert page(world, jwks, host) is None
    assert page(world, jwks, method="PUT") is None and page(world, jwks, query="X-Amz-Signature=x") is None
    assert page(world, jwks, authorization="AWS4-HMAC-SHA256 x") is None
    for path in ("", "/", "/.well-known", "/.well-known/jwks.json/", "/.well-known/../x"):
        assert page(world, issuer + path) is None
    unknown = page(world, jwks.replace(issuer[-4:], "0000"))
    assert unknown is not None and unknown.status == 404
    head = page(world, jwks, method="HEAD")
    assert head is not None and head.status == 200
