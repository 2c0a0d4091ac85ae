"""boto3 asks a running server why."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.live import Server, running
from tests.refusals import refused

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("toolbox")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("toolbox") / "data", "--no-s3", "--workers", "2") as started:
        yield started


def test_a_refusal_is_opened_at_once(server: Server) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    text = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}]}
    )
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=text)
    made = iam.create_access_key(UserName="alice")["AccessKey"]
    key = (made["AccessKeyId"], made["SecretAccessKey"])
    toolbox, sts = server.client("iam-toolbox"), server.client("sts")
    for _ in range(5):  # whichever process answers
        answer = refused(server.client("iam", key).get_user, UserName="alice")
        found = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-authorization-id"]
        assert "with an explicit deny in an identity-based policy" in answer["Error"]["Message"]
        pages = list(toolbox.get_paginator("get_request_authorization_details").paginate(authorizationId=found))
        (evaluation,) = (each for page in pages for each in page["evaluations"])
        assert evaluation["evaluatedEffect"] == "EXPLICIT_DENY"
        (uri,) = (policy["uri"] for policy in pages[0]["policies"])
        given = toolbox.get_request_authorization_policy(authorizationId=found, policyUri=uri)
        assert given["policyDocument"] == json.loads(text)

        launch = {"ImageId": "ami-0bcc92a4e661446c1", "MinCount": 1, "MaxCount": 1}
        answer = refused(server.client("ec2", key).run_instances, **launch)
        assert answer["Error"]["Code"] == "UnauthorizedOperation"
        encoded = answer["Error"]["Message"].rsplit("message: ", 1)[1]
        told = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
        assert told["matchedStatements"]["items"][0]["statementId"] == "No"
    with pytest.raises(sts.exceptions.InvalidAuthorizationMessageException):
        sts.decode_authorization_message(EncodedMessage="bad")
    with pytest.raises(toolbox.exceptions.ResourceNotFoundException):
        toolbox.get_request_authorization_details(authorizationId="abc")
    nosy = server.client("iam-toolbox", key)
    with pytest.raises(nosy.exceptions.AccessDeniedException):
        nosy.get_request_authorization_details(authorizationId=found)


def test_other_paths_under_the_name_of_iam_are_not_toolbox_s(server: Server) -> None:
    assert server.client("iam").list_groups()["Groups"] == []
