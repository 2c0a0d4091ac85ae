"""What the gate remembers: no stranger fills the memory, and nothing that was taken away by another process is left."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from ostiary.federation import tokens
from ostiary.gate import route as routing
from ostiary.gate.request import HttpRequest
from ostiary.services.s3.addresses import Endpoints
from ostiary.sigv4 import SignatureFault, canonical, present, presented
from ostiary.store.database import Store
from tests.server.raw import FORM, IAM, STS, form
from tests.server.through_gate import HOST, InProcess
from tests.world import ACCOUNT, NOW

LONG = "x" * 100_000
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"},
    }
)
ALL = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


def request(body: bytes, *headers: tuple[str, str], host: str = HOST, path: str = "/") -> HttpRequest:
    return HttpRequest(
        method="POST",
        raw_path=path,
        raw_query="",
        headers=(("host", host), ("content-type", FORM), *headers),
        body=body,
        source_ip="127.0.0.1",
        secure=False,
        at=NOW,
        request_id="00000000-0000-4000-8000-000000000000",
    )


def test_a_route_of_long_words_is_found_and_not_remembered() -> None:
    endpoints = Endpoints()
    usual = routing.route(request(form("ListUsers", IAM, {})), endpoints)
    assert usual.target.operation == "ListUsers"
    remembered = routing._by_action.cache_info().currsize
    for long in (
        request(form(LONG, IAM, {})),
        request(form("ListUsers", LONG, {})),
        request(form("ListUsers", IAM, {}), host=LONG),
        request(form("ListUsers", IAM, {}), path="/" + LONG),
        request(form("ListUsers", IAM, {}), ("authorization", f"AWS4-HMAC-SHA256 Credential=A/20260101/r/{LONG}/x, ")),
    ):
        routing.route(long, endpoints)
    assert routing._by_action.cache_info().currsize == remembered
    again = routing.route(request(form("ListUsers", IAM, {"Marker": LONG})), endpoints)
    assert again.target.operation == "ListUsers"


def test_long_headers_are_read_and_not_remembered() -> None:
    memos = (presented._usual, presented._read_basic_time, canonical._remembered_spelling)
    before = [memo.cache_info().currsize for memo in memos]
    at = NOW.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = ";".join(["host", *(f"x-{number}" for number in range(1000))])
    head = f"AWS4-HMAC-SHA256 Credential={'A' * 20}/{at[:8]}/r/iam/aws4_request, SignedHeaders={names}, "
    found = present("POST", "/", "", [("authorization", f"{head}Signature={'0' * 64}"), ("x-amz-date", at)])
    assert found is not None and len(found.signed_headers) == 1001
    with pytest.raises(SignatureFault):
        present("POST", "/", "", [("authorization", f"{head}Signature={'0' * 64}"), ("x-amz-date", LONG)])
    assert canonical.canonical_query(f"{LONG}=%2f{LONG}") == f"{LONG}=%2F{LONG}"
    grown = [memo.cache_info().currsize - size for memo, size in zip(memos, before, strict=True)]
    assert grown[0] == grown[2] == 0
    assert grown[1] <= 1  # the usual time


@pytest.fixture
def house(tmp_path: Path) -> Iterator[InProcess]:
    made = InProcess(tmp_path)
    yield made
    made.close()


@pytest.fixture
def other(house: InProcess) -> Iterator[Store]:
    """Another process's hold on the same data."""
    made = Store(house.built.house.settings.data / "ostiary.db")
    yield made
    made.close()


def session(house: InProcess, key: tuple[str, str]) -> tuple[str, str, str]:
    text = house.sts("AssumeRole", key=key, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="one").text
    found = [re.search(f"<{name}>(.*?)</{name}>", text) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    given = [each[1] for each in found if each is not None]
    return given[0], given[1], given[2]


def status(house: InProcess, key: tuple[str, ...], action: str = "ListUsers") -> tuple[int, str]:
    reply = house.ask(form(action, IAM, {}), key=key)
    code = re.search(r"<Code>(.*?)</Code>", reply.text)
    return reply.status, code[1] if code else ""


def test_what_another_process_takes_away_is_gone_for_the_next_request(house: InProcess, other: Store) -> None:
    house.iam("CreateUser", UserName="alice")
    house.iam("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=ALL)
    house.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    house.iam("PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=ALL)
    first, second = house.key_of("alice"), house.key_of("alice")
    assumed = session(house, first)
    for _ in range(3):  # until everything is remembered that may be
        assert status(house, first) == status(house, second) == status(house, assumed) == (200, "")
    with other.write() as tx:
        tx.access_keys.set_active(first[0], False)
    assert status(house, first) == (403, "InvalidClientTokenId")
    assert status(house, second) == (200, "")
    with other.write() as tx:
        role = tx.roles.get(ACCOUNT, "r")
        assert role is not None
        tx.roles.change(role.id, trust=TRUST.replace("Allow", "Deny"))
    asked = form("AssumeRole", STS, {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "two"})
    assert house.ask(asked, service="sts", key=second).status == 403
    assert status(house, assumed) == (200, "")  # a session lasts longer than the trust that gave it
    with other.write() as tx:
        tx.inline_policies.remove(role.id, "p")
    assert status(house, assumed) == (403, "AccessDenied")
    with other.write() as tx:
        tx.roles.remove(role.id)
    assert status(house, assumed) == (403, "InvalidClientTokenId")
    with other.write() as tx:
        tx.access_keys.remove(second[0])
    assert status(house, second) == (403, "InvalidClientTokenId")


def test_a_remembered_caller_is_not_believed_without_the_secret(house: InProcess) -> None:
    house.iam("CreateUser", UserName="alice")
    house.iam("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=ALL)
    house.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    key = house.key_of("alice")
    assumed = session(house, key)
    assert status(house, key) == (200, "")
    assert status(house, (key[0], key[1] + "x")) == (403, "SignatureDoesNotMatch")
    assert status(house, (key[0], key[1], assumed[2])) == (403, "InvalidClientTokenId")
    assert status(house, (assumed[0], assumed[1])) == (403, "InvalidClientTokenId")
    assert status(house, (assumed[0], key[1], assumed[2])) == (403, "SignatureDoesNotMatch")
    house.clock.advance(seconds=3601)
    assert status(house, assumed) == (403, "ExpiredToken")


def test_a_long_token_is_read_and_not_remembered() -> None:
    def token(more: str) -> str:
        parts = {"alg": "RS256"}, {"iss": "https://idp.example", "more": more}
        return ".".join([*(urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts), "x"])

    before = tokens._remembered.cache_info().currsize
    assert tokens.read_token(token(LONG)).claims["more"] == LONG
    assert tokens._remembered.cache_info().currsize == before
    short = token("short, and of this test alone")
    assert tokens.read_token(short) is tokens.read_token(short)
    assert tokens._remembered.cache_info().currsize == before + 1
