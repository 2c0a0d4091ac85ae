"""The aws CLI's `sts`: every operation that it has a command for, and the profiles that call STS by themselves."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from botocore import xform_name
from botocore.session import get_session

from tests.clients.conftest import Account
from tests.clients.terminal import Terminal
from tests.clients.test_boto3_delegation import TASK
from tests.saml.idp import ROLE, SESSION_NAME, Idp, packed

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def aws(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    made = Terminal.of(account, tmp_path_factory.mktemp("home"))
    made.file("all.json", ALL)
    made("iam create-user --user-name minsu")
    made("iam put-user-policy --user-name minsu --policy-name all --policy-document file://all.json")
    made.profile("minsu", made("iam create-access-key --user-name minsu")["AccessKey"])
    trust = {"Effect": "Allow", "Principal": {"AWS": account.id}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    file = made.file("own.json", {"Version": "2012-10-17", "Statement": trust})
    made(f"iam create-role --role-name night --assume-role-policy-document {file}")
    yield made
    made.close()


def test_a_role_is_assumed(aws: Terminal, account: Account) -> None:
    role = f"arn:aws:iam::{account.id}:role/night"
    given = aws(
        f"sts assume-role --role-arn {role} --role-session-name s3-access-example --tags Key=a,Value=b", "minsu"
    )
    arn = f"arn:aws:sts::{account.id}:assumed-role/night/s3-access-example"
    assert given["AssumedRoleUser"]["Arn"] == arn and given["PackedPolicySize"] >= 1
    aws.profile("session", given["Credentials"])
    assert aws("sts get-caller-identity", "session") == {
        "UserId": given["AssumedRoleUser"]["AssumedRoleId"],
        "Account": account.id,
        "Arn": arn,
    }
    told = (
        f"User: arn:aws:iam::{account.id}:user/minsu is not authorized to perform: sts:AssumeRole on resource: {role}s"
    )
    assert aws.refused(f"sts assume-role --role-arn {role}s --role-session-name s1", "minsu") == ("AccessDenied", told)
    told = "Roles may not be assumed by root accounts."
    assert aws.refused(f"sts assume-role --role-arn {role} --role-session-name s1") == ("AccessDenied", told)
    aws.profile("night", role_arn=role, source_profile="minsu", duration_seconds="900")
    assert aws("sts get-caller-identity", "night")["Arn"].startswith(f"arn:aws:sts::{account.id}:assumed-role/night/")


def test_tokens_of_users(aws: Terminal, account: Account) -> None:
    given = aws("sts get-session-token --duration-seconds 900", "minsu")["Credentials"]
    ends = datetime.fromisoformat(given["Expiration"])
    assert 880 < (ends - datetime.now(UTC)).total_seconds() <= 900
    aws.profile("token", given)
    assert aws("sts get-caller-identity", "token")["Arn"] == f"arn:aws:iam::{account.id}:user/minsu"
    given = aws("sts get-federation-token --name Bob --policy file://all.json --duration-seconds 3600", "minsu")
    assert given["FederatedUser"]["Arn"] == f"arn:aws:sts::{account.id}:federated-user/Bob"
    info = aws(f"sts get-access-key-info --access-key-id {given['Credentials']['AccessKeyId']}")
    assert info == {"Account": account.id}


def test_a_token_that_proves_mfa(aws: Terminal) -> None:
    outfile = "--outfile seed --bootstrap-method Base32StringSeed"
    device = aws(f"iam create-virtual-mfa-device --virtual-mfa-device-name phone {outfile}")["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], pyotp.TOTP((aws.home / "seed").read_text())
    codes = [seed.at(int(time.time()), counter_offset=step) for step in (-2, -1, 0)]
    enable = f"iam enable-mfa-device --user-name minsu --serial-number {serial}"
    aws(f"{enable} --authentication-code1 {codes[0]} --authentication-code2 {codes[1]}")
    told = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    wrong = aws.refused(f"sts get-session-token --serial-number {serial} --token-code 000000", "minsu")
    assert wrong == ("AccessDenied", told)
    given = aws(f"sts get-session-token --serial-number {serial} --token-code {codes[2]}", "minsu")
    assert given["Credentials"]["SessionToken"]


def test_who_was_vouched_for_needs_no_key(aws: Terminal, account: Account) -> None:
    idp = Idp()
    file = aws.file("metadata.xml", idp.metadata())
    provider = aws(f"iam create-saml-provider --name Corp --saml-metadata-document {file}")["SAMLProviderArn"]
    role = f"arn:aws:iam::{account.id}:role/Reader"
    trust = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"}
    trusted = aws.file("saml.json", {"Version": "2012-10-17", "Statement": trust})
    aws(f"iam create-role --role-name Reader --assume-role-policy-document {trusted}")
    now = datetime.now(UTC)
    said = idp.assertion({ROLE: [f"{role},{provider}"], SESSION_NAME: ["alice"]}, now=now)
    aws.file("response", packed(idp.response(idp.signed(said), now=now)))
    ask = f"sts assume-role-with-saml --role-arn {role} --principal-arn {provider} --saml-assertion file://response"
    given = aws(f"{ask} --policy file://all.json", but=".PackedPolicySize")  # the example has it as a string
    assert given["Subject"] == "alice"
    aws.profile("alice", given["Credentials"])
    assert aws("sts get-caller-identity", "alice")["Arn"] == f"arn:aws:sts::{account.id}:assumed-role/Reader/alice"
    code, _ = aws.refused(
        f"sts assume-role-with-web-identity --role-arn {role} --role-session-name s1 --web-identity-token " + "x" * 20
    )
    assert code == "InvalidIdentityToken"


def test_a_message_is_decoded(aws: Terminal) -> None:
    code, message = aws.refused("ec2 terminate-instances --instance-ids i-0123456789abcdef0 --dry-run", "session")
    text, _, encoded = message.partition(" Encoded authorization failure message: ")
    assert code == "UnauthorizedOperation" and text.startswith("You are not authorized to perform this operation.")
    decoded = aws(f"sts decode-authorization-message --encoded-message {encoded}", "minsu")["DecodedMessage"]
    said = json.loads(decoded)
    assert (said["allowed"], said["explicitDeny"]) == (False, False)
    assert said["context"]["action"] == "ec2:TerminateInstances"


def test_root_of_a_member_account(aws: Terminal, account: Account) -> None:
    key = account.server.root
    aws.profile("management", {"AccessKeyId": key[0], "SecretAccessKey": key[1]})
    aws("organizations enable-aws-service-access --service-principal iam.amazonaws.com", "management")
    try:
        features = aws("iam enable-organizations-root-sessions", "management")
        aws("iam enable-organizations-root-credentials-management", "management")
        assert aws("iam list-organizations-features", "management")["OrganizationId"] == features["OrganizationId"]
        aws("iam create-user --user-name cliadmin", "management")
        aws(
            "iam put-user-policy --user-name cliadmin --policy-name all --policy-document file://all.json", "management"
        )
        aws.profile("cliadmin", aws("iam create-access-key --user-name cliadmin", "management")["AccessKey"])
        task = f"arn={TASK}IAMAuditRootUserCredentials"
        given = aws(
            f"sts assume-root --target-principal {account.id} --task-policy-arn {task}",
            "cliadmin",
            but=".SourceIdentity",
        )
        aws.profile("audit", given["Credentials"])
        assert aws("sts get-caller-identity", "audit")["Arn"] == f"arn:aws:iam::{account.id}:root"
        aws("iam disable-organizations-root-sessions", "management")
        aws("iam disable-organizations-root-credentials-management", "management")
    finally:
        aws("organizations disable-aws-service-access --service-principal iam.amazonaws.com", "management")


def test_a_token_for_services_that_know_nothing_of_aws(aws: Terminal) -> None:
    """Without TLS there is no issuer: what can be told apart here is that the command asks for it."""
    ask = "sts get-web-identity-token --audience api.example.com --signing-algorithm ES384"
    assert aws.refused(ask, "minsu")[0] == "OutboundWebIdentityFederationDisabledException"
    assert aws.refused("sts get-delegated-access-token --trade-in-token nonsense", "minsu")[0] == "ValidationError"


YOUNGER = {"get-scoped-credentials"}
"""What the models have and the `aws` command of today has not: tests/clients/test_boto3.py calls it."""


def test_every_command_of_sts_was_typed() -> None:
    typed = set(re.findall(r'"sts ([a-z-]+)', Path(__file__).read_text()))
    names = get_session().get_service_model("sts").operation_names
    assert {xform_name(each, "-") for each in names} - typed == YOUNGER
