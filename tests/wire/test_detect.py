"""Which service and which operation a request names, and what AWS says when there is none."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from ostiary.wire import models
from ostiary.wire.detect import Named, UnknownRequest, name_operation, name_services
from ostiary.wire.directory import directory, listing
from ostiary.wire.refresh import current
from tests.wire.botocores import service_model

IAM = {"Version": "2010-05-08"}
STS = {"Version": "2011-06-15"}


def named(
    signing_name: str | None,
    *,
    host: str = "127.0.0.1:4700",
    method: str = "POST",
    path: str = "/",
    query: str = "",
    headers: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
) -> Named:
    headers = headers or {}
    entries = name_services(signing_name=signing_name, host=host, path=path, headers=headers, form=form)
    return name_operation(
        entries, method=method, path=path, query=query, headers=headers, form=form, served={"iam", "sts", "s3", "ec2"}
    )


@pytest.mark.parametrize(
    ("signing_name", "given", "service", "operation", "protocol"),
    [
        ("iam", {"form": {"Action": "CreateUser", **IAM}}, "iam", "CreateUser", "query"),
        (None, {"form": {"Action": "AssumeRoleWithWebIdentity", **STS}}, "sts", "AssumeRoleWithWebIdentity", "query"),
        (
            None,
            {"host": "sts.eu-west-1.amazonaws.com", "form": {"Action": "GetCallerIdentity", **STS}},
            "sts",
            "GetCallerIdentity",
            "query",
        ),
        ("ec2", {"form": {"Action": "RunInstances", "Version": "2014-10-01"}}, "ec2", "RunInstances", "ec2"),
        (
            "organizations",
            {"headers": {"x-amz-target": "AWSOrganizationsV20161128.ListAccounts"}},
            "organizations",
            "ListAccounts",
            "json",
        ),
        ("access-analyzer", {"method": "GET", "path": "/analyzer/a"}, "accessanalyzer", "GetAnalyzer", "rest-json"),
        ("s3", {"method": "GET", "path": "/b/k"}, "s3", "GetObject", "rest-xml"),
        (
            None,
            {"host": "box.s3.eu-west-1.amazonaws.com", "method": "GET", "path": "/box/k"},
            "s3",
            "GetObject",
            "rest-xml",
        ),
        (
            "s3",
            {"method": "GET", "path": "/v20180820/jobs", "headers": {"x-amz-account-id": "111122223333"}},
            "s3control",
            "ListJobs",
            "rest-xml",
        ),
        (
            "rds",
            {"form": {"Action": "DescribeDBInstances", "Version": "2014-10-31"}},
            "rds",
            "DescribeDBInstances",
            "query",
        ),
        (
            "elasticloadbalancing",
            {"form": {"Action": "DescribeTargetGroups", "Version": "2015-12-01"}},
            "elbv2",
            "DescribeTargetGroups",
            "query",
        ),
        ("apigateway", {"method": "GET", "path": "/v2/apis"}, "apigatewayv2", "GetApis", "rest-json"),
        ("kms", {"headers": {"x-amz-target": "TrentService.Encrypt"}}, "kms", "Encrypt", "json"),
        (
            "monitoring",
            {
                "path": "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                "headers": {"smithy-protocol": "rpc-v2-cbor"},
            },
            "cloudwatch",
            "PutMetricData",
            "smithy-rpc-v2-cbor",
        ),
    ],
)
def test_a_request_is_named_by_what_real_clients_send(
    signing_name: str | None, given: dict[str, object], service: str, operation: str, protocol: str
) -> None:
    found = named(signing_name, **given)  # type: ignore[arg-type]
    assert (found.service.name, found.operation.name, found.protocol) == (service, operation, protocol)


@pytest.mark.parametrize(
    ("signing_name", "given", "protocol", "code", "message", "status"),
    [
        (
            "iam",
            {"form": {"Action": "MakeUser", **IAM}},
            "query",
            "InvalidAction",
            "Could not find operation MakeUser for version 2010-05-08",
            400,
        ),
        (
            "sts",
            {"form": {"Action": "GetCallerIdentity", **IAM}},
            "query",
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version 2010-05-08",
            400,
        ),
        (
            "iam",
            {"form": {"Action": "CreateUser"}},
            "query",
            "InvalidAction",
            "Could not find operation CreateUser for version NO_VERSION_SPECIFIED",
            400,
        ),
        (
            "iam",
            {"form": {}},
            "query",
            "MissingAction",
            "The request is missing an action or a required parameter.",
            400,
        ),
        (
            "ec2",
            {"form": {"Action": "Nope", "Version": "2016-11-15"}},
            "ec2",
            "InvalidAction",
            "The action Nope is not valid for this web service.",
            400,
        ),
        (
            "ec2",
            {"form": {"Action": "RunInstances", "Version": "2099-01-01"}},
            "ec2",
            "NoSuchVersion",
            "The requested version (2099-01-01) of service AmazonEC2 does not exist",
            400,
        ),
        (
            "s3",
            {"method": "DELETE", "path": "/b", "query": "acl"},
            "rest-xml",
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            405,
        ),
    ],
)
def test_what_names_no_operation_is_answered_as_aws_does(
    signing_name: str, given: dict[str, object], protocol: str, code: str, message: str, status: int
) -> None:
    with pytest.raises(UnknownRequest) as caught:
        named(signing_name, **given)  # type: ignore[arg-type]
    fault = caught.value
    assert (fault.protocol, fault.code, fault.message, fault.status) == (protocol, code, message, status)


@pytest.mark.parametrize("target", ["AWSOrganizationsV20161128.Nope", "Other.ListAccounts", "ListAccounts", ""])
def test_an_unknown_target_is_an_unknown_operation(target: str) -> None:
    with pytest.raises(UnknownRequest) as caught:
        named("organizations", headers={"x-amz-target": target})
    assert (caught.value.protocol, caught.value.code) == ("json", "UnknownOperationException")


def test_a_target_can_not_lead_away_from_the_service_that_is_signed_for() -> None:
    with pytest.raises(UnknownRequest) as caught:
        named("iam", headers={"x-amz-target": "AWSOrganizationsV20161128.ListAccounts"})
    assert caught.value.service is models.service("iam")


def test_a_service_nobody_knows_is_an_unknown_operation() -> None:
    with pytest.raises(UnknownRequest) as caught:
        named("nope")
    assert caught.value.service is None


def test_the_directory_is_that_of_the_installed_botocore() -> None:
    assert len(directory().by_name) > 400
    if listing().botocore == version("botocore"):
        assert listing() == current()


def test_every_operation_of_a_service_that_is_not_served_has_a_name() -> None:
    for name in ("dynamodb", "sns", "logs"):
        model = service_model(name)
        prefix = model.metadata.get("targetPrefix")
        for operation in model.operation_names:
            if model.metadata["protocol"] == "query":
                given = {"form": {"Action": operation, "Version": model.api_version}}
            else:
                given = {"headers": {"x-amz-target": f"{prefix}.{operation}"}}
            assert named(model.signing_name, **given).operation.name == operation  # type: ignore[arg-type]


def test_models_of_services_that_are_not_served_are_not_kept() -> None:
    models.service.cache_clear()
    for name in ("sns", "dynamodb", "logs", "lambda", "route53", "apigateway", "batch"):
        with pytest.raises(UnknownRequest):
            named(name)
    assert models.service.cache_info().currsize == 0
    assert models.glance.cache_info().currsize <= 4
