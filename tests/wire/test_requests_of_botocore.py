"""What botocore's serializers write, we name and read back, member by member: for every operation."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Any

import pytest

from ostiary.wire.detect import name_operation, name_services
from ostiary.wire.models import Operation, service
from ostiary.wire.parse import READERS, read_form
from tests.wire.botocores import Generator, request, service_model, taken_apart

SERVICES = ["iam", "sts", "organizations", "s3", "accessanalyzer", "cloudtrail", "sns", "route53", "rolesanywhere"]
EC2 = [
    "RunInstances",
    "DescribeInstances",
    "TerminateInstances",
    "StopInstances",
    "AssociateIamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation",
    "DescribeIamInstanceProfileAssociations",
    "CreateTags",
    "ModifyInstanceMetadataOptions",
    "CreateVpc",
    "AuthorizeSecurityGroupIngress",
    "RequestSpotInstances",
    "CreateFleet",
    "ImportKeyPair",
]


def name_and_read(service_name: str, sent: Any) -> tuple[Operation, dict[str, Any]]:
    """The operation a prepared request names, and its parameters without the constraints' say."""
    method, path, query, headers, body = taken_apart(sent)
    form = read_form(query, body) if "urlencoded" in headers.get("content-type", "") else {}
    signing = service(service_name).metadata.signing_name or service(service_name).metadata.endpoint_prefix
    entries = name_services(signing_name=signing, path=path, headers=headers, form=form)
    named = name_operation(entries, method=method, path=path, query=query, headers=headers, form=form)
    if named.operation.input is None:
        return named.operation, {}
    return named.operation, READERS[named.protocol](named.operation, named.path_params, query, headers, body, form)


def cases() -> list[tuple[str, str]]:
    found = [(name, operation) for name in SERVICES for operation in service_model(name).operation_names]
    return found + [("ec2", operation) for operation in EC2]


# Twins: the same method and path as another operation; the newer one is meant.
TWINS = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
}


@pytest.mark.parametrize(("service_name", "operation_name"), cases())
def test_a_request_botocore_writes_is_named_and_read_back(service_name: str, operation_name: str) -> None:
    model = service_model(service_name).operation_model(operation_name)
    protocol = model.service_model.metadata["protocol"]
    for seed, all_members in ((1, True), (2, False)):
        generator = Generator(seed, protocol)
        params = generator.structure(model.input_shape, all_members=all_members) if model.input_shape else {}
        operation, read = name_and_read(service_name, request(model, params))
        if service_name == "s3" and operation_name in TWINS:
            assert operation.name == TWINS[operation_name]
            continue
        assert operation.name == operation_name
        if protocol in ("query", "ec2"):
            params, read = without_empty(params), without_empty(read)
        if service_name == "s3" and "Expires" in params:
            # The service keeps the header as it came; only SDKs make a moment of it.
            params["Expires"] = format_datetime(params["Expires"], usegmt=True)
        if operation_name == "WriteGetObjectResponse":
            read["ContentLength"] = params.get("ContentLength")  # botocore puts the request's own there
            params["ContentLength"] = read["ContentLength"]
        assert read == params


def without_empty(value: Any) -> Any:
    """A form has no way to write an empty structure."""
    if isinstance(value, dict):
        cleaned = {name: without_empty(item) for name, item in value.items()}
        return {name: item for name, item in cleaned.items() if item != {} and item != []}
    if isinstance(value, list):
        return [item for item in map(without_empty, value) if item != {}]
    return value
