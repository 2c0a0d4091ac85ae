"""What may stand at a place of a policy."""

from __future__ import annotations

from ostiary.analysis.completion import MOST, offers
from ostiary.analysis.reference import expanded
from ostiary.policy.conditions import read_operator


def texts(what: str, begun: str, *actions: str) -> list[str]:
    return [each.text for each in offers(what, begun, actions, "111122223333")]


def test_services_then_their_actions_are_offered() -> None:
    assert "s3:" in texts("action", "s3")
    found = offers("action", "S3:geto")
    assert [each.kind for each in found if each.text == "s3:GetObject"] == ["Read"]
    assert all(expanded(each.text) for each in found)
    assert texts("action", "nonsense:x") == []


def test_resources_are_those_that_the_actions_take() -> None:
    assert set(texts("resource", "arn:", "s3:ListBucket")) == {
        "arn:aws:s3:::*",
        "arn:aws:s3:*:111122223333:accesspoint/*",
    }
    assert "arn:aws:iam::111122223333:role/*" in texts("resource", "", "iam:PassRole")
    assert texts("resource", "") == ["*"]


def test_condition_keys_of_the_actions_come_first() -> None:
    found = texts("key", "", "s3:ListBucket")
    assert "s3:prefix" in found and "aws:SourceIp" in found
    assert found.index("s3:prefix") < found.index("aws:SourceIp")
    assert "aws:PrincipalTag/" in texts("key", "aws:principalt")


def test_operators_are_real_ones() -> None:
    found = texts("operator", "")
    assert len(found) <= MOST and all(read_operator(each) is not None for each in found)
    assert "Null" in found and "NullIfExists" not in found


def test_nothing_is_offered_where_nothing_is_known() -> None:
    assert texts("colour", "r") == []
