"""Certificates, SSH keys and service-specific credentials through boto3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clients.called import names, refused, tags
from tests.clients.conftest import Account
from tests.credentials.certs import Made, make, ssh_line

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

GIT, BEDROCK = "codecommit.amazonaws.com", "bedrock.amazonaws.com"


def of_today(name: str, issuer: Made | None = None) -> Made:
    """A certificate that is valid by the machine's clock."""
    now = datetime.now(UTC).replace(microsecond=0)
    return make(name, issuer, begins=now - timedelta(hours=1), ends=now + timedelta(hours=1))


def test_signing_certificates(iam: Any) -> None:
    iam.create_user(UserName="signer")
    made = of_today("signer")
    shown = iam.upload_signing_certificate(UserName="signer", CertificateBody=made.pem)["Certificate"]
    assert shown["Status"] == "Active" and shown["CertificateBody"] == made.pem
    refused("DuplicateCertificate", iam.upload_signing_certificate, UserName="signer", CertificateBody=made.pem)
    refused("MalformedCertificate", iam.upload_signing_certificate, UserName="signer", CertificateBody="x")
    gone = make(begins=datetime(2020, 1, 1, tzinfo=UTC), ends=datetime(2021, 1, 1, tzinfo=UTC)).pem
    refused("InvalidCertificate", iam.upload_signing_certificate, UserName="signer", CertificateBody=gone)
    named = {"UserName": "signer", "CertificateId": shown["CertificateId"]}
    iam.update_signing_certificate(**named, Status="Inactive")
    (listed,) = iam.list_signing_certificates(UserName="signer")["Certificates"]
    assert listed == {**shown, "Status": "Inactive"}
    refused("DeleteConflict", iam.delete_user, UserName="signer")
    iam.delete_signing_certificate(**named)
    refused("NoSuchEntity", iam.delete_signing_certificate, **named)
    iam.delete_user(UserName="signer")


def test_ssh_public_keys(iam: Any) -> None:
    iam.create_user(UserName="pusher")
    shown = iam.upload_ssh_public_key(UserName="pusher", SSHPublicKeyBody=ssh_line())["SSHPublicKey"]
    refused("DuplicateSSHPublicKey", iam.upload_ssh_public_key, UserName="pusher", SSHPublicKeyBody=ssh_line())
    refused("InvalidPublicKey", iam.upload_ssh_public_key, UserName="pusher", SSHPublicKeyBody=ssh_line(bits=1024))
    refused("UnrecognizedPublicKeyEncoding", iam.upload_ssh_public_key, UserName="pusher", SSHPublicKeyBody="x")
    named = {"UserName": "pusher", "SSHPublicKeyId": shown["SSHPublicKeyId"]}
    assert iam.get_ssh_public_key(**named, Encoding="SSH")["SSHPublicKey"] == shown
    pem = iam.get_ssh_public_key(**named, Encoding="PEM")["SSHPublicKey"]
    assert pem["SSHPublicKeyBody"].startswith("-----BEGIN PUBLIC KEY-----")
    refused("ValidationError", iam.get_ssh_public_key, **named, Encoding="DER")
    iam.update_ssh_public_key(**named, Status="Inactive")
    (listed,) = iam.list_ssh_public_keys(UserName="pusher")["SSHPublicKeys"]
    assert listed["Status"] == "Inactive"
    refused("DeleteConflict", iam.delete_user, UserName="pusher")
    iam.delete_ssh_public_key(**named)
    iam.delete_user(UserName="pusher")


def test_a_server_certificate(iam: Any, account: Account) -> None:
    root = of_today("root")
    made = of_today("web", root)
    upload = {"ServerCertificateName": "web", "CertificateBody": made.pem, "PrivateKey": made.key_pem}
    wrong = of_today("other").key_pem
    refused("KeyPairMismatch", iam.upload_server_certificate, **{**upload, "PrivateKey": wrong})
    refused("MalformedCertificate", iam.upload_server_certificate, **upload, CertificateChain=made.pem)
    tagged = [{"Key": "team", "Value": "a"}]
    shown = iam.upload_server_certificate(**upload, CertificateChain=root.pem, Path="/w/", Tags=tagged)
    about = shown["ServerCertificateMetadata"]
    assert about["Arn"] == f"arn:aws:iam::{account.id}:server-certificate/w/web" and tags(shown["Tags"]) == {
        "team": "a"
    }
    assert about["Expiration"] == made.certificate.not_valid_after_utc
    refused("EntityAlreadyExists", iam.upload_server_certificate, **upload)
    whole = iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]
    assert whole["ServerCertificateMetadata"] == about and whole["CertificateChain"] == root.pem.strip()
    iam.tag_server_certificate(ServerCertificateName="web", Tags=[{"Key": "x", "Value": ""}])
    iam.untag_server_certificate(ServerCertificateName="web", TagKeys=["team"])
    assert tags(iam.list_server_certificate_tags(ServerCertificateName="web")["Tags"]) == {"x": ""}
    iam.update_server_certificate(ServerCertificateName="web", NewServerCertificateName="shop")
    listed = iam.list_server_certificates(PathPrefix="/w/")["ServerCertificateMetadataList"]
    assert names(listed, "ServerCertificateName") == ["shop"]
    assert iam.get_account_summary()["SummaryMap"]["ServerCertificates"] == 1
    iam.delete_server_certificate(ServerCertificateName="shop")
    refused("NoSuchEntity", iam.get_server_certificate, ServerCertificateName="shop")


def test_service_specific_credentials(iam: Any) -> None:
    iam.create_user(UserName="coder")
    make_one = iam.create_service_specific_credential
    git = make_one(UserName="coder", ServiceName=GIT)["ServiceSpecificCredential"]
    key = make_one(UserName="coder", ServiceName=BEDROCK, CredentialAgeDays=30)["ServiceSpecificCredential"]
    assert len(git["ServicePassword"]) == 60 and key["ServiceCredentialSecret"].startswith("ABSK")
    assert key["ExpirationDate"] == key["CreateDate"] + timedelta(days=30)
    refused("NoSuchEntity", make_one, UserName="coder", ServiceName="lambda.amazonaws.com")
    refused("ValidationError", make_one, UserName="coder", ServiceName=GIT, CredentialAgeDays=36_601)
    make_one(UserName="coder", ServiceName=GIT)
    refused("LimitExceeded", make_one, UserName="coder", ServiceName=GIT)
    every = iam.list_service_specific_credentials(AllUsers=True, MaxItems=2)
    assert every["IsTruncated"] and len(every["ServiceSpecificCredentials"]) == 2
    rest = iam.list_service_specific_credentials(AllUsers=True, Marker=every["Marker"])
    held = every["ServiceSpecificCredentials"] + rest["ServiceSpecificCredentials"]
    named = {"UserName": "coder", "ServiceSpecificCredentialId": git["ServiceSpecificCredentialId"]}
    again = iam.reset_service_specific_credential(**named)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != git["ServicePassword"]
    iam.update_service_specific_credential(**named, Status="Inactive")
    refused("DeleteConflict", iam.delete_user, UserName="coder")
    for each in held:
        wanted = each["ServiceSpecificCredentialId"]
        iam.delete_service_specific_credential(UserName="coder", ServiceSpecificCredentialId=wanted)
    refused("NoSuchEntity", iam.delete_service_specific_credential, **named)
    iam.delete_user(UserName="coder")
