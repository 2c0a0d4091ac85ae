"""What the requests of the fuzzer find: an account that has something of everything, under the names they draw."""

from __future__ import annotations

import json

from tests.server.hostile import PROVIDERS, STATEMENT, TRUST, materials
from tests.server.through_gate import InProcess

CONDITIONS = [
    {"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": {"StringLike": {"aws:username": "mem*"}}},
    {"Effect": "Allow", "Action": "sts:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.1"}}},
    {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"Null": {"aws:TagKeys": "false"}}},
    {
        "Effect": "Deny",
        "NotAction": ["iam:Get*", "iam:List*", "iam:C*", "sts:*"],
        "NotResource": "arn:aws:iam::*:user/*",
    },
]


def document(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def member(house: InProcess) -> tuple[str, str]:
    """The key of a user whose permissions hang on conditions."""
    house.iam("CreateUser", UserName="member")
    policy = document(*CONDITIONS)
    house.iam("PutUserPolicy", UserName="member", PolicyName="conditions", PolicyDocument=policy)
    return house.key_of("member")


def furnish(house: InProcess) -> None:
    """Users, groups, roles, policies, profiles and providers."""
    iam, made = house.iam, materials()
    iam("CreateSAMLProvider", Name="s1", SAMLMetadataDocument=made["SAMLMetadataDocument"][0])
    url = {"Url": "https://localhost/a", "ThumbprintList.member.1": "0" * 40, "ClientIDList.member.1": "client"}
    iam("CreateOpenIDConnectProvider", **url)
    for n in range(4):
        iam("CreateUser", UserName=f"u{n}")
        iam("CreateGroup", GroupName=f"g{n}")
        iam("CreateRole", RoleName=f"r{n}", AssumeRolePolicyDocument=document(TRUST, PROVIDERS))
        iam("CreatePolicy", PolicyName=f"p{n}", PolicyDocument=document(STATEMENT))
        iam("CreateInstanceProfile", InstanceProfileName=f"i{n}")
    iam("CreateVirtualMFADevice", VirtualMFADeviceName="value0")
    certificate = {"CertificateBody": made["CertificateBody"][1], "PrivateKey": made["PrivateKey"][1]}
    iam("UploadServerCertificate", ServerCertificateName="value0", **certificate)
