"""Clients that we did not write, each with what people do with it, short."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.guarded.conftest import S3World
from tests.live import BIN, clean_environment
from tests.needs import need

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def ran(command: list[str], environment: dict[str, str], **more: bytes) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr.decode()
    text: str = done.stdout.decode()
    return text


def folder(at: Path) -> Path:
    """Files of several sizes and names."""
    for name, size in (("one", 0), ("ü/two three", 5_000), ("deep/er/four+five", 9_000_000)):
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    return at


def same(one: Path, other: Path) -> bool:
    files = {path.relative_to(one): path.read_bytes() for path in one.rglob("*") if path.is_file()}
    return files == {path.relative_to(other): path.read_bytes() for path in other.rglob("*") if path.is_file()}


def test_rclone_copies_checks_and_cleans_up(guarded: S3World, tmp_path: Path) -> None:
    rclone = shutil.which("rclone")
    need(rclone, "rclone is not installed")
    bucket, key = guarded.bucket(), guarded.server.root
    remote = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ACCESS_KEY_ID": key[0],
        "SECRET_ACCESS_KEY": key[1],
        "ENDPOINT": guarded.server.endpoint,
        "REGION": "ap-northeast-2",
        "UPLOAD_CUTOFF": "6Mi",
        "CHUNK_SIZE": "5Mi",
    }
    environment = clean_environment(tmp_path) | {f"RCLONE_CONFIG_O_{name}": value for name, value in remote.items()}
    here, there = folder(tmp_path / "here"), tmp_path / "there"

    def run(*arguments: str, **more: bytes) -> str:
        return ran([str(rclone), "--config", str(tmp_path / "none"), "--retries", "1", *arguments], environment, **more)

    run("copy", str(here), f"o:{bucket}/x")
    run("check", "--download", str(here), f"o:{bucket}/x")
    run("sync", f"o:{bucket}/x", str(there))
    assert same(here, there)
    assert sorted(run("lsf", "-R", "--files-only", f"o:{bucket}/x").split("\n"))[1:] == [
        *("deep/er/four+five", "one", "ü/two three"),
    ]
    run("rcat", f"o:{bucket}/stream", input=b"x" * 300_000)
    assert run("cat", "--offset", "5", "--count", "3", f"o:{bucket}/stream") == "xxx"
    run("moveto", f"o:{bucket}/stream", f"o:{bucket}/moved")
    with urllib.request.urlopen(run("link", f"o:{bucket}/moved").strip()) as answer:
        assert answer.read() == b"x" * 300_000
    run("purge", f"o:{bucket}")


def test_s3cmd_puts_gets_and_deletes(guarded: S3World, tmp_path: Path) -> None:
    s3cmd = shutil.which("s3cmd")
    need(s3cmd, "s3cmd is not installed")
    bucket, key = guarded.bucket(), guarded.server.root
    host = guarded.server.endpoint.removeprefix("http://")
    config = tmp_path / "s3cfg"
    config.write_text(
        f"[default]\naccess_key = {key[0]}\nsecret_key = {key[1]}\nhost_base = {host}\nhost_bucket = {host}\n"
        "use_https = False\nbucket_location = ap-northeast-2\nmultipart_chunk_size_mb = 5\n"
    )
    here, there = folder(tmp_path / "here"), tmp_path / "there"
    there.mkdir()

    def run(*arguments: str) -> str:
        return ran([str(s3cmd), "-c", str(config), "--no-progress", *arguments], clean_environment(tmp_path))

    run("sync", f"{here}/", f"s3://{bucket}/x/")
    run("sync", f"s3://{bucket}/x/", f"{there}/")
    assert same(here, there)
    run("put", str(here / "ü" / "two three"), f"s3://{bucket}/a b")
    run("put", str(here / "ü" / "two three"), f"s3://{bucket}/c+d")
    assert f"s3://{bucket}/c+d" in run("ls", f"s3://{bucket}/")
    assert "5000" in run("info", f"s3://{bucket}/c+d")
    run("setpolicy", str(policy(tmp_path, bucket)), f"s3://{bucket}")
    run("del", "--recursive", "--force", f"s3://{bucket}/")
    run("rb", f"s3://{bucket}")


def policy(at: Path, bucket: str) -> Path:
    path = at / "policy.json"
    statement = (
        f'{{"Effect":"Deny","Principal":"*","Action":"s3:GetObjectTorrent","Resource":"arn:aws:s3:::{bucket}/*"}}'
    )
    path.write_text(f'{{"Version":"2012-10-17","Statement":[{statement}]}}')
    return path


def test_the_aws_cli_copies_presigns_and_speaks_the_api(guarded: S3World, tmp_path: Path) -> None:
    bucket, key = guarded.bucket(), guarded.server.root
    environment = clean_environment(tmp_path) | {
        "AWS_ACCESS_KEY_ID": key[0],
        "AWS_SECRET_ACCESS_KEY": key[1],
        "AWS_ENDPOINT_URL": guarded.server.endpoint,
        "AWS_DEFAULT_REGION": "ap-northeast-2",
    }
    here = folder(tmp_path / "here")

    def aws(*arguments: str, **more: bytes) -> str:
        return ran([str(BIN / "aws"), *arguments], environment, **more)

    aws("s3", "cp", "-", f"s3://{bucket}/from/stdin", input=b"piped" * 100_000)
    aws("s3", "cp", str(here / "deep/er/four+five"), f"s3://{bucket}/big")
    with urllib.request.urlopen(aws("s3", "presign", f"s3://{bucket}/big", "--expires-in", "60").strip()) as answer:
        assert answer.read() == (here / "deep/er/four+five").read_bytes()
    told = ["s3api", "get-object", "--bucket", bucket, "--key", "big", "--range", "bytes=0-9", str(tmp_path / "ten")]
    aws(*told)
    assert (tmp_path / "ten").stat().st_size == 10
    put = ["s3api", "put-object", "--bucket", bucket, "--key", "sum", "--body", str(here / "one")]
    aws(*put, "--checksum-algorithm", "SHA256")
    listed = aws("s3api", "list-objects-v2", "--bucket", bucket, "--query", "Contents[].Key", "--output", "text")
    assert sorted(listed.split()) == ["big", "from/stdin", "sum"]
