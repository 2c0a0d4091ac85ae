"""services/console: the services that a role can be made for, and the trust policies that the wizard writes.

Source: IAM User Guide, "Create a role to delegate permissions to an AWS service", "… to an IAM user", "Create a role
for a third-party identity provider", "AWS services that work with IAM"; each service's guide for its principal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SAML_SIGN_IN: Final = "https://signin.aws.amazon.com/saml"
GITHUB: Final = "token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCase:
    """What a service does with a role."""

    id: str
    service: str
    """Its principal."""
    title: str
    policies: Sequence[str] = ()
    """The managed policies that it usually needs."""
    common: bool = False


_AWS: Final = "arn:aws:iam::aws:policy/"
USE_CASES: Final = (
    UseCase(
        id="ec2",
        service="ec2.amazonaws.com",
        title="EC2",
        common=True,
    ),
    UseCase(
        id="lambda",
        service="lambda.amazonaws.com",
        title="Lambda",
        policies=(_AWS + "service-role/AWSLambdaBasicExecutionRole",),
        common=True,
    ),
    UseCase(
        id="ecs-tasks",
        service="ecs-tasks.amazonaws.com",
        title="ECS tasks",
        policies=(_AWS + "service-role/AmazonECSTaskExecutionRolePolicy",),
        common=True,
    ),
    UseCase(
        id="apigateway",
        service="apigateway.amazonaws.com",
        title="API Gateway",
        policies=(_AWS + "service-role/AmazonAPIGatewayPushToCloudWatchLogs",),
        common=True,
    ),
    *(
        UseCase(id=id, service=f"{id}.amazonaws.com", title=title)
        for id, title in (
            ("autoscaling", "Auto Scaling"),
            ("backup", "Backup"),
            ("batch", "Batch"),
            ("cloudformation", "CloudFormation"),
            ("cloudtrail", "CloudTrail"),
            ("codebuild", "CodeBuild"),
            ("codedeploy", "CodeDeploy"),
            ("codepipeline", "CodePipeline"),
            ("config", "Config"),
            ("ecs", "ECS"),
            ("eks", "EKS"),
            ("elasticbeanstalk", "Elastic Beanstalk"),
            ("elasticmapreduce", "EMR"),
            ("events", "EventBridge"),
            ("firehose", "Data Firehose"),
            ("glue", "Glue"),
            ("pods.eks", "EKS pod identity"),
            ("rds", "RDS"),
            ("redshift", "Redshift"),
            ("s3", "S3"),
            ("sagemaker", "SageMaker"),
            ("scheduler", "EventBridge Scheduler"),
            ("ssm", "Systems Manager"),
            ("states", "Step Functions"),
            ("transfer", "Transfer Family"),
        )
    ),
)


def use_case(id: str) -> UseCase | None:
    """By its id."""
    return next((each for each in USE_CASES if each.id == id), None)


def for_service(service: str) -> dict[str, Any]:
    """Trust for a service; EKS's pod identity tags its sessions."""
    action: Any = ["sts:AssumeRole", "sts:TagSession"] if service == "pods.eks.amazonaws.com" else "sts:AssumeRole"
    return _statement({"Service": service}, action)


def for_account(account: str, *, external_id: str = "", mfa: bool = False) -> dict[str, Any]:
    """Trust for another account, or this one."""
    condition: dict[str, Any] = {}
    if external_id:
        condition["StringEquals"] = {"sts:ExternalId": external_id}
    if mfa:
        condition["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
    return _statement({"AWS": f"arn:aws:iam::{account}:root"}, "sts:AssumeRole", condition)


def for_web_identity(
    provider_arn: str, *, audience: str, equal: Mapping[str, str], like: Mapping[str, str]
) -> dict[str, Any]:
    """Trust for an OpenID Connect provider; the claims are named without the issuer."""
    issuer = provider_arn.partition(":oidc-provider/")[2]
    condition: dict[str, Any] = {}
    for operator, claims in (("StringEquals", {"aud": audience, **equal}), ("StringLike", like)):
        keys = {f"{issuer}:{name}": value for name, value in claims.items() if value}
        if keys:
            condition[operator] = keys
    return _statement({"Federated": provider_arn}, "sts:AssumeRoleWithWebIdentity", condition)


def for_saml(
    provider_arn: str, *, recipients: Sequence[str], attributes: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Trust for a SAML provider's users, wherever their assertion was sent that is ours."""
    keys: dict[str, Any] = {"SAML:aud": recipients[0] if len(recipients) == 1 else list(recipients)}
    keys.update({f"SAML:{name}": value for name, value in attributes if name and value})
    actions = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    return _statement({"Federated": provider_arn}, actions, {"StringEquals": keys})


def written(document: Mapping[str, Any]) -> str:
    """As people read it."""
    return json.dumps(document, indent=4, ensure_ascii=False)


def _statement(
    principal: Mapping[str, str], action: str | list[str], condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": dict(principal), "Action": action}
    if condition:
        statement["Condition"] = dict(condition)
    return {"Version": "2012-10-17", "Statement": [statement]}
