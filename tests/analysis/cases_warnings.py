"""For each code of warnings and suggestions: a policy that has it, and its neighbour that has not."""

from __future__ import annotations

from ostiary.analysis import PolicyType
from tests.analysis.build import ACCOUNT, Policy, bucket, document, identity, rcp, resource, trust, web, when
from tests.analysis.build import NOTHING as NO

GITHUB = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
GITHUB_AUD = "token.actions.githubusercontent.com:aud"
GITHUB_SUB = "token.actions.githubusercontent.com:sub"
GOOGLE = "accounts.google.com"
ROLE = "arn:aws:iam::111122223333:role/app"
SLR = "arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
SERVICE = {"Service": "sns.amazonaws.com"}
MANY = [f"arn:aws:s3:::{'x' * 50}{n}/*" for n in range(400)]
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
GOOD = identity()


def passing(**changes: object) -> Policy:
    return identity(**{"Action": "iam:PassRole", "Resource": ROLE, **changes})


def creating(**changes: object) -> Policy:
    return identity(**{"Action": "iam:CreateServiceLinkedRole", "Resource": SLR, **changes})


def tagged(action: str | list[str], **changes: object) -> Policy:
    return when("StringEquals", "aws:ResourceTag/team", "a", **{"Action": action, "Resource": "*", **changes})


def two(one: dict[str, object], other: dict[str, object], **kind: object) -> Policy:
    common = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": {"AWS": ACCOUNT}}
    return Policy(document({**common, **one}, {**common, **other}), PolicyType.RESOURCE)


