"""boto3 and the gate in one process: clients sign and send, the house answers, and nothing is on a socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import boto3
import botocore.auth
import botocore.crt.auth
import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from ostiary.app import build
from ostiary.clock import FixedClock
from ostiary.entropy import RepeatableEntropy
from ostiary.federation.addresses import Reach
from ostiary.federation.connection import Connector
from ostiary.federation.issuers import Issuers
from ostiary.gate.gate import Gate
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.services.accounts import ROOT_ACCOUNT, found, found_first
from ostiary.services.iam.quotas import override
from ostiary.services.operation import House
from ostiary.settings import Settings
from tests.clients.called import remember
from tests.world import ACCOUNT, NOW, OTHER

ADDRESS = "127.0.0.1:4700"


def nobody(_host: str, _port: int) -> list[str]:
    """There is no Internet here."""
    raise OSError("no such host")


class Body:
    """The body of an answer, as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content


class Wired:
    """A house of two accounts on an empty directory, both with a root user's key."""

    def __init__(self, data: Path) -> None:
        self.clock = FixedClock(NOW)
        settings = Settings(data=data, public_url=f"https://{ADDRESS}")
        self.built = build(settings, clock=self.clock, entropy=RepeatableEntropy("wired"))
        self.house: House = replace(self.built.house, issuers=Issuers(Connector(Reach(), nobody)))
        self.unforeseen: list[str] = []
        self.gate = Gate(self.house, self.built.audit, self.unforeseen.append)
        first = found_first(self.house, {ROOT_ACCOUNT: ACCOUNT})
        assert first is not None
        second = found(self.house, name="other", email="other@example.com", account=OTHER)
        self.root, self.other = (first.akid, first.secret), (second.akid, second.secret)
        self._requests = 0

    def close(self) -> None:
        self.built.close()

    def client(self, service: str, key: tuple[str, ...] | None = None) -> Any:
        """A boto3 client, as the root user or with a key (id, secret[, token])."""
        akid, secret, *token = key or self.root
        made = boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=f"http://{ADDRESS}",
            aws_access_key_id=akid,
            aws_secret_access_key=secret,
            aws_session_token=token[0] if token else None,
        )
        made.meta.events.register(f"before-send.{service}", self._answer)
        made.meta.events.register(f"after-call.{service}", remember)
        return made

    def key_of(self, user: str) -> tuple[str, str]:
        """A new access key of a user."""
        made = self.client("iam").create_access_key(UserName=user)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]

    @contextmanager
    def quota(self, name: str, limit: int) -> Iterator[None]:
        """What an operator may set for the account, for a while."""
        self._set(name, limit)
        yield
        self._set(name, None)

    def _set(self, name: str, limit: int | None) -> None:
        with self.house.store.write() as tx:
            override(tx, ACCOUNT, name, limit)

    @contextmanager
    def its_time(self) -> Iterator[None]:
        """botocore signs with the time of the house."""

        def now(remove_tzinfo: bool = True) -> Any:
            at = self.clock.now()
            return at.replace(tzinfo=None) if remove_tzinfo else at

        with ExitStack() as stack:
            for module in (botocore.auth, botocore.crt.auth):
                stack.enter_context(mock.patch.object(module, "get_current_datetime", now))
            yield

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self._requests += 1
        url = urlsplit(request.url)
        headers = [(name.lower(), text_of(value)) for name, value in request.headers.items()]
        body = request.body or b""
        asked = HttpRequest(
            method=request.method,
            raw_path=url.path or "/",
            raw_query=url.query,
            headers=headers if request.headers.get("host") else [("host", ADDRESS), *headers],
            body=body.encode() if isinstance(body, str) else body,
            source_ip="127.0.0.1",
            secure=False,
            at=self.clock.now(),
            request_id=f"00000000-0000-4000-8000-{self._requests:012d}",
        )
        given = self.gate.answer(msgspec.structs.replace(self.gate.route(asked), patient=True))
        assert isinstance(given, HttpResponse)
        assert not self.unforeseen, self.unforeseen
        return AWSResponse(request.url, given.status, dict(given.headers), Body(given.body))


def text_of(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
