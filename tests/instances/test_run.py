"""`ostiary instance run` with real namespaces: what the command finds, and what is left behind (nothing)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import need

from .conftest import Machine, eventually

METADATA = "http://169.254.169.254/latest/meta-data"


@pytest.fixture(autouse=True)
def _curl() -> None:
    need(shutil.which("curl"), "curl is not installed")


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def test_the_metadata_address_answers_for_this_instance(machine: Machine) -> None:
    done = machine.run("curl", "-sS", f"{METADATA}/instance-id", f"{METADATA}/iam/security-credentials/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{machine.terminated[0]}ec2_s3_readonly"
    assert machine.instances == {}


def test_a_connection_that_is_open_at_the_end_is_closed_without_a_word(machine: Machine) -> None:
    connect = (
        "import os, socket, time; s = socket.create_connection(('169.254.169.254', 80)); s.send(b'GET / HTTP/1.1');"
    )
    script, held = f"{connect} os._exit(0)", f"{connect} time.sleep(60)"
    for program in (script, held):
        done = machine.run("sh", "-c", f'"{sys.executable}" -c "{program}" & sleep 0.5')
        assert (done.returncode, done.stderr) == (0, "")


def test_the_api_is_called_as_the_calling_user(machine: Machine) -> None:
    machine.run("true", options=("--region", "ap-northeast-2", "--v2-only"))
    run, terminate = machine.asked
    for asked in (run, terminate):
        assert "Credential=AKIAIOSFODNN7EXAMPLE/" in asked.headers["Authorization"]
        assert "/ap-northeast-2/ec2/aws4_request" in asked.headers["Authorization"]
    assert run.form["Action"] == "RunInstances"
    assert run.form["IamInstanceProfile.Name"] == "ec2_s3_readonly"
    assert run.form["MetadataOptions.HttpTokens"] == "required"
    assert terminate.form["Action"] == "TerminateInstances"


def test_with_v2_only_a_token_is_needed_and_works(machine: Machine) -> None:
    script = (
        f"curl -s -o /dev/null -w '%{{http_code}} ' {METADATA}/mac;"
        " TOKEN=`curl -sS -X PUT http://169.254.169.254/latest/api/token"
        ' -H "X-aws-ec2-metadata-token-ttl-seconds: 60"`;'
        f' curl -sS -H "X-aws-ec2-metadata-token: $TOKEN" {METADATA}/mac'
    )
    assert machine.run("sh", "-c", script, options=("--v2-only",)).stdout == "401 06:5a:f2:97:7d:7c"


def test_a_program_inside_cannot_claim_to_be_another_instance(machine: Machine) -> None:
    first = machine.start("sh", "-c", "echo up; exec sleep 60")
    assert first.stdout is not None and first.stdout.readline() == "up\n"
    (other,) = machine.instances
    done = machine.run("curl", "-sS", "-H", f"X-Ostiary-Instance-Id: {other}", f"{METADATA}/instance-id")
    first.terminate()
    first.wait(30)
    first.stdout.close()
    assert done.stdout.startswith("i-") and done.stdout != other


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN SEE PACKETS: the hop limit on the wire is not tested")
@pytest.mark.parametrize("hop_limit", [1, 3])
def test_answers_travel_no_further_than_the_hop_limit(machine: Machine, hop_limit: int) -> None:
    machine.hop_limit = hop_limit
    script = f"""
import socket, subprocess
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
subprocess.run(["curl", "-sS", "-o", "/dev/null", "{METADATA}/mac"], check=True)
sniffer.settimeout(1)
seen = set()
try:
    while True:
        packet = sniffer.recv(65536)
        if packet[9] == 6 and packet[12:16] == socket.inet_aton("169.254.169.254") and packet[20:22] == bytes([0, 80]):
            if packet[2:4] > bytes([0, 60]):
                seen.add(packet[8])  # the time to live of packets with data
except TimeoutError:
    print(sorted(seen))
