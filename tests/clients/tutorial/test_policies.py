"""The tutorial on policies: the ones AWS provides, the ones customers write, and who wins."""

from __future__ import annotations

import json

import pytest

from tests.clients.tutorial.shell import Shell, allow, document, managed

pytestmark = [pytest.mark.client, pytest.mark.server, pytest.mark.xdist_group("tutorial-policies")]

READ_ONLY = managed("AmazonS3ReadOnlyAccess")
TUTORIAL_DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}],
}
"""What the tutorial shows of AmazonS3ReadOnlyAccess, in 2018."""
TUTORIAL_KEYS = {
    "PolicyName": str,
    "PolicyId": str,
    "Arn": str,
    "Path": str,
    "DefaultVersionId": str,
    "AttachmentCount": int,
    "PermissionsBoundaryUsageCount": int,
    "IsAttachable": bool,
    "Description": str,
    "CreateDate": str,
    "UpdateDate": str,
}


def test_the_policies_that_aws_provides_are_there_and_a_search_finds_those_for_s3(shell: Shell) -> None:
    names = {each["PolicyName"] for each in shell.root("iam", "list-policies", "--scope", "AWS")["Policies"]}
    assert len(names) > 1000
    found = {name for name in names if "S3" in name}
    assert {"AmazonS3ReadOnlyAccess", "AmazonS3FullAccess"} <= found
    assert len(found) < 50


def test_get_policy_prints_what_the_tutorial_shows(shell: Shell) -> None:
    policy = shell.root("iam", "get-policy", "--policy-arn", READ_ONLY)["Policy"]
    assert {name: type(policy[name]) for name in TUTORIAL_KEYS} == TUTORIAL_KEYS
    assert set(policy) - set(TUTORIAL_KEYS) <= {"Tags"}  # AWS has added them since
    assert policy["PolicyId"].startswith("ANPA")
    assert (policy["PolicyName"], policy["Arn"], policy["Path"]) == ("AmazonS3ReadOnlyAccess", READ_ONLY, "/")
    assert policy["CreateDate"] == "2015-02-06T18:40:59Z"
    assert policy["Description"] == "Provides read only access to all buckets via the AWS Management Console."
    assert policy["IsAttachable"] is True


def test_the_attachment_count_follows_the_attachments(shell: Shell) -> None:
    def count() -> int:
        return int(shell.root("iam", "get-policy", "--policy-arn", READ_ONLY)["Policy"]["AttachmentCount"])

    before = count()
    shell.root("iam", "create-user", "--user-name", "counted")
    shell.root("iam", "attach-user-policy", "--user-name", "counted", "--policy-arn", READ_ONLY)
    assert count() == before + 1
    shell.root("iam", "create-group", "--group-name", "counted")
    shell.root("iam", "attach-group-policy", "--group-name", "counted", "--policy-arn", READ_ONLY)
    assert count() == before + 2
    shell.root("iam", "detach-user-policy", "--user-name", "counted", "--policy-arn", READ_ONLY)
    shell.root("iam", "detach-group-policy", "--group-name", "counted", "--policy-arn", READ_ONLY)
    assert count() == before


def test_version_1_is_the_tutorials_document_and_todays_default_allows_more(shell: Shell) -> None:
    def version(name: str) -> dict[str, object]:
        found = shell.root("iam", "get-policy-version", "--policy-arn", READ_ONLY, "--version-id", name)
        return dict(found["PolicyVersion"])

    default = str(shell.root("iam", "get-policy", "--policy-arn", READ_ONLY)["Policy"]["DefaultVersionId"])
    first, today = version("v1"), version(default)
    assert first["Document"] == TUTORIAL_DOCUMENT
    assert (first["IsDefaultVersion"], today["IsDefaultVersion"]) == (False, True)
    assert int(default.removeprefix("v")) >= 3
    allowed = today["Document"]["Statement"][0]["Action"]  # type: ignore[index]
    assert {"s3:Get*", "s3:List*", "s3:Describe*"} <= set(allowed)


def test_policies_of_aws_can_be_edited_by_nobody(shell: Shell) -> None:
    edit = ("iam", "create-policy-version", "--policy-arn", READ_ONLY, "--policy-document", document(allow("s3:*")))
    assert shell.aws(*edit, profile="root").refused == "AccessDenied"
    assert shell.aws("iam", "delete-policy", "--policy-arn", READ_ONLY, profile="root").refused == "AccessDenied"
    assert shell.root("iam", "get-policy", "--policy-arn", READ_ONLY)["Policy"]["DefaultVersionId"] == "v3"


