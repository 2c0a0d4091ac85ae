"""For each error that the models of IAM and STS document: a call that is answered with it, or why none is.

A row is about the account of tests/iam/furnished.py. Source: botocore's service models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.credentials import certs
from tests.iam.calls import ARN, PASSWORD, READ_ONLY, TRUST, model
from tests.iam.furnished import LINKED, OPEN, SWITCHED_OFF, Named
from tests.iam.never import NEVER, Pair, of_code
from tests.server.hostile import materials
from tests.world import NOW, document


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A call that is answered with an error."""

    code: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    """Beside the required ones; None leaves a required one out."""
    absent: bool = False
    """Whether what the required parameters name is not there."""
    by: str = "root"
    """`root`, `bob`, `bare`, or `other`: the root user of another account."""
    quota: str | None = None
    """A quota that is nothing meanwhile."""

    @property
    def pair(self) -> Pair:
        return self.operation, self.code


def rows(code: str, table: Mapping[str, Mapping[str, Any]], **more: Any) -> Iterator[Row]:
    """A row an operation of IAM."""
    for operation, params in table.items():
        yield Row(code=code, operation=f"iam:{operation}", params=params, **more)


def missing() -> Iterator[Row]:
    """NoSuchEntity: whatever is named is not there."""
    for operation in of_code("NoSuchEntity"):
        if operation == "iam:ChangePassword" or (operation, "NoSuchEntity") in NEVER:
            continue
        shape = model("iam").operation_model(operation.partition(":")[2]).input_shape
        members = shape.members if shape else {}
        params = {name: value for name, value in ABSENT_TOO.items() if name in members}
        if operation in WHOSE:
            params = dict(WHOSE[operation])
        yield Row(code="NoSuchEntity", operation=operation, params=params, absent=True)


ABSENT_TOO: Mapping[str, Any] = {"UserName": "absent", "Password": PASSWORD}
WHOSE: Mapping[str, Mapping[str, Any]] = {
    "iam:CreateUser": {"UserName": "new", "PermissionsBoundary": f"{ARN}policy/absent"},
}

A_USER = f"{ARN}user/bob"
OURS = [{"Key": "aws:team", "Value": "blue"}]
SERVICES_OWN = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"

