"""An account that has something of everything, under the names of `PRESENT`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyotp

from ostiary.services.iam.template_files import add_template
from tests.iam.calls import ABSENT, ARN, GIVEN, PASSWORD, READ_ONLY, TAGS, TRUST
from tests.iam.wired import Wired
from tests.server.hostile import materials
from tests.world import ALLOW_ALL, NOW, document


@dataclass(frozen=True, slots=True)
class Named:
    """What `furnish` calls so."""

    name: str


LINKED = "AWSServiceRoleForECS"
PLAIN = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
PLACE = "arn:aws:iam::aws:role-template/box.example.com/Box:1"
SWITCHED_OFF = "arn:aws:iam::aws:role-template/box.example.com/Off:1"
OPEN = "arn:aws:iam::aws:role-template/box.example.com/Open:1"
TEMPLATE: Mapping[str, Any] = {
    "TemplateArn": PLACE,
    "MinorVersion": 1,
    "Description": "a box's",
    "RoleNamePattern": "box-@{team}",
    "RolePathPattern": "/box/",
    "AssumeRolePolicyDocumentTemplate": TRUST,
    "ManagedPolicyArns": [READ_ONLY],
    "ParametersDefinition": [{"Name": "team", "Type": "String", "IsRequired": True}],
}
OPENED = {
    **TEMPLATE,
    "TemplateArn": OPEN,
    "RoleNamePattern": "open",
    "InlinePolicyTemplates": [{"PolicyName": "place", "PolicyDocument": document("s3:GetObject", "@{place}")}],
    "ParametersDefinition": [{"Name": "place", "Type": "String", "IsRequired": True}],
}


def furnish(wired: Wired) -> Mapping[str, Any]:
    """Make it all; what the parameters are that name something that is there."""
    iam = wired.client("iam")
    users_and_groups(iam)
    roles_and_policies(iam)
    names = {**PRESENT, **credentials(iam), **assigned(wired, iam)}
    names["DelegationRequestId"], names["Rejected"] = asked(iam, "there"), asked(iam, "rejected")
    names["EntityArn"] = f"{ARN}delegation-request/{names['DelegationRequestId']}"
    iam.associate_delegation_request(DelegationRequestId=names["Rejected"])
    iam.reject_delegation_request(DelegationRequestId=names["Rejected"])
    with wired.house.store.write() as tx:
        for template in (TEMPLATE, {**TEMPLATE, "TemplateArn": SWITCHED_OFF, "Enabled": False}, OPENED):
            add_template(tx, json.dumps(template), int(NOW.timestamp()))
    iam.acquire_role(TemplateArn=PLACE, ReplacementValues={"team": {"Values": ["blue"]}})
    iam.enable_outbound_web_identity_federation()
    return names


def asked(iam: Any, workflow: str) -> str:
    """A delegation request."""
    made: str = iam.create_delegation_request(
        Description="a box",
        Permissions={"PolicyTemplateArn": f"{ARN}policy/box"},
        RequestorWorkflowId=workflow,
        NotificationChannel=GIVEN["NotificationChannel"],
        SessionDuration=3600,
    )["DelegationRequestId"]
    return made


def users_and_groups(iam: Any) -> None:
    for name in ("bob", "bare", "asker"):
        iam.create_user(UserName=name)
    iam.create_group(GroupName="team")
    iam.create_group(GroupName="empty")
    iam.add_user_to_group(GroupName="team", UserName="bob")
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    iam.create_account_alias(AccountAlias="there")
    iam.put_user_policy(UserName="bare", PolicyName="inline", PolicyDocument=ALLOW_ALL)
    iam.put_user_policy(UserName="bob", PolicyName="inline", PolicyDocument=ALLOW_ALL)
    iam.put_group_policy(GroupName="team", PolicyName="inline", PolicyDocument=ALLOW_ALL)
    iam.tag_user(UserName="bob", Tags=TAGS)


def roles_and_policies(iam: Any) -> None:
    iam.create_policy(PolicyName="box", PolicyDocument=PLAIN)
    iam.create_policy(PolicyName="spare", PolicyDocument=PLAIN)
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName="spare", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName="box-taken", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="app", PolicyName="inline", PolicyDocument=ALLOW_ALL)
    iam.create_instance_profile(InstanceProfileName="box")
    iam.create_instance_profile(InstanceProfileName="bare")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="app")
    for attach, entity in (("role", "app"), ("user", "bob"), ("group", "team")):
        getattr(iam, f"attach_{attach}_policy")(**{f"{attach.title()}Name": entity}, PolicyArn=f"{ARN}policy/box")
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def credentials(iam: Any) -> dict[str, Any]:
    """bob's, and a server's certificate."""
    made, bob = materials(), {"UserName": "bob"}
    own = made["CertificateBody"][1]
    iam.upload_server_certificate(ServerCertificateName="box", CertificateBody=own, PrivateKey=made["PrivateKey"][1])
    leaf = {"CertificateBody": made["CertificateBody"][0], "PrivateKey": made["PrivateKey"][0]}
    iam.upload_server_certificate(ServerCertificateName="spare", **leaf)
    signing = iam.upload_signing_certificate(**bob, CertificateBody=own)["Certificate"]
    ssh = iam.upload_ssh_public_key(**bob, SSHPublicKeyBody=made["SSHPublicKeyBody"][0])["SSHPublicKey"]
    service = iam.create_service_specific_credential(**bob, ServiceName=GIVEN["ServiceName"])
    return {
        "AccessKeyId": iam.create_access_key(**bob)["AccessKey"]["AccessKeyId"],
        "CertificateId": signing["CertificateId"],
        "SSHPublicKeyId": ssh["SSHPublicKeyId"],
        "ServiceSpecificCredentialId": service["ServiceSpecificCredential"]["ServiceSpecificCredentialId"],
    }


def assigned(wired: Wired, iam: Any) -> dict[str, Any]:
    """bob's MFA device, the providers, and what was asked to be done."""
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    iam.create_virtual_mfa_device(VirtualMFADeviceName="drawer")
    totp, now = pyotp.TOTP(device["Base32StringSeed"].decode()), wired.clock.now()
    codes = {"AuthenticationCode1": totp.at(now, counter_offset=-1), "AuthenticationCode2": totp.at(now)}
    iam.enable_mfa_device(UserName="bob", SerialNumber=device["SerialNumber"], **codes)
    corp = iam.create_saml_provider(Name="corp", SAMLMetadataDocument=GIVEN["SAMLMetadataDocument"])
    idp = iam.create_open_id_connect_provider(Url="https://idp.example.com", ThumbprintList=["a" * 40])
    return {
        "SerialNumber": device["SerialNumber"],
        "SAMLProviderArn": corp["SAMLProviderArn"],
        "OpenIDConnectProviderArn": idp["OpenIDConnectProviderArn"],
        "JobId": iam.generate_service_last_accessed_details(Arn=f"{ARN}user/bob")["JobId"],
    }


PRESENT: Mapping[str, Any] = {
    **ABSENT,
    "AccountAlias": "there",
    "Arn": f"{ARN}user/bob",
    "GroupName": "team",
    "InstanceProfileName": "box",
    "PolicyArn": f"{ARN}policy/box",
    "PolicyName": "inline",
    "PolicySourceArn": f"{ARN}user/bob",
    "RoleName": "app",
    "ServerCertificateName": "box",
    "TemplateArn": PLACE,
    "UserName": "bob",
    "VersionId": "v1",
}
