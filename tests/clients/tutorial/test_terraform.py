"""Terraform's own S3 backend: state in a guarded bucket, by a role that it assumes itself, with a lock."""

from __future__ import annotations

import shutil

import pytest

from tests.clients.tutorial.shell import Shell, allow, document, trust
from tests.live import Server

pytestmark = [
    pytest.mark.client,
    pytest.mark.server,
    pytest.mark.xdist_group("tutorial-roles"),
    pytest.mark.skipif(
        shutil.which("terraform") is None, reason="terraform, which no package registry has, is not here"
    ),
]

MAIN = """
terraform {{
  backend "s3" {{
    bucket         = "{bucket}"
    key            = "prod/terraform.tfstate"
    region         = "ap-northeast-2"
    use_lockfile   = true
    encrypt        = true
    use_path_style = true
    profile        = "planner"
    endpoints      = {{ s3 = "{endpoint}", iam = "{endpoint}", sts = "{endpoint}" }}
    assume_role    = {{ role_arn = "{role}", session_name = "plan" }}
  }}
}}
resource "terraform_data" "x" {{ input = "1" }}
"""


def test_state_is_kept_locked_and_guarded(shell: Shell, server: Server, bucket: str) -> None:
    assume = document(allow("sts:AssumeRole"))
    shell.configure("planner", shell.user("planner"))
    shell.root("iam", "put-user-policy", "--user-name", "planner", "--policy-name", "p", "--policy-document", assume)
    trusted = trust({"AWS": shell.account})
    role = shell.root("iam", "create-role", "--role-name", "terraform", "--assume-role-policy-document", trusted)
    own = f"arn:aws:s3:::{bucket}"
    state = document(
        allow("s3:ListBucket", own), allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{own}/prod/*")
    )
    put = ("iam", "put-role-policy", "--role-name", "terraform", "--policy-name", "state", "--policy-document")
    shell.root(*put, state)
    folder = shell.home / "terraform"
    folder.mkdir()
    text = MAIN.format(bucket=bucket, endpoint=server.endpoint, role=role["Role"]["Arn"])
    (folder / "main.tf").write_text(text)
    quiet = {"CHECKPOINT_DISABLE": "1"}

    def terraform(*words: str) -> tuple[int, str]:
        done = shell.run("terraform", f"-chdir={folder}", *words, "-no-color", environment=quiet)
        return done.code, done.error if done.code else done.out

    assert terraform("init", "-input=false")[0] == 0
    code, told = terraform("apply", "-auto-approve")
    assert code == 0 and "1 added" in told, told
    assert terraform("plan", "-detailed-exitcode")[0] == 0  # nothing to do: the state was read
    listed = shell.root("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", "prod/")["Contents"]
    assert [each["Key"] for each in listed] == ["prod/terraform.tfstate"]  # the lock is gone
    shell.root(*put, document(allow("s3:ListBucket", own), allow("s3:GetObject", f"{own}/*")))
    code, told = terraform("plan")
    assert code == 1 and "Error acquiring the state lock" in told and "api error AccessDenied" in told, told
