"""Sharing a bucket with the real aws CLI: made public and private again, and used by another account."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import Account
from tests.clients.terminal import Terminal
from tests.guarded.asking import plain_get
from tests.guarded.conftest import S3World
from tests.live import BIN, clean_environment
from tests.needs import need

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

ALL_FOUR = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@pytest.fixture(scope="module")
def aws(guarded: S3World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    home = tmp_path_factory.mktemp("acl-home")
    made = Terminal.of(Account(guarded.server, guarded.account, guarded.server.root), home)
    made.profile("other", {"AccessKeyId": guarded.other["akid"], "SecretAccessKey": guarded.other["secret"]})
    yield made
    made.close()


def test_a_site_is_public_between_two_commands(aws: Terminal, guarded: S3World) -> None:
    bucket = guarded.bucket()
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = aws.file("public.json", {"Version": "2012-10-17", "Statement": [public]})
    (aws.home / "index.html").write_text("<h1>hello</h1>")
    aws.text(f"s3 cp index.html s3://{bucket}/index.html")
    shown = aws(f"s3api get-public-access-block --bucket {bucket}")["PublicAccessBlockConfiguration"]
    assert shown == dict.fromkeys(ALL_FOUR, True)
    code, message = aws.refused(f"s3api put-bucket-policy --bucket {bucket} --policy {policy}")
    assert (code, "BlockPublicPolicy" in message) == ("AccessDenied", True)
    aws.text(f"s3api delete-public-access-block --bucket {bucket}")
    aws.text(f"s3api put-bucket-policy --bucket {bucket} --policy {policy}")
    assert aws(f"s3api get-bucket-policy-status --bucket {bucket}") == {"PolicyStatus": {"IsPublic": True}}
    assert curl(f"{guarded.server.endpoint}/{bucket}/index.html") == "<h1>hello</h1>"
    blocked = ",".join(f"{each}=true" for each in ALL_FOUR)
    aws.text(f"s3api put-public-access-block --bucket {bucket} --public-access-block-configuration {blocked}")
    assert plain_get(guarded, bucket, "index.html") == 403


def test_an_account_blocks_public_access_though_no_name_leads_to_it(aws: Terminal, guarded: S3World) -> None:
    """The CLI puts the account before the host's name, which nobody resolves: the server is its proxy, too."""
    bucket = guarded.bucket()
    guarded.unblock(bucket)
    guarded.policy(bucket, {"Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    environment = {**clean_environment(aws.home), "HTTP_PROXY": guarded.server.endpoint, "NO_PROXY": ""}

    def control(line: str, account: str = guarded.account) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / "aws"), "--profile", "root", "s3control", *line.split(), "--account-id", account]
        return subprocess.run(command, capture_output=True, text=True, cwd=aws.home, env=environment, timeout=60)

    blocked = ",".join(f"{each}=true" for each in ALL_FOUR)
    try:
        put = control(f"put-public-access-block --public-access-block-configuration {blocked}")
        assert (put.returncode, put.stderr) == (0, "")
        assert plain_get(guarded, bucket, "a") == 403
        shown = json.loads(control("get-public-access-block").stdout)
        assert shown == {"PublicAccessBlockConfiguration": dict.fromkeys(ALL_FOUR, True)}
        assert "(AccessDenied)" in control("get-public-access-block", guarded.other["account"]).stderr
    finally:
        assert control("delete-public-access-block").returncode == 0
    assert plain_get(guarded, bucket, "a") == b"one"


