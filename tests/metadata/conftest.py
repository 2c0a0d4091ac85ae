"""A live metadata door on a free port, over instances made by hand."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
import uvicorn

from ostiary.clock import FixedClock
from ostiary.doors.metadata import (
    Delivery,
    Failure,
    InstanceView,
    MetadataApp,
    Profile,
    RoleCredentials,
    SecurityGroup,
    from_relay,
    local_instance,
)
from ostiary.doors.metadata.app import WhoAsks
from ostiary.entropy import SystemEntropy

KEY = b"k" * 32
NOW = datetime(2019, 3, 6, 15, 0, 0, tzinfo=UTC)

WEB_1 = InstanceView(
    instance_id="i-08e07ca415610f606",
    account_id="522373083963",
    region="ap-northeast-2",
    availability_zone="ap-northeast-2a",
    availability_zone_id="apne2-az1",
    instance_type="t3.micro",
    image_id="ami-0bcc92a4e661446c1",
    reservation_id="r-09c36d1789058249f",
    launched_at=datetime(2019, 3, 6, 14, 12, 0, tzinfo=UTC),
    mac="06:5a:f2:97:7d:7c",
    interface_id="eni-0cf0219698f8c977a",
    private_ipv4="10.10.0.9",
    private_hostname="ip-10-10-0-9.ap-northeast-2.compute.internal",
    security_groups=(SecurityGroup(id="sg-05235c7b888d72f2c", name="web"), SecurityGroup(id="sg-1", name="ssh")),
    profile=Profile(
        arn="arn:aws:iam::522373083963:instance-profile/ec2_s3_readonly",
        id="AIPAJW55WPXT3IYBGJ46W",
        role_name="ec2_s3_readonly",
        last_updated=datetime(2019, 3, 6, 14, 12, 50, tzinfo=UTC),
    ),
    last_updated=datetime(2019, 3, 6, 14, 12, 50, tzinfo=UTC),
)
CREDENTIALS = RoleCredentials(
    access_key_id="ASIAIOSFODNN7EXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    token="the-session-token/+=",
    last_updated=datetime(2019, 3, 6, 14, 13, 5, tzinfo=UTC),
    expiration=datetime(2099, 5, 17, 15, 9, 54, tzinfo=UTC),
)


@dataclass
class Instances:
    """A provider that holds what the test put into it."""

    views: dict[str, InstanceView] = field(default_factory=dict)
    held: dict[str, RoleCredentials | Failure] = field(default_factory=dict)
    local: str | None = None

    def local_instance_id(self) -> str | None:
        return self.local

    def instance(self, instance_id: str) -> InstanceView | None:
        return self.views.get(instance_id)

    def credentials(self, instance_id: str, delivery: Delivery) -> RoleCredentials | Failure | None:
        return self.held.get(instance_id)

    def change(self, **members: object) -> None:
        """Change the local instance."""
        assert self.local is not None
        self.views[self.local] = replace(self.views[self.local], **members)  # type: ignore[arg-type]


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Door:
    """A listener and the means to ask it."""

    port: int
    instances: Instances
    clock: FixedClock

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        """One request on a connection of its own; header names with `_` for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def token(self, ttl: int = 21600, **headers: str) -> str:
        answer = self.ask("PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds=str(ttl), **headers)
        assert answer.status == 200
        return answer.text


@contextlib.contextmanager
def serving(app: MetadataApp) -> Iterator[int]:
    """Serve the application on a free loopback port."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, server_header=False, log_level="warning", loop="asyncio")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            threading.Event().wait(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


@contextlib.contextmanager
def open_door(who_asks: WhoAsks) -> Iterator[Door]:
    instances = Instances({WEB_1.instance_id: WEB_1}, {WEB_1.instance_id: CREDENTIALS}, WEB_1.instance_id)
    clock = FixedClock(NOW)
    with serving(MetadataApp(instances, clock, SystemEntropy(), key=KEY, who_asks=who_asks)) as port:
        yield Door(port, instances, clock)


@pytest.fixture
def door() -> Iterator[Door]:
    """The loopback listener, speaking for WEB_1."""
    with open_door(local_instance) as opened:
        yield opened


@pytest.fixture
def relay_door() -> Iterator[Door]:
    """The listener for relays."""
    with open_door(from_relay) as opened:
        yield opened
