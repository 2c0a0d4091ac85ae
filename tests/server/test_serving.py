"""Starting, serving, stopping: what `ostiary serve` says, writes, refuses, and leaves behind."""

from __future__ import annotations

import configparser
import datetime
import ipaddress
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.live import BIN, Server, clean_environment
from tests.server.raw import IAM, STS, Line, form, heard

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("serving")]


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


def alive(group: int) -> bool:
    """Whether a process of this group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_first_start_is_quick_says_what_it_made_and_keeps_it_private(data: Path) -> None:
    began = time.monotonic()
    server = Server.start(data, "--no-s3")
    try:
        account = server.client("sts").get_caller_identity()["Account"]
        seconds = time.monotonic() - began
        print(f"\nan empty directory answered a signed call after {seconds:.2f} s")
        assert seconds < 5  # the promise is 3; a loaded machine may be slower
        deadline = time.monotonic() + 5
        assert server.process.stdout is not None
        while not any("root-credentials" in line for line in server.said) and time.monotonic() < deadline:
            server.said.append(server.process.stdout.readline())
        said = "".join(server.said)
        assert f"AWS endpoint       {server.endpoint}\n" in said
        assert f"data               {data}\n" in said and f"account            {account}\n" in said
        assert re.search(r"root password      \S{16,} +\(shown this once\)\n", said)
        assert f"in {data / 'root-credentials'}: make an administrator, then delete it" in said
        root = credentials(data)["root"]
        assert set(root) == {"aws_access_key_id", "aws_secret_access_key", "endpoint_url"}
        assert root["endpoint_url"] == server.endpoint
        assert root["aws_secret_access_key"] not in said
        assert mode(data) == 0o700
        assert {path.name: mode(path) for path in data.iterdir() if path.is_file() and mode(path) != 0o600} == {}
    finally:
        assert server.stop() == 0


def test_a_second_start_keeps_everything_and_renews_the_address(data: Path) -> None:
    first = Server.start(data, "--no-s3")
    iam = first.client("iam")
    account = first.client("sts").get_caller_identity()["Account"]
    user = iam.create_user(UserName="kept", Path="/a/", Tags=[{"Key": "k", "Value": "v"}])["User"]
    key = iam.create_access_key(UserName="kept")["AccessKey"]
    session = first.client("sts").get_session_token()["Credentials"]
    root = first.root
    assert first.stop() == 0
    second = Server.start(data, "--no-s3")
    try:
        assert second.endpoint != first.endpoint
        assert credentials(data)["root"]["endpoint_url"] == second.endpoint
        assert second.root == root
        assert not any("password" in line for line in second.said)
        assert second.client("sts").get_caller_identity()["Account"] == account
        found = second.client("iam").get_user(UserName="kept")["User"]
        assert (found["UserId"], found["Arn"], found["CreateDate"]) == (user["UserId"], user["Arn"], user["CreateDate"])
        own = second.client("sts", (key["AccessKeyId"], key["SecretAccessKey"])).get_caller_identity()
        assert own["UserId"] == user["UserId"]
        token = session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
        assert second.client("sts", token).get_caller_identity()["Account"] == account
    finally:
        assert second.stop() == 0


def test_a_deleted_credentials_file_stays_deleted(data: Path) -> None:
    first = Server.start(data, "--no-s3")
    root = first.root
    (data / "root-credentials").unlink()
    assert first.stop() == 0
    second = Server.start(data, "--no-s3")
    try:
        assert not (data / "root-credentials").exists()
        assert second.client("sts", root).get_caller_identity()["Arn"].endswith(":root")
    finally:
        assert second.stop() == 0


def test_the_root_key_may_be_given(data: Path) -> None:
    given = {
        "OSTIARY_ROOT_ACCESS_KEY_ID": "AKIAGIVENGIVENGIVEN1",
        "OSTIARY_ROOT_SECRET_ACCESS_KEY": "a-secret-of-the-operator/+=" + "x" * 13,
        "OSTIARY_ROOT_ACCOUNT_ID": "210987654321",
    }
    server = Server.start(data, "--no-s3", environment=given)
    try:
        key = given["OSTIARY_ROOT_ACCESS_KEY_ID"], given["OSTIARY_ROOT_SECRET_ACCESS_KEY"]
        assert server.client("sts", key).get_caller_identity()["Arn"] == "arn:aws:iam::210987654321:root"
        assert given["OSTIARY_ROOT_SECRET_ACCESS_KEY"] not in "".join(server.said) + server.log.read_text()
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"OSTIARY_ROOT_ACCESS_KEY_ID": "AKIAGIVENGIVENGIVEN1"}, "OSTIARY_ROOT_SECRET_ACCESS_KEY"),
        ({"OSTIARY_ROOT_ACCOUNT_ID": "12"}, "twelve digits"),
        ({"OSTIARY_ROOT_ACCESS_KEY_ID": "short", "OSTIARY_ROOT_SECRET_ACCESS_KEY": "x"}, "access key id"),
        ({"OSTIARY_MASTER_KEY": "short"}, "OSTIARY_MASTER_KEY"),
    ],
)
def test_what_is_given_wrongly_is_refused(data: Path, environment: dict[str, str], word: str) -> None:
    done = serve(data, "--port", "0", "--metadata-port", "0", **environment)
    assert done.returncode == 1 and word in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--port", "--metadata-port"])
def test_a_taken_port_is_said_plainly(data: Path, option: str) -> None:
    other = {"--port": "--metadata-port", "--metadata-port": "--port"}[option]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = serve(data, option, port, other, "0")
    assert done.returncode == 1
    assert done.stderr == f"ostiary: port {port} can't be had: Address already in use; choose another with {option}\n"


def test_a_start_that_failed_keeps_no_secret_from_the_next(data: Path) -> None:
    """The account is founded before the ports are bound: the next start must still hand out its key."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert serve(data, "--port", str(taken.getsockname()[1]), "--metadata-port", "0").returncode == 1
    server = Server.start(data, "--no-s3")
    try:
        assert server.client("sts").get_caller_identity()["Arn"].endswith(":root")
    finally:
        assert server.stop() == 0


