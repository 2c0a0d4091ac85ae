"""The AWS SDK for JavaScript v3 against guarded S3."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.guarded.conftest import S3World
from tests.live import BIN, REPOSITORY, clean_environment
from tests.needs import need

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

JS = REPOSITORY / "tests" / "clients" / "js"


def test_buckets_objects_streams_and_parts(guarded: S3World, tmp_path: Path) -> None:
    need((BIN / "node").exists(), "there is no node in the virtual environment")
    need((JS / "node_modules").exists(), "`npm ci` was not run in tests/clients/js: use `make test`")
    key = guarded.server.root
    environment = {
        "AWS_ENDPOINT_URL": guarded.server.endpoint,
        "AWS_REGION": "ap-northeast-2",
        "AWS_ACCESS_KEY_ID": key[0],
        "AWS_SECRET_ACCESS_KEY": key[1],
    }
    done = subprocess.run(
        [str(BIN / "node"), str(JS / "s3.mjs")],
        capture_output=True,
        text=True,
        timeout=120,
        env={**clean_environment(tmp_path), **environment},
    )
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr
