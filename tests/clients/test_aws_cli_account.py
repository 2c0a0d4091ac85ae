"""The aws CLI on the account as a whole: alias, summary, reports, the simulator, identity providers."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.clients.conftest import Account
from tests.clients.terminal import Terminal
from tests.saml.idp import Idp

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

SHOP = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::shop/*"}],
}
TODAY = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}


@pytest.fixture(scope="module")
def aws(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    made = Terminal.of(account, tmp_path_factory.mktemp("home"))
    made.file("shop.json", SHOP)
    made("iam create-user --user-name alejandro")
    made("iam put-user-policy --user-name alejandro --policy-name shop --policy-document file://shop.json")
    yield made
    made.close()


def test_the_alias_and_the_summary(aws: Terminal) -> None:
    aws("iam create-account-alias --account-alias examplecorp-cli")
    assert aws("iam list-account-aliases")["AccountAliases"] == ["examplecorp-cli"]
    assert aws.refused("iam delete-account-alias --account-alias other")[0] == "NoSuchEntity"
    aws("iam delete-account-alias --account-alias examplecorp-cli")
    assert aws("iam list-account-aliases")["AccountAliases"] == []
    summary = aws("iam get-account-summary")["SummaryMap"]
    assert (summary["Users"], summary["UsersQuota"], summary["AccessKeysPerUserQuota"]) == (1, 5000, 2)


def test_the_credential_report(aws: Terminal, account: Account) -> None:
    assert aws.refused("iam get-credential-report")[0] == "ReportNotPresent"
    assert aws("iam generate-credential-report")["State"] == "STARTED"
    assert aws("iam generate-credential-report", but=".Description")["State"] == "COMPLETE"
    report = aws("iam get-credential-report")
    assert report["ReportFormat"] == "text/csv"
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(report["Content"]).decode())))
    assert [each["user"] for each in rows] == ["<root_account>", "alejandro"]
    assert rows[1]["arn"] == f"arn:aws:iam::{account.id}:user/alejandro" and rows[1]["mfa_active"] == "false"


def test_what_was_used_when(aws: Terminal, account: Account) -> None:
    arn = f"arn:aws:iam::{account.id}:user/alejandro"
    job = aws(f"iam generate-service-last-accessed-details --arn {arn}")["JobId"]
    details = aws(f"iam get-service-last-accessed-details --job-id {job}", but=".ServicesLastAccessed[].")
    assert details["JobStatus"] == "COMPLETED"
    assert [each["ServiceNamespace"] for each in details["ServicesLastAccessed"]] == ["s3"]
    entities = f"iam get-service-last-accessed-details-with-entities --job-id {job} --service-namespace s3"
    (entity,) = aws(entities, but=".EntityDetailsList[].LastAuthenticated")["EntityDetailsList"]
    assert entity["EntityInfo"]["Arn"] == arn
    granting = f"iam list-policies-granting-service-access --arn {arn} --service-namespaces s3"
    (found,) = aws(granting)["PoliciesGrantingServiceAccess"]
    assert [each["PolicyName"] for each in found["Policies"]] == ["shop"]


def test_the_simulator(aws: Terminal, account: Account) -> None:
    source = f"--policy-source-arn arn:aws:iam::{account.id}:user/alejandro"
    ask = f"iam simulate-principal-policy {source} --action-names s3:GetObject s3:PutObject"
    given = aws(f"{ask} --resource-arns arn:aws:s3:::shop/a")["EvaluationResults"]
    assert [each["EvalDecision"] for each in given] == ["allowed", "implicitDeny"]
    keys = aws(f"iam get-context-keys-for-principal-policy {source}")["ContextKeyNames"]
    assert keys == []
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": TODAY}
    file = aws.file("dated.json", [json.dumps({"Version": "2012-10-17", "Statement": statement})])
    assert aws(f"iam get-context-keys-for-custom-policy --policy-input-list {file}")["ContextKeyNames"] == [
        "aws:CurrentTime"
    ]
    ask = f"iam simulate-custom-policy --policy-input-list {file} --action-names dynamodb:CreateBackup"
    for when, decision in (("2018-04-25T11:00:00Z", "implicitDeny"), ("2026-04-25T11:00:00Z", "allowed")):
        entry = f"ContextKeyName='aws:CurrentTime',ContextKeyValues='{when}',ContextKeyType=date"
        (one,) = aws(f'{ask} --context-entries "{entry}"')["EvaluationResults"]
        assert one["EvalDecision"] == decision


def test_the_life_of_an_openid_provider(aws: Terminal, account: Account) -> None:
    arn = f"arn:aws:iam::{account.id}:oidc-provider/server.example.com"
    create = aws.file(
        "create-open-id-connect-provider.json",  # as in the reference's example
        {
            "Url": "https://server.example.com",
            "ClientIDList": ["example-application-ID"],
            "ThumbprintList": ["c3768084dfb3d2b68b7897bf5f565da8eEXAMPLE".replace("EXAMPLE", "abcdef0")],
        },
    )
    made = aws(f"iam create-open-id-connect-provider --cli-input-json {create}")
    assert made["OpenIDConnectProviderArn"] == arn
    named = f"--open-id-connect-provider-arn {arn}"
    aws(f"iam add-client-id-to-open-id-connect-provider {named} --client-id my-application-ID")
    aws(f"iam remove-client-id-from-open-id-connect-provider {named} --client-id example-application-ID")
    aws(f"iam update-open-id-connect-provider-thumbprint {named} --thumbprint-list {'7' * 40}")
    found = aws(f"iam get-open-id-connect-provider {named}")
    assert (found["Url"], found["ClientIDList"]) == ("server.example.com", ["my-application-ID"])
    aws(f"iam tag-open-id-connect-provider {named} --tags Key=a,Value=b Key=c,Value=d")
    aws(f"iam untag-open-id-connect-provider {named} --tag-keys a")
    assert aws(f"iam list-open-id-connect-provider-tags {named}")["Tags"] == [{"Key": "c", "Value": "d"}]
    assert aws("iam list-open-id-connect-providers")["OpenIDConnectProviderList"] == [{"Arn": arn}]
    aws(f"iam delete-open-id-connect-provider {named}")
    assert aws.refused(f"iam get-open-id-connect-provider {named}")[0] == "NoSuchEntity"


def test_the_life_of_a_saml_provider(aws: Terminal, account: Account) -> None:
    arn = f"arn:aws:iam::{account.id}:saml-provider/MySAMLProvider"
    file = aws.file("SAMLMetaData.xml", Idp().metadata())
    made = aws(f"iam create-saml-provider --saml-metadata-document {file} --name MySAMLProvider")
    assert made["SAMLProviderArn"] == arn
    named = f"--saml-provider-arn {arn}"
    assert aws(f"iam update-saml-provider {named} --saml-metadata-document {file}")["SAMLProviderArn"] == arn
    found = aws(f"iam get-saml-provider {named}", but=".Tags")
    assert found["SAMLMetadataDocument"] == Idp().metadata()
    aws(f"iam tag-saml-provider {named} --tags Key=a,Value=b Key=c,Value=d")
    aws(f"iam untag-saml-provider {named} --tag-keys a")
    assert aws(f"iam list-saml-provider-tags {named}")["Tags"] == [{"Key": "c", "Value": "d"}]
    (listed,) = aws("iam list-saml-providers")["SAMLProviderList"]
    assert listed["Arn"] == arn
    aws(f"iam delete-saml-provider {named}")
    assert aws.refused(f"iam get-saml-provider {named}")[0] == "NoSuchEntity"
