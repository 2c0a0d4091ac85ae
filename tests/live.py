"""A real server in a process of its own, and the clients that speak to it."""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
ENDPOINT = re.compile(r"AWS endpoint\s+(\S+)")
CONSOLE = re.compile(r"console\s+(http\S+)")
METADATA = re.compile(r"instance metadata\s+(\S+)")


def clean_environment(home: Path) -> dict[str, str]:
    """An environment without a trace of AWS, and with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "OSTIARY_"))}
    path = f"{BIN}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "HOME": str(home), "PATH": path, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}


@dataclass
class Server:
    """A running `ostiary serve`."""

    data: Path
    process: subprocess.Popen[str]
    endpoint: str
    metadata: str
    console: str
    log: Path
    said: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, data: Path, *arguments: str, environment: dict[str, str] | None = None, wait: float = 30) -> Server:
        """Start on free ports; returns when the endpoint answers."""
        data.mkdir(parents=True, exist_ok=True)
        log = data.parent / f"{data.name}.log"
        command = [str(BIN / "ostiary"), "serve", "--data", str(data)]
        for option in ("--port", "--console-port", "--metadata-port"):
            if option not in arguments:
                command += [option, "0"]
        base = clean_environment(data.parent)
        with log.open("a") as errors:
            process = subprocess.Popen(
                [*command, *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**base, **(environment or {})},
                start_new_session=True,
            )
        assert process.stdout is not None
        said: list[str] = []
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the server ended: {''.join(said)}{log.read_text()}")
            said.append(line)
            if METADATA.search(line):
                break
        text = "".join(said)
        endpoint, metadata, console = ENDPOINT.search(text), METADATA.search(text), CONSOLE.search(text)
        assert endpoint and metadata and console, text
        return cls(data, process, endpoint[1], metadata[1], console[1], log, said)

    @property
    def root(self) -> tuple[str, str]:
        """The root user's access key, from the file that the first start wrote."""
        parser = configparser.ConfigParser()
        parser.read(self.data / "root-credentials")
        return parser["root"]["aws_access_key_id"], parser["root"]["aws_secret_access_key"]

    def client(self, service: str, key: tuple[str, ...] | None = None, **more: Any) -> Any:
        """A boto3 client; as root unless a key (id, secret[, token]) is given; `()` for unsigned."""
        import boto3
        import botocore
        from botocore.config import Config

        config: dict[str, Any] = {"retries": {"max_attempts": 1}, **more.pop("config", {})}
        if key == ():
            config["signature_version"] = botocore.UNSIGNED
            key = ("", "")
        found = key or self.root
        session = boto3.session.Session(
            aws_access_key_id=found[0] or None,
            aws_secret_access_key=found[1] or None,
            aws_session_token=found[2] if len(found) > 2 else None,
        )
        region = more.pop("region_name", "ap-northeast-2")
        return session.client(service, endpoint_url=self.endpoint, region_name=region, config=Config(**config), **more)

    def account(self, name: str) -> dict[str, str]:
        """A further account, by the command."""
        done = subprocess.run(
            [str(BIN / "ostiary"), "account", "create", "--data", str(self.data), "--name", name, "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        made: dict[str, str] = json.loads(done.stdout)
        return made

    def wait_for_s3(self, seconds: float = 60) -> None:
        """Until the engine answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if "S3 engine: ready" in self.log.read_text():
                return
            time.sleep(0.1)
        raise RuntimeError(f"the S3 engine is not ready: {self.log.read_text()}")

    def stop(self, number: int = signal.SIGTERM, wait: float = 30) -> int:
        """Stop, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(wait)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@contextmanager
def running(data: Path, *arguments: str, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """A server while the block lasts; it must end well."""
    server = Server.start(data, *arguments, environment=environment)
    try:
        yield server
    finally:
        assert server.stop() == 0