WARNINGS: dict[str, tuple[Policy, Policy]] = {
    "CREATE_SLR_WITH_NOT_RESOURCE": (creating(NotResource=ROLE, Resource=NO), creating()),
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE": (
        creating(Action="iam:Create*", NotResource=ROLE, Resource=NO),
        creating(Action="iam:Get*", NotResource=ROLE, Resource=NO),
    ),
    "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE": (
        identity(NotAction="s3:*", NotResource=ROLE),
        identity(NotAction="iam:*", NotResource=ROLE),
    ),
    "CREATE_SLR_WITH_STAR_IN_RESOURCE": (
        creating(Resource="*"),
        creating(Resource="*", Condition={"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}}),
    ),
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE": (creating(Action="iam:*", Resource="*"), creating(Action="iam:*")),
    "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION": (
        identity(NotAction="s3:*", Resource="*"),
        identity(NotAction="iam:*", Resource="*"),
    ),
    "DEPRECATED_GLOBAL_CONDITION_KEY": (when("ArnLike", "aws:ARN", ROLE), when("ArnLike", "aws:PrincipalArn", ROLE)),
    "INVALID_DATE_VALUE": (
        when("DateGreaterThan", "aws:CurrentTime", "2021"),
        when("DateGreaterThan", "aws:CurrentTime", "2021-01-31T00:00:00Z"),
    ),
    "INVALID_ROLE_REFERENCE": (trust(Principal={"AWS": "AROA1234567890EXAMPLE"}), trust(Principal={"AWS": ROLE})),
    "INVALID_USER_REFERENCE": (trust(Principal={"AWS": "AIDA1234567890EXAMPLE"}), trust(Principal={"AWS": ROLE})),
    "MISSING_VERSION": (
        Policy(document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, Version=NO)),
        GOOD,
    ),
    "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA": (identity(Resource=MANY), identity(Resource=MANY[:50])),
    "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA": (bucket(Resource=MANY), bucket(Resource=MANY[:50])),
    "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA": (
        trust(Principal={"AWS": [f"{111122220000 + n}" for n in range(200)]}),
        trust(),
    ),
    "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY": (
        rcp(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        rcp(
            Condition={
                "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            }
        ),
    ),
    "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY": (
        rcp(Condition={"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),
        rcp(
            Condition={
                "StringNotEquals": {"aws:SourceAccount": "111122223333"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "true"},
            }
        ),
    ),
    "RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK": (
        rcp(Condition={"StringNotEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}),
        rcp(Condition={"StringNotEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:SourceAccount": "false"}}),
    ),
    "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED": (
        web(GITHUB, {"StringLike": {GITHUB_SUB: "repo:octo/*"}}),
        web(GITHUB, {"StringEquals": {GITHUB_SUB: "repo:octo/app:ref:refs/heads/main"}}),
    ),
    "TYPE_MISMATCH": (
        when("StringEquals", "aws:MultiFactorAuthPresent", "true"),
        when("Bool", "aws:MultiFactorAuthPresent", "true"),
    ),
    "TYPE_MISMATCH_BOOLEAN": (when("Bool", "aws:SecureTransport", "yes"), when("Bool", "aws:SecureTransport", False)),
    "TYPE_MISMATCH_DATE": (
        when("DateLessThan", "aws:CurrentTime", "tomorrow"),
        when("DateLessThan", "aws:CurrentTime", "2030-01-31"),
    ),
    "TYPE_MISMATCH_NUMBER": (when("NumericLessThan", "s3:max-keys", "ten"), when("NumericLessThan", "s3:max-keys", 10)),
    "TYPE_MISMATCH_STRING": (
        when("BinaryEquals", "aws:username", "%%"),
        when("BinaryEquals", "aws:username", "QmluYXJ5"),
    ),
    "UNIQUE_SIDS_RECOMMENDED": (
        two({"Sid": "A"}, {"Sid": "A", "Effect": "Deny"}),
        two({"Sid": "A"}, {"Sid": "B", "Effect": "Deny"}),
    ),
    "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES": (
        when("StringEquals", "aws:VpceOrgID", "o-a1b2c3d4e5", Action="*"),
        when("StringEquals", "aws:VpceOrgID", "o-a1b2c3d4e5"),
    ),
    "WILDCARD_WITHOUT_LIKE_OPERATOR": (
        when("StringEquals", "aws:username", "dev-*"),
        when("StringEquals", "aws:username", "dev-${*}"),
    ),
}

SECURITY_WARNINGS: dict[str, tuple[Policy, Policy]] = {
    "ALLOW_WITH_NOT_PRINCIPAL": (
        resource(NotPrincipal={"AWS": ACCOUNT}),
        resource(Effect="Deny", NotPrincipal={"AWS": ACCOUNT}),
    ),
    "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        tagged([], Effect="Deny", Action=NO, NotAction="s3:*"),
        tagged("ec2:StopInstances", Effect="Deny"),
    ),
    "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        tagged(["s3:ListAllMyBuckets", "ec2:StopInstances"], Effect="Deny"),
        tagged("ec2:StopInstances", Effect="Deny"),
    ),
    "DYNAMODB_ATTRIBUTES_WITHOUT_SELECT": (
        when("ForAllValues:StringEquals", "dynamodb:Attributes", "id", Action="dynamodb:Query", Resource="*"),
        identity(
            Action="dynamodb:Query",
            Resource="*",
            Condition={
                "ForAllValues:StringEquals": {"dynamodb:Attributes": "id"},
                "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            },
        ),
    ),
    "FORALLVALUES_WITH_SINGLE_VALUED_KEY": (
        when("ForAllValues:StringEquals", "aws:username", "a"),
        when("ForAllValues:StringEquals", "aws:TagKeys", "a"),
    ),
    "FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE": (
        web(GOOGLE, {"ForAnyValue:StringEquals": {f"{GOOGLE}:aud": "a"}}),
        web(GOOGLE, {"StringEquals": {f"{GOOGLE}:aud": "a"}}),
    ),
    "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL": (
        web(GOOGLE, MFA),
        web(GOOGLE, {"StringEquals": {f"{GOOGLE}:aud": "a"}}),
    ),
    "MISSING_GITHUB_REPO_CONDITION_KEY": (
        web(GITHUB, {"StringEquals": {GITHUB_AUD: "sts.amazonaws.com"}}),
        web(GITHUB, {"StringEquals": {GITHUB_SUB: "repo:octo/app:ref:refs/heads/main"}}),
    ),
    "MISSING_PAIRED_CONDITION_KEYS": (
        when("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),
        identity(
            Condition={
                "IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"},
                "StringEquals": {"aws:SourceVpc": "vpc-12345678"},
            }
        ),
    ),
    "PASS_ROLE_WITH_NOT_RESOURCE": (passing(NotResource=ROLE, Resource=NO), passing()),
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE": (
        passing(Action="iam:Pass*", NotResource=ROLE, Resource=NO),
        passing(Action="iam:Get*", NotResource=ROLE, Resource=NO),
    ),
    "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE": (
        identity(NotAction="s3:*", NotResource=ROLE),
        identity(NotAction="iam:PassRole", NotResource=ROLE),
    ),
    "PASS_ROLE_WITH_STAR_IN_RESOURCE": (
        passing(Resource="arn:aws:iam::*:role/*"),
        passing(Resource="*", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
    ),
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE": (passing(Action="*", Resource="*"), passing(Action="*")),
    "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION": (
        identity(NotAction="s3:*", Resource="*"),
        identity(NotAction="iam:*", Resource="*"),
    ),
    "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL": (
        resource(Principal=SERVICE),
        resource(Principal=SERVICE, Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
    ),
    "S3_PREFIX_IN_NEGATIVE_CONTEXT": (
        when("StringLike", "s3:prefix", "private/*", Effect="Deny", Action="s3:ListBucket", Resource="*"),
        when("StringNotLike", "s3:prefix", "public/*", Effect="Deny", Action="s3:ListBucket", Resource="*"),
    ),
    "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS": (
        when("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x"),
        when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x"),
    ),
    "UNTRUSTWORTHY_CONDITION_KEY": (
        when("StringEquals", "aws:UserAgent", "a"),
        when("StringEquals", "aws:username", "a"),
    ),
}

SUGGESTIONS: dict[str, tuple[Policy, Policy]] = {
    "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        tagged([], Action=NO, NotAction="s3:*"),
        tagged("ec2:StopInstances"),
    ),
    "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        tagged("s3:ListAllMyBuckets"),
        tagged("ec2:StopInstances"),
    ),
    "CONFIRM_AUDIENCE_CLAIM_TYPE": (
        web(GOOGLE, {"ForAllValues:StringEquals": {f"{GOOGLE}:aud": "a"}}),
        web(GOOGLE, {"StringEquals": {f"{GOOGLE}:aud": "a"}}),
    ),
    "EMPTY_ARRAY_ACTION": (identity(Action=[]), GOOD),
    "EMPTY_ARRAY_CONDITION": (
        identity(Condition={"StringEquals": {"aws:username": []}}),
        identity(Condition={"StringEqualsIfExists": {"aws:username": []}}),
    ),
    "EMPTY_ARRAY_CONDITION_FORALLVALUES": (
        identity(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": []}}),
        identity(Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": []}}),
    ),
    "EMPTY_ARRAY_CONDITION_FORANYVALUE": (
        identity(Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": []}}),
        identity(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": []}}),
    ),
    "EMPTY_ARRAY_CONDITION_IFEXISTS": (
        identity(Condition={"StringEqualsIfExists": {"aws:username": []}}),
        identity(Condition={"StringEquals": {"aws:username": []}}),
    ),
    "EMPTY_ARRAY_PRINCIPAL": (resource(Principal={"AWS": []}), resource()),
    "EMPTY_ARRAY_RESOURCE": (identity(Resource=[]), GOOD),
    "EMPTY_OBJECT_CONDITION": (identity(Condition={}), identity(Condition=MFA)),
    "EMPTY_OBJECT_PRINCIPAL": (resource(Principal={}), resource()),
    "EMPTY_SID_VALUE": (identity(Sid=""), identity(Sid="A")),
    "IMPROVE_IP_RANGE": (
        when("IpAddress", "aws:SourceIp", "203.0.113.7/24"),
        when("IpAddress", "aws:SourceIp", "203.0.113.0/24", "203.0.113.7"),
    ),
    "IRRELEVANT_CONDITION_KEY_IN_POLICY": (
        bucket(Condition={"StringEquals": {"s3:ResourceAccount": "111122223333"}}),
        when("StringEquals", "s3:ResourceAccount", "111122223333"),
    ),
    "NULL_WITH_QUALIFIER": (
        when("ForAllValues:Null", "aws:TagKeys", "true"),
        when("Null", "aws:TagKeys", "true"),
    ),
    "PRIVATE_IP_ADDRESS_SUBSET": (
        when("IpAddress", "aws:SourceIp", "10.0.0.0/8", "203.0.113.0/24"),
        when("IpAddress", "aws:SourceIp", "198.51.100.0/24", "203.0.113.0/24"),
    ),
    "PRIVATE_NOT_IP_ADDRESS_SUBSET": (
        when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "203.0.113.0/24"),
        when("NotIpAddress", "aws:SourceIp", "198.51.100.0/24", "203.0.113.0/24"),
    ),
    "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL": (
        bucket(Principal=SERVICE, Condition={"StringEquals": {"aws:Referer": "111122223333"}}),
        bucket(Principal=SERVICE, Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
    ),
    "REDUNDANT_ACTION": (
        identity(Action=["iam:Get*", "iam:List*", "iam:GetCredentialReport"]),
        identity(Action=["iam:Get*", "iam:List*", "iam:*CredentialReport"]),
    ),
    "REDUNDANT_CONDITION_VALUE_NUM": (
        when("NumericLessThan", "aws:MultiFactorAuthAge", "2700", "3600"),
        when("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
    ),
    "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY": (
        trust(Principal={"AWS": [ROLE, "arn:aws:sts::111122223333:assumed-role/app/job"]}),
        trust(Principal={"AWS": [ROLE, "arn:aws:sts::111122223333:assumed-role/other/job"]}),
    ),
    "REDUNDANT_RESOURCE": (
        passing(Resource=["arn:aws:iam::111122223333:role/jane-admin", "arn:aws:iam::111122223333:role/jane*"]),
        passing(Resource=["arn:aws:iam::111122223333:role/Jane-admin", "arn:aws:iam::111122223333:role/jane*"]),
    ),
    "REDUNDANT_STATEMENT": (two({"Sid": "A"}, {"Sid": "B"}), two({"Sid": "A"}, {"Sid": "A", "Effect": "Deny"})),
    "WILDCARD_IN_SERVICE_NAME": (
        identity(Resource="arn:aws:*code*::111122223333:*"),
        identity(Resource="arn:aws:codebuild:*:111122223333:*"),
    ),
}
