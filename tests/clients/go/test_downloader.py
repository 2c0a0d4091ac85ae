"""The tutorial's Go program, which was written for AWS and knows nothing of Ostiary."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.tutorial.shell import Done, Shell, allow, document, trust
from tests.live import BIN

pytestmark = [
    pytest.mark.client,
    pytest.mark.server,
    pytest.mark.xdist_group("downloader"),
    pytest.mark.timeout(600),  # the compiler's first time
]

NO_CREDENTIALS = (
    "Download Error NoCredentialProviders: no valid providers in chain. Deprecated.\n"
    "\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors\n"
)


@pytest.fixture
def folder(shell: Shell, downloader: Path, tmp_path: Path) -> Path:
    """An empty folder with the program in it."""
    (tmp_path / "downloader").symlink_to(downloader)
    return tmp_path


def _run(shell: Shell, folder: Path, *words: str) -> Done:
    """The program, where nobody has configured anything. AWS_EC2_METADATA_DISABLED keeps it from asking a network."""
    return Shell(folder, shell.server).run("./downloader", *words)


def test_without_a_file_name_it_says_how_it_is_used(shell: Shell, folder: Path) -> None:
    for words in ((), ("one", "two")):
        done = _run(shell, folder, *words)
        assert (done.code, done.out) == (1, "Usage :  ./downloader filename\n")


def test_without_credentials_it_says_that_nobody_provides_any(shell: Shell, folder: Path) -> None:
    done = _run(shell, folder, "file.go")
    assert (done.code, done.out) == (0, NO_CREDENTIALS)
    assert (folder / "file.go").read_bytes() == b""


@pytest.fixture(scope="session")
def role(shell: Shell, bucket: str) -> str:
    """A role that reads S3, for instances."""
    name = "ec2_s3_downloader"
    by_ec2, readonly = trust({"Service": "ec2.amazonaws.com"}), document(allow(["s3:Get*", "s3:List*"]))
    shell.root("iam", "create-role", "--role-name", name, "--assume-role-policy-document", by_ec2)
    shell.root("iam", "put-role-policy", "--role-name", name, "--policy-name", "s3", "--policy-document", readonly)
    shell.root("iam", "create-instance-profile", "--instance-profile-name", name)
    shell.root("iam", "add-role-to-instance-profile", "--instance-profile-name", name, "--role-name", name)
    return name


def _run_on_instance(shell: Shell, folder: Path, role: str, *words: str) -> Done:
    options = ("--data", str(shell.server.data), "--profile", "root", "--instance-profile", role, "--transparent")
    enter = ("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(folder))
    return shell.run(str(BIN / "ostiary"), "instance", "run", *options, "--", *enter, "./downloader", *words)


@pytest.mark.usefixtures("instance_namespaces")
def test_on_an_instance_with_a_role_it_reads_770_bytes(shell: Shell, folder: Path, role: str) -> None:
    done = _run_on_instance(shell, folder, role, "file.go")
    assert (done.code, done.out, done.error) == (0, "Read Byte 770\n", "")
    assert (folder / "file.go").read_bytes() == (shell.home / "file.go").read_bytes()


@pytest.mark.usefixtures("instance_namespaces")
def test_on_an_instance_whose_role_allows_nothing_it_is_refused(shell: Shell, folder: Path, role: str) -> None:
    policy = ("--role-name", role, "--policy-name", "s3")
    shell.root("iam", "delete-role-policy", *policy)
    try:
        done = _run_on_instance(shell, folder, role, "file.go")
        assert done.code == 0
        assert done.out.startswith("Download Error AccessDenied: ")
    finally:
        shell.root("iam", "put-role-policy", *policy, "--policy-document", document(allow(["s3:Get*", "s3:List*"])))
