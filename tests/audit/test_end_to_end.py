"""A live server, botocore's own client, and the command that explains what the client was told."""

from __future__ import annotations

import configparser
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.refusals import refused

OSTIARY = [sys.executable, "-c", "from ostiary.cli import main; main()"]
RULES = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Look", "Effect": "Allow", "Action": "iam:Get*", "Resource": "*"},
        {"Sid": "NotEve", "Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::*:user/eve"},
    ],
}


@dataclass(frozen=True)
class Live:
    data: Path
    endpoint: str

    def client(self, service: str, key: str, secret: str, token: str | None = None) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="eu-west-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def root(self, service: str) -> Any:
        found = configparser.ConfigParser()
        found.read(self.data / "root-credentials")
        return self.client(service, found["root"]["aws_access_key_id"], found["root"]["aws_secret_access_key"])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*OSTIARY, *arguments, "--data", str(self.data)], capture_output=True, text=True, check=False, timeout=60
        )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    data = tmp_path_factory.mktemp("live") / "data"
    ports = [f"--{name}port" for name in ("", "console-", "metadata-")]
    command = [*OSTIARY, "serve", "--data", str(data), "--no-s3", *(f"{each}=0" for each in ports)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    log = data.parent / "log"
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    until = time.monotonic() + 60
    found = None
    while found is None and server.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
        found = re.search(r"AWS endpoint +(\S+)", log.read_text())
    assert found, log.read_text()
    yield Live(data, found[1])
    server.terminate()
    assert server.wait(30) == 0, log.read_text()


@pytest.fixture(scope="module")
def bob(live: Live) -> tuple[str, str]:
    """A user's access key."""
    iam = live.root("iam")
    for name in ("bob", "eve"):
        iam.create_user(UserName=name)
    iam.put_user_policy(UserName="bob", PolicyName="rules", PolicyDocument=json.dumps(RULES))
    made = iam.create_access_key(UserName="bob")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def denied(call: Any, **parameters: Any) -> tuple[str, str]:
    """Request id and message."""
    answer = refused(call, **parameters)
    assert answer["Error"]["Code"] == "AccessDenied", answer
    return answer["ResponseMetadata"]["RequestId"], answer["Error"]["Message"]


@pytest.mark.client
def test_a_refusal_that_a_client_was_given_is_explained_by_its_request_id(live: Live, bob: tuple[str, str]) -> None:
    request_id, message = denied(live.client("iam", *bob).get_user, UserName="eve")
    found = live.run("explain", request_id)
    assert found.returncode == 0, found.stderr
    assert message in found.stdout
    assert "denied explicitly  iam:GetUser on arn:aws:iam::" in found.stdout
    assert 'decided by rules of user/bob, "NotEve", line 1' in found.stdout
    (told,) = json.loads(live.run("explain", request_id, "--json").stdout)
    assert told["asks"][0]["because"][0]["sid"] == "NotEve"
    assert told["asks"][0]["agrees"] is True
    assert told["event"]["userIdentity"]["accessKeyId"] == bob[0]


@pytest.mark.client
def test_what_a_client_may_do_is_explained_too_and_all_is_listed(live: Live, bob: tuple[str, str]) -> None:
    answer = live.client("iam", *bob).get_user(UserName="bob")
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert "allowed  iam:GetUser on arn:aws:iam::" in live.run("explain", request_id).stdout
    listed = live.run("events", "--limit", "50")
    line = next(each for each in listed.stdout.splitlines() if each.startswith(request_id))
    assert line.split()[-3:] == ["user/bob", "iam:GetUser", "done"]
    assert bob[1] not in live.run("events", "--json").stdout


@pytest.mark.client
def test_a_change_is_in_the_record_when_its_answer_arrives(live: Live, bob: tuple[str, str]) -> None:
    answer = live.root("iam").create_user(UserName="carl")
    (told,) = json.loads(live.run("explain", answer["ResponseMetadata"]["RequestId"], "--json").stdout)
    assert told["event"]["responseElements"]["user"]["userName"] == "carl"
    assert told["event"]["readOnly"] is False


@pytest.mark.client
def test_an_unknown_key_leaves_an_event_without_questions(live: Live) -> None:
    with pytest.raises(ClientError) as told:
        live.client("sts", "AKIAIOSFODNN7EXAMPLE", "x" * 40).get_caller_identity()
    request_id = told.value.response["ResponseMetadata"]["RequestId"]
    found = live.run("explain", request_id)
    assert found.returncode == 0, found.stderr
    assert "who   Unknown AKIAIOSFODNN7EXAMPLE" in found.stdout
    assert "InvalidClientTokenId" in found.stdout


@pytest.mark.client
def test_the_last_use_of_keys_and_roles_is_known_soon(live: Live, bob: tuple[str, str]) -> None:
    iam = live.root("iam")
    trusted = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    arn = iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    given = live.client("sts", *bob).assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]
    keys = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    live.client("sts", *keys).get_caller_identity()
    until = time.monotonic() + 10
    used: dict[str, Any] = {}
    while not used and time.monotonic() < until:
        time.sleep(0.1)
        used = iam.get_role(RoleName="app")["Role"].get("RoleLastUsed", {})
    assert used["Region"] == "eu-west-1"
    last = iam.get_access_key_last_used(AccessKeyId=bob[0])
    assert last["UserName"] == "bob"
    assert last["AccessKeyLastUsed"]["ServiceName"] == "sts"


@pytest.mark.client
def test_secrets_are_nowhere_in_the_data_directory_in_plain_text(live: Live, bob: tuple[str, str]) -> None:
    iam = live.root("iam")
    iam.create_login_profile(UserName="bob", Password="correct horse 9!X")
    given = live.client("sts", *bob).get_session_token()["Credentials"]
    time.sleep(0.5)
    raw = b"".join(each.read_bytes() for each in live.data.glob("ostiary.db*"))
    for secret in ("correct horse", bob[1], given["SecretAccessKey"], given["SessionToken"][:60]):
        assert secret.encode() not in raw
    assert b"CreateLoginProfile" in raw


@pytest.mark.client
def test_the_last_use_of_a_key_says_which_client_and_from_where(live: Live, bob: tuple[str, str]) -> None:
    live.client("iam", *bob).get_user()
    kept, until = None, time.monotonic() + 20
    while (kept is None or kept[0] != "iam") and time.monotonic() < until:
        time.sleep(0.1)
        with sqlite3.connect(live.data / "ostiary.db") as opened:
            asked = "SELECT service, region, user_agent, source_ip FROM access_key_uses WHERE key_id = ?"
            kept = opened.execute(asked, (bob[0],)).fetchone()
    assert kept is not None
    assert (kept[0], kept[1], kept[3]) == ("iam", "eu-west-1", "127.0.0.1")
    assert kept[2].startswith("Boto3/")
    shown = live.root("iam").get_access_key_last_used(AccessKeyId=bob[0])["AccessKeyLastUsed"]
    assert set(shown) == {"LastUsedDate", "ServiceName", "Region"}
