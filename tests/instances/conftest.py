"""A machine with a server on it: the metadata door on its socket, and an endpoint that plays the EC2 API.

Everything listens on loopback or inside namespaces the tests make.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import uvicorn

from ostiary.clock import SystemClock
from ostiary.doors.metadata import (
    Delivery,
    InstanceView,
    MetadataApp,
    MetadataOptions,
    Profile,
    RoleCredentials,
    bind_relay_socket,
    from_relay,
)
from ostiary.entropy import SystemEntropy
from ostiary.instances.namespace import why_not
from tests.needs import need

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
LONG_AGO, FAR_AHEAD = datetime(2019, 3, 6, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
BUCKETS = (
    b'<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Owner><ID>1</ID></Owner><Buckets><Bucket><Name>storage.joinc.s3</Name>"
    b"<CreationDate>2018-12-03T13:34:14.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"
)


@dataclass
class Asked:
    """A request that reached the endpoint."""

    line: str
    headers: Message
    """Names are looked up whatever their letter case."""
    form: dict[str, str]


@dataclass
class Machine:
    """What the test may look at and change."""

    data: Path
    endpoint: str
    hop_limit: int = 1
    refuse: bool = False
    asked: list[Asked] = field(default_factory=list)
    instances: dict[str, InstanceView] = field(default_factory=dict)
    terminated: list[str] = field(default_factory=list)

    # The provider of the metadata door.
    def local_instance_id(self) -> str | None:
        return None

    def instance(self, instance_id: str) -> InstanceView | None:
        return self.instances.get(instance_id)

    def credentials(self, instance_id: str, delivery: Delivery) -> RoleCredentials:
        return RoleCredentials(
            access_key_id="ASIAIOSFODNN7EXAMPLE",
            secret_access_key="role-secret",
            token="role-token",
            last_updated=LONG_AGO,
            expiration=FAR_AHEAD,
        )

    # The EC2 API.
    def answer(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(asked)
        action = asked.form.get("Action")
        if action == "RunInstances":
            return self._run_instances(asked.form)
        if action == "TerminateInstances":
            self.terminated.append(asked.form["InstanceId.1"])
            self.instances.pop(asked.form["InstanceId.1"], None)
            return 200, f'<TerminateInstancesResponse xmlns="{EC2_NAMESPACE}"/>'.encode()
        return 200, BUCKETS

    def _run_instances(self, form: dict[str, str]) -> tuple[int, bytes]:
        if self.refuse:
            return 403, (
                b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform"
                b" this operation.</Message></Error></Errors><RequestID>1</RequestID></Response>"
            )
        instance_id = f"i-{len(self.asked):017x}"
        profile = form["IamInstanceProfile.Name"]
        self.instances[instance_id] = view(instance_id, profile, tokens=form["MetadataOptions.HttpTokens"])
        return 200, (
            f'<RunInstancesResponse xmlns="{EC2_NAMESPACE}"><instancesSet><item><instanceId>{instance_id}</instanceId>'
            f"<metadataOptions><httpPutResponseHopLimit>{self.hop_limit}</httpPutResponseHopLimit></metadataOptions>"
            "</item></instancesSet></RunInstancesResponse>"
        ).encode()

    def command(self, *arguments: str, options: tuple[str, ...] = ()) -> list[str]:
        """The command line of `ostiary instance run … -- arguments`."""
        program = [sys.executable, "-c", "from ostiary.cli.instance import app; app()", "run"]
        where = ["--data", str(self.data), "--endpoint", self.endpoint]
        return [*program, "--instance-profile", "ec2_s3_readonly", *where, *options, "--", *arguments]

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of the person who starts the instance."""
        return {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(self.data.parent),
            "TMPDIR": str(self.data.parent),
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "callers-secret",
            **extra,
        }

    def run(
        self, *arguments: str, options: tuple[str, ...] = (), extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as an instance to its end."""
        return subprocess.run(
            self.command(*arguments, options=options),
            env=self.environment(**(extra or {})),
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Begin to run a command as an instance."""
        return subprocess.Popen(
            self.command(*arguments, options=options),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )


def view(instance_id: str, profile: str, tokens: str) -> InstanceView:
    return InstanceView(
        instance_id=instance_id,
        account_id="522373083963",
        region="ap-northeast-2",
        availability_zone="ap-northeast-2a",
        instance_type="t3.micro",
        image_id="ami-00000000000000001",
        reservation_id="r-1",
        launched_at=LONG_AGO,
        last_updated=LONG_AGO,
        mac="06:5a:f2:97:7d:7c",
        interface_id="eni-1",
        private_ipv4="10.10.0.9",
        private_hostname="ip-10-10-0-9.ap-northeast-2.compute.internal",
        profile=Profile(
            arn=f"arn:aws:iam::522373083963:instance-profile/{profile}",
            id="AIPAJW55WPXT3IYBGJ46W",
            role_name=profile,
            last_updated=LONG_AGO,
        ),
        options=MetadataOptions(http_tokens=tokens),  # type: ignore[arg-type]
    )


def eventually(true: object, seconds: float = 10) -> bool:
    """Whether a condition comes true in time."""
    assert callable(true)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())


@contextlib.contextmanager
def endpoint_of(holder: list[Machine]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
            status, answer = holder[0].answer(Asked(self.requestline, self.headers, form))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def machine() -> Iterator[Machine]:
    if (reason := why_not()) is not None:
        need(False, f"NAMESPACES ARE NOT AVAILABLE, so nothing about `ostiary instance run` is tested: {reason}")
    holder: list[Machine] = []
    with tempfile.TemporaryDirectory(prefix="ostiary-test-") as home, endpoint_of(holder) as endpoint:
        Path(home).chmod(0o755)
        data = Path(home) / "data"
        data.mkdir(mode=0o755)
        holder.append(Machine(data, endpoint))
        app = MetadataApp(holder[0], SystemClock(), SystemEntropy(), key=b"k" * 32, who_asks=from_relay)
        listener = bind_relay_socket(data / "metadata.sock")
        server = uvicorn.Server(uvicorn.Config(app, server_header=False, log_level="warning", loop="asyncio"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        assert eventually(lambda: server.started)
        try:
            yield holder[0]
        finally:
            server.should_exit = True
            thread.join(10)
