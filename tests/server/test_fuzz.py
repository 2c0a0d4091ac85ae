"""Whatever is sent: an answer in AWS's form, never a 5xx (but 501 for the unbuilt), and the connection lives on."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from ostiary.services.catalogue import load_operations
from ostiary.services.operation import OPERATIONS
from tests.live import Server
from tests.server.fuzz import Fuzzer
from tests.server.judging import judged
from tests.server.raw import Line, form

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]

COUNT = int(os.environ.get("OSTIARY_FUZZ", "2000"))
"""How many requests are drawn; `OSTIARY_FUZZ=100000` for a long run."""
SEED = int(os.environ.get("OSTIARY_FUZZ_SEED", "4700"))
UNFORESEEN = re.compile(r"^ostiary: [0-9a-f-]{36}: ", re.MULTILINE)


@pytest.fixture
def account(server: Server) -> dict[str, str]:
    return server.account(f"fuzzed {SEED} {os.getpid()}")


@pytest.fixture
def fuzzed(server: Server, account: dict[str, str]) -> Iterator[Line]:
    """A connection as root of an account that may be ruined."""
    load_operations()
    made = Line(server.endpoint, (account["akid"], account["secret"]))
    yield made
    made.close()


@pytest.fixture
def member(server: Server, account: dict[str, str]) -> tuple[str, str]:
    """The key of a user of that account whose permissions hang on conditions."""
    iam = server.client("iam", (account["akid"], account["secret"]))
    iam.create_user(UserName="member")
    statements = [
        {"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": {"StringLike": {"aws:username": "mem*"}}},
        {"Effect": "Allow", "Action": "sts:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "::1"}}},
        {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"Null": {"aws:TagKeys": "false"}}},
        {"Effect": "Deny", "NotAction": ["iam:Get*", "iam:List*", "iam:C*"], "NotResource": "arn:aws:iam::*:user/*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="member", PolicyName="conditions", PolicyDocument=document)
    key = iam.create_access_key(UserName="member")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_no_request_upsets_the_server(
    server: Server, fuzzed: Line, account: dict[str, str], member: tuple[str, str]
) -> None:
    before = len(UNFORESEEN.findall(server.log.read_text()))
    fuzzer = Fuzzer(SEED, account["account"], OPERATIONS)
    codes: Counter[str] = Counter()
    done: set[str] = set()
    connection = fuzzed.connection.sock
    for number, (service, operation, body) in enumerate(fuzzer.requests(COUNT)):
        reply = fuzzed.ask(body, service=service, key=member if number % 4 == 0 else None)
        code, _ = judged(service, operation, reply, body)
        codes[code] += 1
        if not code:
            done.add(operation)
        connection = connection or fuzzed.connection.sock
        assert fuzzed.connection.sock is connection  # one connection, from the first request to the last
    print(f"\n{COUNT} requests, seed {SEED}: {codes.most_common()}")
    assert fuzzed.sts("GetCallerIdentity").status == 200
    assert len(UNFORESEEN.findall(server.log.read_text())) == before, server.log.read_text()
    # The draw is not all nonsense: much of it does something, and AWS's usual refusals are all met.
    assert len(done) >= min(30, COUNT // 60)
    if COUNT >= 2000:
        assert {
            "ValidationError",
            "NoSuchEntity",
            "EntityAlreadyExists",
            "MalformedPolicyDocument",
            "AccessDenied",
        } <= set(codes)


def test_a_form_of_random_bytes_is_refused_in_order(fuzzed: Line) -> None:
    import random

    draw = random.Random(SEED)
    for _ in range(150):
        body = form("CreateUser", "2010-05-08", {"UserName": "x"}) + b"&" + draw.randbytes(draw.randrange(1, 80))
        reply = fuzzed.ask(body)
        assert reply.status < 500, body
        ElementTree.fromstring(reply.body)
