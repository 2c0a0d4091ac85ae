"""Which permission each operation on certificates, SSH keys and service-specific credentials needs, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary import catalog
from ostiary.services.iam import (
    server_certificates,
    service_specific_credentials,
    signing_certificates,
    ssh_public_keys,
)
from ostiary.services.operation import OPERATIONS
from tests.credentials.certs import make, ssh_line
from tests.iam.asking import Iam
from tests.world import ACCOUNT

ARN = f"arn:aws:iam::{ACCOUNT}:"
BOB, WEB = f"{ARN}user/dev/bob", f"{ARN}server-certificate/w/web"
GIT = "codecommit.amazonaws.com"
TAGS = [{"Key": "team", "Value": "blue"}]
NEW = make("new")
UPLOAD: dict[str, Any] = {
    "ServerCertificateName": "new",
    "Path": "/w/",
    "CertificateBody": NEW.pem,
    "PrivateKey": NEW.key_pem,
}
NAMED: dict[str, Any] = {"ServerCertificateName": "web"}
MODULES = {
    module.__name__
    for module in (server_certificates, service_specific_credentials, signing_certificates, ssh_public_keys)
}


@dataclass(frozen=True)
class Case:
    """An operation that succeeds with exactly this permission, besides what the fixture made."""

    name: str
    on: str = BOB
    params: Mapping[str, Any] = field(default_factory=dict)
    on_bobs: str | None = None
    """The parameter that names something of bob's."""
    also_on: str | None = None

    def asked(self, bobs: Mapping[str, str]) -> dict[str, Any]:
        """The whole request."""
        whose = {"UserName": "bob"} if self.on == BOB else {}
        return {**whose, **self.params, **({self.on_bobs: bobs[self.on_bobs]} if self.on_bobs else {})}


CERTIFICATE, KEY, CREDENTIAL = "CertificateId", "SSHPublicKeyId", "ServiceSpecificCredentialId"
CASES = [
    Case("UploadSigningCertificate", params={"CertificateBody": NEW.pem}),
    Case("ListSigningCertificates"),
    Case("UpdateSigningCertificate", params={"Status": "Inactive"}, on_bobs=CERTIFICATE),
    Case("DeleteSigningCertificate", on_bobs=CERTIFICATE),
    Case("UploadSSHPublicKey", params={"SSHPublicKeyBody": ssh_line(1)}),
    Case("GetSSHPublicKey", params={"Encoding": "SSH"}, on_bobs=KEY),
    Case("ListSSHPublicKeys"),
    Case("UpdateSSHPublicKey", params={"Status": "Inactive"}, on_bobs=KEY),
    Case("DeleteSSHPublicKey", on_bobs=KEY),
    Case("UploadServerCertificate", f"{ARN}server-certificate/w/new", {**UPLOAD, "Tags": TAGS}),
    Case("GetServerCertificate", WEB, NAMED),
    Case("ListServerCertificates", "*"),
    Case(
        "UpdateServerCertificate",
        WEB,
        {**NAMED, "NewServerCertificateName": "shop", "NewPath": "/s/"},
        also_on=f"{ARN}server-certificate/s/shop",
    ),
    Case("DeleteServerCertificate", WEB, NAMED),
    Case("TagServerCertificate", WEB, {**NAMED, "Tags": TAGS}),
    Case("UntagServerCertificate", WEB, {**NAMED, "TagKeys": ["team"]}),
    Case("ListServerCertificateTags", WEB, NAMED),
    Case("CreateServiceSpecificCredential", params={"ServiceName": GIT}),
    Case("ListServiceSpecificCredentials"),
    Case("ListServiceSpecificCredentials", f"{ARN}user/*", {"AllUsers": True}),
    Case("UpdateServiceSpecificCredential", params={"Status": "Inactive"}, on_bobs=CREDENTIAL),
    Case("ResetServiceSpecificCredential", on_bobs=CREDENTIAL),
    Case("DeleteServiceSpecificCredential", on_bobs=CREDENTIAL),
]