INVALID: Mapping[str, Mapping[str, Any]] = {
    **{
        operation.partition(":")[2]: {"PolicyArn": A_USER}
        for operation in of_code("InvalidInput")
        if "PolicyArn" in model("iam").operation_model(operation.partition(":")[2]).input_shape.required_members
    },
    **{
        operation.partition(":")[2]: {parameter: A_USER}
        for operation in of_code("InvalidInput")
        for parameter in ("OpenIDConnectProviderArn", "SAMLProviderArn", "PermissionsBoundary")
        if parameter in model("iam").operation_model(operation.partition(":")[2]).input_shape.required_members
    },
    **{
        operation.partition(":")[2]: {"Tags": OURS}
        for operation in of_code("InvalidInput")
        for members in (model("iam").operation_model(operation.partition(":")[2]).input_shape.members,)
        if "Tags" in members and "PolicyArn" not in members
    },
    "AcquireRole": {"TemplateArn": A_USER},
    "AssociateDelegationRequest": {"DelegationRequestId": Named("Rejected")},
    "CreateDelegationRequest": {"OwnerAccountId": "999999999999"},
    "CreateOpenIDConnectProvider": {"ThumbprintList": ["a" * 40] * 6},
    "CreateServiceLinkedRole": {"AWSServiceName": "absent.amazonaws.com"},
    "GenerateServiceLastAccessedDetails": {"Arn": f"{ARN}instance-profile/box"},
    "GetContextKeysForCustomPolicy": {"PolicyInputList": ["{"]},
    "GetContextKeysForPrincipalPolicy": {"PolicyInputList": ["{"]},
    "GetHumanReadableSummary": {"EntityArn": A_USER},
    "GetRoleTemplateVersion": {"TemplateArn": A_USER},
    "GetServiceLastAccessedDetailsWithEntities": {"ServiceNamespace": "absent"},
    "GetServiceLinkedRoleDeletionStatus": {"DeletionTaskId": "task"},
    "ListPoliciesGrantingServiceAccess": {"Arn": f"{ARN}instance-profile/box"},
    "PutAccountProperties": {"Properties": {"nameless": "value"}},
    "RejectDelegationRequest": {"DelegationRequestId": Named("Rejected")},
    "SendDelegationToken": {"DelegationRequestId": Named("Rejected")},
    "SimulateCustomPolicy": {"ActionNames": ["nothing"]},
    "SimulatePrincipalPolicy": {"ActionNames": ["nothing"]},
    "UpdateDelegationRequest": {"DelegationRequestId": Named("Rejected")},
}
TAKEN: Mapping[str, Mapping[str, Any]] = {
    "CreateAccountAlias": {},
    "CreateDelegationRequest": {"RequestorWorkflowId": "there"},
    "CreateGroup": {},
    "CreateInstanceProfile": {},
    "CreateLoginProfile": {"UserName": "bob", "Password": PASSWORD},
    "CreateOpenIDConnectProvider": {"Url": "https://idp.example.com", "ThumbprintList": ["a" * 40]},
    "CreatePolicy": {"PolicyName": "box"},
    "CreateRole": {},
    "CreateSAMLProvider": {"Name": "corp"},
    "CreateUser": {},
    "CreateVirtualMFADevice": {"VirtualMFADeviceName": "phone"},
    "EnableMFADevice": {"UserName": "bare"},
    "UpdateGroup": {"NewGroupName": "empty"},
    "UpdateServerCertificate": {"NewServerCertificateName": "spare"},
    "UpdateUser": {"NewUserName": "bare"},
    "UploadServerCertificate": {
        "CertificateBody": materials()["CertificateBody"][1],
        "PrivateKey": materials()["PrivateKey"][1],
    },
    "AcquireRole": {"ReplacementValues": {"team": {"Values": ["blue"]}}},
}
"""EntityAlreadyExists."""
FULL: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "AcquireRole": ("RolesPerAccount", {"ReplacementValues": {"team": {"Values": ["red"]}}}),
    "AddClientIDToOpenIDConnectProvider": ("ClientIdsPerOpenIdConnectProvider", {}),
    "AddRoleToInstanceProfile": ("InstanceSessionsPerInstanceProfile", {"RoleName": "spare"}),
    "AddUserToGroup": ("GroupsPerUser", {"UserName": "bare"}),
    "AttachGroupPolicy": ("PoliciesPerGroup", {"PolicyArn": READ_ONLY}),
    "AttachRolePolicy": ("PoliciesPerRole", {"PolicyArn": READ_ONLY}),
    "AttachUserPolicy": ("PoliciesPerUser", {"PolicyArn": READ_ONLY}),
    "CreateAccessKey": ("AccessKeysPerUser", {"UserName": "bob"}),
    "CreateGroup": ("GroupsPerAccount", {"GroupName": "new"}),
    "CreateInstanceProfile": ("InstanceProfilesPerAccount", {"InstanceProfileName": "new"}),
    "CreateOpenIDConnectProvider": ("OpenIdConnectProvidersPerAccount", {"ThumbprintList": ["a" * 40]}),
    "CreatePolicy": ("PoliciesPerAccount", {"PolicyName": "new"}),
    "CreatePolicyVersion": ("VersionsPerPolicy", {}),
    "CreateRole": ("RolesPerAccount", {"RoleName": "new"}),
    "CreateSAMLProvider": ("SAMLProvidersPerAccount", {}),
    "CreateServiceSpecificCredential": ("ServiceSpecificCredentialsPerUser", {}),
    "CreateUser": ("UsersPerAccount", {"UserName": "new"}),
    "CreateVirtualMFADevice": ("MFADevicesPerAccount", {}),
    "PutGroupPolicy": ("GroupPolicySize", {}),
    "PutRolePolicy": ("RolePolicySize", {}),
    "PutUserPolicy": ("UserPolicySize", {}),
    **{
        operation.partition(":")[2]: ("TagsPerResource", {})
        for operation in of_code("LimitExceeded")
        if operation.startswith("iam:Tag")
    },
    "UpdateAssumeRolePolicy": ("ACLSizePerRole", {"PolicyDocument": TRUST}),
    "UploadSSHPublicKey": ("SSHPublicKeysPerUser", {}),
    "UploadServerCertificate": (
        "ServerCertificatesPerAccount",
        {
            "ServerCertificateName": "new",
            "CertificateBody": materials()["CertificateBody"][1],
            "PrivateKey": materials()["PrivateKey"][1],
        },
    ),
    "UploadSigningCertificate": ("CertificatesPerUser", {"UserName": "bare"}),
}
"""LimitExceeded, each with its quota."""
CONFLICTS: Mapping[str, Mapping[str, Any]] = {
    "DeleteGroup": {},
    "DeleteInstanceProfile": {},
    "DeletePolicy": {},
    "DeletePolicyVersion": {},
    "DeleteRole": {},
    "DeleteUser": {},
    "DeleteVirtualMFADevice": {},
}
UNTRUE = {"PolicyDocument": '{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}'}
MALFORMED: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(["CreatePolicyVersion", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy"], UNTRUE),
    "CreatePolicy": {**UNTRUE, "PolicyName": "new"},
    "UpdateAssumeRolePolicy": UNTRUE,
    "CreateRole": {"RoleName": "new", "AssumeRolePolicyDocument": UNTRUE["PolicyDocument"]},
}
NOT_ATTACHABLE: Mapping[str, Mapping[str, Any]] = {
    **{f"Attach{noun}Policy": {"PolicyArn": SERVICES_OWN} for noun in ("Group", "Role", "User")},
    **{f"Put{noun}PermissionsBoundary": {"PermissionsBoundary": SERVICES_OWN} for noun in ("Role", "User")},
}
LONG = document("s3:GetObject", f"arn:aws:s3:::box/{'x' * 1900}")
STRANGE_KEY = materials()["AddPrivateKey"][1]
STRANGE_KEY = materials()["AddPrivateKey"][1]
BARE = {"UserName": "bare"}
DRAWER = {**BARE, "SerialNumber": f"{ARN}mfa/drawer"}
NEW_CERTIFICATE = {"ServerCertificateName": "new"}
EXPIRED = certs.make("over", ends=NOW - timedelta(hours=1)).pem
BODIES = materials()["CertificateBody"]


def one(operation: str, code: str, by: str = "root", /, **params: Any) -> Row:
    return Row(code=code, operation=operation, by=by, params=params)


SINGLE: tuple[Row, ...] = (
    one("iam:AcceptDelegationRequest", "ConcurrentModification", DelegationRequestId=Named("Rejected")),
    one("iam:AcquireRole", "NameConflict", ReplacementValues={"team": {"Values": ["taken"]}}),
    one("iam:AcquireRole", "RoleTemplateDisabled", TemplateArn=SWITCHED_OFF),
    one("iam:AcquireRole", "MalformedPolicyDocument", TemplateArn=OPEN, ReplacementValues={"place": {"Values": ["?"]}}),
    one("iam:ChangePassword", "InvalidUserType"),
    one("iam:ChangePassword", "NoSuchEntity", "bare"),
    one("iam:ChangePassword", "PasswordPolicyViolation", "bob", NewPassword="short"),
    one("iam:CreateLoginProfile", "PasswordPolicyViolation", **BARE, Password="short"),
    one("iam:UpdateLoginProfile", "PasswordPolicyViolation", Password="short"),
    one("iam:CreateOpenIDConnectProvider", "OpenIdIdpCommunicationError"),
    one("iam:DisableOutboundWebIdentityFederation", "FeatureDisabled", "other"),
    one("iam:GetOutboundWebIdentityFederationInfo", "FeatureDisabled", "other"),
    one("iam:EnableOutboundWebIdentityFederation", "FeatureEnabled"),
    one("iam:EnableMFADevice", "InvalidAuthenticationCode", **DRAWER),
    one("iam:ResyncMFADevice", "InvalidAuthenticationCode"),
    one("iam:GetCredentialReport", "ReportNotPresent"),
    one("iam:UploadSSHPublicKey", "InvalidPublicKey", SSHPublicKeyBody="ssh-rsa AAAA"),
    one("iam:UploadSSHPublicKey", "UnrecognizedPublicKeyEncoding", SSHPublicKeyBody="?"),
    one("iam:UploadSSHPublicKey", "DuplicateSSHPublicKey"),
    one("iam:UploadServerCertificate", "MalformedCertificate", **NEW_CERTIFICATE, CertificateBody="?"),
    one(
        "iam:UploadServerCertificate", "KeyPairMismatch", **NEW_CERTIFICATE, PrivateKey=materials()["AddPrivateKey"][1]
    ),
    one("iam:UploadSigningCertificate", "MalformedCertificate", CertificateBody="?"),
    one("iam:UploadSigningCertificate", "InvalidCertificate", CertificateBody=EXPIRED),
    one("iam:UploadSigningCertificate", "DuplicateCertificate", **BARE, CertificateBody=BODIES[1]),
    one("sts:AssumeRole", "MalformedPolicyDocument", "bob", Policy="{}"),
    one("sts:AssumeRole", "PackedPolicyTooLarge", "bob", Policy=LONG, PolicyArns=[{"arn": READ_ONLY}]),
    one("sts:AssumeRole", "InvalidContextAssertion", "bob", ProvidedContexts=[{"ContextAssertion": "made up"}]),
    one("sts:GetFederationToken", "MalformedPolicyDocument", "bob", Policy="{}"),
    one("sts:GetFederationToken", "PackedPolicyTooLarge", "bob", Policy=LONG, PolicyArns=[{"arn": READ_ONLY}]),
    one("sts:DecodeAuthorizationMessage", "InvalidAuthorizationMessageException"),
)


def table() -> list[Row]:
    """Every row."""
    unmodifiable: dict[str, dict[str, Any]] = {
        operation.partition(":")[2]: {"RoleName": LINKED}
        for operation in of_code("UnmodifiableEntity")
        if (operation, "UnmodifiableEntity") not in NEVER
    }
    unmodifiable["UpdateRole"]["MaxSessionDuration"] = 7200
    full = (
        Row(code="LimitExceeded", operation=f"iam:{name}", quota=quota, params=params)
        for name, (quota, params) in FULL.items()
    )
    return [
        *missing(),
        *rows("InvalidInput", INVALID),
        *rows("EntityAlreadyExists", TAKEN),
        *rows("UnmodifiableEntity", unmodifiable),
        *rows("DeleteConflict", CONFLICTS),
        *rows("MalformedPolicyDocument", MALFORMED),
        *rows("PolicyNotAttachable", NOT_ATTACHABLE),
        *full,
        *SINGLE,
    ]
