"""Requests that are too many are refused as AWS refuses them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.gate.target import Target
from ostiary.gate.throttle import Throttle
from ostiary.settings import Rate
from tests.live import BIN, Server, running
from tests.server.raw import FORM, STS, form
from tests.server.through_gate import HOST, InProcess

LIST, MAKE = Target(service="iam", operation="ListUsers"), Target(service="iam", operation="CreateUser")


def passed(throttle: Throttle, target: Target, moments: list[float], account: str = "1") -> int:
    return sum(throttle.refusal(target, account, at) is None for at in moments)


def test_as_many_at_once_as_the_bucket_holds_then_as_the_rate_says() -> None:
    throttle = Throttle([Rate(family="iam", per_second=2, burst=5)])
    assert passed(throttle, LIST, [0.0] * 20) == 5
    assert passed(throttle, LIST, [0.49] * 3) == 0
    assert passed(throttle, LIST, [0.5] * 3) == 1
    assert passed(throttle, LIST, [100.0] * 20) == 5


@given(st.lists(st.floats(0, 60), max_size=200), st.integers(1, 20), st.integers(1, 20))
def test_no_account_ever_gets_more_than_burst_and_rate(moments: list[float], rate: int, burst: int) -> None:
    throttle, moments = Throttle([Rate(family="iam", per_second=rate, burst=burst)]), sorted(moments)
    most = burst + rate * (moments[-1] - moments[0]) if moments else 0
    assert passed(throttle, LIST, moments) <= most + 1e-6


def test_accounts_and_families_have_buckets_of_their_own() -> None:
    throttle = Throttle([Rate(family="iam", per_second=1, burst=1), Rate(family="iam-write", per_second=1, burst=2)])
    assert passed(throttle, LIST, [0.0] * 3) == 1
    assert passed(throttle, MAKE, [0.0] * 3) == 2
    assert passed(throttle, LIST, [0.0] * 3, "2") == 1
    assert passed(throttle, Target(service="sts", operation="GetCallerIdentity"), [0.0] * 30) == 30


def test_one_operation_can_be_a_family() -> None:
    throttle = Throttle([Rate(family="iam:ListUsers", per_second=1, burst=1)])
    assert passed(throttle, LIST, [0.0] * 3) == 1
    assert passed(throttle, Target(service="iam", operation="ListRoles"), [0.0] * 3) == 3


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("iam", "Throttling", 400),
        ("sts", "Throttling", 400),
        ("s3", "SlowDown", 503),
        ("ec2", "RequestLimitExceeded", 503),
    ],
)
def test_each_service_has_its_word_for_it(service: str, code: str, status: int) -> None:
    throttle, target = Throttle([Rate(family=service, per_second=1, burst=1)]), Target(service=service, operation="X")
    assert throttle.refusal(target, "1", 0) is None
    fault = throttle.refusal(target, "1", 0)
    assert fault is not None and (fault.code, fault.status) == (code, status)


def test_who_has_no_account_has_the_bucket_of_an_address(tmp_path: Path) -> None:
    """Signing in by an identity provider's word needs no key: nobody may use up everybody's requests."""
    house = InProcess(tmp_path)
    try:
        house.gate._throttle = Throttle([Rate(family="sts", per_second=1, burst=3)])
        asked = form("AssumeRoleWithWebIdentity", STS, {"RoleArn": "x" * 20, "RoleSessionName": "s1"})
        codes = [(at, answered(house, asked, at)) for at in ["192.0.2.1"] * 5 + ["192.0.2.2"]]
    finally:
        house.close()
    assert [at for at, text in codes if "Throttling" in text] == ["192.0.2.1"] * 2


def answered(house: InProcess, body: bytes, address: str) -> str:
    """To a request without a signature."""
    request = HttpRequest(
        method="POST",
        raw_path="/",
        raw_query="",
        headers=(("host", HOST), ("content-type", FORM)),
        body=body,
        source_ip=address,
        secure=False,
        at=house.clock.now(),
        request_id="00000000-0000-4000-8000-000000000000",
    )
    reply = house.gate.answer(replace(house.gate.route(request), patient=True))
    assert isinstance(reply, HttpResponse)
    return reply.body.decode()


def test_addresses_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary.gate.throttle._REMEMBERED", 10)
    monkeypatch.setattr("ostiary.gate.throttle._MOST", 20)
    throttle = Throttle([Rate(family="iam", per_second=1, burst=5)])
    for number in range(1000):
        assert throttle.refusal(LIST, f"2001:db8::{number:x}", 0.0) is None
    assert len(throttle._buckets) <= 20


def test_memory_is_bounded_and_nobody_gains_by_it() -> None:
    throttle = Throttle([Rate(family="iam", per_second=0.001, burst=1)])
    for account in range(12_000):
        throttle.refusal(LIST, str(account), 0)
    assert passed(throttle, LIST, [1.0], "5") == 0
    assert passed(throttle, LIST, [2000.0], "5") == 1


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("throttled") / "data"
    with running(data, "--no-s3", "--throttle", "iam-read=0.01/3", "--throttle", "sts=1000") as started:
        yield started


@pytest.mark.server
@pytest.mark.xdist_group("server")
def test_a_client_is_told_to_slow_down_and_others_are_not(slow: Server) -> None:
    iam, sts = slow.client("iam", config={"retries": {"max_attempts": 0}}), slow.client("sts")
    for _ in range(3):
        iam.list_users()
    with pytest.raises(ClientError) as caught:
        iam.list_users()
    error, meta = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    assert (error["Code"], error["Message"], meta["HTTPStatusCode"]) == ("Throttling", "Rate exceeded", 400)
    iam.create_user(UserName="written")
    assert sts.get_caller_identity()["Account"]
    made = slow.account("second")
    assert slow.client("iam", (made["akid"], made["secret"])).list_users()["Users"] == []


@pytest.mark.parametrize("text", ["iam", "iam=", "iam=0", "iam=-1", "iam=1/0", "=5", "iam=1e9", "iam=5/2/3"])
def test_what_is_no_rate_is_refused(tmp_path: Path, text: str) -> None:
    command = [str(BIN / "ostiary"), "serve", "--data", str(tmp_path), "--throttle", text]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "is no rate" in done.stderr
