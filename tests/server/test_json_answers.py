"""The query protocol answered in JSON, for who accepts JSON: what checks a caller's identity by STS asks for it.

The members are those that aws-iam-authenticator and Teleport read of AWS's answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.raw import IAM, STS, form
from tests.server.through_gate import InProcess
from tests.world import ACCOUNT, NOW

JSON = "application/json"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[InProcess]:
    made = InProcess(tmp_path / "data")
    yield made
    made.close()


def test_an_identity_is_told_in_json(house: InProcess) -> None:
    reply = house.ask(form("GetCallerIdentity", STS, {}), service="sts", accept=JSON)
    assert (reply.status, reply.headers["content-type"]) == (200, JSON)
    assert json.loads(reply.text) == {
        "GetCallerIdentityResponse": {
            "GetCallerIdentityResult": {
                "UserId": ACCOUNT,
                "Account": ACCOUNT,
                "Arn": f"arn:aws:iam::{ACCOUNT}:root",
            },
            "ResponseMetadata": {"RequestId": reply.request_id},
        }
    }


def test_times_are_numbers_and_lists_are_lists(house: InProcess) -> None:
    house.iam("CreateUser", UserName="bob")
    listed = json.loads(house.ask(form("ListUsers", IAM, {}), accept=f"{JSON}, */*").text)
    (user,) = listed["ListUsersResponse"]["ListUsersResult"]["Users"]
    assert (user["UserName"], user["CreateDate"]) == ("bob", NOW.timestamp())
    assert listed["ListUsersResponse"]["ListUsersResult"]["IsTruncated"] is False


def test_what_has_no_output_has_the_request_id(house: InProcess) -> None:
    house.iam("CreateUser", UserName="bob")
    reply = house.ask(form("DeleteUser", IAM, {"UserName": "bob"}), accept=JSON)
    assert json.loads(reply.text) == {"DeleteUserResponse": {"ResponseMetadata": {"RequestId": reply.request_id}}}


def test_an_error_is_told_in_json(house: InProcess) -> None:
    body = form("GetUser", IAM, {"UserName": "bob"})
    reply = house.ask(body, accept=JSON)
    message = "The user with name bob cannot be found."
    error = {"Code": "NoSuchEntity", "Message": message, "Type": "Sender"}
    assert reply.status == 404
    assert json.loads(reply.text) == {"Error": error, "RequestId": reply.request_id}
    unknown = house.ask(body, key=("AKIAXXXXXXXXXXXXXXXX", "none"), accept=JSON)
    assert json.loads(unknown.text)["Error"]["Code"] == "InvalidClientTokenId"


@pytest.mark.parametrize("accept", [None, "", "*/*", "text/xml", "text/html, application/json"])
def test_everybody_else_gets_xml(house: InProcess, accept: str | None) -> None:
    reply = house.ask(form("GetCallerIdentity", STS, {}), service="sts", accept=accept)
    assert reply.headers["content-type"] == "text/xml"
    assert reply.text.startswith("<GetCallerIdentityResponse")