"""
    assert machine.run(sys.executable, "-c", script).stdout == f"[{hop_limit}]\n"


def test_no_key_and_no_configuration_of_the_caller_is_seen_inside(machine: Machine) -> None:
    aws = machine.data.parent / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text("[default]\naws_access_key_id=AKIACALLER\naws_secret_access_key=callers-secret\n")
    extra = {
        "AWS_SESSION_TOKEN": "callers-token",
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "ap-northeast-2",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/callers-file",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/callers",
        "AWS_EC2_METADATA_DISABLED": "true",
        "https_proxy": "http://127.0.0.1:1",
        "OTHER": "stays",
    }
    done = machine.run("sh", "-c", "env; cat $AWS_SHARED_CREDENTIALS_FILE $AWS_CONFIG_FILE", extra=extra)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert "caller" not in done.stdout and "AKIA" not in done.stdout
    assert {name for name in found if name.startswith("AWS_")} == {
        "AWS_CONFIG_FILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SHARED_CREDENTIALS_FILE",
    }  # fmt: skip
    assert found["AWS_DEFAULT_REGION"] == "ap-northeast-2"
    assert found["AWS_ENDPOINT_URL"] == machine.endpoint
    assert (found["OTHER"], found["HOME"]) == ("stays", str(machine.data.parent))
    assert "https_proxy" not in found


def test_the_servers_directory_is_empty_inside(machine: Machine) -> None:
    (machine.data / "root-credentials").write_text("secret")
    done = machine.run("ls", "-A", str(machine.data))
    assert (done.returncode, done.stdout) == (0, "")


def test_the_endpoint_is_where_it_is_outside_and_nothing_else_is_reachable(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        script = (
            f"curl -sS -o /dev/null -w '%{{http_code}}' {machine.endpoint}/;"
            f' curl -s http://127.0.0.1:{port}/; echo " $?"'
        )
        assert machine.run("sh", "-c", script).stdout == "200 7\n"  # 7: curl could not connect


def test_the_aws_cli_finds_the_role_by_itself(machine: Machine) -> None:
    aws = Path(sys.executable).parent / "aws"
    if not aws.exists():
        need(False, "the aws CLI is not installed")
    done = machine.run(str(aws), "s3", "ls")
    assert done.stdout.split()[-1] == "storage.joinc.s3", done.stderr
    (listing,) = (asked for asked in machine.asked if asked.line.startswith("GET / "))
    assert "Credential=ASIAIOSFODNN7EXAMPLE/" in listing.headers["Authorization"]
    assert listing.headers["X-Amz-Security-Token"] == "role-token"


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -KILL $$", 137), ("kill -TERM $$", 143)],
)
def test_the_exit_status_is_the_commands(machine: Machine, script: str, status: int) -> None:
    assert machine.run("sh", "-c", script).returncode == status
    assert len(machine.terminated) == 1


def test_a_command_that_is_not_there_ends_with_127_and_one_that_cannot_run_with_126(machine: Machine) -> None:
    missing = machine.run("/nowhere/command")
    assert (missing.returncode, missing.stderr) == (
        127,
        "ostiary: cannot run `/nowhere/command`: No such file or directory\n",
    )
    assert machine.run(str(machine.data.parent)).returncode == 126
    assert len(machine.terminated) == 2


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_reach_the_command(machine: Machine, sign: signal.Signals) -> None:
    name = sign.name.removeprefix("SIG")
    runner = machine.start("sh", "-c", f"trap 'exit 42' {name}; echo up; while :; do sleep 0.05; done")
    assert runner.stdout is not None and runner.stdout.readline() == "up\n"
    runner.send_signal(sign)
    assert runner.wait(30) == 42
    runner.stdout.close()
    assert len(machine.terminated) == 1


def test_nothing_runs_on_after_the_command(machine: Machine) -> None:
    done = machine.run(
        "sh", "-c", "setsid sleep 300 >/dev/null 2>&1 & echo $!; trap '' TERM; sleep 301 >/dev/null 2>&1 & echo $!"
    )
    pids = [int(line) for line in done.stdout.split()]
    assert len(pids) == 2
    assert [pid for pid in pids if alive(pid)] == []


def test_the_command_dies_with_a_runner_that_is_killed(machine: Machine) -> None:
    runner = machine.start("sh", "-c", "echo $$; exec sleep 300")
    assert runner.stdout is not None
    pid = int(runner.stdout.readline())
    assert alive(pid)
    runner.kill()
    runner.wait(30)
    runner.stdout.close()
    assert eventually(lambda: not alive(pid))


def test_no_file_is_left_behind(machine: Machine, tmp_path: Path) -> None:
    done = machine.run("sh", "-c", "dirname $AWS_CONFIG_FILE", extra={"TMPDIR": str(tmp_path)})
    assert done.stdout.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_refused_registration_runs_nothing(machine: Machine) -> None:
    machine.refuse = True
    done = machine.run("echo", "ran")
    assert (done.returncode, done.stdout) == (125, "")
    assert "UnauthorizedOperation" in done.stderr
    assert "callers-secret" not in done.stderr


def test_without_a_server_nothing_is_registered(machine: Machine) -> None:
    (machine.data / "metadata.sock").unlink()
    done = machine.run("echo", "ran")
    assert (done.returncode, done.stdout) == (125, "")
    assert "start `ostiary serve`" in done.stderr
    assert machine.asked == []


def test_a_namespace_that_cannot_be_made_terminates_the_instance(machine: Machine) -> None:
    if os.geteuid() != 0:
        pytest.skip("ONLY ROOT CAN TAKE ITS RIGHTS AWAY FOR THIS: a failing namespace is not tested")
    rights = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run(
        [*rights, *machine.command("echo", "ran")],
        env=machine.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (125, "")
    assert "cannot make the instance's namespace" in done.stderr
    assert [asked.form["Action"] for asked in machine.asked] == ["RunInstances", "TerminateInstances"]


UNPRIVILEGED = 65534


def test_an_unprivileged_user_can_run_instances(machine: Machine) -> None:
    if os.geteuid() != 0:
        pytest.skip("every other test here runs unprivileged already")
    python = Path("/usr/bin/python3")
    packages = [
        str(Path(module).parent.parent) for module in (sys.modules["ostiary"].__file__, pytest.__file__) if module
    ]
    probe = ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups", str(python)]
    path = {"PYTHONPATH": os.pathsep.join(packages)}
    usable = shutil.which("setpriv") and python.exists()
    if (
        not usable
        or subprocess.run([*probe, "-c", "import ostiary.cli.instance"], env=path, capture_output=True).returncode
    ):
        pytest.skip("NO PYTHON THAT AN UNPRIVILEGED USER CAN RUN, so running instances without root is not tested")
    command = [*probe, *machine.command("sh", "-c", f"id -u; curl -sS {METADATA}/mac; kill -TERM $$")[1:]]
    refused = subprocess.run(command, env=machine.environment(**path), capture_output=True, text=True, timeout=60)
    assert refused.returncode == 125 and "belongs to another user" in refused.stderr
    os.chown(machine.data / "metadata.sock", UNPRIVILEGED, UNPRIVILEGED)
    done = subprocess.run(command, env=machine.environment(**path), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (143, f"{UNPRIVILEGED}\n06:5a:f2:97:7d:7c"), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN BECOME ANOTHER USER: --user is not tested")
def test_root_can_run_the_command_as_another_user(machine: Machine) -> None:
    done = machine.run(
        "sh", "-c", "id -u; cat $AWS_CONFIG_FILE; grep CapEff /proc/self/status", options=("--user", "nobody")
    )
    assert done.stdout == "65534\nCapEff:\t0000000000000000\n", done.stderr
