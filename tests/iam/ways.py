"""The known ways from few permissions to all, and Mallory, who tries them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary.authorization.caller import Caller
from ostiary.services.faults import ServiceFault
from tests.credentials.certs import make, ssh_line
from tests.ec2.calling import IMAGE
from tests.iam.asking import Iam
from tests.iam.having import is_allowed, new_policy, trust
from tests.world import ACCOUNT, ALLOW_ALL, document

ARN = f"arn:aws:iam::{ACCOUNT}:"
MALLORY, BOSS = f"{ARN}user/mallory", f"{ARN}user/boss"
ADMIN, READER = "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess"
WORKER, CHIEF = f"{ARN}role/worker", f"{ARN}role/chief"
OWN = f"{ARN}policy/own"
DENIED = {"AccessDenied", "UnauthorizedOperation"}
Conditions = Mapping[str, Mapping[str, Any]]
SECRET = "Correct-horse1"


def rules_all(iam: Iam) -> bool:
    """Whether mallory may do what only administrators may."""
    return is_allowed(iam, iam.world.user("mallory"), "CreateUser", UserName="puppet")


def has(operation: str, member: str, **params: Any) -> Callable[[Iam], bool]:
    """Whether a listing is not empty."""

    def listed(iam: Iam) -> bool:
        return bool(iam(operation, **params)[member])

    return listed


def has_password(iam: Iam) -> bool:
    try:
        return bool(iam("GetLoginProfile", UserName="boss")["LoginProfile"]["PasswordResetRequired"])
    except ServiceFault:
        return False


def becomes_chief(iam: Iam) -> bool:
    params = {"RoleArn": CHIEF, "RoleSessionName": "m"}
    try:
        return bool(iam.world.call("sts:AssumeRole", params, by=iam.world.user("mallory")))
    except ServiceFault as fault:
        assert fault.code == "AccessDenied"
        return False


def runs_as_chief(iam: Iam) -> bool:
    shown = iam.world.call("ec2:DescribeIamInstanceProfileAssociations")
    return bool(shown["IamInstanceProfileAssociations"])


def worker_rules(iam: Iam) -> bool:
    attached = iam("ListAttachedRolePolicies", RoleName="worker")["AttachedPolicies"]
    return bool(attached) or bool(iam("ListRolePolicies", RoleName="worker")["PolicyNames"])


def fence_inline(iam: Iam) -> None:
    iam("PutUserPolicy", UserName="mallory", PolicyName="base", PolicyDocument=document("iam:CreateUser"))
    deny = document("iam:CreateUser", effect="Deny")
    iam("PutUserPolicy", UserName="mallory", PolicyName="fence", PolicyDocument=deny)


def fence_managed(iam: Iam) -> None:
    iam("PutUserPolicy", UserName="mallory", PolicyName="base", PolicyDocument=document("iam:CreateUser"))
    fence = new_policy(iam, "fence", PolicyDocument=document("iam:CreateUser", effect="Deny"))
    iam("AttachUserPolicy", UserName="mallory", PolicyArn=fence)


def fence_group(iam: Iam) -> None:
    iam("PutUserPolicy", UserName="mallory", PolicyName="base", PolicyDocument=document("iam:CreateUser"))
    deny = document("iam:CreateUser", effect="Deny")
    iam("PutGroupPolicy", GroupName="team", PolicyName="fence", PolicyDocument=deny)


def boss_password(iam: Iam) -> None:
    iam("CreateLoginProfile", UserName="boss", Password=SECRET)


@dataclass(frozen=True)
class Way:
    """One way up."""

    name: str
    operation: str
    params: Mapping[str, Any]
    needs: Mapping[str, str]
    """The actions it needs, and on what."""
    gains: Callable[[Iam], bool] = rules_all
    stopped_by: tuple[Conditions, ...] = ()
    """Conditions on the permissions, as guides recommend them, under which the way is closed."""
    before: Callable[[Iam], None] = lambda _: None

    @property
    def own(self) -> bool:
        """Whether what it gains are more permissions of mallory's own."""
        return self.gains is rules_all


