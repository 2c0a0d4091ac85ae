"""Botocore's whole client: endpoint rules, hooks, signature; our answers in the place of the network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from ostiary.wire.detect import name_operation, name_services
from ostiary.wire.faults import WireFault
from ostiary.wire.parse import read_form, read_input
from ostiary.wire.write import Response, write_error, write_output
from tests.refusals import code
from tests.wire.botocores import taken_apart


class Raw(BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.getvalue()


class Wired:
    """A client whose requests are named and read by us, and answered with what is laid out."""

    def __init__(self, service_name: str) -> None:
        session = botocore.session.get_session()
        session.set_credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0})
        url = "http://127.0.0.1:4700"
        self.client = session.create_client(service_name, "us-east-1", endpoint_url=url, config=config)
        self.client.meta.events.register("before-send", self._answer)
        self.output: Mapping[str, Any] = {}
        self.read: dict[str, Any] = {}

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        method, path, query, headers, body = taken_apart(request)
        signing = headers["authorization"].split("/")[3]
        form = read_form(query, body) if "urlencoded" in headers.get("content-type", "") else {}
        entries = name_services(
            signing_name=signing, host=headers.get("host", ""), path=path, headers=headers, form=form
        )
        named = name_operation(entries, method=method, path=path, query=query, headers=headers, form=form)
        try:
            self.read = read_input(
                named.operation, path_params=named.path_params, query=query, headers=headers, body=body, form=form
            )
            answer = write_output(named.operation, self.output, "request-id", host_id="host-id")
        except WireFault as fault:
            answer = write_error(named.service, named.protocol, fault.code, fault.message, fault.status, "request-id")
        return delivered(request, answer)


def delivered(request: Any, answer: Response) -> AWSResponse:
    return AWSResponse(request.url, answer.status, dict(answer.headers), Raw(answer.body))


def test_iam_creates_a_user() -> None:
    wired = Wired("iam")
    made = datetime(2015, 2, 6, 18, 40, 59, tzinfo=UTC)
    user = {"Path": "/a/", "UserName": "alice", "UserId": "AIDAEXAMPLE", "Arn": "arn", "CreateDate": made}
    wired.output = {"User": user}
    sent = {"UserName": "alice", "Path": "/a/", "Tags": [{"Key": "team", "Value": "é / +"}]}
    got = wired.client.create_user(**sent)
    assert wired.read == sent
    assert got["User"] == user


def test_a_refusal_reaches_the_caller() -> None:
    assert code(Wired("iam").client.get_user, UserName="a b") == "ValidationError"
    assert code(Wired("organizations").client.describe_account, AccountId="12") == "ValidationException"
    assert (
        code(Wired("s3").client.put_bucket_versioning, Bucket="box", VersioningConfiguration={"Status": "On"})
        == "MalformedXML"
    )
    assert (
        code(Wired("accessanalyzer").client.create_analyzer, analyzerName="1", type="ACCOUNT") == "ValidationException"
    )


@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_s3_says_where_a_bucket_is(region: str | None) -> None:
    wired = Wired("s3")
    wired.output = {"LocationConstraint": region}
    assert wired.client.get_bucket_location(Bucket="box")["LocationConstraint"] == region


def test_s3_reads_what_the_client_makes_of_keys_and_policies() -> None:
    wired = Wired("s3")
    key = "dir//é +%2F?&#.txt"
    wired.client.put_object(Bucket="box", Key=key, Body=b"content", Metadata={"Color": "red"})
    assert (wired.read["Bucket"], wired.read["Key"]) == ("box", key)
    assert wired.read["Metadata"] == {"color": "red"}
    wired.client.put_bucket_policy(Bucket="box", Policy='{"Version":"2012-10-17"}')
    assert wired.read["Policy"] == '{"Version":"2012-10-17"}'
    wired.client.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "a&b"}, {"Key": " "}], "Quiet": True})
    assert wired.read["Delete"] == {"Objects": [{"Key": "a&b"}, {"Key": " "}], "Quiet": True}
    wired.client.copy_object(Bucket="box", Key="k", CopySource={"Bucket": "other", "Key": "a b"})
    assert wired.read["CopySource"] == "other/a%20b"


def test_s3_lists_objects_with_any_key() -> None:
    wired = Wired("s3")
    wired.output = {"Contents": [{"Key": "a%20%26b"}], "EncodingType": "url", "IsTruncated": False, "KeyCount": 1}
    assert wired.client.list_objects_v2(Bucket="box")["Contents"] == [{"Key": "a &b"}]


def test_ec2_and_organizations_and_access_analyzer_answer() -> None:
    wired = Wired("ec2")
    wired.output = {"Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Name": "running", "Code": 16}}]}]}
    got = wired.client.describe_instances(Filters=[{"Name": "tag:a", "Values": ["b", "c"]}], MaxResults=5)
    assert wired.read == {"Filters": [{"Name": "tag:a", "Values": ["b", "c"]}], "MaxResults": 5}
    assert got["Reservations"] == wired.output["Reservations"]
    wired = Wired("organizations")
    wired.output = {"Account": {"Id": "111122223333", "JoinedTimestamp": datetime(2020, 1, 1, tzinfo=UTC)}}
    got = wired.client.describe_account(AccountId="111122223333")
    assert got["Account"] == wired.output["Account"]
    wired = Wired("accessanalyzer")
    wired.output = {"findings": [], "nextToken": "t"}
    got = wired.client.validate_policy(policyDocument="{}", policyType="IDENTITY_POLICY", maxResults=7)
    assert wired.read == {"policyDocument": "{}", "policyType": "IDENTITY_POLICY", "maxResults": 7}
    assert got["nextToken"] == "t"
