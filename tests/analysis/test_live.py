"""ValidatePolicy on a live server, asked by boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.analysis.build import document, identity, trust
from tests.live import Server, running

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("analysis")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data: Path = tmp_path_factory.mktemp("live") / "data"
    with running(data, "--workers", "1") as made:
        yield made


@pytest.fixture(scope="module")
def analyzer(server: Server) -> Any:
    return server.client("accessanalyzer")


def key_of(server: Server, name: str, policy: str | None = None) -> tuple[str, str]:
    iam = server.client("iam")
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def codes(answer: dict[str, Any]) -> list[str]:
    return [finding["issueCode"] for finding in answer["findings"]]


def test_findings_come_as_the_model_says(analyzer: Any) -> None:
    text = identity(Action="s3:ListBuckets", Resource="*").text
    answer = analyzer.validate_policy(policyDocument=text, policyType="IDENTITY_POLICY", locale="DE")
    assert codes(answer) == ["INVALID_ACTION"]
    (finding,) = answer["findings"]
    assert finding["findingType"] == "ERROR"
    assert finding["learnMoreLink"].endswith("#access-analyzer-reference-policy-checks-error-invalid-action")
    (location,) = finding["locations"]
    assert location["path"] == [{"value": "Statement"}, {"index": 0}, {"value": "Action"}]
    span = location["span"]
    assert text[span["start"]["offset"] : span["end"]["offset"]] == '"s3:ListBuckets"'


def test_a_text_that_is_no_json_has_a_finding_too(analyzer: Any) -> None:
    answer = analyzer.validate_policy(policyDocument="{", policyType="RESOURCE_POLICY")
    assert codes(answer) == ["JSON_SYNTAX_ERROR"]


def test_the_resource_type_is_heard(analyzer: Any) -> None:
    asked = {"policyDocument": trust(Resource="*").text, "policyType": "RESOURCE_POLICY"}
    as_trust = analyzer.validate_policy(**asked, validatePolicyResourceType="AWS::IAM::AssumeRolePolicyDocument")
    assert codes(as_trust) == ["ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"]
    as_bucket = analyzer.validate_policy(**asked, validatePolicyResourceType="AWS::S3::Bucket")
    assert codes(as_bucket) == ["UNSUPPORTED_ACTION_IN_POLICY"]


def test_pages_are_followed_to_the_end(analyzer: Any) -> None:
    text = document(*({"Effect": "Allow", "Action": f"s33:Get{n}", "Resource": "*"} for n in range(7)))
    asked = {"policyDocument": text, "policyType": "IDENTITY_POLICY"}
    pages = list(analyzer.get_paginator("validate_policy").paginate(**asked, PaginationConfig={"PageSize": 3}))
    assert [len(page["findings"]) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page["findings"]] == analyzer.validate_policy(**asked)["findings"]


@pytest.mark.parametrize(
    "wrong",
    [{"nextToken": "bm9uZQ=="}, {"maxResults": 0}, {"policyDocument": json.dumps({"a": "x" * 140_000})}],
)
def test_what_cannot_be_used_is_a_validation_exception(analyzer: Any, wrong: dict[str, Any]) -> None:
    asked = {"policyDocument": identity().text, "policyType": "IDENTITY_POLICY", **wrong}
    with pytest.raises(ClientError) as caught:
        analyzer.validate_policy(**asked)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_it_is_asked_whether_the_caller_may(server: Server) -> None:
    asked = {"policyDocument": identity().text, "policyType": "IDENTITY_POLICY"}
    stranger = server.client("accessanalyzer", key_of(server, "stranger"))
    with pytest.raises(ClientError) as caught:
        stranger.validate_policy(**asked)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "access-analyzer:ValidatePolicy" in caught.value.response["Error"]["Message"]
    allowed = document({"Effect": "Allow", "Action": "access-analyzer:ValidatePolicy", "Resource": "*"})
    linter = server.client("accessanalyzer", key_of(server, "linter", allowed))
    assert linter.validate_policy(**asked)["findings"] == []