@pytest.fixture
def bobs(iam: Iam) -> dict[str, str]:
    """What bob has."""
    iam.users("asker")
    iam.users("bob", path="/dev/")
    iam("UploadServerCertificate", **{**UPLOAD, "ServerCertificateName": "web"})
    signing = iam("UploadSigningCertificate", UserName="bob", CertificateBody=make().pem)
    key = iam("UploadSSHPublicKey", UserName="bob", SSHPublicKeyBody=ssh_line())
    credential = iam("CreateServiceSpecificCredential", UserName="bob", ServiceName=GIT)
    return {
        CERTIFICATE: signing["Certificate"][CERTIFICATE],
        KEY: key["SSHPublicKey"][KEY],
        CREDENTIAL: credential["ServiceSpecificCredential"][CREDENTIAL],
    }


def test_no_operation_is_left_out_of_the_cases() -> None:
    mine = {name for (service, name), row in OPERATIONS.items() if service == "iam" and row.do.__module__ in MODULES}
    assert mine == {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exactly_the_action_on_exactly_the_resource_is_enough(iam: Iam, bobs: dict[str, str], case: Case) -> None:
    on = [each for each in (case.on, case.also_on) if each]
    iam(case.name, by=iam.may("asker", f"iam:{case.name}", on), **case.asked(bobs))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_else_is(iam: Iam, bobs: dict[str, str], case: Case) -> None:
    asker, where = iam.may("asker", "s3:*"), "" if case.on == "*" else f" on resource: {case.on}"
    assert iam.fault(case.name, by=asker, **case.asked(bobs)) == (
        "AccessDenied",
        f"User: {ARN}user/asker is not authorized to perform: iam:{case.name}{where} "
        f"because no identity-based policy allows the iam:{case.name} action",
    )
    elsewhere = [f"{ARN}user/bob", f"{ARN}server-certificate/web", f"{ARN}server-certificate/w/WEB", f"{ARN}role/*"]
    asker = iam.may("asker", f"iam:{case.name}", elsewhere)
    assert iam.fault(case.name, by=asker, **case.asked(bobs))[0] == "AccessDenied"


@pytest.mark.parametrize("one", [WEB, f"{ARN}server-certificate/s/shop"])
def test_renaming_needs_the_permission_on_both_names(iam: Iam, bobs: dict[str, str], one: str) -> None:
    (case,) = (each for each in CASES if each.also_on)
    asker = iam.may("asker", "iam:UpdateServerCertificate", one)
    assert iam.fault(case.name, by=asker, **case.asked(bobs))[0] == "AccessDenied"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_resource_type_is_the_one_of_the_reference(case: Case) -> None:
    service = catalog.service("iam")
    assert service is not None
    types = [resource.name for resource in service.actions[case.name].resources]
    assert types == ([] if case.on == "*" else [case.on.split(":")[-1].split("/")[0]])


def test_tags_of_a_server_certificate_are_condition_keys(iam: Iam, bobs: dict[str, str]) -> None:
    asker = iam.may("asker", "iam:GetServerCertificate", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    assert iam.fault("GetServerCertificate", by=asker, **NAMED)[0] == "AccessDenied"
    iam("TagServerCertificate", **NAMED, Tags=TAGS)
    iam("GetServerCertificate", by=asker, **NAMED)


def test_tags_of_the_request_are_condition_keys(iam: Iam, bobs: dict[str, str]) -> None:
    blue = {"StringEquals": {"aws:RequestTag/team": "blue"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    asker = iam.may("asker", ["iam:UploadServerCertificate", "iam:TagServerCertificate"], Condition=blue)
    assert iam.fault("UploadServerCertificate", by=asker, **UPLOAD)[0] == "AccessDenied"
    red = [{"Key": "team", "Value": "red"}]
    assert iam.fault("TagServerCertificate", by=asker, **NAMED, Tags=red)[0] == "AccessDenied"
    iam("UploadServerCertificate", by=asker, **UPLOAD, Tags=TAGS)
    iam("TagServerCertificate", by=asker, **NAMED, Tags=TAGS)
