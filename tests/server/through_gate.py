"""The gate without a door: requests signed by hand, answered in this process."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import botocore.parsers
import botocore.serialize
import msgspec

from ostiary.app import Built, build
from ostiary.clock import FixedClock
from ostiary.entropy import RepeatableEntropy
from ostiary.federation.addresses import Reach
from ostiary.federation.connection import Connector
from ostiary.federation.issuers import Issuers
from ostiary.gate.gate import Gate
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.gate.trail import Route
from ostiary.services.accounts import ROOT_ACCOUNT, ROOT_KEY, ROOT_PASSWORD, ROOT_SECRET, found_first
from ostiary.settings import Settings
from ostiary.sigv4 import Credentials, sign
from tests.server.fuzz import service_model
from tests.server.raw import FORM, IAM, STS, Reply, form
from tests.world import ACCOUNT, NOW

HOST = "127.0.0.1:4700"
_SERIALIZER = botocore.serialize.create_serializer("query", include_validation=False)
_PARSER = botocore.parsers.create_parser("query")
ROOT = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def _nobody(_host: str, _port: int) -> Sequence[str]:
    """There is no Internet here."""
    raise OSError("no such host")


class InProcess:
    """A house of one account on an empty directory, and its gate. Nothing leaves the process."""

    def __init__(self, data: Path) -> None:
        self.clock = FixedClock(NOW)
        self.built: Built = build(
            Settings(data=data, public_url=f"https://{HOST}"), clock=self.clock, entropy=RepeatableEntropy("gate")
        )
        house = replace(self.built.house, issuers=Issuers(Connector(Reach(), _nobody)))
        found_first(
            house, {ROOT_KEY: ROOT[0], ROOT_SECRET: ROOT[1], ROOT_PASSWORD: "Root-1-password", ROOT_ACCOUNT: ACCOUNT}
        )
        self.reported: list[str] = []
        """What the operator would read of the unforeseen."""
        self.gate = Gate(house, self.built.audit, self.reported.append)
        self._requests = 0

    def close(self) -> None:
        self.built.close()

    def ask(
        self, body: bytes, *, service: str = "iam", key: tuple[str, ...] = ROOT, accept: str | None = None
    ) -> Reply:
        """One form, signed with a key (id, secret[, token])."""
        route = self.route(body, service=service, key=key, accept=accept)
        answered = self.gate.answer(msgspec.structs.replace(route, patient=True))
        assert isinstance(answered, HttpResponse)
        return Reply(answered.status, {name.lower(): value for name, value in answered.headers}, answered.body)

    def route(
        self, body: bytes, *, service: str = "iam", key: tuple[str, ...] = ROOT, accept: str | None = None
    ) -> Route:
        """The same, before it is answered."""
        self._requests += 1
        headers = [("host", HOST), ("content-type", FORM)]
        added = sign(
            Credentials(akid=key[0], secret=key[1], session_token=key[2] if len(key) > 2 else None),
            method="POST",
            raw_path="/",
            raw_query="",
            headers=headers,
            payload_hash=hashlib.sha256(body).hexdigest(),
            now=self.clock.now(),
            region="us-east-1",
            service=service,
        )
        request = HttpRequest(
            method="POST",
            raw_path="/",
            raw_query="",
            headers=[*headers, *added, *([("accept", accept)] if accept is not None else [])],
            body=body,
            source_ip="127.0.0.1",
            secure=False,
            at=self.clock.now(),
            request_id=f"00000000-0000-4000-8000-{self._requests:012d}",
        )
        return self.gate.route(request)

    def iam(self, action: str, /, *, key: tuple[str, ...] = ROOT, **parameters: str) -> Reply:
        """A query request to IAM that is answered."""
        return self._fine(self.ask(form(action, IAM, parameters), key=key))

    def sts(self, action: str, /, *, key: tuple[str, ...] = ROOT, **parameters: str) -> Reply:
        """A query request to STS that is answered."""
        return self._fine(self.ask(form(action, STS, parameters), service="sts", key=key))

    def call(
        self, service: str, operation: str, params: Mapping[str, Any], *, key: tuple[str, ...] = ROOT
    ) -> tuple[tuple[str, int, str] | None, dict[str, Any]]:
        """An operation, written and read by botocore: an error's code, status and message or none, and the answer."""
        model = service_model(service).operation_model(operation)
        written = _SERIALIZER.serialize_to_request(dict(params), model)
        reply = self.ask(urlencode(written["body"]).encode(), service=service, key=key)
        answer = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
        parsed: dict[str, Any] = _PARSER.parse(answer, model.output_shape)
        parsed.pop("ResponseMetadata", None)
        if reply.status == 200:
            return None, parsed
        return (parsed["Error"]["Code"], reply.status, parsed["Error"].get("Message") or ""), {}

    def _fine(self, reply: Reply) -> Reply:
        assert reply.status == 200, reply.text
        return reply

    def key_of(self, user: str) -> tuple[str, str]:
        """A new access key of a user."""
        text = self.iam("CreateAccessKey", UserName=user).text
        found = re.search(r"<AccessKeyId>(.*?)</AccessKeyId>.*<SecretAccessKey>(.*?)</SecretAccessKey>", text, re.S)
        assert found is not None
        return found[1], found[2]