def test_plain_http_does_not_leave_this_machine(data: Path) -> None:
    done = serve(data, "--host", "0.0.0.0", "--port", "0", "--metadata-port", "0")
    assert done.returncode == 1
    assert "--tls-certificate" in done.stderr and "--insecure-plain-http" in done.stderr
    assert not data.exists()


def test_a_data_directory_that_is_none_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    done = serve(tmp_path / "data", "--port", "0", "--metadata-port", "0")
    assert done.returncode == 1 and "can't be used" in done.stderr and "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A certificate of 127.0.0.1 and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    place = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ostiary test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (place / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (place / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    yield place / "cert.pem", place / "key.pem"


def test_https_with_a_certificate(data: Path, certificate: tuple[Path, Path]) -> None:
    paths = "--tls-certificate", str(certificate[0]), "--tls-key", str(certificate[1])
    server = Server.start(data, "--no-s3", *paths, "--trusted-proxy", "127.0.0.1/32")
    try:
        assert server.endpoint.startswith("https://127.0.0.1:")
        assert credentials(data)["root"]["endpoint_url"] == server.endpoint
        iam = server.client("iam", verify=str(certificate[0]))
        condition = {"Bool": {"aws:SecureTransport": "true"}}
        iam.create_user(UserName="secure")
        iam.put_user_policy(
            UserName="secure",
            PolicyName="only-https",
            PolicyDocument=policy("iam:GetUser", Condition=condition),
        )
        key = iam.create_access_key(UserName="secure")["AccessKey"]
        own = server.client("iam", (key["AccessKeyId"], key["SecretAccessKey"]), verify=str(certificate[0]))
        assert own.get_user()["User"]["UserName"] == "secure"
        pair = (key["AccessKeyId"], key["SecretAccessKey"])
        _told_by_a_proxy(iam, lambda: server.client("s3", pair, verify=str(certificate[0])))
        place = urlsplit(server.endpoint)
        context = ssl.create_default_context(cafile=str(certificate[0]))
        with (
            socket.create_connection((place.hostname or "", place.port or 0)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
        ):
            assert (wrapped.version() or "") >= "TLSv1.2"
        with socket.create_connection((place.hostname or "", place.port or 0)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert heard(plain, wait=5) == b""  # plain HTTP gets no answer
    finally:
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 5  # though clients keep their connections open


def _told_by_a_proxy(iam: Any, client: Callable[[], Any]) -> None:
    """A trusted proxy tells who asks; the version of TLS is known of whoever opened the connection."""

    def allow(condition: dict[str, Any]) -> None:
        document = policy("s3:ListAllMyBuckets", Condition=condition)
        iam.put_user_policy(UserName="secure", PolicyName="from-there", PolicyDocument=document)

    def listed(**headers: str) -> int:
        made = client()
        made.meta.events.register(
            "before-send.s3.ListBuckets",
            lambda request, **_: request.headers.update({k.replace("_", "-"): v for k, v in headers.items()}),
        )
        try:
            found: int = made.list_buckets()["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as refused:
            found = refused.response["ResponseMetadata"]["HTTPStatusCode"]
        return found

    allow({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}})
    assert listed() == 200
    assert listed(x_forwarded_for="203.0.113.9") == 403  # what the client spoke with the proxy, nobody knows
    allow({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:SecureTransport": "true"}})
    assert listed() == 403
    assert listed(x_forwarded_for="203.0.113.9") == 200
    assert listed(x_forwarded_for="203.0.113.9, 198.51.100.1") == 403
    assert listed(x_forwarded_for="203.0.113.9", x_forwarded_proto="http") == 403


def policy(action: str, **more: Any) -> str:
    import json

    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]}
    )


def test_a_certificate_that_is_not_there_is_said_plainly(data: Path, certificate: tuple[Path, Path]) -> None:
    missing = str(data.parent / "nowhere.pem")
    ports = "--port", "0", "--metadata-port", "0"
    done = serve(data, *ports, "--tls-certificate", missing, "--tls-key", str(certificate[1]))
    assert done.returncode == 1 and "nowhere.pem" in done.stderr and "Traceback" not in done.stderr
    swapped = serve(data, *ports, "--tls-certificate", str(certificate[1]), "--tls-key", str(certificate[0]))
    assert swapped.returncode == 1 and "Traceback" not in swapped.stderr
    alone = serve(data, *ports, "--tls-certificate", str(certificate[0]))
    assert alone.returncode == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_lets_running_requests_end_and_leaves_no_process(data: Path, number: int, workers: str) -> None:
    server = Server.start(data, "--no-s3", "--workers", workers)
    line = Line(server.endpoint, server.root)
    assert line.sts("GetCallerIdentity").status == 200  # a connection that is kept alive must not hold it up
    body = form("GetCallerIdentity", STS, {})
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(body, service="sts").items())
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0)) as running:
        running.sendall(f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
        time.sleep(0.3)
        server.process.send_signal(number)
        time.sleep(0.7)
        running.sendall(body[5:])
        assert heard(running).startswith(b"HTTP/1.1 200 ")
    began = time.monotonic()
    assert server.stop(number) == 0
    assert time.monotonic() - began < 5
    assert not alive(server.process.pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname or "", place.port or 0))
    assert "Traceback" not in server.log.read_text()
    line.close()