def test_a_policy_of_the_customer_has_versions_and_the_default_one_decides(shell: Shell, bucket: str) -> None:
    shell.user("versioned")
    made = shell.root(
        *("iam", "create-policy", "--policy-name", "changing"),
        *("--policy-document", document(allow("s3:ListAllMyBuckets"))),
    )["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{shell.account}:policy/changing"
    shell.root("iam", "attach-user-policy", "--user-name", "versioned", "--policy-arn", arn)
    assert shell.aws("s3", "ls", profile="versioned").code == 0

    other = document(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    shell.root("iam", "create-policy-version", "--policy-arn", arn, "--policy-document", other, "--set-as-default")
    assert shell.aws("s3", "ls", profile="versioned").refused == "AccessDenied"
    assert shell.aws("s3", "ls", f"s3://{bucket}", profile="versioned").code == 0

    shell.root("iam", "set-default-policy-version", "--policy-arn", arn, "--version-id", "v1")
    assert shell.aws("s3", "ls", profile="versioned").code == 0
    shell.root("iam", "delete-policy-version", "--policy-arn", arn, "--version-id", "v2")
    assert [
        each["VersionId"] for each in shell.root("iam", "list-policy-versions", "--policy-arn", arn)["Versions"]
    ] == ["v1"]
    assert shell.aws("iam", "delete-policy", "--policy-arn", arn, profile="root").refused == "DeleteConflict"


def test_a_policy_can_be_narrowed_to_a_prefix_of_a_bucket(shell: Shell) -> None:
    shell.root("s3api", "create-bucket", "--bucket", "joinc-bucket", *_HERE)
    (shell.home / "picture.png").write_bytes(b"\x89PNG")
    for key in ("imges/picture.png", "other/picture.png"):
        done = shell.aws("s3", "cp", "picture.png", f"s3://joinc-bucket/{key}", profile="root")
        assert done.code == 0, done.error
    shell.user("narrow")
    narrow = document(allow(["s3:Get*", "s3:List*"], "arn:aws:s3:::joinc-bucket/imges/*"))
    shell.root("iam", "put-user-policy", "--user-name", "narrow", "--policy-name", "imges", "--policy-document", narrow)
    get = ("s3api", "get-object", "--bucket", "joinc-bucket", "--key")
    assert shell.aws(*get, "imges/picture.png", "got.png", profile="narrow").code == 0
    assert shell.aws(*get, "other/picture.png", "got.png", profile="narrow").refused == "AccessDenied"
    assert shell.aws(*get, "imges/../other/picture.png", "got.png", profile="narrow").refused == "AccessDenied"
    assert shell.aws("s3", "ls", "s3://joinc-bucket/imges/", profile="narrow").refused == "AccessDenied"


def test_admins_do_anything_and_operators_anything_but_the_administration_of_identities(shell: Shell) -> None:
    operator = document({"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"})
    made = shell.root("iam", "create-policy", "--policy-name", "operator-policy", "--policy-document", operator)
    for group, user, policy in (
        ("AdminGroup", "yundream", managed("AdministratorAccess")),
        ("OperatorGroup", "DaveFoo", made["Policy"]["Arn"]),
    ):
        shell.root("iam", "create-group", "--group-name", group)
        shell.root("iam", "attach-group-policy", "--group-name", group, "--policy-arn", policy)
        shell.user(user)
        shell.root("iam", "add-user-to-group", "--group-name", group, "--user-name", user)

    assert shell.aws("iam", "create-user", "--user-name", "made-by-admin", profile="yundream").code == 0
    assert shell.aws("s3api", "create-bucket", "--bucket", "of-admin", *_HERE, profile="yundream").code == 0
    assert shell.aws("ec2", "describe-instances", profile="yundream").code == 0

    assert shell.aws("s3api", "create-bucket", "--bucket", "of-operator", *_HERE, profile="DaveFoo").code == 0
    assert shell.aws("s3", "rb", "s3://of-operator", profile="DaveFoo").code == 0
    assert shell.aws("ec2", "describe-instances", profile="DaveFoo").code == 0
    for refused in (
        ("create-user", "--user-name", "made-by-operator"),
        ("add-user-to-group", "--group-name", "AdminGroup", "--user-name", "DaveFoo"),
        ("attach-group-policy", "--group-name", "OperatorGroup", "--policy-arn", managed("AdministratorAccess")),
        ("list-users",),
    ):
        assert shell.aws("iam", *refused, profile="DaveFoo").refused == "AccessDenied"


def test_a_bucket_policy_alone_lets_in_another_account_and_keeps_out_ones_own(shell: Shell, bucket: str) -> None:
    made = shell.server.account("partner")
    shell.configure("partner", {"AccessKeyId": made["akid"], "SecretAccessKey": made["secret"]})
    shell.user("insider", "AmazonS3ReadOnlyAccess")
    get = ("s3api", "get-object", "--bucket", bucket, "--key", "file.go", "got")
    assert shell.aws(*get, profile="partner").refused == "AccessDenied"
    assert shell.aws(*get, profile="insider").code == 0

    insider = f"arn:aws:iam::{shell.account}:user/insider"
    files = f"arn:aws:s3:::{bucket}/*"
    policy = document(
        {"Effect": "Allow", "Principal": {"AWS": made["account"]}, "Action": "s3:GetObject", "Resource": files},
        {"Effect": "Deny", "Principal": {"AWS": insider}, "Action": "s3:GetObject", "Resource": files},
    )
    shell.root("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", policy)
    try:
        assert shell.aws(*get, profile="partner").code == 0
        denied = shell.aws(*get, profile="insider")
        assert denied.refused == "AccessDenied"
        assert "with an explicit deny in a resource-based policy" in denied.error
    finally:
        shell.root("s3api", "delete-bucket-policy", "--bucket", bucket)
    assert shell.aws(*get, profile="partner").refused == "AccessDenied"


def test_a_boundary_caps_what_a_user_has(shell: Shell) -> None:
    shell.user("bounded", "AmazonS3ReadOnlyAccess", "IAMReadOnlyAccess")
    shell.root("iam", "put-user-permissions-boundary", "--user-name", "bounded", "--permissions-boundary", READ_ONLY)
    assert shell.aws("s3", "ls", profile="bounded").code == 0
    denied = shell.aws("iam", "list-users", profile="bounded")
    assert denied.refused == "AccessDenied"
    assert "because no permissions boundary allows the iam:ListUsers action" in denied.error


def test_a_session_policy_caps_what_a_session_has(shell: Shell, bucket: str) -> None:
    shell.user("lender", "AmazonS3ReadOnlyAccess")
    grant = document(allow("sts:GetFederationToken"))
    shell.root("iam", "put-user-policy", "--user-name", "lender", "--policy-name", "lend", "--policy-document", grant)
    only_list = document(allow("s3:ListAllMyBuckets"))
    lent = shell.aws("sts", "get-federation-token", "--name", "borrower", "--policy", only_list, profile="lender")
    shell.configure("borrower", lent.json["Credentials"])
    assert shell.aws("s3", "ls", profile="borrower").code == 0
    denied = shell.aws("s3", "ls", f"s3://{bucket}", profile="borrower")
    assert denied.refused == "AccessDenied"
    assert "because no session policy allows the s3:ListBucket action" in denied.error


def test_a_service_control_policy_caps_a_whole_account_its_root_included(shell: Shell) -> None:
    made = shell.server.account("capped")
    shell.configure("capped", {"AccessKeyId": made["akid"], "SecretAccessKey": made["secret"]})
    assert shell.aws("s3", "ls", profile="capped").code == 0
    root = shell.root("organizations", "list-roots")["Roots"][0]["Id"]
    scp = "SERVICE_CONTROL_POLICY"
    shell.root("organizations", "enable-policy-type", "--root-id", root, "--policy-type", scp)
    denial = document({"Effect": "Deny", "Action": "s3:ListAllMyBuckets", "Resource": "*"})
    policy = shell.root(
        *("organizations", "create-policy", "--type", scp, "--name", "no-lists", "--description", ""),
        *("--content", denial),
    )["Policy"]["PolicySummary"]["Id"]
    shell.root("organizations", "attach-policy", "--policy-id", policy, "--target-id", made["account"])
    denied = shell.aws("s3", "ls", profile="capped")
    assert denied.refused == "AccessDenied"
    assert "with an explicit deny in a service control policy" in denied.error
    assert shell.aws("s3", "ls", profile="root").code == 0


def test_a_document_that_is_no_policy_is_refused_in_awss_words(shell: Shell) -> None:
    broken = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3", "Resource": "*"}]})
    done = shell.aws("iam", "create-policy", "--policy-name", "broken", "--policy-document", broken, profile="root")
    assert done.refused == "MalformedPolicyDocument"
    assert "Actions/Conditions must be prefaced by a vendor" in done.error


_HERE = ("--create-bucket-configuration", "LocationConstraint=ap-northeast-2")
