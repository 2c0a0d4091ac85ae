"""Requests by hand: signed by botocore's signer, sent as bytes, so that anything can be wrong with them."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import json
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import urlencode, urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

IAM = "2010-05-08"
STS = "2011-06-15"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def code(self) -> str:
        """The error code, whatever the protocol."""
        if self.text.startswith("{"):
            return str(json.loads(self.text)["__type"]).rpartition("#")[2]
        found = re.search(r"<Code>([^<]*)</Code>", self.text)
        return found[1] if found else ""

    @property
    def message(self) -> str:
        found = re.search(r"<Message>([^<]*)</Message>", self.text)
        return found[1] if found else ""

    @property
    def request_id(self) -> str:
        return self.headers.get("x-amzn-requestid") or self.headers.get("x-amz-request-id") or ""


class Line:
    """A kept-alive connection to a server, and a key to sign with."""

    def __init__(self, endpoint: str, key: tuple[str, ...]) -> None:
        self.endpoint, self.key = endpoint, key
        self.place = urlsplit(endpoint).netloc
        self.connection = http.client.HTTPConnection(self.place, timeout=30)

    def close(self) -> None:
        self.connection.close()

    def signed(
        self,
        body: bytes = b"",
        *,
        method: str = "POST",
        path: str = "/",
        service: str = "iam",
        region: str = "us-east-1",
        headers: Mapping[str, str] | None = None,
        host: str | None = None,
        key: tuple[str, ...] | None = None,
        ahead: float = 0,
    ) -> dict[str, str]:
        """The headers of a request, signed `ahead` seconds in the future."""
        given = key or self.key
        asked = AWSRequest(
            method, f"http://{host or self.place}{path}", data=body, headers={"Content-Type": FORM, **(headers or {})}
        )
        with clock_ahead(ahead):
            signer = botocore.auth.SigV4Auth if service != "s3" else botocore.auth.S3SigV4Auth
            signer(Credentials(*given), service, region).add_auth(asked)
        return {"Host": host or self.place, **dict(asked.headers.items())}

    def send(self, body: bytes = b"", *, method: str = "POST", path: str = "/", headers: Mapping[str, str]) -> Reply:
        """Send these headers and this body as they are."""
        self.connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self.connection.putheader(name, value)
        if body or method in ("POST", "PUT"):
            self.connection.putheader("Content-Length", str(len(body)))
        self.connection.endheaders(body)
        answer = self.connection.getresponse()
        return Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())

    def ask(self, body: bytes = b"", *, method: str = "POST", path: str = "/", **signing: Any) -> Reply:
        """Sign and send."""
        return self.send(body, method=method, path=path, headers=self.signed(body, method=method, path=path, **signing))

    def iam(self, action: str, /, **parameters: Any) -> Reply:
        """A query request to IAM."""
        return self.ask(form(action, IAM, parameters))

    def sts(self, action: str, /, **parameters: Any) -> Reply:
        """A query request to STS."""
        return self.ask(form(action, STS, parameters), service="sts")


def form(action: str, version: str, parameters: Mapping[str, Any]) -> bytes:
    """A form body."""
    return urlencode({"Action": action, "Version": version, **parameters}).encode()


@contextlib.contextmanager
def clock_ahead(seconds: float) -> Iterator[None]:
    """botocore's signer believes that it is later."""
    if not seconds:
        yield
        return

    def shifted(remove_tzinfo: bool = True) -> datetime.datetime:
        now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        return now.replace(tzinfo=None) if remove_tzinfo else now

    with mock.patch.object(botocore.auth, "get_current_datetime", shifted):
        yield


def talk(endpoint: str, *parts: bytes, close: bool = False, wait: float = 10) -> bytes:
    """Send bytes on a fresh connection; everything that comes back until the server closes (or falls silent)."""
    place = urlsplit(endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=wait) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                connection.sendall(part)
        if close:
            return b""
        return heard(connection, wait)


def heard(connection: socket.socket, wait: float = 10) -> bytes:
    """What a connection says until it is closed, or until one whole answer without a body to come was read."""
    connection.settimeout(wait)
    said = b""
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while not complete(said):
            part = connection.recv(65_536)
            if not part:
                break
            said += part
    return said


def complete(said: bytes) -> bool:
    """Whether these bytes are one whole answer."""
    head, gap, body = said.partition(b"\r\n\r\n")
    if not gap or head.startswith(b"HTTP/1.1 100"):
        return False
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return length is not None and len(body) >= int(length[1])
