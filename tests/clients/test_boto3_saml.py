"""SAML with boto3 and the JavaScript SDK: providers, and credentials for what real identity providers say."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.called import refused, remember, tags
from tests.clients.conftest import Account
from tests.clients.test_javascript import JS
from tests.live import BIN, REPOSITORY, clean_environment
from tests.needs import need
from tests.saml.idp import ROLE, SESSION_NAME, SIGN_IN, Idp, certificate, pem, rsa_key
from tests.saml.pysaml import ENTITY, SHA1, PySaml
from tests.saml.simplesaml import ENCRYPTED, SimpleSaml

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
OURS = rsa_key("ours")


@dataclass(frozen=True)
class Federated:
    """A role that a provider's users may assume, and a client without keys."""

    account: Account
    role: str
    provider: str
    sts: Any

    def assume(self, text: str, **more: Any) -> Any:
        return self.sts.assume_role_with_saml(RoleArn=self.role, PrincipalArn=self.provider, SAMLAssertion=text, **more)


def arns(account: Account, name: str) -> tuple[str, str]:
    return f"arn:aws:iam::{account.id}:role/{name}", f"arn:aws:iam::{account.id}:saml-provider/{name}"


def attributes(account: Account, name: str) -> dict[str, list[str]]:
    role, provider = arns(account, name)
    return {
        ROLE: [f"{role},{provider}"],
        SESSION_NAME: ["alice@corp"],
        ATTRIBUTES + "SessionDuration": ["1800"],
        ATTRIBUTES + "PrincipalTag:Team": ["blue"],
        ATTRIBUTES + "SourceIdentity": ["alice"],
    }


def federated(account: Account, iam: Any, name: str, metadata: str, **more: Any) -> Federated:
    role, provider = arns(account, name)
    assert iam.create_saml_provider(Name=name, SAMLMetadataDocument=metadata, **more)["SAMLProviderArn"] == provider
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {"StringEquals": {"saml:aud": SIGN_IN}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    client = account.client("sts", ())
    client.meta.events.register("after-call.sts", remember)
    return Federated(account, role, provider, client)


@pytest.fixture(scope="module")
def simplesaml(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSaml]:
    given = {"uid": ["alice"], **attributes(account, "simplesaml")}
    started = SimpleSaml.start(tmp_path_factory.mktemp("simplesaml"), given, certificate(OURS))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def town(account: Account, iam: Any, simplesaml: SimpleSaml) -> Federated:
    return federated(account, iam, "simplesaml", simplesaml.metadata(), AddPrivateKey=pem(OURS))


def test_the_life_of_a_provider(iam: Any, account: Account) -> None:
    text = Idp().metadata()
    made = iam.create_saml_provider(Name="life", SAMLMetadataDocument=text, Tags=[{"Key": "k", "Value": "v"}])
    arn = made["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::{account.id}:saml-provider/life" and tags(made["Tags"]) == {"k": "v"}
    refused("EntityAlreadyExists", iam.create_saml_provider, Name="life", SAMLMetadataDocument=text)
    refused("InvalidInput", iam.create_saml_provider, Name="bad", SAMLMetadataDocument="x" * 1000)
    refused("ValidationError", iam.create_saml_provider, Name="a b", SAMLMetadataDocument=text)
    refused("ValidationError", iam.create_saml_provider, Name="ok", SAMLMetadataDocument=text, AddPrivateKey="말")
    iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=pem(OURS), AssertionEncryptionMode="Required")
    found = iam.get_saml_provider(SAMLProviderArn=arn)
    assert found["SAMLMetadataDocument"] == text and found["AssertionEncryptionMode"] == "Required"
    assert (found["ValidUntil"] - found["CreateDate"]).days == 36_525
    (key,) = found["PrivateKeyList"]
    refused("InvalidInput", iam.update_saml_provider, SAMLProviderArn=arn, RemovePrivateKey=key["KeyId"])
    refused("InvalidInput", iam.update_saml_provider, SAMLProviderArn=arn)
    iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=pem(rsa_key("newer")))
    refused("LimitExceeded", iam.update_saml_provider, SAMLProviderArn=arn, AddPrivateKey=pem(OURS))
    iam.tag_saml_provider(SAMLProviderArn=arn, Tags=[{"Key": "x", "Value": ""}])
    iam.untag_saml_provider(SAMLProviderArn=arn, TagKeys=["k"])
    assert tags(iam.list_saml_provider_tags(SAMLProviderArn=arn)["Tags"]) == {"x": ""}
    assert arn in [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]]
    iam.delete_saml_provider(SAMLProviderArn=arn)
    for operation in (iam.get_saml_provider, iam.delete_saml_provider, iam.list_saml_provider_tags):
        refused("NoSuchEntity", operation, SAMLProviderArn=arn)


