"""Policies of HTML forms: read strictly, held against the form's fields."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.post_policies import Sizes, check_policy, read_policy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = "2026-11-23T12:00:01Z"


def document(conditions: Any, **more: Any) -> str:
    text = json.dumps({"expiration": LATER, "conditions": conditions, **more})
    return base64.b64encode(text.encode()).decode()


def told(conditions: Any, fields: dict[str, str] | None = None, **more: Any) -> str:
    with pytest.raises(S3Refusal) as refused:
        check_policy(read_policy(document(conditions, **more)), fields or {}, NOW)
    return f"{refused.value.code}: {refused.value.message}"


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ({"acl": "private"}, {"acl": "private"}),
        (["eq", "$ACL", "private"], {"acl": "private"}),
        (["StArTs-WiTh", "$KeY", "user/"], {"key": "user/a"}),
        (["starts-with", "$key", ""], {"key": ""}),
        (["starts-with", "$Content-Type", "image/"], {"content-type": "image/png, image/jpeg"}),
    ],
)
def test_conditions_that_hold(condition: Any, fields: dict[str, str]) -> None:
    assert check_policy(read_policy(document([condition])), fields, NOW) is None


@pytest.mark.parametrize(
    ("condition", "fields", "shown"),
    [
        ({"acl": "private"}, {"acl": "Private"}, '["eq", "$acl", "private"]'),
        ({"acl": "private"}, {}, '["eq", "$acl", "private"]'),
        (["eq", "acl", "private"], {"acl": "private"}, '["eq", "acl", "private"]'),
        (["starts-with", "$key", "user/"], {"key": "users"}, '["starts-with", "$key", "user/"]'),
        (["starts-with", "$x", ""], {}, '["starts-with", "$x", ""]'),
        (["starts-with", "$Content-Type", "image/"], {"content-type": "image/png,text/html"}, None),
        (["eq", "$a", 'x"y'], {"a": "z"}, '["eq", "$a", "x\\"y"]'),
        (["content-length-range", "test", "10"], {}, '["content-length-range", "test", "10"]'),
    ],
)
def test_conditions_that_fail_are_told_as_the_policy_writes_them(
    condition: Any, fields: dict[str, str], shown: str | None
) -> None:
    message = told([condition], fields)
    assert message.startswith("AccessDenied: Invalid according to Policy: Policy Condition failed: ")
    assert shown is None or message.endswith(shown)


def test_every_field_must_be_spoken_of_but_those_of_the_proof() -> None:
    fields = {"policy": "x", "x-amz-signature": "x", "x-ignore-this": "x", "bucket": "box"}
    assert check_policy(read_policy(document([])), fields, NOW) is None
    assert told([], {"zeta": "1", "alpha": "2"}).endswith("Extra input fields: alpha, zeta")


def test_a_policy_ends_at_its_expiration() -> None:
    assert told([], expiration="2026-11-23T12:00:00.000Z").endswith("Policy expired.")


@pytest.mark.parametrize("bounds", [[5, 10], ["5", "10"]])
def test_sizes_are_bounded_at_both_ends(bounds: list[Any]) -> None:
    sizes = check_policy(read_policy(document([["content-length-range", *bounds]])), {}, NOW)
    assert sizes == Sizes(5, 10)
    for fits in (5, 10):
        sizes.check(fits, ended=True)
    sizes.check(1, ended=False)
    for size, ended, code in ((11, False, "EntityTooLarge"), (4, True, "EntityTooSmall")):
        with pytest.raises(S3Refusal) as refused:
            sizes.check(size, ended=ended)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("conditions", "more", "message"),
    [
        ([{"a": "1", "b": "2"}], {}, "Simple-Conditions must have exactly one property specified."),
        ([{}], {}, "Simple-Conditions must have exactly one property specified."),
        ([{"Content-Length": 6}], {}, "Invalid Simple-Condition: value must be a string."),
        ([{"a": None}], {}, "Invalid JSON."),
        ([["content-length-range", 0, 512.0]], {}, "Invalid JSON."),
        ([["content-length-range", 0]], {}, "Invalid content-length-range: wrong number of arguments."),
        ([["content-length-range", -1, 0]], {}, "bounds must not be negative."),
        ([["like", "$a", "b"]], {}, "Invalid Condition: unknown operation 'like'."),
        ([[]], {}, "Invalid Condition: missing operation identifier."),
        (["a"], {}, "Invalid condition test: must be a List or Object."),
        ({}, {}, "Invalid 'conditions' value: must be a List."),
        ([], {"Statement": []}, "Unexpected: 'statement'"),
        ([], {"expiration": "2026-11-23T12:00:00+02:00"}, "Invalid 'expiration' value: '2026-11-23T12:00:00+02:00'"),
        ([], {"expiration": "2026-13-23T12:00:00Z"}, "Invalid 'expiration' value: '2026-13-23T12:00:00Z'"),
    ],
)
def test_policies_that_cannot_be_read(conditions: Any, more: dict[str, Any], message: str) -> None:
    found = told(conditions, **more)
    assert found.startswith("InvalidPolicyDocument: Invalid Policy: ") and found.endswith(message)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"conditions":[]}', f'{{"expiration":"{LATER}"}}', "[" * 100_000])
def test_texts_that_are_no_policy(text: str) -> None:
    with pytest.raises(S3Refusal) as refused:
        read_policy(base64.b64encode(text.encode()).decode())
    assert refused.value.code == "InvalidPolicyDocument"


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for encoded in (text, base64.b64encode(text.encode("utf-8", "replace")).decode()):
        with pytest.raises(S3Refusal):
            read_policy(encoded)
