"""The tutorial's town: one server, root at a terminal, a bucket, and the tutorial's people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.instances.namespace import why_not
from tests.clients.tutorial.shell import Shell
from tests.live import Server
from tests.needs import need

BUCKET = "storage.joinc.s3"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that was started for the first time."""
    started = Server.start(tmp_path_factory.mktemp("tutorial") / "data")
    try:
        started.wait_for_s3()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def shell(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A terminal where root is configured as a profile of that name, and nobody is the default."""
    made = Shell(tmp_path_factory.mktemp("home"), server)
    akid, secret = server.root
    made.configure("root", {"AccessKeyId": akid, "SecretAccessKey": secret})
    return made


@pytest.fixture(scope="session")
def bucket(shell: Shell) -> str:
    """The tutorial's bucket, with a file of 770 bytes in it."""
    shell.aws("s3", "mb", f"s3://{BUCKET}", profile="root")
    path: Path = shell.home / "file.go"
    path.write_bytes(b"package main\n".ljust(770, b"/"))
    done = shell.aws("s3", "cp", "file.go", f"s3://{BUCKET}/file.go", profile="root")
    assert done.code == 0, done.error
    return BUCKET


@pytest.fixture(scope="session")
def people(shell: Shell, bucket: str) -> None:
    """The tutorial's two profiles: `joinc` is the download server's testuser, `default` the file administrator."""
    key = shell.user("testuser", "AmazonS3ReadOnlyAccess")
    shell.configure("joinc", key)
    shell.configure("default", shell.user("fileadmin", "AmazonS3FullAccess"))


@pytest.fixture(scope="session")
def instance_namespaces() -> None:
    """Network namespaces can be made here."""
    reason = why_not()
    need(reason is None, f"no instance can run on this machine: {reason}")
