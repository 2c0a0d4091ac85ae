"""SAML providers: what is kept, what is refused in which words, and the permission of every operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from ostiary import catalog
from ostiary.services.iam import saml_providers
from ostiary.services.operation import OPERATIONS
from tests.iam.asking import Iam
from tests.saml.idp import NOW, Idp, pem, rsa_key
from tests.world import ACCOUNT, OTHER

ARN = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "Team", "Value": "red"}]


@pytest.fixture(scope="module")
def idp() -> Idp:
    return Idp()


@pytest.fixture
def corp(iam: Iam, idp: Idp) -> Iam:
    """An account with the provider `corp`."""
    iam("CreateSAMLProvider", Name="corp", SAMLMetadataDocument=idp.metadata())
    return iam


def test_a_provider_is_made_read_and_listed(iam: Iam, idp: Idp) -> None:
    made = iam("CreateSAMLProvider", Name="corp", SAMLMetadataDocument=idp.metadata(), Tags=TAGS)
    assert made == {"SAMLProviderArn": ARN, "Tags": TAGS}
    assert iam("CreateSAMLProvider", Name="b.-_", SAMLMetadataDocument=idp.metadata()) == {
        "SAMLProviderArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/b.-_"
    }
    found = iam("GetSAMLProvider", SAMLProviderArn=ARN)
    assert found["SAMLMetadataDocument"] == idp.metadata()
    assert found["CreateDate"] == NOW
    assert found["ValidUntil"] == datetime(2126, 11, 24, 12, tzinfo=UTC)  # a century of Julian years
    assert sorted(found["Tags"], key=str) == sorted(TAGS, key=str)
    assert (found["AssertionEncryptionMode"], found["PrivateKeyList"]) == ("Allowed", [])
    assert found["SAMLProviderUUID"].startswith("SAMLSP") and len(found["SAMLProviderUUID"]) == 22
    listed = iam("ListSAMLProviders")["SAMLProviderList"]
    assert [each["Arn"].rsplit("/")[-1] for each in listed] == ["b.-_", "corp"]


def test_its_metadata_says_how_long_it_is_valid(corp: Iam, idp: Idp) -> None:
    text = idp.metadata(more='validUntil="2030-01-01T00:00:00Z"')
    assert corp("UpdateSAMLProvider", SAMLProviderArn=ARN, SAMLMetadataDocument=text) == {"SAMLProviderArn": ARN}
    assert corp("GetSAMLProvider", SAMLProviderArn=ARN)["ValidUntil"] == datetime(2030, 1, 1, tzinfo=UTC)


def test_a_name_is_taken_in_any_letter_case_and_arns_are_exact(corp: Iam, idp: Idp) -> None:
    code, _ = corp.fault("CreateSAMLProvider", Name="CORP", SAMLMetadataDocument=idp.metadata())
    assert code == "EntityAlreadyExists"
    other = ARN.replace("corp", "CORP")
    assert corp.fault("GetSAMLProvider", SAMLProviderArn=other) == (
        "NoSuchEntity",
        f"Manifest not found for arn {other}",
    )


@pytest.mark.parametrize(
    "name", ["GetSAMLProvider", "UpdateSAMLProvider", "DeleteSAMLProvider", "ListSAMLProviderTags"]
)
def test_a_provider_that_is_not_there(iam: Iam, name: str) -> None:
    assert iam.fault(name, SAMLProviderArn=ARN) == ("NoSuchEntity", f"Manifest not found for arn {ARN}")
    for bad in ("a" * 20, f"arn:aws:iam::{ACCOUNT}:oidc-provider/x", ARN + "\n"):
        assert iam.fault(name, SAMLProviderArn=bad)[0] == "InvalidInput"


@pytest.mark.parametrize(
    "broken",
    [
        lambda text: "x" * 1000,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("IDPSSODescriptor", "SPSSODescriptor"),
        lambda text: text.replace("?>", '?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', 1),
        lambda text: text.replace("entityID=", 'validUntil="2020-01-01T00:00:00Z" entityID='),
        lambda text: text.replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"),
    ],
    ids=["no XML", "BOM", "service provider", "DTD", "over", "certificate"],
)
def test_metadata_that_can_not_be_parsed(corp: Iam, idp: Idp, broken: Any) -> None:
    text = broken(idp.metadata())
    for name, params in (("CreateSAMLProvider", {"Name": "new"}), ("UpdateSAMLProvider", {"SAMLProviderArn": ARN})):
        code, words = corp.fault(name, SAMLMetadataDocument=text, **params)
        assert code == "InvalidInput" and words.startswith("Could not parse metadata")
        assert "passwd" not in words


def keys(iam: Iam) -> list[str]:
    return [key["KeyId"] for key in iam("GetSAMLProvider", SAMLProviderArn=ARN).get("PrivateKeyList", [])]


def test_private_keys_come_and_go_within_their_rules(corp: Iam) -> None:
    def update(**params: Any) -> tuple[str, str]:
        return corp.fault("UpdateSAMLProvider", SAMLProviderArn=ARN, **params)

    def done(**params: Any) -> None:
        corp("UpdateSAMLProvider", SAMLProviderArn=ARN, **params)

    first, second = pem(rsa_key("ours")), pem(rsa_key("newer"))
    nothing = "Unable to update identity provider. No updates are defined for metadata or encryption assertion."
    assert update() == ("InvalidInput", nothing)
    required = "Unable to set assertion encryption mode to Required because no private key is provided."
    assert update(AssertionEncryptionMode="Required") == ("InvalidInput", required)
    assert update(AddPrivateKey="nonsense") == ("InvalidInput", "Invalid private key.")
    done(AddPrivateKey=first, AssertionEncryptionMode="Required")
    assert corp("GetSAMLProvider", SAMLProviderArn=ARN)["AssertionEncryptionMode"] == "Required"
    (held,) = keys(corp)
    assert held.startswith("SAMLPK") and len(held) == 22
    both = "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters."
    assert update(AddPrivateKey=second, RemovePrivateKey=held) == ("InvalidInput", both)
    assert update(RemovePrivateKey=held) == ("InvalidInput", "Failed to remove private key.")
    missing = "Failed to remove private key because the Key ID does not match a private key."
    assert update(RemovePrivateKey="SAMLPK" + "A" * 16) == ("InvalidInput", missing)
    corp.world.clock.advance(seconds=1)
    done(AddPrivateKey=second)
    assert keys(corp)[0] == held and len(keys(corp)) == 2
    assert update(AddPrivateKey=first) == ("LimitExceeded", "Private key limit of 2 is reached.")
    done(RemovePrivateKey=held)
    done(RemovePrivateKey=keys(corp)[0], AssertionEncryptionMode="Allowed")
    assert keys(corp) == []


def test_a_provider_may_be_made_with_a_key_and_a_mode(iam: Iam, idp: Idp) -> None:
    given = {"Name": "corp", "SAMLMetadataDocument": idp.metadata(), "AssertionEncryptionMode": "Required"}
    assert iam.fault("CreateSAMLProvider", **given)[0] == "InvalidInput"
    iam("CreateSAMLProvider", **given, AddPrivateKey=pem(rsa_key("ours")))
    assert len(keys(iam)) == 1


def test_private_keys_are_sealed_and_stay_with_their_account(corp: Iam) -> None:
    text = pem(rsa_key("ours"))
    corp("UpdateSAMLProvider", SAMLProviderArn=ARN, AddPrivateKey=text)
    data = corp.world.house.settings.database
    stored = b"".join(path.read_bytes() for path in data.parent.glob(data.name + "*"))
    assert b"BEGIN PRIVATE KEY" not in stored and text.splitlines()[1].encode() not in stored
    with corp.world.house.store.read() as tx:
        record = saml_providers.find_provider(tx, ARN)
        assert record is not None
        (key,) = tx.saml_providers.keys(record.id)
        assert "sealed" not in repr(key)


def test_deleting_forgets_keys_and_tags(corp: Iam, idp: Idp) -> None:
    corp("TagSAMLProvider", SAMLProviderArn=ARN, Tags=TAGS)
    corp("UpdateSAMLProvider", SAMLProviderArn=ARN, AddPrivateKey=pem(rsa_key("ours")))
    before = corp("GetSAMLProvider", SAMLProviderArn=ARN)["SAMLProviderUUID"]
    assert corp("DeleteSAMLProvider", SAMLProviderArn=ARN) == {}
    corp("CreateSAMLProvider", Name="corp", SAMLMetadataDocument=idp.metadata())
    after = corp("GetSAMLProvider", SAMLProviderArn=ARN)
    assert after["Tags"] == [] and keys(corp) == [] and after["SAMLProviderUUID"] != before


def test_tags_keep_their_case_and_have_pages(corp: Iam) -> None:
    corp("TagSAMLProvider", SAMLProviderArn=ARN, Tags=TAGS)
    page = corp("ListSAMLProviderTags", SAMLProviderArn=ARN, MaxItems=1)
    rest = corp("ListSAMLProviderTags", SAMLProviderArn=ARN, Marker=page["Marker"])
    assert sorted(page["Tags"] + rest["Tags"], key=str) == sorted(TAGS, key=str)
    corp("UntagSAMLProvider", SAMLProviderArn=ARN, TagKeys=["team", "gone"])
    assert corp("ListSAMLProviderTags", SAMLProviderArn=ARN)["Tags"] == [TAGS[1]]
    twice = [TAGS[0], TAGS[0]]
    assert corp.fault("TagSAMLProvider", SAMLProviderArn=ARN, Tags=twice)[0] == "InvalidInput"


def test_an_account_has_a_hundred_and_the_summary_counts_them(corp: Iam, idp: Idp) -> None:
    for number in range(99):
        corp.world.call("iam:CreateSAMLProvider", Name=f"p{number}", SAMLMetadataDocument=idp.metadata())
    words = "Cannot exceed quota for SAMLProvidersPerAccount: 100"
    assert corp.fault("CreateSAMLProvider", Name="more", SAMLMetadataDocument=idp.metadata()) == (
        "LimitExceeded",
        words,
    )
    assert corp("GetAccountSummary")["SummaryMap"]["Providers"] == 100


def test_providers_of_other_accounts_are_not_there(corp: Iam) -> None:
    other = corp.world.root(OTHER)
    assert corp("ListSAMLProviders", by=other) == {"SAMLProviderList": []}
    assert corp.fault("GetSAMLProvider", by=other, SAMLProviderArn=ARN)[0] in ("AccessDenied", "NoSuchEntity")


@dataclass(frozen=True)
class Case:
    """An operation that succeeds with exactly this permission."""

    name: str
    on: str = ARN
    params: Mapping[str, Any] = field(default_factory=lambda: {"SAMLProviderArn": ARN})


CASES = [
    Case("CreateSAMLProvider", f"arn:aws:iam::{ACCOUNT}:saml-provider/new", {"Name": "new"}),
    Case("GetSAMLProvider"),
    Case("UpdateSAMLProvider"),
    Case("DeleteSAMLProvider"),
    Case("ListSAMLProviders", "*", {}),
    Case("TagSAMLProvider", params={"SAMLProviderArn": ARN, "Tags": TAGS[:1]}),
    Case("UntagSAMLProvider", params={"SAMLProviderArn": ARN, "TagKeys": ["team"]}),
    Case("ListSAMLProviderTags"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_operation_needs_its_permission_on_the_provider(corp: Iam, idp: Idp, case: Case) -> None:
    corp.users("asker")
    params = dict(case.params)
    if case.name in ("CreateSAMLProvider", "UpdateSAMLProvider"):
        params["SAMLMetadataDocument"] = idp.metadata()
    nobody = corp.may("asker", "iam:GetUser")
    assert corp.fault(case.name, by=nobody, **params)[0] == "AccessDenied"
    if case.on != "*":
        elsewhere = corp.may("asker", f"iam:{case.name}", case.on + "x")
        assert corp.fault(case.name, by=elsewhere, **params)[0] == "AccessDenied"
    corp(case.name, by=corp.may("asker", f"iam:{case.name}", case.on), **params)


def test_every_operation_on_saml_providers_is_built_and_tried() -> None:
    service = catalog.service("iam")
    assert service is not None
    listed = {name for name in service.actions if "SAMLProvider" in name}
    assert {case.name for case in CASES} == listed
    assert listed <= {name for service_name, name in OPERATIONS if service_name == "iam"}


def test_condition_keys_are_those_of_the_reference(corp: Iam, idp: Idp) -> None:
    corp.users("asker")
    corp("TagSAMLProvider", SAMLProviderArn=ARN, Tags=TAGS[:1])
    by_tag = {"Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}
    assert corp("GetSAMLProvider", by=corp.may("asker", "iam:GetSAMLProvider", **by_tag), SAMLProviderArn=ARN)
    asked = {"Condition": {"StringEquals": {"aws:RequestTag/team": "blue"}}}
    maker = corp.may("asker", "iam:CreateSAMLProvider", **asked)
    text = idp.metadata()
    assert corp.fault("CreateSAMLProvider", by=maker, Name="new", SAMLMetadataDocument=text)[0] == "AccessDenied"
    assert corp("CreateSAMLProvider", by=maker, Name="new", SAMLMetadataDocument=text, Tags=TAGS[:1])


def test_listing_a_hundred_providers_reads_no_gigabyte_of_metadata(corp: Iam, monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(*_: Any, **__: Any) -> Any:
        raise AssertionError("a whole record was made")

    monkeypatch.setattr("ostiary.store.saml.SamlProviderRecord.__init__", whole)
    assert [each["Arn"] for each in corp("ListSAMLProviders")["SAMLProviderList"]] == [ARN]
