"""Starting and stopping what is measured; every server is a process of its own on a port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.signed import post
from bench.web_identity import Provider, authority, trust

ROOT = ("AKIABENCHBENCHBENCHB", "bench/bench/bench/bench/bench/bench/benc")
BIN = Path(sys.executable).parent
_REPOSITORY = Path(__file__).parent.parent
_TICK = os.sysconf("SC_CLK_TCK")
TWO_WORKERS: Final = "ostiary, 2 workers"


class NotStarted(Exception):
    """A server gave no answer."""


def user_name(number: int) -> str:
    """The name of a loaded user."""
    return f"user-{number:05d}"


@dataclass(frozen=True, slots=True)
class Running:
    """A started server."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    started: float
    """Seconds from exec to the first signed answer."""

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far, with that of its workers."""
        workers = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(map(_cpu, (str(self.process.pid), *workers)))

    @property
    def memory(self) -> float:
        """Proportional set size, MB."""
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1000
        return 0.0

    def client(self, service: str) -> Any:
        """A boto3 client as root."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id=ROOT[0],
            aws_secret_access_key=ROOT[1],
        )


def command(name: str, port: int, *, data: Path, users: int) -> list[str]:
    """What starts a server. The data directory of `ostiary` is filled beforehand; moto is filled by its starter."""
    python = sys.executable
    if name == "floor":
        return [python, "-m", "bench.floor", str(port)]
    if name == "moto":
        if not users:
            return [str(BIN / "moto_server"), "--port", str(port)]
        return [python, "-m", "bench.moto_loaded", str(port), str(users)]
    ports = ["--port", str(port), "--metadata-port", "0", "--console-port", "0"]
    if authority(data.parent).exists():
        ports += ["--allow-private-issuer", "localhost", "--issuer-ca", str(authority(data.parent))]
    if name == TWO_WORKERS:
        ports += ["--workers", "2"]
    return [str(BIN / "ostiary"), "serve", "--no-s3", "--data", str(data), *ports]


def _cpu(pid: str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def running(name: str, work: Path, *, users: int = 0) -> Iterator[Running]:
    """A server, from its start to its end."""
    data, port = work / f"{name}-{users}", _free_port()
    made = time.perf_counter()
    with (work / f"{name}-{users}.log").open("ab") as log:
        process = subprocess.Popen(
            command(name, port, data=data, users=users),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=_REPOSITORY,
            env=_environment(work),
        )
    try:
        _wait(process, port, post(port, ROOT, "sts", "GetCallerIdentity", {}), Path(log.name))
        yield Running(name, port, process, time.perf_counter() - made)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _environment(work: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "OSTIARY_", "PYTHONDONTWRITE"))
    }
    key = {"OSTIARY_ROOT_ACCESS_KEY_ID": ROOT[0], "OSTIARY_ROOT_SECRET_ACCESS_KEY": ROOT[1]}
    return {**kept, **key, "HOME": str(work), "PYTHONPATH": str(_REPOSITORY)}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, request: bytes, log: Path) -> None:
    """Until one signed request was answered with success."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(request)
            if connection.recv(65536)[9:12] == b"200":
                return
        time.sleep(0.002)
    raise NotStarted(f"no answer from port {port}: {log.read_text()[-2000:]}")


def fill(data: Path, users: int, *, roles: int = 0, policies: int = 0) -> None:
    """A data directory with users, founded with the key `ROOT`, and no bound on further users.

    Each role has a policy of its own attached, as far as there are policies.
    """
    from ostiary.app import build
    from ostiary.entropy import letters
    from ostiary.services.accounts import found_first
    from ostiary.settings import Settings
    from ostiary.store.records import PolicyRecord, PolicyVersionRecord, RoleRecord, UserRecord

    built = build(Settings(data=data, supervise_engine=False))
    given = {"OSTIARY_ROOT_ACCESS_KEY_ID": ROOT[0], "OSTIARY_ROOT_SECRET_ACCESS_KEY": ROOT[1]}
    founded = found_first(built.house, given)
    assert founded is not None
    with built.house.store.write() as tx:
        tx.settings.put(f"quota:{founded.account}:UsersPerAccount", "1000000")
        for number in range(users):
            unique = "AIDA" + letters(built.house.entropy, 17)
            tx.users.add(UserRecord(id=unique, account=founded.account, name=user_name(number), path="/", created=0))
        for number in range(policies):
            unique, account = "ANPA" + letters(built.house.entropy, 17), founded.account
            name, text = f"policy-{number:05d}", _document(_reads(f"arn:aws:s3:::bucket-{number}/*"))
            tx.policies.add(PolicyRecord(id=unique, account=account, name=name, path="/", created=0, updated=0))
            tx.policies.add_version(PolicyVersionRecord(policy_id=unique, number=1, document=text, created=0))
        for number in range(roles):
            unique, account = "AROA" + letters(built.house.entropy, 17), founded.account
            name = f"role-{number:05d}"
            tx.roles.add(
                RoleRecord(
                    id=unique, account=account, name=name, path="/", created=0, trust=_document(_assumed(account))
                )
            )
            tx.attachments.attach(unique, f"arn:aws:iam::{account}:policy/policy-{number:05d}", account, 0)
    built.close()


def set_up(server: Running, idp: Provider) -> tuple[str, str, str]:
    """An administrator and a role that it may assume, made with boto3: the key (id, secret) and the role's ARN.

    Another role, `web`, is for those with the identity provider's tokens.
    """
    iam = server.client("iam")
    account = server.client("sts").get_caller_identity()["Account"]
    iam.create_user(UserName="caller")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(UserName="caller", PolicyName="everything", PolicyDocument=_document(everything))
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=_document(_assumed(account)))["Role"]["Arn"]
    trust(iam, idp.issuer)
    server.client("sts").assume_role_with_web_identity(
        RoleArn=role.replace(":role/worker", ":role/web"), RoleSessionName="first", WebIdentityToken=idp.token()
    )
    iam.create_policy(PolicyName="reader", PolicyDocument=_document(_reads("*")))
    return key["AccessKeyId"], key["SecretAccessKey"], role


def _assumed(account: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}


def _reads(resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def busy(servers: Sequence[Running]) -> float:
    """Processor seconds that anybody used so far, less those of these servers."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICK - sum(server.cpu for server in servers)
