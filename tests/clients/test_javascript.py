"""The AWS SDK for JavaScript v3, on the Node of the virtual environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Account
from tests.live import BIN, clean_environment
from tests.needs import need

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

JS = Path(__file__).parent / "js"


def run(script: str, account: Account, home: Path) -> subprocess.CompletedProcess[str]:
    """A script with the environment that every SDK reads."""
    need((BIN / "node").exists(), "there is no node in the virtual environment")
    need((JS / "node_modules").exists(), f"`npm ci` was not run in {JS.relative_to(JS.parents[2])}: use `make test`")
    environment = {
        "AWS_ENDPOINT_URL": account.server.endpoint,
        "AWS_REGION": "ap-northeast-2",
        "AWS_ACCESS_KEY_ID": account.key[0],
        "AWS_SECRET_ACCESS_KEY": account.key[1],
    }
    return subprocess.run(
        [str(BIN / "node"), str(JS / script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**clean_environment(home), **environment},
    )


def test_iam_and_sts(account: Account, tmp_path: Path) -> None:
    done = run("crud.mjs", account, tmp_path)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr


def test_the_lock_file_names_no_registry() -> None:
    """So that any mirror can be used."""
    text = (JS / "package-lock.json").read_text()
    places = [line for line in text.splitlines() if "https://" in line]
    assert '"resolved"' not in text and all(line.strip().startswith('"url": ') for line in places)  # of funding
    assert text.count('"integrity"') > 20
