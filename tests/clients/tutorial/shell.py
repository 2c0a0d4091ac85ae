"""A person at a terminal: a home directory with AWS's two files in it, and the real aws CLI."""

from __future__ import annotations

import atexit
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.live import BIN, Server, clean_environment

REGION = "ap-northeast-2"
_REFUSAL = re.compile(r"An error occurred \((\S+)\) when calling the (\S+) operation[^:]*: (.*)")


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        """What a command that had to succeed printed."""
        assert self.code == 0, self.error
        return json.loads(self.out)

    @property
    def refused(self) -> str:
        """AWS's error code, as the CLI prints it; the command must have failed."""
        assert self.code != 0, self.out
        found = _REFUSAL.search(self.error)
        assert found, self.error
        return found[1]


@dataclass(frozen=True, slots=True)
class Shell:
    """A terminal. The files hold Region, output format, endpoint and keys: nothing else tells the CLI anything."""

    home: Path
    server: Server

    def run(self, *words: str, environment: Mapping[str, str] | None = None) -> Done:
        """Any command."""
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            cwd=self.home,
            env={**clean_environment(self.home), **(environment or {})},
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def aws(self, *words: str, profile: str | None = None) -> Done:
        """The aws CLI; without a profile it takes the one called default."""
        chosen = ["--profile", profile] if profile else []
        return self.run(str(BIN / "aws"), *chosen, *words)

    def root(self, *words: str) -> Any:
        """A command of the root user that has to succeed; its JSON, or None when it prints nothing.

        The same CLI, in a process that is kept: towns are built with many commands, and most of each is Python's start.
        """
        cli = _kept_cli(self.home)
        assert cli.stdin is not None and cli.stdout is not None
        cli.stdin.write(json.dumps(["--profile", "root", *words]) + "\n")
        cli.stdin.flush()
        code, out, error = json.loads(cli.stdout.readline())
        assert code == 0, error
        return json.loads(out) if out.strip() else None

    def configure(self, profile: str, key: Mapping[str, str] | None, **settings: str) -> None:
        """Add a profile to ~/.aws/config and, with a key, to ~/.aws/credentials, as the tutorial writes them."""
        folder = self.home / ".aws"
        folder.mkdir(exist_ok=True)
        section = "[default]" if profile == "default" else f"[profile {profile}]"
        said = {"region": REGION, "output": "json", "endpoint_url": self.server.endpoint, **settings}
        with (folder / "config").open("a") as config:
            config.write("\n".join([section, *(f"{name}={value}" for name, value in said.items()), "\n"]))
        if key is None:
            return
        with (folder / "credentials").open("a") as credentials:
            credentials.write(f"[{profile}]\naws_access_key_id={key['AccessKeyId']}\n")
            credentials.write(f"aws_secret_access_key={key['SecretAccessKey']}\n")
            if "SessionToken" in key:
                credentials.write(f"aws_session_token={key['SessionToken']}\n")
            credentials.write("\n")

    def user(self, name: str, *policies: str) -> dict[str, str]:
        """A user with these AWS-managed policies and a profile of the same name; the key."""
        self.root("iam", "create-user", "--user-name", name)
        for policy in policies:
            self.root("iam", "attach-user-policy", "--user-name", name, "--policy-arn", managed(policy))
        key: dict[str, str] = self.root("iam", "create-access-key", "--user-name", name)["AccessKey"]
        self.configure(name, key)
        return key

    @property
    def account(self) -> str:
        """The account's number."""
        return str(self.root("sts", "get-caller-identity")["Account"])


@cache
def _kept_cli(home: Path) -> subprocess.Popen[str]:
    """The CLI in a home directory; it ends with this process."""
    started = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("kept_cli.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        env=clean_environment(home),
    )
    atexit.register(started.kill)
    return started


def managed(name: str) -> str:
    """The ARN of an AWS-managed policy."""
    return f"arn:aws:iam::aws:policy/{name}"


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement of an identity policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal: Mapping[str, Any]) -> str:
    """A trust policy."""
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
