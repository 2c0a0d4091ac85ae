"""What we write, botocore's parsers read back, member by member: for every operation, and for errors."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Any

import pytest
from botocore.parsers import create_parser

from ostiary.wire.models import service
from ostiary.wire.write import error_status, write_error, write_output
from tests.wire.botocores import Generator, parsed, service_model

SERVICES = ["iam", "sts", "organizations", "s3", "accessanalyzer", "cloudtrail", "sns", "route53", "rolesanywhere"]
EC2 = [
    "RunInstances",
    "DescribeInstances",
    "TerminateInstances",
    "StopInstances",
    "AssociateIamInstanceProfile",
    "DescribeIamInstanceProfileAssociations",
    "ModifyInstanceMetadataOptions",
    "CreateTags",
    "CreateVpc",
    "DescribeRegions",
    "DescribeTags",
    "GetPasswordData",
]
REQUEST_ID = "b25f48e8-84fd-11e6-80d9-574e0c4664cb"


# What botocore's bare parsers can't read: an event stream; a document that is one value (its client has a hook for
# that, below); a twin whose two members have one element.
NOT_FOR_PARSERS = {"SelectObjectContent", "GetBucketLocation", "GetBucketNotification"}


def cases() -> list[tuple[str, str]]:
    found = [
        (name, operation)
        for name in SERVICES
        for operation in service_model(name).operation_names
        if operation not in NOT_FOR_PARSERS
    ]
    return found + [("ec2", operation) for operation in EC2]


@pytest.mark.parametrize(("service_name", "operation_name"), cases())
def test_an_answer_we_write_is_what_botocore_reads(service_name: str, operation_name: str) -> None:
    model = service_model(service_name).operation_model(operation_name)
    for seed, all_members in ((1, True), (2, False)):
        generator = Generator(seed, service(service_name).protocol, output=True)
        output = generator.structure(model.output_shape, all_members=all_members) if model.output_shape else {}
        if service_name == "s3":
            output.pop("Body", None)
        sent = dict(output)
        if service_name == "s3" and "Expires" in sent:
            sent["Expires"] = format_datetime(sent["Expires"], usegmt=True)
        status = next((output[n] for n, m in members(model) if m.serialization.get("location") == "statusCode"), None)
        answer = write_output(service(service_name).operation(operation_name), sent, REQUEST_ID, host_id="host")
        assert answer.status == (status or model.http.get("responseCode", 200))
        read = parsed(model, answer.status, dict(answer.headers), answer.body)
        metadata = read.pop("ResponseMetadata")
        assert metadata["RequestId"] == REQUEST_ID
        output.pop("Body", None)
        assert comparable(read, model.output_shape) == comparable(output, model.output_shape)


def members(model: Any) -> list[tuple[str, Any]]:
    return list(model.output_shape.members.items()) if model.output_shape else []


def comparable(value: Any, shape: Any) -> Any:
    """Without the streams, which the door sends, and without what only a parser adds."""
    if not isinstance(value, dict) or shape is None:
        return value
    out = {}
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None or member.serialization.get("streaming") or getattr(member, "is_eventstream", False):
            continue
        bound = name == shape.serialization.get("payload") or member.serialization.get("location") == "headers"
        if item not in ({}, "") or not bound:  # a parser makes an empty one of what isn't there
            out[name] = item
    return out


@pytest.mark.parametrize("service_name", ["iam", "sts", "ec2", "organizations", "s3", "accessanalyzer", "cloudtrail"])
def test_every_modelled_error_is_what_botocore_reads(service_name: str) -> None:
    known = service(service_name)
    parser = create_parser(known.protocol)
    codes = {error.code for error in known.errors.values()} | {"AccessDenied", "InternalFailure", "MadeUp"}
    for code in codes:
        status = error_status(known, code)
        assert 300 <= status < 600
        message = 'a <b> & "c" é \r\n d'
        answer = write_error(known, known.protocol, code, message, status, REQUEST_ID, host_id="host")
        response = {"status_code": status, "headers": dict(answer.headers), "body": answer.body}
        read = parser.parse(response, None)
        assert read["Error"]["Code"] == code
        assert read["Error"]["Message"] == message
        assert read["ResponseMetadata"]["RequestId"] == REQUEST_ID


def test_an_error_in_cbor_is_what_botocore_reads() -> None:
    message = "é" * 300
    answer = write_error(service("kms"), "smithy-rpc-v2-cbor", "NotImplemented", message, 501, REQUEST_ID)
    parser = create_parser("smithy-rpc-v2-cbor")
    response = {"status_code": 501, "headers": dict(answer.headers), "body": answer.body}
    read = parser.parse(response, service_model("kms").operation_model("Encrypt").output_shape)
    assert read["Error"]["Code"] == "NotImplemented"
    assert read["Error"]["Message"] == message