def test_another_account_delivers_into_an_inbox(aws: Terminal, guarded: S3World) -> None:
    bucket = guarded.bucket()
    ids = {who: aws("s3api list-buckets", who)["Owner"]["ID"] for who in ("root", "other")}
    writer = "--ownership-controls Rules=[{ObjectOwnership=ObjectWriter}]"
    aws.text(f"s3api put-bucket-ownership-controls --bucket {bucket} {writer}")
    grants = f"--grant-write id={ids['other']} --grant-full-control id={ids['root']}"
    aws.text(f"s3api put-bucket-acl --bucket {bucket} {grants}")
    (aws.home / "report.csv").write_text("a,b\n")
    aws.text(f"s3 cp report.csv s3://{bucket}/one.csv", "other")
    assert aws.refused(f"s3api get-object-attributes --bucket {bucket} --key one.csv --object-attributes ETag")[0] == (
        "AccessDenied"
    )
    aws.text(f"s3 cp report.csv s3://{bucket}/two.csv --acl bucket-owner-full-control", "other")
    aws.text(f"s3 cp s3://{bucket}/two.csv out.csv")
    assert (aws.home / "out.csv").read_text() == "a,b\n"
    # the examples of the CLI reference still have the display names that AWS stopped to tell in November 2025
    found = json.loads(aws.text(f"s3api get-object-acl --bucket {bucket} --key two.csv"))
    assert found["Owner"]["ID"] == ids["other"]
    assert {each["Grantee"]["ID"] for each in found["Grants"]} == set(ids.values())
    aws.text(f"s3api put-object-acl --bucket {bucket} --key one.csv --acl bucket-owner-read", "other")
    aws.text(f"s3 cp s3://{bucket}/one.csv out.csv")
    aws.text(f"s3 rm s3://{bucket}/one.csv")
    controls = aws(f"s3api get-bucket-ownership-controls --bucket {bucket}")["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}


def curl(url: str) -> str:
    """What an anonymous curl reads."""
    need(shutil.which("curl"), "there is no curl")
    return subprocess.run(["curl", "-fsS", url], capture_output=True, text=True, check=True).stdout


def test_the_state_of_a_bucket_is_read_as_infrastructure_tools_read_it(aws: Terminal, guarded: S3World) -> None:
    bucket = guarded.bucket()
    assert aws.refused(f"s3api get-bucket-website --bucket {bucket}")[0] == "NoSuchWebsiteConfiguration"
    assert aws.refused(f"s3api get-bucket-replication --bucket {bucket}")[0] == "ReplicationConfigurationNotFoundError"
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    assert aws.refused(f"s3api get-bucket-encryption --bucket {bucket}")[0] == missing
    assert not aws.text(f"s3api get-bucket-logging --bucket {bucket}").strip()
    assert not aws.text(f"s3api get-bucket-notification-configuration --bucket {bucket}").strip()
    assert aws(f"s3api get-bucket-request-payment --bucket {bucket}") == {"Payer": "BucketOwner"}


def test_s3cmd_sets_and_reads_acls(guarded: S3World, tmp_path: Path) -> None:
    s3cmd = shutil.which("s3cmd")
    need(s3cmd, "s3cmd is not installed")
    bucket, closed, (akid, secret) = guarded.with_acls(), guarded.bucket(), guarded.server.root
    place = guarded.server.endpoint.removeprefix("http://")
    settings = {
        "access_key": akid,
        "secret_key": secret,
        "host_base": place,
        "host_bucket": place,
        "use_https": "False",
    }
    lines = [f"{name} = {value}\n" for name, value in {**settings, "bucket_location": "ap-northeast-2"}.items()]
    (tmp_path / ".s3cfg").write_text("[default]\n" + "".join(lines))
    (tmp_path / "f.txt").write_text("hello")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(s3cmd), "-c", str(tmp_path / ".s3cfg"), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=clean_environment(tmp_path), timeout=60
        )

    assert run("put", "--acl-public", "f.txt", f"s3://{bucket}/f.txt").returncode == 0
    assert plain_get(guarded, bucket, "f.txt") == b"hello"
    assert run("setacl", "--acl-private", f"s3://{bucket}/f.txt").returncode == 0
    assert plain_get(guarded, bucket, "f.txt") == 403
    assert run("setacl", "--acl-public", f"s3://{bucket}").returncode == 0
    assert "*anon*: READ" in run("info", f"s3://{bucket}").stdout
    assert run("put", "f.txt", f"s3://{closed}/f.txt").returncode == 0
    refused = run("setacl", "--acl-public", f"s3://{closed}/f.txt")
    assert "AccessControlListNotSupported" in refused.stderr
    assert "FULL_CONTROL" in run("info", f"s3://{closed}/f.txt").stdout
