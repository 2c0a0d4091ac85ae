"""An authorization id is a request id in AWS's spelling."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.audit.authorization_id import authorization_id, request_id
from tests.toolbox.asking import MODEL

SEEN = (
    "b5m5v5taprqh3yoluoo4dyw0w",
    "d3xbfwcsdoam45n7ms6nv5pl0",
    "ejsk06qtimkkubln9lbjmt1h",
    "9fwl8rk7s35sljltb3mkkdi7f",
    "dddiidd1k88ni0xc6dxnae76n",
)
"""Ids of AWS's, from published error messages."""


@given(st.uuids())
def test_every_request_has_one_and_is_found_by_it(each: uuid.UUID) -> None:
    made = authorization_id(str(each))
    assert re.fullmatch(MODEL.shape_for("AuthorizationId").metadata["pattern"], made)
    assert request_id(made) == str(each)
    assert request_id(each.hex) == str(each)


@pytest.mark.parametrize("seen", SEEN)
def test_the_ids_of_aws_have_the_same_form(seen: str) -> None:
    found = request_id(seen)
    assert found is not None
    assert authorization_id(found) == seen


@given(st.text(alphabet="0123456789abcdefghijklmnopqrstuvwxyz-AZ", max_size=40))
def test_a_request_has_no_second_id(text: str) -> None:
    found = request_id(text)
    assert found is None or text in (authorization_id(found), uuid.UUID(found).hex)


def test_what_is_no_id_stands_for_nothing() -> None:
    assert request_id("z" * 25) is None
    assert request_id("") is None
    assert request_id("0abc") is None
    assert authorization_id("r1") == ""
