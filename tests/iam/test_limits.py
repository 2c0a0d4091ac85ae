"""Names and quotas: the vectors that concern users, groups, access keys, login profiles, tags and aliases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.wire import models
from ostiary.wire.parse import check_input
from tests.credentials.certs import make, ssh_line
from tests.iam.asking import Iam
from tests.iam.devices import Phone
from tests.saml.idp import Idp
from tests.world import OTHER

VECTORS = Path(__file__).parent.parent / "vectors"
NAMES = json.loads((VECTORS / "names" / "names.json").read_text())
QUOTAS = json.loads((VECTORS / "quotas" / "quotas.json").read_text())

ASKS: dict[str, tuple[str, Any]] = {
    "user": ("CreateUser", lambda value: {"UserName": value}),
    "group": ("CreateGroup", lambda value: {"GroupName": value}),
    "path": ("CreateUser", lambda value: {"UserName": "u", "Path": value}),
    "account-alias": ("CreateAccountAlias", lambda value: {"AccountAlias": value}),
    "tag-key": ("CreateUser", lambda value: {"UserName": "u", "Tags": [{"Key": value, "Value": ""}]}),
    "tag-value": ("CreateUser", lambda value: {"UserName": "u", "Tags": [{"Key": "k", "Value": value}]}),
}
"""For each kind of name: an operation that takes one, and its parameters."""

PREFIXES = {"user": ("CreateUser", "User", "UserId"), "group": ("CreateGroup", "Group", "GroupId")}


@pytest.mark.parametrize("vector", [each for each in NAMES if each["kind"] in ASKS], ids=lambda each: each["id"])
def test_a_name_is_taken_or_refused(iam: Iam, vector: dict[str, Any]) -> None:
    operation, params_of = ASKS[vector["kind"]]
    params = params_of(vector["value"])
    if check_input(models.service("iam").operation(operation), params):
        assert not vector["valid"]
    elif vector["valid"]:
        iam(operation, **params)
    else:
        assert iam.fault(operation, **params)[0] in {"InvalidInput", "ValidationError"}


@pytest.mark.parametrize(
    "vector",
    [each for each in NAMES if each["kind"] == "id-prefix" and each["value"] in PREFIXES],
    ids=lambda each: each["id"],
)
def test_a_unique_id_begins_as_it_should(iam: Iam, vector: dict[str, Any]) -> None:
    operation, member, unique_id = PREFIXES[vector["value"]]
    assert iam(operation, **{f"{member}Name": "x"})[member][unique_id].startswith(vector["prefix"])


def test_a_server_certificates_id_begins_as_it_should(iam: Iam) -> None:
    (vector,) = (each for each in NAMES if each["kind"] == "id-prefix" and each["value"] == "server certificate")
    operation, params = add_server_certificate(iam, 0)
    shown = iam(operation, **params)["ServerCertificateMetadata"]
    assert shown["ServerCertificateId"].startswith(vector["prefix"])


def add_user(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    return "CreateUser", {"UserName": f"u{number}"}


def add_group(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    return "CreateGroup", {"GroupName": f"g{number}"}


def add_key(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    if not number:
        iam.users("bob")
    return "CreateAccessKey", {"UserName": "bob"}


def add_root_key(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    return "CreateAccessKey", {}


def add_membership(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    if not number:
        iam.users("bob")
    iam("CreateGroup", GroupName=f"g{number}")
    return "AddUserToGroup", {"GroupName": f"g{number}", "UserName": "bob"}


def add_device(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    if not number:
        iam.users("bob")
    phone = Phone(iam, f"p{number}")
    return "EnableMFADevice", {"UserName": "bob", "SerialNumber": phone.serial, **phone.codes()}


def add_tag(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    if not number:
        iam.users("bob")
    return "TagUser", {"UserName": "bob", "Tags": [{"Key": f"k{number}", "Value": ""}]}


def add_signing_certificate(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    if not number:
        iam.users("bob")
    return "UploadSigningCertificate", {"UserName": "bob", "CertificateBody": make().pem}


def add_ssh_key(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    if not number:
        iam.users("bob")
    return "UploadSSHPublicKey", {"UserName": "bob", "SSHPublicKeyBody": ssh_line(number)}


def add_server_certificate(iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    made = make()
    params = {"ServerCertificateName": f"c{number}", "CertificateBody": made.pem, "PrivateKey": made.key_pem}
    return "UploadServerCertificate", params


def add_saml_provider(_iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    return "CreateSAMLProvider", {"Name": f"p{number}", "SAMLMetadataDocument": Idp().metadata()}


def add_openid_provider(_iam: Iam, number: int) -> tuple[str, dict[str, Any]]:
    return "CreateOpenIDConnectProvider", {"Url": f"https://p{number}.example.com", "ThumbprintList": ["a" * 40]}


ADD = {
    ("OIDC providers", "account"): (
        add_openid_provider,
        "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100",
    ),
    ("SAML providers", "account"): (add_saml_provider, "Cannot exceed quota for SAMLProvidersPerAccount: 100"),
    ("signing certificates", "user"): (add_signing_certificate, "Cannot exceed quota for CertificatesPerUser: 2"),
    ("SSH public keys", "user"): (add_ssh_key, "Cannot exceed quota for SSHPublicKeysPerUser: 5"),
    ("server certificates", "account"): (
        add_server_certificate,
        "Cannot exceed quota for ServerCertificatesPerAccount: 20",
    ),
    ("groups", "account"): (add_group, "Cannot exceed quota for GroupsPerAccount: 300"),
    ("access keys", "user"): (add_key, "Cannot exceed quota for AccessKeysPerUser: 2"),
    ("access keys", "root user"): (add_root_key, "Cannot exceed quota for AccessKeysPerUser: 2"),
    ("MFA devices", "user"): (add_device, "Cannot exceed quota for MFADevicesPerUser: 8"),
    ("groups", "user"): (add_membership, "Cannot exceed quota for GroupsPerUser: 10"),
    ("tags", "user"): (add_tag, "The number of tags has reached the maximum limit."),
}
"""For what is counted: the request that adds the next one, and what AWS says to one too many."""


def counted(vector: dict[str, Any]) -> tuple[str, str]:
    return vector["what"], vector["per"]


@pytest.mark.parametrize("vector", [each for each in QUOTAS if counted(each) in ADD], ids=lambda each: each["id"])
def test_the_quota_is_reached_and_not_exceeded(iam: Iam, vector: dict[str, Any]) -> None:
    add, text = ADD[counted(vector)]
    for number in range(vector["limit"]):
        operation, params = add(iam, number)
        iam(operation, without={"UserName"}, **params)
    operation, params = add(iam, vector["limit"])
    assert iam.fault(operation, **params) == (vector["expected"]["above"], text)


def test_five_thousand_users_and_no_more(iam: Iam) -> None:
    (vector,) = (each for each in QUOTAS if counted(each) == ("users", "account"))
    iam.users("first")
    summary = iam("GetAccountSummary")["SummaryMap"]
    assert summary["UsersQuota"] == vector["limit"]
    iam.quota("UsersPerAccount", 3)
    iam.users("second", "third")
    said = iam.fault("CreateUser", UserName="fourth")
    assert said == (vector["expected"]["above"], "Cannot exceed quota for UsersPerAccount: 3")
    assert len(iam("ListUsers")["Users"]) == 3
    iam("DeleteUser", UserName="first")
    iam.users("fourth")


def test_an_overridden_quota_holds_for_its_account_only(iam: Iam) -> None:
    iam.quota("GroupsPerAccount", 0)
    assert iam.fault("CreateGroup", GroupName="g")[0] == "LimitExceeded"
    assert iam("CreateGroup", GroupName="g", by=iam.world.root(OTHER))
