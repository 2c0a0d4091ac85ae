"""A call of each operation of IAM and STS that botocore's model takes, about what is there or about what is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel

from tests.server.hostile import materials
from tests.world import ACCOUNT, ALLOW_ALL

ARN = f"arn:aws:iam::{ACCOUNT}:"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
TAGS = [{"Key": "team", "Value": "blue"}]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
)
PASSWORD = "Correct-1-horse"

ABSENT: Mapping[str, Any] = {
    "AccessKeyId": "AKIAABSENTABSENTABSE",
    "AccountAlias": "absent",
    "Arn": f"{ARN}user/absent",
    "CertificateId": "ABSENTABSENTABSENTABSENTABSENT",
    "DelegationRequestId": "00000000-0000-4000-8000-000000000000",
    "DeletionTaskId": "task/aws-service-role/ecs.amazonaws.com/absent/00000000-0000-4000-8000-000000000000",
    "EntityArn": f"{ARN}delegation-request/00000000-0000-4000-8000-000000000000",
    "GroupName": "absent",
    "InstanceProfileName": "absent",
    "JobId": "00000000-0000-4000-8000-000000000000",
    "OpenIDConnectProviderArn": f"{ARN}oidc-provider/absent.example.com",
    "PolicyArn": f"{ARN}policy/absent",
    "PolicyName": "absent",
    "PolicySourceArn": f"{ARN}user/absent",
    "RoleName": "absent",
    "SAMLProviderArn": f"{ARN}saml-provider/absent",
    "SSHPublicKeyId": "APKAABSENTABSENTABSE",
    "SerialNumber": f"{ARN}mfa/absent",
    "ServerCertificateName": "absent",
    "ServiceSpecificCredentialId": "ACCAABSENTABSENTABSE",
    "TemplateArn": "arn:aws:iam::aws:role-template/absent.example.com/Absent:1",
    "UserName": "absent",
    "VersionId": "v9",
}
"""Names of nothing, by parameter."""

GIVEN: Mapping[str, Any] = {
    "AWSServiceName": "autoscaling.amazonaws.com",
    "ActionNames": ["s3:GetObject"],
    "AssumeRolePolicyDocument": TRUST,
    "Audience": ["https://box.example.com"],
    "AuthenticationCode1": "000000",
    "AuthenticationCode2": "000001",
    "CertificateBody": materials()["CertificateBody"][0],
    "ClientID": "client",
    "Description": "what it is for",
    "EncodedMessage": "absent",
    "Encoding": "SSH",
    "EntityPath": "o-absent0000/r-abse",
    "GlobalEndpointTokenVersion": "v2Token",
    "Name": "new",
    "NewPassword": "Correct-2-horse",
    "NotificationChannel": f"arn:aws:sns:us-east-1:{ACCOUNT}:answers",
    "OldPassword": PASSWORD,
    "Password": PASSWORD,
    "Permissions": {"PolicyTemplateArn": f"{ARN}policy/box"},
    "PermissionsBoundary": READ_ONLY,
    "PolicyDocument": ALLOW_ALL,
    "PolicyInputList": [ALLOW_ALL],
    "PrincipalArn": f"{ARN}saml-provider/corp",
    "PrivateKey": materials()["PrivateKey"][0],
    "Properties": {"box/name": "value"},
    "RequestorWorkflowId": "workflow",
    "RoleArn": f"{ARN}role/app",
    "RoleSessionName": "session",
    "SAMLAssertion": materials()["SAMLAssertion"][0],
    "SAMLMetadataDocument": materials()["SAMLMetadataDocument"][0],
    "SSHPublicKeyBody": materials()["SSHPublicKeyBody"][0],
    "ServiceName": "codecommit.amazonaws.com",
    "ServiceNamespace": "s3",
    "ServiceNamespaces": ["s3"],
    "SessionDuration": 3600,
    "SigningAlgorithm": "RS256",
    "Status": "Inactive",
    "TagKeys": ["team"],
    "Tags": TAGS,
    "TargetPrincipal": ACCOUNT,
    "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
    "ThumbprintList": ["a" * 40],
    "TradeInToken": "absent",
    "Url": "https://new.example.com",
    "VirtualMFADeviceName": "new",
    "WebIdentityToken": materials()["WebIdentityToken"][0],
}
"""What else is asked for, by parameter."""


@cache
def model(service: str) -> ServiceModel:
    """botocore's."""
    return botocore.session.get_session().get_service_model(service)


def call(service: str, operation: str, names: Mapping[str, Any] = ABSENT, /, **more: Any) -> dict[str, Any]:
    """The required members, with these names where they name something, and `more`; None leaves a member out."""
    shape = model(service).operation_model(operation).input_shape
    required = shape.required_members if shape else ()
    given = {name: names[name] if name in names else GIVEN[name] for name in required if name not in more}
    return {**given, **{name: value for name, value in more.items() if value is not None}}
