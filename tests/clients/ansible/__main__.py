"""Run the playbooks against a server of their own: everything is made, then nothing changes, then all is gone.

No test of the suite: PyPI's `ansible` is half a gigabyte, and a run takes two minutes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clients.test_boto3_certificates import of_today
from tests.live import Server, clean_environment
from tests.saml.idp import Idp

HERE = Path(__file__).parent
CHANGED = re.compile(r"^TASK \[(.+?)\].*\n(?:.*\n)*?(ok|changed|fatal|skipping): ", re.M)
EVER_NEW = {"session token"}
"""A session is always a new one."""


def play(command: str, server: Server, home: Path, book: str) -> dict[str, str]:
    """Each task of a playbook and how it ended."""
    akid, secret = server.root
    known = {"endpoint": server.endpoint, "akid": akid, "secret": secret, "home": str(home)}
    known |= {"account": server.client("sts").get_caller_identity()["Account"]}
    known |= {"ansible_python_interpreter": str(Path(command).parent / "python")}
    done = subprocess.run(
        [command, "-i", "localhost,", str(HERE / book), "-e", json.dumps(known)],
        capture_output=True,
        text=True,
        env={**clean_environment(home), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_DEPRECATION_WARNINGS": "0"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(CHANGED.findall(done.stdout))


def main(command: str) -> None:
    """Raises AssertionError with what Ansible said."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        certificate = of_today("ansible")
        (home / "metadata.xml").write_text(Idp().metadata())
        (home / "c.pem").write_text(certificate.pem)
        (home / "k.pem").write_text(certificate.key_pem)
        server = Server.start(home / "data", "--no-s3")
        try:
            first = play(command, server, home, "site.yml")
            again = play(command, server, home, "site.yml")
            changed = {task for task, outcome in again.items() if outcome == "changed"}
            assert changed == EVER_NEW, changed
            gone = play(command, server, home, "gone.yml")
            assert set(gone.values()) == {"changed"}, gone
        finally:
            server.stop()
    print(f"{len(first)} tasks made what they should and changed nothing again; {len(gone)} took it away")


if __name__ == "__main__":
    main(sys.argv[1])
