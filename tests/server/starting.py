"""What the tests of `ostiary serve` share: a start that fails, and what a start leaves."""

from __future__ import annotations

import configparser
import stat
import subprocess
from pathlib import Path

from tests.live import BIN, clean_environment


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def credentials(data: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read(data / "root-credentials")
    return parser


def serve(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail."""
    command = [str(BIN / "ostiary"), "serve", "--data", str(data), "--no-s3", *arguments]
    base = clean_environment(data.parent)
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env={**base, **environment})
