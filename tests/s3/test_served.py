"""Each operation of the API is done, is answered as what no bucket has, or is NotImplemented; the page says which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.services.s3.operations import Served, served
from ostiary.services.s3.unset import EMPTY, MISSING, OFF
from tests.s3.house import S3House
from tests.s3.matrix import OWNER, Bucket
from tests.s3.test_requests import OLD_NAMES
from tests.s3.written import MODEL, least

PAGE = Path(__file__).parents[2] / "docs" / "users" / "s3.md"
ELSEWHERE = {"ListDirectoryBuckets", "WriteGetObjectResponse"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3House]:
    with pytest.MonkeyPatch.context() as patch:
        made = S3House(tmp_path_factory.mktemp("served") / "data", patch)
        made.make_buckets({"joinc-bucket": Bucket()})
        yield made
        made.close()


def who(operation: str) -> str:
    name = OLD_NAMES.get(operation, operation)
    if name in MISSING or name in EMPTY or name in OFF:
        return "none"
    kinds = {Served.OWNED: "kept", Served.FORWARDED: "engine", Served.UNBUILT: "`NotImplemented`"}
    return kinds[served(name)]


def test_the_page_lists_every_operation_of_the_model_with_who_does_it() -> None:
    rows = re.findall(r"(?m)^\| ([A-Z]\w+(?:, \w+)+) \| (\S+) \|$", PAGE.read_text())
    listed = {name: kind for names, kind in rows for name in names.split(", ")}
    assert listed == {name: who(name) for name in MODEL.operation_names}


@pytest.mark.parametrize(
    "operation", [each for each in MODEL.operation_names if who(each) == "`NotImplemented`" and each not in ELSEWHERE]
)
def test_what_is_not_done_is_not_implemented(house: S3House, operation: str) -> None:
    answer = house.ask("root", operation, **least(operation))
    assert (answer.status, b"<Code>NotImplemented</Code>" in answer.body) == (501, True)


@pytest.mark.parametrize("operation", sorted(MISSING))
def test_what_no_bucket_has_is_told_as_missing(house: S3House, operation: str) -> None:
    answer = house.ask("root", operation, **least(operation))
    assert (answer.status, f"<Code>{MISSING[operation][0]}</Code>".encode() in answer.body) == (404, True)


@pytest.mark.parametrize("operation", sorted(EMPTY))
def test_what_no_bucket_has_is_told_as_empty_and_removed_without_an_error(house: S3House, operation: str) -> None:
    status = MODEL.operation_model(operation).http.get("responseCode", 200)
    assert house.ask("root", operation, **least(operation)).status == status


def test_switching_off_what_is_off_is_taken_and_switching_it_on_is_not(house: S3House) -> None:
    box = {"Bucket": "joinc-bucket"}
    target = {"TargetBucket": "joinc-bucket", "TargetPrefix": ""}
    queue = {"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:1:q", "Events": ["s3:ObjectCreated:*"]}]}
    for operation, member, off, on in (
        ("PutBucketLogging", "BucketLoggingStatus", {}, {"LoggingEnabled": target}),
        ("PutBucketNotificationConfiguration", "NotificationConfiguration", {}, queue),
        ("PutBucketAbac", "AbacStatus", {"Status": "Disabled"}, {"Status": "Enabled"}),
    ):
        assert house.ask("root", operation, **box, **{member: off}).status == 200, operation
        assert house.ask("root", operation, **box, **{member: on}).status == 501, operation


def test_a_bucket_of_another_account_is_not_asked_what_it_has(house: S3House) -> None:
    assert house.ask("other root", "GetBucketWebsite", Bucket="joinc-bucket").status == 403
    wrong = {"Bucket": "joinc-bucket", "ExpectedBucketOwner": "9" * 12}
    assert house.ask("root", "GetBucketReplication", **wrong).status == 403
    assert house.ask("root", "GetBucketReplication", **{**wrong, "ExpectedBucketOwner": OWNER}).status == 404
