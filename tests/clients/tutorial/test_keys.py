"""The tutorial on keys, profiles, and the download service with its two identities."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.clients.tutorial.shell import REGION, Shell, allow, document

pytestmark = [
    pytest.mark.client,
    pytest.mark.server,
    pytest.mark.xdist_group("tutorial-keys"),
    pytest.mark.usefixtures("people"),
]


def test_a_profile_is_an_identity_and_default_is_the_one_nobody_names(shell: Shell) -> None:
    assert shell.aws("sts", "get-caller-identity").json["Arn"].endswith(":user/fileadmin")
    assert shell.aws("sts", "get-caller-identity", profile="joinc").json["Arn"].endswith(":user/testuser")


def test_joinc_lists_the_buckets(shell: Shell, bucket: str) -> None:
    done = shell.aws("s3", "ls", profile="joinc")
    assert done.code == 0, done.error
    assert [line.split()[2] for line in done.out.splitlines()].count(bucket) == 1


def test_the_file_administrator_uploads_and_the_download_server_downloads(shell: Shell, bucket: str) -> None:
    (shell.home / "report.txt").write_text("for everybody")
    sent = shell.aws("s3", "cp", "report.txt", f"s3://{bucket}/report.txt")
    assert sent.code == 0, sent.error
    got = shell.aws("s3", "cp", f"s3://{bucket}/report.txt", "got.txt", profile="joinc")
    assert got.code == 0, got.error
    assert (shell.home / "got.txt").read_text() == "for everybody"


def test_a_file_whose_type_nobody_told_is_binary_as_at_aws(shell: Shell, bucket: str) -> None:
    name = ("--bucket", bucket, "--key", "untyped.txt")
    assert shell.aws("s3api", "put-object", *name, "--body", "file.go").code == 0
    assert shell.aws("s3api", "head-object", *name).json["ContentType"] == "binary/octet-stream"
    assert shell.aws("s3api", "put-object", *name, "--body", "file.go", "--content-type", "text/x-go").code == 0
    assert shell.aws("s3api", "head-object", *name).json["ContentType"] == "text/x-go"


def test_the_download_server_can_not_upload(shell: Shell, bucket: str) -> None:
    (shell.home / "smuggled.txt").write_text("mine")
    done = shell.aws("s3", "cp", "smuggled.txt", f"s3://{bucket}/smuggled.txt", profile="joinc")
    assert (done.code, done.refused) == (1, "AccessDenied")
    assert "is not authorized to perform: s3:PutObject" in done.error
    assert shell.aws("s3api", "head-object", "--bucket", bucket, "--key", "smuggled.txt").refused == "404"


def test_the_download_server_deletes_neither_files_nor_buckets(shell: Shell, bucket: str) -> None:
    assert shell.aws("s3", "rm", f"s3://{bucket}/file.go", profile="joinc").refused == "AccessDenied"
    assert shell.aws("s3", "rb", f"s3://{bucket}", profile="joinc").refused == "AccessDenied"
    assert shell.aws("s3api", "head-object", "--bucket", bucket, "--key", "file.go").json["ContentLength"] == 770


@pytest.mark.parametrize("profile", ["joinc", "fileadmin"])
def test_neither_of_them_reaches_anything_else(shell: Shell, profile: str) -> None:
    assert shell.aws("iam", "list-users", profile=profile).refused == "AccessDenied"
    assert shell.aws("iam", "create-access-key", "--user-name", "fileadmin", profile=profile).refused == "AccessDenied"
    assert shell.aws("ec2", "describe-instances", profile=profile).refused == "UnauthorizedOperation"
    terminate = ("ec2", "terminate-instances", "--instance-ids", "i-0123456789abcdef0")
    assert shell.aws(*terminate, profile=profile).refused == "UnauthorizedOperation"


def test_an_uploader_with_the_least_it_needs_can_not_remove_the_bucket(shell: Shell, bucket: str) -> None:
    shell.user("uploader")
    least = document(allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*"))
    shell.root(
        "iam", "put-user-policy", "--user-name", "uploader", "--policy-name", "files", "--policy-document", least
    )
    (shell.home / "new.txt").write_text("new")
    done = shell.aws("s3", "cp", "new.txt", f"s3://{bucket}/new.txt", profile="uploader")
    assert done.code == 0, done.error
    assert shell.aws("s3", "rb", f"s3://{bucket}", profile="uploader").refused == "AccessDenied"
    assert shell.aws("s3", "rm", f"s3://{bucket}/new.txt", profile="uploader").refused == "AccessDenied"
    assert shell.aws("s3", "ls", profile="uploader").refused == "AccessDenied"


def test_a_key_that_is_switched_off_or_deleted_opens_nothing_from_the_next_request_on(shell: Shell) -> None:
    key = shell.user("leaky", "AmazonS3ReadOnlyAccess", "IAMReadOnlyAccess")
    of_key = ("--user-name", "leaky", "--access-key-id", key["AccessKeyId"])

    def answers() -> tuple[str, str]:
        asked = shell.aws("iam", "list-groups", profile="leaky"), shell.aws("s3", "ls", profile="leaky")
        iam, s3 = ("" if done.code == 0 else done.refused for done in asked)
        return iam, s3

    assert answers() == ("", "")
    shell.root("iam", "update-access-key", *of_key, "--status", "Inactive")
    assert answers() == ("InvalidClientTokenId", "InvalidAccessKeyId")
    shell.root("iam", "update-access-key", *of_key, "--status", "Active")
    assert answers() == ("", "")
    shell.root("iam", "delete-access-key", *of_key)
    assert answers() == ("InvalidClientTokenId", "InvalidAccessKeyId")


def test_the_secret_is_shown_once(shell: Shell) -> None:
    key = shell.user("forgetful")
    assert len(key["SecretAccessKey"]) == 40
    told = shell.root("iam", "list-access-keys", "--user-name", "forgetful")["AccessKeyMetadata"]
    assert [set(each) for each in told] == [{"UserName", "AccessKeyId", "Status", "CreateDate"}]


def test_when_and_where_a_key_was_last_used_is_known(shell: Shell) -> None:
    key = shell.user("traced", "AmazonS3ReadOnlyAccess")
    ask = ("iam", "get-access-key-last-used", "--access-key-id", key["AccessKeyId"])
    never = shell.root(*ask)
    assert never == {"UserName": "traced", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}

    before = datetime.now(UTC).replace(microsecond=0)
    assert shell.aws("s3", "ls", profile="traced").code == 0
    used = shell.root(*ask)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("s3", REGION)
    assert before <= datetime.fromisoformat(used["LastUsedDate"]) <= datetime.now(UTC)


def test_a_wrong_secret_and_an_unknown_key_get_awss_own_errors(shell: Shell) -> None:
    key = shell.user("mistyped", "AmazonS3ReadOnlyAccess")
    shell.configure("wrong", {**key, "SecretAccessKey": "x" * 40})
    shell.configure("unknown", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 40})

    assert shell.aws("iam", "list-users", profile="wrong").refused == "SignatureDoesNotMatch"
    assert shell.aws("s3", "ls", profile="wrong").refused == "SignatureDoesNotMatch"
    assert shell.aws("iam", "list-users", profile="unknown").refused == "InvalidClientTokenId"
    assert shell.aws("s3", "ls", profile="unknown").refused == "InvalidAccessKeyId"


@pytest.mark.parametrize(
    ("service", "path", "code"), [("sts", "/?Action=GetCallerIdentity&Version=2011-06-15", "SignatureDoesNotMatch"),
                                  ("s3", "/", "RequestTimeTooSkewed")]
)  # fmt: skip
@pytest.mark.parametrize("wrong", [timedelta(minutes=-16), timedelta(minutes=16)])
def test_a_clock_that_goes_wrong_gets_awss_own_errors(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, service: str, path: str, code: str, wrong: timedelta
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: (now + wrong).replace(tzinfo=None))
    request = AWSRequest("GET", shell.server.endpoint + path)
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer(Credentials(*shell.server.root), service, REGION).add_auth(request)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(request.url, headers=dict(request.headers.items())))
    assert refused.value.code == 403
    assert f"<Code>{code}</Code>" in refused.value.read().decode()
