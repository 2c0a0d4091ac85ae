"""For each error code: a policy that has it, and its neighbour that has not."""

from __future__ import annotations

from tests.analysis.build import NOTHING as NO
from tests.analysis.build import (
    Policy,
    bucket,
    document,
    identity,
    rcp,
    resource,
    scp,
    trust,
    web,
    when,
)

PROVIDER = "arn:aws:iam::111122223333:saml-provider/adfs"
ANYWHERE = {"Service": "rolesanywhere.amazonaws.com"}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
GOOD = identity()


def on(arn: str, **changes: object) -> Policy:
    return identity(Action="*", Resource=arn, **changes)


def top(**changes: object) -> Policy:
    return Policy(document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, **changes))


ERRORS: dict[str, tuple[Policy, Policy]] = {
    "ARN_ACCOUNT_NOT_ALLOWED": (on("arn:aws:s3::111122223333:box"), on("arn:aws:s3:::box")),
    "ARN_REGION_NOT_ALLOWED": (on("arn:aws:iam:us-east-1:111122223333:user/x"), on("arn:aws:iam::111122223333:user/x")),
    "DATA_TYPE_MISMATCH": (identity(Action=[1]), identity(Action=["s3:GetObject"])),
    "DUPLICATE_KEYS_WITH_DIFFERENT_CASE": (
        identity(Condition={"StringEquals": {"aws:username": "a", "aws:UserName": "b"}}),
        identity(Condition={"StringEquals": {"aws:username": "a"}, "StringLike": {"aws:UserName": "b"}}),
    ),
    "EMPTY_VARIABLE": (on("arn:aws:s3:::box/${}"), on("arn:aws:s3:::box/${aws:username}")),
    "FEDERATED_PRINCIPAL_NOT_SUPPORTED": (
        bucket(Principal={"Federated": PROVIDER}),
        trust(Principal={"Federated": PROVIDER}, Action="sts:AssumeRoleWithSAML"),
    ),
    "INVALID_ACTION": (identity(Action="s3:ListBuckets", Resource="*"), identity(Action="S3:getobject")),
    "INVALID_ARN_ACCOUNT": (on("arn:aws:sqs:us-east-1:1111:q"), on("arn:aws:sqs:us-east-1:111122223333:q")),
    "INVALID_ARN_PREFIX": (on("box"), on("arn:aws:s3:::box")),
    "INVALID_ARN_REGION": (on("arn:aws:sqs:us-middle-1:111122223333:q"), on("arn:aws:sqs:us-*:111122223333:q")),
    "INVALID_ARN_RESOURCE": (on("arn:aws:iam::111122223333:person/x"), on("arn:aws:iam::111122223333:user/x")),
    "INVALID_ARN_SERVICE_CASE": (on("arn:aws:S3:::box"), on("arn:aws:s3:::box")),
    "INVALID_CONDITION_DATA_TYPE": (
        when("StringEquals", "aws:username", "a", True),
        when("StringEquals", "aws:username", "a", "true"),
    ),
    "INVALID_CONDITION_KEY_FORMAT": (
        when("StringEquals", "username", "a"),
        when("StringEquals", "aws:username", "a"),
    ),
    "INVALID_CONDITION_MULTIPLE_BOOLEAN": (
        when("Bool", "aws:SecureTransport", "true", "false"),
        when("Bool", "aws:SecureTransport", "true"),
    ),
    "INVALID_CONDITION_OPERATOR": (
        when("StringMatches", "aws:username", "a"),
        when("ForAnyValue:StringLikeIfExists", "aws:TagKeys", "a"),
    ),
    "INVALID_EFFECT": (identity(Effect="allow"), GOOD),
    "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY": (web("nobody"), web("accounts.google.com")),
    "INVALID_GLOBAL_CONDITION_KEY": (
        when("StringEquals", "aws:UserNaem", "a"),
        when("StringEquals", "AWS:USERNAME", "a"),
    ),
    "INVALID_KMS_KEY_VALUE": (
        when("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", "alias/box"),
        when(
            "StringEquals",
            "s3:x-amz-server-side-encryption-aws-kms-key-id",
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd",
        ),
    ),
    "INVALID_PARTITION": (on("arn:foo:s3:::box"), on("arn:aws-cn:s3:::box")),
    "INVALID_POLICY_ELEMENT": (identity(Reason="x"), GOOD),
    "INVALID_PRINCIPAL_FORMAT": (trust(Principal="111122223333"), trust(Principal={"AWS": "111122223333"})),
    "INVALID_PRINCIPAL_KEY": (trust(Principal={"User": "x"}), trust(Principal={"Service": "ec2.amazonaws.com"})),
    "INVALID_REGION": (
        when("StringEquals", "aws:RequestedRegion", "eu-west-9"),
        when("StringLike", "aws:RequestedRegion", "eu-*", "us-east-1"),
    ),
    "INVALID_SERVICE": (
        when("StringEquals", "s33:prefix", "a"),
        when("StringEquals", "login.example.com:sub", "a"),
    ),
    "INVALID_SERVICE_CONDITION_KEY": (
        when("StringEquals", "s3:prefixes", "a"),
        when("StringEquals", "s3:ExistingObjectTag/team", "a"),
    ),
    "INVALID_SERVICE_IN_ACTION": (identity(Action="s33:GetObject"), GOOD),
    "INVALID_SERVICE_PRINCIPAL_FORMAT": (
        trust(Principal={"Service": "ec2"}),
        trust(Principal={"Service": ["ec2.amazonaws.com", "s3.ap-east-1.amazonaws.com"]}),
    ),
    "INVALID_VARIABLE_FOR_OPERATOR": (
        when("NumericLessThan", "s3:max-keys", "${aws:username}"),
        when("StringLike", "s3:prefix", "${aws:username}"),
    ),
    "INVALID_VERSION": (top(Version="2013-10-17"), top(Version="2008-10-17")),
    "INVALID_VPC_FORMAT": (
        when("StringEquals", "aws:SourceVpc", "vpc-1"),
        when("StringEquals", "aws:SourceVpc", "vpc-12345678"),
    ),
    "INVALID_VPCE_FORMAT": (
        when("StringEquals", "aws:SourceVpce", "vpc-12345678"),
        when("StringEquals", "aws:SourceVpce", "vpce-11223344556677889"),
    ),
    "JSON_SYNTAX_ERROR": (Policy('{"Version":"2012-10-17","Statement":[{},]}'), GOOD),
    "MISMATCHED_ACTION_FOR_PRINCIPAL": (
        trust(Principal={"Federated": PROVIDER}, Action="sts:AssumeRoleWithWebIdentity"),
        trust(Principal={"Federated": PROVIDER}, Action=["sts:AssumeRoleWithSAML", "sts:TagSession"]),
    ),
    "MISSING_ACTION": (identity(Action=NO), identity(NotAction="s3:GetObject")),
    "MISSING_ACTION_FOR_CONDITION_KEY": (
        trust(Condition={"StringEquals": {"sts:SourceIdentity": "a"}}),
        trust(
            Action=["sts:AssumeRole", "sts:SetSourceIdentity"],
            Condition={"StringEquals": {"sts:SourceIdentity": "a"}},
        ),
    ),
    "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY": (
        trust(Principal=ANYWHERE, Action=["sts:AssumeRole", "sts:TagSession"]),
        trust(Principal=ANYWHERE, Action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]),
    ),
    "MISSING_ARN_ACCOUNT": (on("arn:aws:sqs:us-east-1::q"), on("arn:aws:sqs:us-east-1:*:q")),
    "MISSING_ARN_FIELD": (on("arn:aws:s3"), on("arn:aws:s3:*")),
    "MISSING_ARN_REGION": (on("arn:aws:sqs::111122223333:q"), on("arn:aws:sqs:*:111122223333:q")),
    "MISSING_BRACE_IN_VARIABLE": (on("arn:aws:s3:::box/${aws:username"), on("arn:aws:s3:::box/${aws:username}")),
    "MISSING_EFFECT": (identity(Effect=NO), GOOD),
    "MISSING_PRINCIPAL": (resource(Principal=NO), resource(Principal="*")),
    "MISSING_QUALIFIER": (
        when("StringEquals", "aws:TagKeys", "a"),
        when("ForAllValues:StringEquals", "aws:TagKeys", "a"),
    ),
    "MISSING_QUOTE_IN_VARIABLE": (
        on("arn:aws:s3:::box/${aws:username, 'x}"),
        on("arn:aws:s3:::box/${aws:username, 'x'}"),
    ),
    "MISSING_RESOURCE": (identity(Resource=NO), trust()),
    "MISSING_STATEMENT": (Policy(document()), GOOD),
    "MISSING_TAG_KEY_IN_CONDITION": (
        when("StringEquals", "aws:ResourceTag", "a"),
        when("StringEquals", "aws:ResourceTag/team", "a"),
    ),
    "NULL_WITH_IF_EXISTS": (when("NullIfExists", "aws:username", "true"), when("Null", "aws:username", "true")),
    "POLICY_SIZE_EXCEEDS_RCP_QUOTA": (
        rcp(Resource=[f"arn:aws:s3:::{'x' * 50}{n}" for n in range(90)]),
        rcp(),
    ),
    "POLICY_SIZE_EXCEEDS_SCP_QUOTA": (
        scp(Resource=[f"arn:aws:s3:::{'x' * 50}{n}" for n in range(90)]),
        scp(),
    ),
    "PRIVATE_IP_ADDRESS": (
        when("IpAddress", "aws:SourceIp", "10.0.0.0/8", "192.168.1.1"),
        when("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),
    ),
    "PRIVATE_NOT_IP_ADDRESS": (
        when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
        when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    "RCP_SYNTAX_ERROR_ACTION": (rcp(Action="ec2:*"), rcp(Action=["s3:*", "sts:AssumeRole"])),
    "RCP_SYNTAX_ERROR_ALLOW": (
        rcp(Effect="Allow", Action="*", Condition=MFA),
        rcp(Effect="Allow", Action="*"),
    ),
    "RCP_SYNTAX_ERROR_NOTACTION": (rcp(NotAction="s3:*"), rcp()),
    "RCP_SYNTAX_ERROR_PRINCIPAL": (rcp(Principal={"AWS": "111122223333"}), rcp()),
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL": (
        trust(Effect="Deny", NotPrincipal={"AWS": "111122223333"}),
        trust(),
    ),
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE": (trust(Resource="*"), trust()),
    "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL": (trust(Principal="*"), trust()),
    "SCP_SYNTAX_ERROR_PRINCIPAL": (scp(Principal="*"), scp()),
    "TYPE_MISMATCH_IP_RANGE": (
        when("IpAddress", "aws:SourceIp", "203.0.113.0/99"),
        when("IpAddress", "aws:SourceIp", "203.0.113.7", "2001:DB8::/32"),
    ),
    "UNIQUE_SIDS_REQUIRED": (
        Policy(
            document(*({"Sid": "A", "Effect": "Allow", "Action": each, "Resource": "*"} for each in ("s3:*", "sqs:*")))
        ),
        Policy(document(*({"Sid": each, "Effect": "Allow", "Action": "s3:*", "Resource": "*"} for each in "AB"))),
    ),
    "UNSUPPORTED_ACTION_FOR_CONDITION_KEY": (
        when(
            "StringEquals",
            "iam:PassedToService",
            "ec2.amazonaws.com",
            Action=["iam:PassRole", "iam:GetRole"],
            Resource="*",
        ),
        when("StringEquals", "iam:PassedToService", "ec2.amazonaws.com", Action=["iam:PassRole"], Resource="*"),
    ),
    "UNSUPPORTED_ACTION_IN_POLICY": (bucket(Action="kms:Decrypt"), bucket(Action=["s3:Get*", "s3:ListBucket", "*"])),
    "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL": (
        bucket(
            Principal={"Service": "cloudfront.amazonaws.com"},
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        ),
        bucket(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ),
    "UNSUPPORTED_ELEMENT_COMBINATION": (identity(Action="s3:*", NotAction="iam:*"), GOOD),
    "UNSUPPORTED_GLOBAL_CONDITION_KEY": (
        scp(Condition={"ArnLike": {"aws:ARN": "arn:aws:iam::*:role/x"}}),
        scp(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}),
    ),
    "UNSUPPORTED_PRINCIPAL": (identity(Principal="*"), GOOD),
    "UNSUPPORTED_RESOURCE_ARN_IN_POLICY": (
        bucket(Resource="arn:aws:kms:us-east-1:111122223333:key/x"),
        bucket(Resource=["arn:aws:s3:::box", "arn:aws:s3:::box/*", "*"]),
    ),
    "UNSUPPORTED_SID": (identity(Sid="my stmt"), resource(Sid="my stmt")),
    "UNSUPPORTED_SPACE_IN_VARIABLE": (
        on("arn:aws:s3:::box/${aws: username}"),
        on("arn:aws:s3:::box/${aws:username, 'no name'}"),
    ),
    "UNSUPPORTED_SYMBOL_IN_VARIABLE": (on("arn:aws:s3:::box/${aws:user#name}"), on("arn:aws:s3:::box/${aws:username}")),
    "UNSUPPORTED_WILDCARD_IN_PRINCIPAL": (
        resource(Principal={"AWS": "arn:aws:iam::111122223333:user/*"}),
        resource(Principal={"AWS": "*"}),
    ),
    "VARIABLE_UNSUPPORTED_IN_ELEMENT": (
        identity(Action="s3:${aws:username}"),
        on("arn:aws:s3:::box/${aws:username}/*"),
    ),
    "VARIABLE_UNSUPPORTED_IN_VERSION": (
        Policy(
            document({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::box/${aws:username}"}, Version=NO)
        ),
        on("arn:aws:s3:::box/${aws:username}"),
    ),
}
