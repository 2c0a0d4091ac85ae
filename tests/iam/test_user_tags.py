"""Tags of users."""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.store.records import TagRecord
from tests.iam.asking import Iam

DUPLICATE = ("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


def test_a_key_in_another_case_replaces_the_tag(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Tags=[tag("Team", "blue"), tag("env", "")])
    iam("TagUser", UserName="bob", Tags=[tag("TEAM", "red")])
    assert iam("ListUserTags", UserName="bob") == {"Tags": [tag("env"), tag("TEAM", "red")], "IsTruncated": False}


def test_tags_are_removed_whatever_the_case_of_the_key(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Tags=[tag("Team"), tag("env"), tag("x")])
    iam("UntagUser", UserName="bob", TagKeys=["TEAM", "missing", "env"])
    assert iam.tags("bob") == [TagRecord(key="x", value="")]


@pytest.mark.parametrize("tags", [[tag("a"), tag("a")], [tag("a", "1"), tag("A", "2")]])
def test_a_key_twice_in_one_request_is_refused(iam: Iam, tags: list[Any]) -> None:
    assert iam.fault("CreateUser", UserName="eve", Tags=tags) == DUPLICATE
    iam.users("bob")
    assert iam.fault("TagUser", UserName="bob", Tags=tags) == DUPLICATE
    assert iam.tags("bob") == []


@pytest.mark.parametrize("key", ["aws:team", "AWS:team", "Aws:"])
def test_keys_of_awss_own_are_refused(iam: Iam, key: str) -> None:
    iam.users("bob")
    for operation, name in (("CreateUser", "eve"), ("TagUser", "bob")):
        code, message = iam.fault(operation, UserName=name, Tags=[tag(key)])
        assert (code, message) == (
            "InvalidInput",
            "aws: prefixed tag key names are not allowed for external use.",
        )


def test_fifty_tags_and_no_more(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Tags=[tag(f"k{number}") for number in range(50)])
    iam("TagUser", UserName="bob", Tags=[tag("K7", "new")])
    assert iam.fault("TagUser", UserName="bob", Tags=[tag("one more")])[0] == "LimitExceeded"
    assert len(iam.tags("bob")) == 50


def test_tags_are_listed_page_after_page(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Tags=[tag("c"), tag("B"), tag("a")])
    first = iam("ListUserTags", UserName="bob", MaxItems=2)
    rest = iam("ListUserTags", UserName="bob", MaxItems=2, Marker=first["Marker"])
    assert [each["Key"] for page in (first, rest) for each in page["Tags"]] == ["a", "B", "c"]


def test_a_marker_of_the_longest_key_fits_the_model(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Tags=[tag("a" * 128), tag("b")])
    first = iam("ListUserTags", UserName="bob", MaxItems=1)
    assert len(first["Marker"]) <= 320
    assert iam("ListUserTags", UserName="bob", Marker=first["Marker"])["Tags"] == [tag("b")]


def test_a_tag_of_the_caller_counts_in_decisions_at_once(iam: Iam) -> None:
    iam.users("bob")
    bob = iam.may("bob", "iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    assert iam.fault("ListUsers", by=bob)[0] == "AccessDenied"
    iam("TagUser", UserName="bob", Tags=[tag("team", "blue")])
    assert iam("ListUsers", by=bob)
    iam("UntagUser", UserName="bob", TagKeys=["team"])
    assert iam.fault("ListUsers", by=bob)[0] == "AccessDenied"
