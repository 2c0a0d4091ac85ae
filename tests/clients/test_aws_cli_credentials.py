"""The aws CLI on MFA devices, certificates, SSH keys and credentials of single services."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyotp
import pytest

from tests.clients.conftest import Account
from tests.clients.terminal import Terminal
from tests.clients.test_boto3_certificates import of_today
from tests.credentials.certs import ssh_line

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

USER = "iam create-user --user-name"


@pytest.fixture(scope="module")
def aws(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    made = Terminal.of(account, tmp_path_factory.mktemp("home"))
    yield made
    made.close()


def code(seed: str, step: int) -> str:
    return pyotp.TOTP(seed).at(int(time.time()), counter_offset=step)


def test_the_life_of_an_mfa_device(aws: Terminal, account: Account) -> None:
    aws(f"{USER} minsu")
    outfile = "--outfile seed --bootstrap-method Base32StringSeed"
    made = aws(f"iam create-virtual-mfa-device --virtual-mfa-device-name phone {outfile} --tags Key=a,Value=b")
    serial = made["VirtualMFADevice"]["SerialNumber"]
    assert serial == f"arn:aws:iam::{account.id}:mfa/phone"
    assert "Base32StringSeed" not in made["VirtualMFADevice"]  # it is in the file, and there alone
    seed = (aws.home / "seed").read_text()
    (found,) = aws("iam list-virtual-mfa-devices --assignment-status Unassigned")["VirtualMFADevices"]
    assert found["SerialNumber"] == serial
    enable = f"iam enable-mfa-device --user-name minsu --serial-number {serial} --authentication-code1"
    code_1, message = aws.refused(f"{enable} 000000 --authentication-code2 000000")
    assert code_1 == "InvalidAuthenticationCode", message
    aws(f"{enable} {code(seed, -2)} --authentication-code2 {code(seed, -1)}")
    (held,) = aws("iam list-mfa-devices --user-name minsu")["MFADevices"]
    assert (held["UserName"], held["SerialNumber"]) == ("minsu", serial)
    found = aws(f"iam get-mfa-device --serial-number {serial} --user-name minsu", but=".Certifications")
    assert (found["UserName"], found["EnableDate"]) == ("minsu", held["EnableDate"])
    resync = f"iam resync-mfa-device --user-name minsu --serial-number {serial} --authentication-code1"
    aws(f"{resync} {code(seed, 0)} --authentication-code2 {code(seed, 1)}")
    aws(f"iam tag-mfa-device --serial-number {serial} --tags Key=c,Value=d")
    aws(f"iam untag-mfa-device --serial-number {serial} --tag-keys a")
    assert aws(f"iam list-mfa-device-tags --serial-number {serial}")["Tags"] == [{"Key": "c", "Value": "d"}]
    aws(f"iam deactivate-mfa-device --user-name minsu --serial-number {serial}")
    aws(f"iam delete-virtual-mfa-device --serial-number {serial}")
    assert aws("iam list-mfa-devices --user-name minsu")["MFADevices"] == []


def test_the_life_of_a_signing_certificate(aws: Terminal) -> None:
    aws(f"{USER} signer")
    file = aws.file("signing.pem", of_today("signer").pem)
    upload = f"iam upload-signing-certificate --user-name signer --certificate-body {file}"
    made = aws(upload)["Certificate"]
    assert aws.refused(upload)[0] == "DuplicateCertificate"
    named = f"--user-name signer --certificate-id {made['CertificateId']}"
    aws(f"iam update-signing-certificate {named} --status Inactive")
    (found,) = aws("iam list-signing-certificates --user-name signer")["Certificates"]
    assert found == {**made, "Status": "Inactive"}
    aws(f"iam delete-signing-certificate {named}")
    assert aws.refused(f"iam delete-signing-certificate {named}")[0] == "NoSuchEntity"


def test_the_life_of_a_server_certificate(aws: Terminal, account: Account) -> None:
    root = of_today("root")
    made = of_today("web", root)
    body, chain, key = (
        aws.file(name, text)
        for name, text in (("web.pem", made.pem), ("root.pem", root.pem), ("web.key", made.key_pem))
    )
    upload = (
        f"iam upload-server-certificate --server-certificate-name web --certificate-body {body} --private-key {key}"
    )
    shown = aws(f"{upload} --certificate-chain {chain} --path /w/ --tags Key=a,Value=b")["ServerCertificateMetadata"]
    assert shown["Arn"] == f"arn:aws:iam::{account.id}:server-certificate/w/web"
    found = aws("iam get-server-certificate --server-certificate-name web")["ServerCertificate"]
    assert (found["CertificateBody"], found["CertificateChain"]) == (made.pem.strip(), root.pem.strip())
    told = "The Server Certificate with name web already exists."
    assert aws.refused(upload) == ("EntityAlreadyExists", told)
    aws("iam update-server-certificate --server-certificate-name web --new-server-certificate-name shop --new-path /")
    (listed,) = aws("iam list-server-certificates")["ServerCertificateMetadataList"]
    assert listed["Arn"] == f"arn:aws:iam::{account.id}:server-certificate/shop"
    named = "--server-certificate-name shop"
    aws(f"iam tag-server-certificate {named} --tags Key=c,Value=d")
    aws(f"iam untag-server-certificate {named} --tag-keys a")
    assert aws(f"iam list-server-certificate-tags {named}")["Tags"] == [{"Key": "c", "Value": "d"}]
    aws(f"iam delete-server-certificate {named}")
    told = "The Server Certificate with name shop cannot be found."
    assert aws.refused(f"iam get-server-certificate {named}") == ("NoSuchEntity", told)


def test_the_life_of_an_ssh_key(aws: Terminal) -> None:
    aws(f"{USER} pusher")
    file = aws.file("id.pub", ssh_line())
    made = aws(f"iam upload-ssh-public-key --user-name pusher --ssh-public-key-body {file}")["SSHPublicKey"]
    assert made["SSHPublicKeyId"].startswith("APKA") and made["SSHPublicKeyBody"] == ssh_line()
    named = f"--user-name pusher --ssh-public-key-id {made['SSHPublicKeyId']}"
    found = aws(f"iam get-ssh-public-key {named} --encoding PEM")["SSHPublicKey"]
    assert found["Fingerprint"] == made["Fingerprint"] and "BEGIN PUBLIC KEY" in found["SSHPublicKeyBody"]
    aws(f"iam update-ssh-public-key {named} --status Inactive")
    (listed,) = aws("iam list-ssh-public-keys --user-name pusher")["SSHPublicKeys"]
    assert listed["Status"] == "Inactive"
    aws(f"iam delete-ssh-public-key {named}")


def test_the_life_of_a_credential_of_a_service(aws: Terminal) -> None:
    aws(f"{USER} coder")
    create = "iam create-service-specific-credential --user-name coder --service-name codecommit.amazonaws.com"
    made = aws(create)["ServiceSpecificCredential"]
    assert made["ServiceUserName"].startswith("coder-at-")
    named = f"--user-name coder --service-specific-credential-id {made['ServiceSpecificCredentialId']}"
    again = aws(f"iam reset-service-specific-credential {named}")["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made["ServicePassword"]
    aws(f"iam update-service-specific-credential {named} --status Inactive")
    (listed,) = aws("iam list-service-specific-credentials --user-name coder")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Inactive" and "ServicePassword" not in listed
    aws(f"iam delete-service-specific-credential {named}")
    assert aws.refused(f"iam delete-service-specific-credential {named}")[0] == "NoSuchEntity"