def on_policy_arn(arn: str = READER) -> Conditions:
    return {"ArnEquals": {"iam:PolicyARN": arn}}


BOUND: Conditions = {"StringEquals": {"iam:PermissionsBoundary": READER}}
TAGGED: Conditions = {"StringEquals": {"aws:ResourceTag/kind": "harmless"}}
MINE: Conditions = {"StringEquals": {"aws:ResourceTag/owner": "${aws:username}"}}
MFA: Conditions = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
ON_ME, ON_BOSS = {"UserName": "mallory"}, {"UserName": "boss"}
INLINE = {"PolicyName": "all", "PolicyDocument": ALLOW_ALL}
PROFILE = {"IamInstanceProfile": {"Name": "chiefs"}}
PASSED: Conditions = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
WAYS = [
    Way(
        "a new default version of one's own policy",
        "iam:CreatePolicyVersion",
        {"PolicyArn": OWN, "PolicyDocument": ALLOW_ALL, "SetAsDefault": True},
        {"iam:CreatePolicyVersion": OWN},
        stopped_by=(TAGGED,),
    ),
    Way(
        "an older, wider version of one's own policy",
        "iam:SetDefaultPolicyVersion",
        {"PolicyArn": OWN, "VersionId": "v2"},
        {"iam:SetDefaultPolicyVersion": OWN},
        stopped_by=(TAGGED,),
    ),
    Way(
        "a managed policy for oneself",
        "iam:AttachUserPolicy",
        {**ON_ME, "PolicyArn": ADMIN},
        {"iam:AttachUserPolicy": MALLORY},
        stopped_by=(on_policy_arn(), BOUND),
    ),
    Way(
        "a managed policy for one's group",
        "iam:AttachGroupPolicy",
        {"GroupName": "team", "PolicyArn": ADMIN},
        {"iam:AttachGroupPolicy": f"{ARN}group/team"},
        stopped_by=(on_policy_arn(),),
    ),
    Way(
        "a managed policy for a role one may assume",
        "iam:AttachRolePolicy",
        {"RoleName": "worker", "PolicyArn": ADMIN},
        {"iam:AttachRolePolicy": WORKER},
        worker_rules,
        stopped_by=(on_policy_arn(), BOUND, TAGGED),
    ),
    Way(
        "an inline policy for oneself",
        "iam:PutUserPolicy",
        {**ON_ME, **INLINE},
        {"iam:PutUserPolicy": MALLORY},
        stopped_by=(BOUND, MINE),
    ),
    Way(
        "an inline policy for one's group",
        "iam:PutGroupPolicy",
        {"GroupName": "team", **INLINE},
        {"iam:PutGroupPolicy": f"{ARN}group/team"},
    ),
    Way(
        "an inline policy for a role one may assume",
        "iam:PutRolePolicy",
        {"RoleName": "worker", **INLINE},
        {"iam:PutRolePolicy": WORKER},
        worker_rules,
        stopped_by=(BOUND, TAGGED),
    ),
    Way(
        "into the administrators' group",
        "iam:AddUserToGroup",
        {**ON_ME, "GroupName": "admins"},
        {"iam:AddUserToGroup": f"{ARN}group/admins"},
    ),
    Way(
        "into a stronger role by its trust policy",
        "iam:UpdateAssumeRolePolicy",
        {"RoleName": "chief", "PolicyDocument": trust(MALLORY)},
        {"iam:UpdateAssumeRolePolicy": CHIEF},
        becomes_chief,
        stopped_by=(TAGGED,),
    ),
    Way(
        "keys of somebody stronger",
        "iam:CreateAccessKey",
        ON_BOSS,
        {"iam:CreateAccessKey": BOSS},
        has("ListAccessKeys", "AccessKeyMetadata", **ON_BOSS),
        stopped_by=(MINE,),
    ),
    Way(
        "a first password of somebody stronger",
        "iam:CreateLoginProfile",
        {**ON_BOSS, "Password": SECRET, "PasswordResetRequired": True},
        {"iam:CreateLoginProfile": BOSS},
        has_password,
        stopped_by=(MINE,),
    ),
    Way(
        "another password of somebody stronger",
        "iam:UpdateLoginProfile",
        {**ON_BOSS, "Password": SECRET + "2", "PasswordResetRequired": True},
        {"iam:UpdateLoginProfile": BOSS},
        has_password,
        stopped_by=(MINE,),
        before=boss_password,
    ),
    Way(
        "a credential for one service of somebody stronger",
        "iam:CreateServiceSpecificCredential",
        {**ON_BOSS, "ServiceName": "codecommit.amazonaws.com"},
        {"iam:CreateServiceSpecificCredential": BOSS},
        has("ListServiceSpecificCredentials", "ServiceSpecificCredentials", **ON_BOSS),
        stopped_by=({"StringEquals": {"iam:ServiceSpecificCredentialServiceName": "bedrock.amazonaws.com"}}, MINE),
    ),
    Way(
        "an SSH key for somebody stronger",
        "iam:UploadSSHPublicKey",
        {**ON_BOSS, "SSHPublicKeyBody": ssh_line()},
        {"iam:UploadSSHPublicKey": BOSS},
        has("ListSSHPublicKeys", "SSHPublicKeys", **ON_BOSS),
        stopped_by=(MINE,),
    ),
    Way(
        "a signing certificate for somebody stronger",
        "iam:UploadSigningCertificate",
        {**ON_BOSS, "CertificateBody": make().pem},
        {"iam:UploadSigningCertificate": BOSS},
        has("ListSigningCertificates", "Certificates", **ON_BOSS),
        stopped_by=(MINE,),
    ),
    Way(
        "a machine that runs as a stronger role",
        "ec2:RunInstances",
        {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, **PROFILE},
        {"iam:PassRole": CHIEF, "ec2:RunInstances": "*"},
        runs_as_chief,
        stopped_by=(PASSED,),
    ),
    Way(
        "without the inline policy that denies",
        "iam:DeleteUserPolicy",
        {**ON_ME, "PolicyName": "fence"},
        {"iam:DeleteUserPolicy": MALLORY},
        stopped_by=(BOUND,),
        before=fence_inline,
    ),
    Way(
        "without the managed policy that denies",
        "iam:DetachUserPolicy",
        {**ON_ME, "PolicyArn": f"{ARN}policy/fence"},
        {"iam:DetachUserPolicy": MALLORY},
        stopped_by=(on_policy_arn(), BOUND),
        before=fence_managed,
    ),
    Way(
        "out of the group that denies",
        "iam:RemoveUserFromGroup",
        {**ON_ME, "GroupName": "team"},
        {"iam:RemoveUserFromGroup": f"{ARN}group/team"},
        before=fence_group,
    ),
]


@dataclass
class Mallory:
    """What she is given, and what she tries."""

    iam: Iam
    statements: list[dict[str, Any]] = field(default_factory=list)

    def given(self, effect: str, actions: Mapping[str, str], conditions: Conditions | None = None) -> Mallory:
        """One statement more for each action."""
        for action, resource in actions.items():
            statement: dict[str, Any] = {"Effect": effect, "Action": action, "Resource": resource}
            self.statements.append({**statement, "Condition": conditions} if conditions else statement)
        return self

    def tries(self, way: Way) -> str | None:
        """Walk the way; the text of the refusal, None when she got through."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": self.statements})
        if self.statements:
            self.iam("PutUserPolicy", UserName="mallory", PolicyName="given", PolicyDocument=policy)
        caller: Caller = self.iam.world.user("mallory")
        try:
            self.iam.world.call(way.operation, way.params, by=caller)
        except ServiceFault as fault:
            assert fault.code in DENIED, fault
            return fault.message
        return None
