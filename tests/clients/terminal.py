"""A terminal with the real aws CLI, kept running for each profile: lines are typed, answers are read.

What a command prints as JSON is held to the shape of the CLI reference's examples (`documented`).
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients.conftest import Account
from tests.clients.documented import lacking
from tests.clients.tutorial.shell import Done
from tests.live import BIN, clean_environment
from tests.needs import need

KEPT = Path(__file__).parent / "tutorial" / "kept_cli.py"
REFUSAL = re.compile(r"An error occurred \((\S+)\) when calling the (\S+) operation(?: \([^)]*\))?: (.*)\n$", re.S)
ROOT = "root"
REFUSED = 255
"""What CLI 1 exits with when the service refused; CLI 2 says 254."""


@dataclass
class Terminal:
    """A home directory, profiles in it, and a CLI for each."""

    home: Path
    endpoint: str
    clis: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, account: Account, home: Path) -> Terminal:
        """Where the account's root user is the profile `root`."""
        need((BIN / "aws").exists(), "the aws CLI is not in the virtual environment")
        made = cls(home, account.server.endpoint)
        made.profile(ROOT, {"AccessKeyId": account.key[0], "SecretAccessKey": account.key[1]})
        return made

    def profile(self, name: str, key: dict[str, str] | None = None, **settings: str) -> None:
        """Add a profile to AWS's two files."""
        folder = self.home / ".aws"
        folder.mkdir(exist_ok=True)
        lines = {"region": "ap-northeast-2", "endpoint_url": self.endpoint, **settings}
        with (folder / "config").open("a") as file:
            file.write(f"[profile {name}]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items()))
        if key is not None:
            secret = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
            secret |= {"aws_session_token": "SessionToken"} if "SessionToken" in key else {}
            with (folder / "credentials").open("a") as file:
                file.write(f"[{name}]\n" + "".join(f"{line} = {key[member]}\n" for line, member in secret.items()))

    def file(self, name: str, content: object) -> str:
        """Write a file into the home; as JSON unless it is text."""
        (self.home / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return f"file://{name}"

    def run(self, line: str, profile: str = ROOT) -> Done:
        """Type a line after `aws`; it is split as a shell does."""
        cli = self.clis.get(profile) or self._start(profile)
        assert cli.stdin is not None and cli.stdout is not None
        cli.stdin.write(json.dumps(["--profile", profile, *shlex.split(line)]) + "\n")
        cli.stdin.flush()
        return Done(*json.loads(cli.stdout.readline()))

    def __call__(self, line: str, profile: str = ROOT, *, but: str = "") -> Any:
        """What a line printed, read as JSON; None for nothing. It has the documented shape, `but` for a member."""
        done = self.run(line, profile)
        assert done.code == 0, f"aws {line}: {done.error}"
        if not done.out.strip():
            return None
        printed = json.loads(done.out)
        service, command, *rest = shlex.split(line)
        if "--query" not in rest:
            lacks = [each for each in lacking(service, command, printed) if not but or not each.startswith(but)]
            assert not lacks, f"aws {line} is documented to print {lacks}: {done.out}"
        return printed

    def text(self, line: str, profile: str = ROOT) -> str:
        """What a line printed."""
        done = self.run(line, profile)
        assert done.code == 0, f"aws {line}: {done.error}"
        return done.out

    def refused(self, line: str, profile: str = ROOT) -> tuple[str, str]:
        """AWS's error code and message; the CLI has said that the service refused, not it."""
        done = self.run(line, profile)
        found = REFUSAL.search(done.error)
        assert found and done.code == REFUSED, (done.code, done.error)
        return found[1], found[3]

    def close(self) -> None:
        """Hang up."""
        for cli in self.clis.values():
            assert cli.stdin is not None
            cli.stdin.close()
            cli.wait(10)

    def _start(self, profile: str) -> subprocess.Popen[str]:
        self.clis[profile] = subprocess.Popen(
            [sys.executable, str(KEPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=clean_environment(self.home),
        )
        return self.clis[profile]
