"""A difference of meaning, held against the engine: what it says is covered is covered for every request tried."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary import policy
from ostiary.analysis.meaning import Comparison, compare
from ostiary.analysis.patterns import covers, covers_resource, disjoint
from ostiary.policy import Attached, InForce, PolicyType, Request, Source, User, Verdict, compile_policy

ME = User(arn="arn:aws:iam::111122223333:user/me", account="111122223333", id="AIDAME")
ACTIONS = (
    "*",
    "s3:*",
    "s3:Get*",
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "iam:Get*",
    "iam:GetUser",
    "s3:Nope",
)
RESOURCES = (
    "*",
    "arn:aws:s3:::box/*",
    "arn:aws:s3:::box/a/*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::box",
    "arn:aws:s3:::box/${aws:username}/*",
    "arn:aws:iam::111122223333:user/*",
    "arn:aws:s3:::bo?/*",
)
ASKED = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "iam:GetUser", "iam:GetRole", "s3:Nope", "s3:GetSomethingNew")
ON = (
    "arn:aws:s3:::box/a/b",
    "arn:aws:s3:::box/c",
    "arn:aws:s3:::box/me/x",
    "arn:aws:s3:::box",
    "arn:aws:s3:::other/a",
    "arn:aws:iam::111122223333:user/you",
    "*",
)
CONTEXTS: tuple[dict[str, Any], ...] = (
    {"aws:username": "me"},
    {"aws:username": "me", "aws:SourceIp": "10.1.2.3", "aws:MultiFactorAuthPresent": "true"},
    {"aws:username": "me", "aws:SourceIp": "192.0.2.1", "s3:prefix": "a"},
)
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
    {"StringNotEquals": {"s3:prefix": ["a", "b"]}},
    {"StringNotEquals": {"s3:prefix": "a"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}},
)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    action = draw(st.sampled_from(("Action", "Action", "Action", "NotAction")))
    made[action] = draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3, unique=True))
    resource = draw(st.sampled_from(("Resource", "Resource", "Resource", "NotResource")))
    made[resource] = draw(st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=3, unique=True))
    condition = draw(st.sampled_from(CONDITIONS))
    return {**made, "Condition": condition} if condition else made


documents = st.builds(
    lambda version, found: json.dumps({"Version": version, "Statement": found}),
    st.sampled_from(("2012-10-17", "2012-10-17", "2008-10-17")),
    st.lists(statements(), max_size=3),
)


def allowed(text: str) -> set[tuple[str, str, int]]:
    """What a user with this one policy is allowed, of all requests tried."""
    source = Source(type=PolicyType.IDENTITY, name="p", owner="user/me")
    in_force = InForce(identity=(Attached(compile_policy(text), source),))
    found = set()
    for action in ASKED:
        for resource in ON:
            for number, context in enumerate(CONTEXTS):
                request = Request(
                    principal=ME, action=action, resource=resource, resource_account=ME.account, context=context
                )
                if policy.decide(in_force, request).verdict is Verdict.ALLOWED:
                    found.add((action, resource, number))
    return found


@settings(max_examples=80, deadline=None)
@given(documents, documents)
def test_what_is_newly_allowed_is_always_told(before: str, after: str) -> None:
    found = compare(before, after)
    old, new = allowed(before), allowed(after)
    if found.nothing_new:
        assert new <= old
    if not found.lost:
        assert old <= new
    if found.same:
        assert new == old


@settings(max_examples=25, deadline=None)
@given(documents)
def test_a_document_means_the_same_as_itself_however_it_is_written(text: str) -> None:
    document = json.loads(text)
    document["Statement"] = [dict(reversed(each.items())) for each in reversed(document["Statement"])]
    assert compare(text, json.dumps(document, indent=3)).same


def doc(*found: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(found)})


def one(action: Any, resource: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def told(found: Comparison) -> tuple[list[Any], list[Any]]:
    """Effect, service, actions and resources of each change."""
    return (
        [(each.effect, each.service, each.actions, each.resources) for each in found.gained],
        [(each.effect, each.service, each.actions, each.resources) for each in found.lost],
    )


BOX = "arn:aws:s3:::box/*"


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost"),
    [
        (doc(one("s3:GetObject")), doc(one(["s3:GetObject", "s3:PutObject"])),
         [("Allow", "s3", ("PutObject",), ("*",))], []),
        (doc(one("s3:*")), doc(one("s3:*", BOX)), [], [("Allow", "s3", ("*",), ("*",))]),
        (doc(one("s3:*", BOX)), doc(one("s3:GetObject", ["arn:aws:s3:::box/a/*", "arn:aws:s3:::other/*"])),
         [("Allow", "s3", ("GetObject",), ("arn:aws:s3:::other/*",))], [("Allow", "s3", ("*",), (BOX,))]),
        (doc(one("s3:*"), one("s3:GetObject", effect="Deny")), doc(one("s3:*")),
         [("Deny", "s3", ("GetObject",), ("*",))], []),
        (doc(one("s3:GetObject")), doc(one("s3:GetObject", effect="Deny"), one("s3:GetObject")),
         [], [("Deny", "s3", ("GetObject",), ("*",))]),
        (doc(one("s3:GetObject")), doc(one("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}})),
         [], [("Allow", "s3", ("GetObject",), ("*",))]),
        (doc(one("s3:Get*"), one("s3:Put*")), doc(one(["s3:GetObject", "s3:PutObject"])), [], None),
    ],
)  # fmt: skip
def test_changes_are_told_by_action_and_resource(before: str, after: str, gained: Any, lost: Any) -> None:
    found = told(compare(before, after))
    assert found[0] == gained
    if lost is not None:
        assert found[1] == lost


def test_actions_that_do_not_exist_yet_count() -> None:
    every = compile_policy(doc(one("s3:*")))
    listed = doc(one(sorted(f"s3:{name}" for name in _names("s3"))))
    found = compare(listed, every.text)
    assert [(each.actions, each.count) for each in found.gained] == [(("*",), 0)]
    assert compare(every.text, listed).nothing_new


def _names(service: str) -> list[str]:
    from ostiary import catalog

    known = catalog.service(service)
    assert known is not None
    return list(known.actions)


def test_who_is_trusted_is_part_of_what_a_trust_policy_means() -> None:
    def trust(*accounts: str) -> str:
        principal = {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]}
        return doc({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})

    found = compare(trust("111122223333"), trust("111122223333", "444455556666"))
    assert [each.principals for each in found.gained] == [("arn:aws:iam::444455556666:root",)]
    assert not found.lost


ALPHABET = "ab:*?"


@settings(max_examples=300, deadline=None)
@given(st.text(ALPHABET, max_size=6), st.text(ALPHABET, max_size=6), st.text("ab:", max_size=5))
def test_a_pattern_that_covers_another_covers_all_its_texts(wide: str, narrow: str, text: str) -> None:
    from ostiary.policy.globs import glob

    if covers(wide, narrow) and glob(narrow).matches(text):
        assert glob(wide).matches(text)
    if disjoint(wide, narrow):
        assert not (glob(wide).matches(text) and glob(narrow).matches(text))


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("*", "anything", True),
        ("arn:aws:s3:::box/*", "arn:aws:s3:::box/a/*", True),
        ("arn:aws:s3:::box/*", "arn:aws:s3:::box/${aws:username}", True),
        ("arn:aws:s3:::box/${*}", "arn:aws:s3:::box/${aws:username}", False),
        ("arn:aws:s3:*:*:b*", "arn:aws:s3:::box/*", True),
        ("arn:aws:s3*", "arn:aws:s3:::box", False),  # not certain: component by component they differ in number
        ("arn:aws:*:*:*:*", "arn:aws:s3:::box", True),
        ("arn:aws:s3:::bo?", "arn:aws:s3:::bo*", False),
    ],
)
def test_arns_are_covered_component_by_component(wide: str, narrow: str, covered: bool) -> None:
    assert covers_resource(wide, narrow) is covered
