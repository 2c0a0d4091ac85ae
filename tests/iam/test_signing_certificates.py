"""Signing certificates."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.credentials.certs import make
from tests.iam.asking import Iam
from tests.world import NOW, OTHER

NAMELESS = {"UserName"}
MISSING = "A" * 32


def test_a_certificate_is_uploaded_listed_switched_off_and_deleted(iam: Iam) -> None:
    iam.users("bob")
    made = make()
    shown = iam("UploadSigningCertificate", UserName="bob", CertificateBody=f"\n{made.pem}")["Certificate"]
    assert re.fullmatch(r"[A-Z2-7]{32}", shown["CertificateId"])
    assert shown == {
        "UserName": "bob",
        "CertificateId": shown["CertificateId"],
        "CertificateBody": f"\n{made.pem}",
        "Status": "Active",
        "UploadDate": NOW,
    }
    assert iam("ListSigningCertificates", UserName="bob") == {"Certificates": [shown], "IsTruncated": False}
    named: dict[str, Any] = {"UserName": "bob", "CertificateId": shown["CertificateId"]}
    for status in ("Inactive", "Active"):
        iam("UpdateSigningCertificate", **named, Status=status)
        assert iam("ListSigningCertificates", UserName="bob")["Certificates"] == [{**shown, "Status": status}]
    assert iam.fault("UpdateSigningCertificate", **named, Status="Expired")[0] == "ValidationError"
    iam("DeleteSigningCertificate", **named)
    assert iam("ListSigningCertificates", UserName="bob")["Certificates"] == []


def test_without_a_name_it_is_the_callers(iam: Iam) -> None:
    iam.users("bob")
    root = iam("UploadSigningCertificate", without=NAMELESS, CertificateBody=make().pem)["Certificate"]
    assert "UserName" not in root
    assert iam("GetAccountSummary")["SummaryMap"]["AccountSigningCertificatesPresent"] == 1
    bob = iam.may("bob", "iam:*SigningCertificate*")
    own = iam("UploadSigningCertificate", by=bob, CertificateBody=make().pem)["Certificate"]
    assert own["UserName"] == "bob"
    assert iam("ListSigningCertificates", by=bob)["Certificates"] == [own]
    said = iam.fault("DeleteSigningCertificate", by=bob, CertificateId=root["CertificateId"])
    assert said == ("NoSuchEntity", f"The Certificate with id {root['CertificateId']} cannot be found.")
    iam("DeleteSigningCertificate", CertificateId=root["CertificateId"])
    assert iam("GetAccountSummary")["SummaryMap"]["AccountSigningCertificatesPresent"] == 0


@pytest.mark.parametrize(
    "text", ["invalid-certificate-body", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_quoted_back(iam: Iam, text: str) -> None:
    iam.users("bob")
    said = iam.fault("UploadSigningCertificate", UserName="bob", CertificateBody=text)
    assert said == ("MalformedCertificate", f"Certificate {text} is malformed.")


def test_a_private_key_sent_by_mistake_is_not_quoted(iam: Iam) -> None:
    iam.users("bob")
    for text in (make().key_pem, make().pem + make().key_pem):
        said = iam.fault("UploadSigningCertificate", UserName="bob", CertificateBody=text)
        assert said == ("MalformedCertificate", "Certificate is malformed.")


def test_a_certificate_must_be_in_its_time(iam: Iam) -> None:
    iam.users("bob")
    over = make(begins=NOW - timedelta(days=2), ends=NOW - timedelta(seconds=1)).pem
    to_come = make(begins=NOW + timedelta(seconds=1)).pem
    for text, word in ((over, "'Not After'"), (to_come, "'Not Before'")):
        code, message = iam.fault("UploadSigningCertificate", UserName="bob", CertificateBody=text)
        assert code == "InvalidCertificate" and word in message


def test_an_account_has_a_certificate_once_and_another_account_may_have_it(iam: Iam) -> None:
    iam.users("bob", "eve")
    text = make().pem
    iam("UploadSigningCertificate", UserName="bob", CertificateBody=text)
    for name in ("bob", "eve"):
        said = iam.fault("UploadSigningCertificate", UserName=name, CertificateBody=text.replace("\n", "\r\n"))
        assert said[0] == "DuplicateCertificate"
    iam("UploadSigningCertificate", by=iam.world.root(OTHER), without=NAMELESS, CertificateBody=text)


def test_two_certificates_and_no_more(iam: Iam) -> None:
    iam.users("bob")
    for _ in range(2):
        iam("UploadSigningCertificate", UserName="bob", CertificateBody=make().pem)
    said = iam.fault("UploadSigningCertificate", UserName="bob", CertificateBody=make().pem)
    assert said == ("LimitExceeded", "Cannot exceed quota for CertificatesPerUser: 2")
    first = iam("ListSigningCertificates", UserName="bob", MaxItems=1)
    rest = iam("ListSigningCertificates", UserName="bob", Marker=first["Marker"])
    assert len({each["CertificateId"] for page in (first, rest) for each in page["Certificates"]}) == 2


def test_a_certificate_or_user_that_is_not_there_cannot_be_found(iam: Iam) -> None:
    iam.users("bob")
    asked: dict[str, dict[str, Any]] = {
        "UpdateSigningCertificate": {"Status": "Inactive"},
        "DeleteSigningCertificate": {},
    }
    for operation, more in asked.items():
        said = iam.fault(operation, UserName="bob", CertificateId=MISSING, **more)
        assert said == ("NoSuchEntity", f"The Certificate with id {MISSING} cannot be found.")
        said = iam.fault(operation, UserName="nobody", CertificateId=MISSING, **more)
        assert said == ("NoSuchEntity", "The user with name nobody cannot be found.")


def test_a_user_with_a_certificate_stays(iam: Iam) -> None:
    iam.users("bob")
    made = iam("UploadSigningCertificate", UserName="bob", CertificateBody=make().pem)["Certificate"]
    assert iam.fault("DeleteUser", UserName="bob") == (
        "DeleteConflict",
        "Cannot delete entity, must delete certificates first.",
    )
    iam("DeleteSigningCertificate", UserName="bob", CertificateId=made["CertificateId"])
    iam("DeleteUser", UserName="bob")
