"""The Go program, compiled from Debian's packages, and the tutorial's town to run it in."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.tutorial.conftest import bucket, instance_namespaces, server, shell
from tests.needs import need

__all__ = ["bucket", "instance_namespaces", "server", "shell"]

SOURCE = Path(__file__).parent / "downloader" / "main.go"
GOPATH = Path("/usr/share/gocode")
"""Where Debian keeps the sources of Go libraries."""


@pytest.fixture(scope="session")
def downloader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program."""
    need(shutil.which("go"), "Go is not installed (Debian: golang-go)")
    sdk = GOPATH / "src/github.com/aws/aws-sdk-go"
    need(sdk.is_dir(), "the AWS SDK for Go is not installed (Debian: golang-github-aws-aws-sdk-go-dev)")
    made = tmp_path_factory.mktemp("go") / "downloader"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "CGO_ENABLED": "0"}
    done = subprocess.run(
        ["go", "build", "-o", str(made), str(SOURCE)], env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    return made
