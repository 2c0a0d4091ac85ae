"""The tutorial on accounts, users and groups."""

from __future__ import annotations

import pytest

from tests.clients.tutorial.shell import Shell, allow, document, managed, trust

pytestmark = [pytest.mark.client, pytest.mark.server, pytest.mark.xdist_group("tutorial-identities")]


def test_a_new_account_has_exactly_one_user_its_root(shell: Shell) -> None:
    made = shell.server.account("a new one")
    shell.configure("new-root", {"AccessKeyId": made["akid"], "SecretAccessKey": made["secret"]})

    assert shell.aws("iam", "list-users", profile="new-root").json == {"Users": []}
    assert shell.aws("iam", "get-account-summary", profile="new-root").json["SummaryMap"]["Users"] == 0
    identity = shell.aws("sts", "get-caller-identity", profile="new-root").json
    assert identity["Arn"] == f"arn:aws:iam::{made['account']}:root"


def test_root_makes_a_user_who_may_do_nothing_until_a_group_allows_it_and_after_it_no_more(shell: Shell) -> None:
    shell.user("newcomer")
    shell.root("iam", "create-group", "--group-name", "S3")
    shell.root("iam", "attach-group-policy", "--group-name", "S3", "--policy-arn", managed("AmazonS3ReadOnlyAccess"))

    assert shell.aws("s3", "ls", profile="newcomer").refused == "AccessDenied"
    shell.root("iam", "add-user-to-group", "--group-name", "S3", "--user-name", "newcomer")
    assert shell.aws("s3", "ls", profile="newcomer").code == 0
    shell.root("iam", "remove-user-from-group", "--group-name", "S3", "--user-name", "newcomer")
    assert shell.aws("s3", "ls", profile="newcomer").refused == "AccessDenied"


def test_users_are_added_to_groups_and_groups_are_not(shell: Shell) -> None:
    for name in ("admin", "operator"):
        made = shell.root("iam", "create-group", "--group-name", name)["Group"]
        assert made["GroupId"].startswith("AGPA")
    done = shell.aws("iam", "add-user-to-group", "--group-name", "admin", "--user-name", "operator", profile="root")
    assert done.refused == "NoSuchEntity"


def test_everybody_can_find_out_who_they_are(shell: Shell) -> None:
    account = shell.account
    key = shell.user("whoami")
    shell.root("iam", "create-role", "--role-name", "seen", "--assume-role-policy-document", trust({"AWS": account}))
    allowed = document(allow(["sts:AssumeRole", "sts:GetFederationToken"]))
    shell.root("iam", "put-user-policy", "--user-name", "whoami", "--policy-name", "sts", "--policy-document", allowed)
    role = shell.root("iam", "get-role", "--role-name", "seen")["Role"]
    user = shell.root("iam", "get-user", "--user-name", "whoami")["User"]
    session = shell.aws(
        *("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "today"), profile="whoami"
    ).json["Credentials"]
    federated = shell.aws("sts", "get-federation-token", "--name", "guest", profile="whoami").json["Credentials"]
    shell.configure("session", session)
    shell.configure("federated", federated)

    def identity(profile: str) -> tuple[str, str]:
        said = shell.aws("sts", "get-caller-identity", profile=profile).json
        assert said["Account"] == account
        return said["Arn"], said["UserId"]

    assert key["UserName"] == "whoami"
    assert identity("root") == (f"arn:aws:iam::{account}:root", account)
    assert identity("whoami") == (f"arn:aws:iam::{account}:user/whoami", user["UserId"])
    assert identity("session") == (f"arn:aws:sts::{account}:assumed-role/seen/today", f"{role['RoleId']}:today")
    assert identity("federated") == (f"arn:aws:sts::{account}:federated-user/guest", f"{account}:guest")


def test_an_identity_survives_a_new_name_and_not_its_own_end(shell: Shell) -> None:
    account = shell.account
    shell.user("ghost")
    born = shell.root("iam", "get-user", "--user-name", "ghost")["User"]["UserId"]
    shell.root("iam", "update-user", "--user-name", "ghost", "--new-user-name", "spirit")
    assert shell.root("iam", "get-user", "--user-name", "spirit")["User"]["UserId"] == born
    shell.root("iam", "update-user", "--user-name", "spirit", "--new-user-name", "ghost")

    policy = trust({"AWS": f"arn:aws:iam::{account}:user/ghost"})
    role = shell.root("iam", "create-role", "--role-name", "haunted", "--assume-role-policy-document", policy)["Role"]
    assume = ("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "night")
    assert shell.aws(*assume, profile="ghost").code == 0

    for key in shell.root("iam", "list-access-keys", "--user-name", "ghost")["AccessKeyMetadata"]:
        shell.root("iam", "delete-access-key", "--user-name", "ghost", "--access-key-id", key["AccessKeyId"])
    shell.root("iam", "delete-user", "--user-name", "ghost")
    again = shell.root("iam", "create-user", "--user-name", "ghost")["User"]
    shell.configure("ghost-again", shell.root("iam", "create-access-key", "--user-name", "ghost")["AccessKey"])

    assert again["Arn"] == f"arn:aws:iam::{account}:user/ghost"
    assert again["UserId"] != born
    assert shell.aws(*assume, profile="ghost-again").refused == "AccessDenied"
    named = shell.root("iam", "get-role", "--role-name", "haunted")["Role"]["AssumeRolePolicyDocument"]
    assert named["Statement"][0]["Principal"] == {"AWS": born}


def test_iam_answers_the_same_in_every_region_and_names_none(shell: Shell) -> None:
    shell.root("iam", "create-user", "--user-name", "everywhere")
    said = [
        shell.root("iam", "list-users", "--region", region) for region in ("us-east-1", "ap-northeast-2", "eu-west-1")
    ]
    assert said[0] == said[1] == said[2]
    assert all(user["Arn"].split(":")[3] == "" for user in said[0]["Users"])


def test_a_person_has_a_password_and_a_program_has_keys(shell: Shell) -> None:
    shell.root("iam", "create-user", "--user-name", "person")
    profile = shell.root(
        *("iam", "create-login-profile", "--user-name", "person", "--password", "corr3ct-Horse"),
        "--password-reset-required",
    )["LoginProfile"]
    assert profile["PasswordResetRequired"] is True
    assert shell.root("iam", "list-access-keys", "--user-name", "person") == {"AccessKeyMetadata": []}

    shell.user("program")
    done = shell.aws("iam", "get-login-profile", "--user-name", "program", profile="root")
    assert done.refused == "NoSuchEntity"
