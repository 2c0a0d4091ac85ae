"""One server with its S3 engine for all tests of guarded S3, and people with exactly what a test gives them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.live import Server

SECRET = "what-the-proxy-says-and-nobody-else"
_numbers = itertools.count(1)


@dataclass
class S3World:
    """A server, and short ways to make people and buckets."""

    server: Server
    other: dict[str, str]
    """A second account's root user."""
    made: list[str] = field(default_factory=list)

    forward_auth_secret: str = SECRET

    @property
    def root(self) -> Any:
        """The owner's S3 client."""
        return self.server.client("s3")

    @property
    def account(self) -> str:
        """The owner's account."""
        found: str = self.server.client("sts").get_caller_identity()["Account"]
        return found

    def bucket(self, **more: Any) -> str:
        """A new bucket of the first account."""
        name = f"box-{next(_numbers)}-{id(self) % 99991}"
        region = {"CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-2"}}
        self.root.create_bucket(Bucket=name, **{**region, **more})
        return name

    def unblock(self, bucket: str) -> None:
        """Allow public access."""
        self.root.delete_public_access_block(Bucket=bucket)

    def with_acls(self, ownership: str = "ObjectWriter", **more: Any) -> str:
        """A new bucket of the first account that has ACLs, and blocks nothing."""
        bucket = self.bucket(ObjectOwnership=ownership, **more)
        self.unblock(bucket)
        return bucket

    def person(self, *statements: dict[str, Any], key: tuple[str, str] | None = None) -> tuple[str, str]:
        """A new user with an inline policy of these statements; gives the key."""
        iam = self.server.client("iam", key)
        name = f"user-{next(_numbers)}"
        iam.create_user(UserName=name)
        if statements:
            document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}
            iam.put_user_policy(UserName=name, PolicyName="given", PolicyDocument=json.dumps(document))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]

    def s3(self, key: tuple[str, ...], **more: Any) -> Any:
        """A client with this key; `()` for an anonymous one."""
        return self.server.client("s3", key, **more)

    def policy(self, bucket: str, *statements: dict[str, Any]) -> None:
        """Put a bucket policy."""
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}
        self.root.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("guarded")
    secret = home / "proxy-secret"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    server = Server.start(home / "data", "--forward-auth-secret", str(secret))
    server.wait_for_s3()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def guarded(s3_server: Server) -> S3World:
    """The server with two accounts."""
    return S3World(s3_server, s3_server.account("second"))


@pytest.fixture(scope="session")
def owner_id(guarded: S3World) -> str:
    found: str = guarded.root.list_buckets()["Owner"]["ID"]
    return found


@pytest.fixture(scope="session")
def other(guarded: S3World) -> Any:
    """The root user of the second account."""
    return guarded.s3((guarded.other["akid"], guarded.other["secret"]))


@pytest.fixture(scope="session")
def other_id(other: Any) -> str:
    found: str = other.list_buckets()["Owner"]["ID"]
    return found