def test_who_signs_in_at_simplesamlphp_has_the_role(town: Federated, simplesaml: SimpleSaml) -> None:
    given = town.assume(simplesaml.sign_in())
    assert given["Subject"] == "alice" and given["SubjectType"] == "persistent"
    assert given["Issuer"].startswith(simplesaml.url) and given["Audience"] == SIGN_IN
    assert given["SourceIdentity"] == "alice" and given["PackedPolicySize"] >= 1
    made = given["Credentials"]
    key = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
    who = town.account.client("sts", key).get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{town.account.id}:assumed-role/simplesaml/alice@corp"
    refused("AccessDenied", town.account.client("iam", key).list_users)


def test_a_response_is_redeemed_once_and_only_as_it_was_signed(town: Federated, simplesaml: SimpleSaml) -> None:
    text = simplesaml.sign_in()
    town.assume(text, DurationSeconds=900)
    refused("InvalidIdentityToken", town.assume, text=text)
    fresh = simplesaml.sign_in()
    refused("InvalidIdentityToken", town.assume, text=fresh[:3000] + "AAAA" + fresh[3004:])
    refused("ValidationError", town.assume, text=fresh, DurationSeconds=3601)
    town.assume(fresh)


def test_what_simplesamlphp_encrypts_is_opened(town: Federated, iam: Any, simplesaml: SimpleSaml) -> None:
    assert town.assume(simplesaml.sign_in(ENCRYPTED))["Subject"] == "alice"
    iam.update_saml_provider(SAMLProviderArn=town.provider, AssertionEncryptionMode="Required")
    refused("InvalidIdentityToken", town.assume, text=simplesaml.sign_in())
    assert town.assume(simplesaml.sign_in(ENCRYPTED))["Subject"] == "alice"
    iam.update_saml_provider(SAMLProviderArn=town.provider, AssertionEncryptionMode="Allowed")


def test_the_record_has_who_it_was_and_not_the_assertion(town: Federated, simplesaml: SimpleSaml) -> None:
    text = simplesaml.sign_in()
    qualifier = town.assume(text)["NameQualifier"]
    command = [str(BIN / "ostiary"), "events", "--data", str(town.account.server.data), "--json", "--limit", "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert text[:200] not in done.stdout and text[-200:] not in done.stdout
    assert '"addPrivateKey"' in done.stdout and pem(OURS).splitlines()[1] not in done.stdout
    events = [json.loads(line) for line in done.stdout.splitlines()]
    event = next(each for each in events if each["eventName"] == "AssumeRoleWithSAML" and "errorCode" not in each)
    assert event["userIdentity"]["type"] == "SAMLUser"
    assert event["userIdentity"]["principalId"] == f"{qualifier}:alice"
    assert event["userIdentity"]["userName"] == "alice"
    assert event["recipientAccountId"] == town.account.id
    asked = event["requestParameters"]
    assert asked["sAMLAssertionID"].startswith("_")
    assert asked["roleSessionName"] == "alice@corp" and asked["sourceIdentity"] == "alice"
    assert asked["principalTags"] == {"Team": "blue"}
    assert (asked["roleArn"], asked["principalArn"]) == (town.role, town.provider)
    assert event["responseElements"]["nameQualifier"] == qualifier
    assert "SECRET" not in json.dumps(event["responseElements"])


def test_the_javascript_sdk_takes_a_real_response(town: Federated, simplesaml: SimpleSaml, tmp_path: Path) -> None:
    need((BIN / "node").exists(), "there is no node in the virtual environment")
    need((JS / "node_modules").exists(), "`npm ci` was not run in tests/clients/js: use `make test`")
    environment = {
        "AWS_ENDPOINT_URL": town.account.server.endpoint,
        "AWS_REGION": "ap-northeast-2",
        "ROLE_ARN": town.role,
        "PROVIDER_ARN": town.provider,
        "SAML_RESPONSE": simplesaml.sign_in(),
    }
    command = [str(BIN / "node"), str(JS / "saml.mjs")]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**clean_environment(tmp_path), **environment}
    )
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr


@pytest.mark.filterwarnings("ignore:CFB has been moved")
def test_pysaml2_with_our_metadata_gives_a_role_and_its_old_algorithm_does_not(
    account: Account, iam: Any, tmp_path: Path
) -> None:
    provider = PySaml(tmp_path, REPOSITORY / "docs" / "users" / "sp-metadata.xml")
    corp = federated(account, iam, "pysaml2", provider.metadata)
    said = attributes(account, "pysaml2")
    for whole in (True, False):
        given = corp.assume(provider.response(said, whole=whole))
        assert (given["Subject"], given["Issuer"]) == ("bob", ENTITY)
    with pytest.raises(ClientError) as caught:
        corp.assume(provider.response(said, whole=False, algorithm=SHA1))
    assert caught.value.response["Error"]["Message"] == "Response signature invalid"
