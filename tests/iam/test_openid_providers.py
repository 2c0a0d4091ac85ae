"""OpenID Connect providers: names, limits, what idempotent means, permissions; the account as an issuer.

The oracle for shapes, error codes and statuses is botocore's model; texts are AWS's where they were seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ostiary import catalog
from ostiary.federation.addresses import Reach
from ostiary.federation.issuers import Issuers
from ostiary.services.iam import openid_providers, outbound_federation
from ostiary.services.operation import OPERATIONS
from tests.federation.provider import Authority, Provider
from tests.iam.asking import Iam
from tests.world import ACCOUNT, OTHER

PRINTS = ["a" * 40]
URL = "https://idp.example.com"
ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"
TAGS = [{"Key": "team", "Value": "blue"}]


def create(iam: Iam, url: str = URL, **more: Any) -> str:
    arn: str = iam("CreateOpenIDConnectProvider", Url=url, ThumbprintList=PRINTS, **more)["OpenIDConnectProviderArn"]
    return arn


def clients(iam: Iam, arn: str = ARN) -> list[str]:
    found: list[str] = iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)["ClientIDList"]
    return found


def test_a_provider_is_shown_without_its_scheme(iam: Iam) -> None:
    assert create(iam, ClientIDList=["app"], Tags=TAGS) == ARN
    assert iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN) == {
        "Url": "idp.example.com",
        "ClientIDList": ["app"],
        "ThumbprintList": PRINTS,
        "CreateDate": iam.world.clock.now(),
        "Tags": TAGS,
    }
    assert create(iam, URL + "/tenant/") == ARN + "/tenant/"
    assert iam("ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": [{"Arn": ARN}, {"Arn": ARN + "/tenant/"}]}
    assert iam("GetAccountSummary")["SummaryMap"]["Providers"] == 2


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "example",
        "http://example.org",
        "HTTPS://example.org",
        "https://",
        "https://example.org?x=1",
        "https://example.org/#x",
        "https://user@example.org",
        "https://example.org:8443",
        "https://example.org:443/x",
        "https://exa mple.org",
    ],
)
def test_other_urls_are_refused(iam: Iam, url: str) -> None:
    said = iam.fault("CreateOpenIDConnectProvider", Url=url, ThumbprintList=PRINTS)
    assert said == ("ValidationError", "Invalid Open ID Connect Provider URL")


def test_a_port_is_for_hosts_that_the_operator_allows(iam: Iam) -> None:
    world = iam.world
    world.house = replace(world.house, issuers=Issuers(reach=Reach(frozenset({("idp.internal", 8443)}))))
    assert create(iam, "https://idp.internal:8443/x").endswith(":oidc-provider/idp.internal:8443/x")
    said = iam.fault("CreateOpenIDConnectProvider", Url="https://idp.internal:9443", ThumbprintList=PRINTS)
    assert said[0] == "ValidationError"


@pytest.mark.parametrize(("again", "same"), [(URL, True), ("https://IDP.Example.com", True), (URL + "/", False)])
def test_a_url_is_taken_once_whatever_the_letters_of_its_host(iam: Iam, again: str, same: bool) -> None:
    create(iam)
    if same:
        said = iam.fault("CreateOpenIDConnectProvider", Url=again, ThumbprintList=PRINTS)
        assert said == ("EntityAlreadyExists", f"Provider with url {again} already exists.")
    else:
        create(iam, again)


def test_paths_differ_by_letter_case_and_the_arn_names_one_letter_for_letter(iam: Iam) -> None:
    create(iam, URL + "/a")
    create(iam, URL + "/A")
    create(iam, "https://Other.example.com")
    wrong = f"arn:aws:iam::{ACCOUNT}:oidc-provider/other.example.com"
    said = iam.fault("GetOpenIDConnectProvider", OpenIDConnectProviderArn=wrong)
    assert said == ("NoSuchEntity", f"OpenIDConnect Provider not found for arn {wrong}")


def test_quotas_are_those_of_aws(iam: Iam) -> None:
    many = [f"c{number}" for number in range(101)]
    said = iam.fault("CreateOpenIDConnectProvider", Url=URL, ThumbprintList=PRINTS, ClientIDList=many)
    assert said == ("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
    create(iam, ClientIDList=many[:100])
    said = iam.fault("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID="one-more")
    assert said[0] == "LimitExceeded"
    for number in range(99):
        create(iam, f"{URL}/{number}")
    said = iam.fault("CreateOpenIDConnectProvider", Url=URL + "/x", ThumbprintList=PRINTS)
    assert said == ("LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100")


def test_six_thumbprints_are_too_many(iam: Iam) -> None:
    six = [letter * 40 for letter in "abcdef"]
    expected = ("InvalidInput", "Thumbprint list must contain fewer than 5 entries.")
    assert iam.fault("CreateOpenIDConnectProvider", Url=URL, ThumbprintList=six) == expected
    create(iam)
    update = "UpdateOpenIDConnectProviderThumbprint"
    assert iam.fault(update, OpenIDConnectProviderArn=ARN, ThumbprintList=six) == expected
    assert iam.fault(update, OpenIDConnectProviderArn=ARN, ThumbprintList=[])[0] == "InvalidInput"
    iam(update, OpenIDConnectProviderArn=ARN, ThumbprintList=six[:5])
    assert iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)["ThumbprintList"] == six[:5]


def test_client_ids_are_added_and_removed_idempotently(iam: Iam) -> None:
    create(iam)
    for _ in range(2):
        iam("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID="App")
    iam("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID="app")
    assert clients(iam) == ["App", "app"]
    for _ in range(2):
        iam("RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID="App")
    assert clients(iam) == ["app"]


def test_what_is_deleted_is_gone_with_its_tags(iam: Iam) -> None:
    create(iam, Tags=TAGS)
    iam("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)
    assert iam.fault("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)[0] == "NoSuchEntity"
    create(iam)
    assert iam("ListOpenIDConnectProviderTags", OpenIDConnectProviderArn=ARN)["Tags"] == []


def test_tags_keep_their_letters_and_come_in_pages(iam: Iam) -> None:
    create(iam)
    both = [{"Key": "Team", "Value": "x"}, {"Key": "team", "Value": "y"}]
    iam("TagOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, Tags=both)
    page = iam("ListOpenIDConnectProviderTags", OpenIDConnectProviderArn=ARN, MaxItems=1)
    rest = iam("ListOpenIDConnectProviderTags", OpenIDConnectProviderArn=ARN, Marker=page["Marker"])
    assert page["Tags"] + rest["Tags"] == both
    iam("UntagOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, TagKeys=["Team", "absent"])
    assert iam("ListOpenIDConnectProviderTags", OpenIDConnectProviderArn=ARN)["Tags"] == both[1:]
    fifty = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert iam.fault("TagOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, Tags=fifty)[0] == "LimitExceeded"


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::111122223333:saml-provider/x", "arn:aws:iam::x:oidc-provider/y", "x" * 20]
)
def test_what_is_no_arn_of_a_provider_is_refused(iam: Iam, arn: str) -> None:
    assert iam.fault("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)[0] == "InvalidInput"


def test_without_thumbprints_the_server_is_asked_for_its_authority(
    iam: Iam,
    provider: Provider,
    authority: Authority,
    reach: Reach,
) -> None:
    world = iam.world
    world.house = replace(world.house, issuers=Issuers(reach=reach))
    arn = iam("CreateOpenIDConnectProvider", Url=provider.issuer)["OpenIDConnectProviderArn"]
    shown = iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    assert shown["ThumbprintList"] == [authority.thumbprint]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "localhost"]
)
def test_without_thumbprints_nobody_private_is_asked(iam: Iam, host: str) -> None:
    assert iam.fault("CreateOpenIDConnectProvider", Url=f"https://{host}/x")[0] == "OpenIdIdpCommunicationError"
    assert iam("ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": []}


def test_nobody_is_asked_for_who_may_not_create(iam: Iam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Issuers, "top_thumbprint", lambda *_: pytest.fail("it was asked"))
    iam.users("asker")
    asker = iam.may("asker", "s3:*")
    assert iam.fault("CreateOpenIDConnectProvider", Url=URL, by=asker)[0] == "AccessDenied"


def test_how_claims_become_context_is_kept_with_the_provider(iam: Iam) -> None:
    create(iam)
    update = "UpdateOpenIDConnectProvider"
    mapped = {"SubjectSourceKey": "sub", "KeyDefinitionList": [{"SourceKey": "dept", "TargetKey": "department"}]}
    iam(update, OpenIDConnectProviderArn=ARN, ContextProvider=mapped)
    assert iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)["ContextProvider"] == mapped
    wrong: list[dict[str, Any]] = [
        {"ContextProvider": mapped, "RemoveContextProvider": True},
        {"ContextProvider": mapped, "RemoveIdentityCenterInstance": True},
        {"ContextProvider": {"SubjectSourceKey": "two  spaces"}},
        {"ContextProvider": {**mapped, "SubjectTypeValue": "user", "SubjectTypeSourceKey": "kind"}},
        {"IdentityCenterInstanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"},
    ]
    for params in wrong:
        assert iam.fault(update, OpenIDConnectProviderArn=ARN, **params)[0] == "InvalidInput", params
    iam(update, OpenIDConnectProviderArn=ARN, RemoveContextProvider=True)
    assert "ContextProvider" not in iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)


ON_PROVIDER: dict[str, dict[str, Any]] = {
    "GetOpenIDConnectProvider": {},
    "AddClientIDToOpenIDConnectProvider": {"ClientID": "x"},
    "RemoveClientIDFromOpenIDConnectProvider": {"ClientID": "x"},
    "UpdateOpenIDConnectProvider": {"ContextProvider": {"SubjectSourceKey": "sub"}},
    "UpdateOpenIDConnectProviderThumbprint": {"ThumbprintList": PRINTS},
    "TagOpenIDConnectProvider": {"Tags": TAGS},
    "UntagOpenIDConnectProvider": {"TagKeys": ["team"]},
    "ListOpenIDConnectProviderTags": {},
    "DeleteOpenIDConnectProvider": {},
}
ON_ACCOUNT = ["ListOpenIDConnectProviders"]
OUTBOUND = [
    "EnableOutboundWebIdentityFederation",
    "GetOutboundWebIdentityFederationInfo",
    "DisableOutboundWebIdentityFederation",
]


def test_no_operation_is_left_out_of_these_tests() -> None:
    modules = {openid_providers.__name__, outbound_federation.__name__}
    mine = {name for (_, name), row in OPERATIONS.items() if row.do.__module__ in modules}
    assert mine == {"CreateOpenIDConnectProvider", *ON_PROVIDER, *ON_ACCOUNT, *OUTBOUND}
    service = catalog.service("iam")
    assert service is not None
    for name in mine - {"UpdateOpenIDConnectProvider"}:  # younger than the reference
        kinds = [resource.name for resource in service.actions[name].resources]
        assert kinds == ([] if name in (*ON_ACCOUNT, *OUTBOUND) else ["oidc-provider"])


@pytest.mark.parametrize("name", ["CreateOpenIDConnectProvider", *ON_PROVIDER])
def test_exactly_the_action_on_exactly_the_provider_is_enough(iam: Iam, name: str) -> None:
    iam.users("asker")
    params: dict[str, Any] = {"Url": URL, "ThumbprintList": PRINTS}
    if name != "CreateOpenIDConnectProvider":
        create(iam)
        params = {"OpenIDConnectProviderArn": ARN, **ON_PROVIDER[name]}
    for elsewhere in (["iam:" + name, ARN + "x"], ["s3:*", ARN], ["iam:" + name, ARN.replace(ACCOUNT, OTHER)]):
        asker = iam.may("asker", elsewhere[0], elsewhere[1])
        code, message = iam.fault(name, by=asker, **params)
        assert code == "AccessDenied" and f"iam:{name} on resource: {ARN} because no identity-based" in message
    iam(name, by=iam.may("asker", f"iam:{name}", ARN), **params)


def test_tags_are_condition_keys(iam: Iam) -> None:
    iam.users("asker")
    create(iam, Tags=TAGS)
    blue = iam.may("asker", "iam:*", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, by=blue)
    iam("UntagOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, TagKeys=["team"])
    assert iam.fault("GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, by=blue)[0] == "AccessDenied"
    asked = iam.may("asker", "iam:*", Condition={"StringEquals": {"aws:RequestTag/team": "blue"}})
    made = {"Url": URL + "/2", "ThumbprintList": PRINTS}
    assert iam.fault("CreateOpenIDConnectProvider", by=asked, **made)[0] == "AccessDenied"
    iam("CreateOpenIDConnectProvider", by=asked, Tags=TAGS, **made)


def test_an_issuer_is_switched_on_and_off_and_keeps_its_url(iam: Iam) -> None:
    assert iam.fault("GetOutboundWebIdentityFederationInfo")[0] == "FeatureDisabled"
    assert iam.fault("DisableOutboundWebIdentityFederation")[0] == "FeatureDisabled"
    url = iam("EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    assert url.startswith("http://127.0.0.1:4700/_tokens/")
    assert iam.fault("EnableOutboundWebIdentityFederation")[0] == "FeatureEnabled"
    expected = {"IssuerIdentifier": url, "JwtVendingEnabled": True}
    assert iam("GetOutboundWebIdentityFederationInfo") == expected
    iam("DisableOutboundWebIdentityFederation")
    assert iam.fault("GetOutboundWebIdentityFederationInfo")[0] == "FeatureDisabled"
    assert iam("EnableOutboundWebIdentityFederation")["IssuerIdentifier"] == url


def test_accounts_have_issuers_of_their_own_at_the_public_url(iam: Iam) -> None:
    world = iam.world
    world.house = replace(world.house, settings=replace(world.house.settings, public_url="https://aws.example.com"))
    mine = iam("EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    theirs = iam("EnableOutboundWebIdentityFederation", by=world.root(OTHER))["IssuerIdentifier"]
    assert mine != theirs and mine.startswith("https://aws.example.com/_tokens/")


@pytest.mark.parametrize("name", [*OUTBOUND, *ON_ACCOUNT])
def test_the_action_is_asked_of_no_resource(iam: Iam, name: str) -> None:
    iam.users("asker")
    if name not in (OUTBOUND[0], *ON_ACCOUNT):
        iam(OUTBOUND[0])
    assert iam.fault(name, by=iam.may("asker", "iam:GetUser"))[0] == "AccessDenied"
    iam(name, by=iam.may("asker", f"iam:{name}"))
