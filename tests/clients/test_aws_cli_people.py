"""The aws CLI on users, groups, passwords and access keys: every command for them and what it prints."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.conftest import Account
from tests.clients.terminal import Terminal

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
S3 = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def aws(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    made = Terminal.of(account, tmp_path_factory.mktemp("home"))
    made.file("s3.json", S3)
    yield made
    made.close()


def test_the_life_of_a_user(aws: Terminal, account: Account) -> None:
    made = aws("iam create-user --user-name minsu --path /web/ --tags Key=team,Value=web")["User"]
    assert made["Arn"] == f"arn:aws:iam::{account.id}:user/web/minsu" and made["UserId"].startswith("AIDA")
    assert made["Tags"] == [{"Key": "team", "Value": "web"}]
    aws("iam wait user-exists --user-name minsu")
    told = ("EntityAlreadyExists", "User with name minsu already exists.")
    assert aws.refused("iam create-user --user-name minsu") == told
    aws("iam tag-user --user-name minsu --tags Key=floor,Value=3 Key=team,Value=shop")
    assert aws("iam list-user-tags --user-name minsu")["Tags"] == [
        {"Key": "floor", "Value": "3"},
        {"Key": "team", "Value": "shop"},
    ]
    aws("iam untag-user --user-name minsu --tag-keys floor")
    aws(f"iam put-user-permissions-boundary --user-name minsu --permissions-boundary {READ_ONLY}")
    found = aws("iam get-user --user-name minsu", but=".User.PasswordLastUsed")["User"]
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    aws("iam delete-user-permissions-boundary --user-name minsu")
    aws("iam update-user --user-name minsu --new-user-name minji --new-path /")
    assert aws("iam list-users --query Users[].[UserName,Path,UserId]") == [["minji", "/", made["UserId"]]]
    assert aws.text("iam list-users --path-prefix /web/ --query Users --output text") == ""
    told = ("NoSuchEntity", "The user with name minsu cannot be found.")
    assert aws.refused("iam get-user --user-name minsu") == told
    aws("iam delete-user --user-name minji")
    assert aws("iam list-users")["Users"] == []


def test_the_policies_of_a_user(aws: Terminal) -> None:
    aws("iam create-user --user-name jiho")
    aws("iam put-user-policy --user-name jiho --policy-name s3 --policy-document file://s3.json")
    assert aws("iam list-user-policies --user-name jiho")["PolicyNames"] == ["s3"]
    assert aws("iam get-user-policy --user-name jiho --policy-name s3")["PolicyDocument"] == S3
    aws(f"iam attach-user-policy --user-name jiho --policy-arn {READ_ONLY}")
    attached = aws("iam list-attached-user-policies --user-name jiho")["AttachedPolicies"]
    assert attached == [{"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY}]
    aws(f"iam detach-user-policy --user-name jiho --policy-arn {READ_ONLY}")
    assert aws.refused(f"iam detach-user-policy --user-name jiho --policy-arn {READ_ONLY}")[0] == "NoSuchEntity"
    told = ("DeleteConflict", "Cannot delete entity, must delete policies first.")
    assert aws.refused("iam delete-user --user-name jiho") == told
    aws("iam delete-user-policy --user-name jiho --policy-name s3")
    aws("iam delete-user --user-name jiho")


def test_the_life_of_a_group(aws: Terminal, account: Account) -> None:
    made = aws("iam create-group --group-name Admins")["Group"]
    assert made["Arn"] == f"arn:aws:iam::{account.id}:group/Admins" and made["GroupId"].startswith("AGPA")
    aws("iam create-user --user-name sora")
    aws("iam add-user-to-group --group-name Admins --user-name sora")
    assert [each["UserName"] for each in aws("iam get-group --group-name Admins")["Users"]] == ["sora"]
    (of,) = aws("iam list-groups-for-user --user-name sora")["Groups"]
    assert of == made
    aws("iam put-group-policy --group-name Admins --policy-name s3 --policy-document file://s3.json")
    assert aws("iam list-group-policies --group-name Admins")["PolicyNames"] == ["s3"]
    assert aws("iam get-group-policy --group-name Admins --policy-name s3")["PolicyDocument"] == S3
    aws(f"iam attach-group-policy --group-name Admins --policy-arn {READ_ONLY}")
    assert len(aws("iam list-attached-group-policies --group-name Admins")["AttachedPolicies"]) == 1
    aws("iam update-group --group-name Admins --new-group-name Operators")
    (listed,) = aws("iam list-groups")["Groups"]
    assert (listed["GroupName"], listed["GroupId"]) == ("Operators", made["GroupId"])
    aws("iam remove-user-from-group --group-name Operators --user-name sora")
    aws(f"iam detach-group-policy --group-name Operators --policy-arn {READ_ONLY}")
    told = ("DeleteConflict", "Cannot delete entity, must delete policies first.")
    assert aws.refused("iam delete-group --group-name Operators") == told
    aws("iam delete-group-policy --group-name Operators --policy-name s3")
    aws("iam delete-group --group-name Operators")
    aws("iam delete-user --user-name sora")


def test_the_life_of_an_access_key(aws: Terminal, account: Account) -> None:
    aws("iam create-user --user-name yuna")
    made = aws("iam create-access-key --user-name yuna")["AccessKey"]
    assert made["AccessKeyId"].startswith("AKIA") and made["Status"] == "Active"
    aws.profile("yuna", made)
    who = aws("sts get-caller-identity", "yuna")
    assert (who["Account"], who["Arn"]) == (account.id, f"arn:aws:iam::{account.id}:user/yuna")
    code, message = aws.refused("iam list-access-keys", "yuna")
    assert code == "AccessDenied"
    assert message.startswith(f"User: {who['Arn']} is not authorized to perform: iam:ListAccessKeys on resource: ")
    assert message.endswith(" because no identity-based policy allows the iam:ListAccessKeys action")
    last_used = f"iam get-access-key-last-used --access-key-id {made['AccessKeyId']}"
    for _ in range(100):  # it is noted after the answer, as AWS does
        used = aws(last_used, but=".AccessKeyLastUsed.LastUsedDate")
        if "LastUsedDate" in used["AccessKeyLastUsed"]:
            break
    assert used["UserName"] == "yuna" and used["AccessKeyLastUsed"]["Region"] == "ap-northeast-2"
    aws("iam create-access-key --user-name yuna")
    told = ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
    assert aws.refused("iam create-access-key --user-name yuna") == told
    aws(f"iam update-access-key --user-name yuna --access-key-id {made['AccessKeyId']} --status Inactive")
    told = ("InvalidClientTokenId", "The security token included in the request is invalid.")
    assert aws.refused("sts get-caller-identity", "yuna") == told
    listed = aws("iam list-access-keys --user-name yuna")["AccessKeyMetadata"]
    assert sorted(each["Status"] for each in listed) == ["Active", "Inactive"]
    for each in listed:
        aws(f"iam delete-access-key --user-name yuna --access-key-id {each['AccessKeyId']}")
    aws("iam delete-user --user-name yuna")


def test_the_life_of_a_password(aws: Terminal) -> None:
    aws("iam create-user --user-name haru")
    file = aws.file("profile.json", {"UserName": "haru", "Password": "first-Sesame-1", "PasswordResetRequired": True})
    made = aws(f"iam create-login-profile --cli-input-json {file}")["LoginProfile"]
    assert made["UserName"] == "haru" and made["PasswordResetRequired"]
    aws("iam update-login-profile --user-name haru --password second-Sesame-2 --no-password-reset-required")
    assert not aws("iam get-login-profile --user-name haru")["LoginProfile"].get("PasswordResetRequired")
    aws.profile("haru", aws("iam create-access-key --user-name haru")["AccessKey"])
    change = "iam change-password --old-password second-Sesame-2 --new-password third-Sesame-3"
    assert aws.refused(change, "haru")[0] == "AccessDenied"
    change_own = {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"}
    aws(
        "iam put-user-policy --user-name haru --policy-name own --policy-document "
        + aws.file("own.json", {"Version": "2012-10-17", "Statement": change_own})
    )
    aws(change, "haru")
    assert aws.refused(change, "haru") == ("AccessDenied", "The old password was incorrect.")
    aws("iam delete-login-profile --user-name haru")
    told = ("NoSuchEntity", "Login Profile for User haru cannot be found.")
    assert aws.refused("iam get-login-profile --user-name haru") == told


def test_the_life_of_the_password_policy(aws: Terminal) -> None:
    told = "The Password Policy with domain name "
    code, message = aws.refused("iam get-account-password-policy")
    assert code == "NoSuchEntity" and message.startswith(told), message
    aws(
        "iam update-account-password-policy --minimum-password-length 10 --require-numbers --require-symbols "
        "--max-password-age 90 --password-reuse-prevention 5 --no-hard-expiry"
    )
    policy = aws("iam get-account-password-policy")["PasswordPolicy"]
    assert policy["MinimumPasswordLength"] == 10 and policy["ExpirePasswords"] and not policy["HardExpiry"]
    aws("iam create-user --user-name short")
    code, message = aws.refused("iam create-login-profile --user-name short --password sesame")
    assert code == "PasswordPolicyViolation" and message.startswith("Password does not conform to the account"), message
    aws("iam delete-account-password-policy")
