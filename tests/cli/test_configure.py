"""The profile that `ostiary configure` writes, read by boto3."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from ostiary.cli.configure import app

ROOT = """[root]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
endpoint_url = http://127.0.0.1:4700
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "root-credentials").write_text(ROOT)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path / "config"


def configure(data: Path) -> None:
    done = CliRunner().invoke(app, ["--data", str(data), "--profile", "joinc"])
    assert done.exit_code == 0, done.output


def presigned() -> str:
    s3 = boto3.Session(profile_name="joinc").client("s3")
    url: str = s3.generate_presigned_url("get_object", Params={"Bucket": "box", "Key": "k"})
    return url


def test_urls_are_presigned_with_the_signature_that_the_server_takes(config: Path) -> None:
    configure(config.parent)
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in presigned()


def test_what_a_profile_says_of_s3_stays(config: Path) -> None:
    config.write_text("[profile joinc]\ns3 =\n    addressing_style = path\n    signature_version = s3v4\n")
    configure(config.parent)
    assert "addressing_style = path" in config.read_text()
    assert presigned().startswith("http://127.0.0.1:4700/box/k?X-Amz-Algorithm")