def test_a_worker_that_dies_is_replaced(data: Path) -> None:
    server = Server.start(data, "--no-s3", "--workers", "2")
    try:
        first = workers(server, 2)
        os.kill(first[0], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not set(workers(server)) - set(first):
            time.sleep(0.1)
        workers(server, 2)
        for _ in range(10):
            line = Line(server.endpoint, server.root)
            assert line.sts("GetCallerIdentity").status == 200
            line.close()
    finally:
        assert server.stop() == 0


def workers(server: Server, least: int = 0) -> list[int]:
    """The processes that serve, as soon as there are so many."""
    pid = server.process.pid
    deadline = time.monotonic() + 10
    while True:
        found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        if len(found) >= least:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_stop_in_the_middle_of_writing_loses_nothing(data: Path) -> None:
    server = Server.start(data, "--no-s3")
    acknowledged: list[str] = []

    def write(worker: int) -> None:
        line = Line(server.endpoint, server.root)
        for number in range(10_000):
            name = f"w{worker}-{number}"
            try:
                if line.iam("CreateUser", UserName=name).status == 200:
                    acknowledged.append(name)
            except OSError:
                return
            except Exception:
                return

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for each in threads:
        each.start()
    time.sleep(0.7)
    assert server.stop() == 0
    for each in threads:
        each.join()
    again = Server.start(data, "--no-s3")
    try:
        pages = again.client("iam").get_paginator("list_users").paginate()
        found = {user["UserName"] for page in pages for user in page["Users"]}
        assert len(acknowledged) > 20 and set(acknowledged) <= found
    finally:
        assert again.stop() == 0


def test_accounts_are_made_while_the_server_runs(data: Path) -> None:
    server = Server.start(data, "--no-s3", "--workers", "2")
    try:
        for name in ("second", "third"):
            made = server.account(name)
            assert set(made) == {"account", "email", "akid", "secret"}
            key = made["akid"], made["secret"]
            assert server.client("sts", key).get_caller_identity()["Arn"] == f"arn:aws:iam::{made['account']}:root"
            server.client("iam", key).create_user(UserName="same-name")
        assert server.client("iam").list_users()["Users"] == []
        command = [str(BIN / "ostiary"), "account", "list", "--data", str(data)]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert len(listed.splitlines()) == 3 and "(management)" in listed.splitlines()[0]
    finally:
        assert server.stop() == 0


def test_configure_writes_a_profile_that_works(data: Path, tmp_path: Path) -> None:
    server = Server.start(data, "--no-s3")
    home = tmp_path / "home"
    home.mkdir()
    try:
        made = server.account("joinc")
        environment = clean_environment(home)
        command = [str(BIN / "ostiary"), "configure", "--data", str(data), "--region", "ap-northeast-2", "--profile"]
        given = [*command, "joinc", "--access-key-id", made["akid"]]
        done = subprocess.run(given, input=made["secret"] + "\n", capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        assert made["secret"] not in done.stdout + done.stderr
        subprocess.run([*command, "root"], check=True, capture_output=True, env=environment)
        assert {mode(home / ".aws" / name) for name in ("config", "credentials")} == {0o600}
        files = {
            name: str(home / ".aws" / path)
            for name, path in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in files.items():
                patch.setenv(name, value)
            session = boto3.Session(profile_name="joinc")
            assert session.region_name == "ap-northeast-2"
            who = session.client("sts").get_caller_identity()
            assert who["Arn"] == f"arn:aws:iam::{made['account']}:root"
            root = boto3.Session(profile_name="root").client("sts").get_caller_identity()
            assert root["Account"] != made["account"]
    finally:
        assert server.stop() == 0


def test_without_an_engine_s3_is_unavailable_and_says_so(data: Path) -> None:
    server = Server.start(data, "--no-s3")
    try:
        s3 = server.client("s3")
        with pytest.raises(ClientError) as caught:
            s3.put_object(Bucket="nobucket", Key="k", Body=b"x")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 501, 503)
        assert "Traceback" not in server.log.read_text() and "Error at" not in server.log.read_text()
        assert Line(server.endpoint, server.root).ask(form("ListUsers", IAM, {})).status == 200
    finally:
        assert server.stop() == 0
