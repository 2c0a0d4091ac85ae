"""The index of a pool leaves out nothing that matches."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.policy import InForce, PolicyType, Pool, Principal, Request, Root, Verdict, decide
from ostiary.policy.memory import Memory
from tests.policy.build import ACCOUNT, ALICE, OTHER, ROLE, SESSION, allow, attached, deny, in_force, request

REGIONS = ["eu-west-1", "us-east-1"]
ARNS = [
    *(f"arn:aws:s3:::{bucket}{key}" for bucket in ("a", "ab", "b") for key in ("", "/", "/x", "/x/y", "//x", "/a:b/c")),
    *(f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}" for region in REGIONS for name in ("t", "t/index/i")),
    *(f"arn:aws:sqs:{region}:{ACCOUNT}:{name}" for region in REGIONS for name in ("q", "queue", "a/b")),
    f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:app:log-stream:1",
    "*",
]
PATTERNS = [
    *ARNS,
    *(f"{arn}*" for arn in ARNS if arn != "*"),
    *("arn:aws:s3:::a?/x", "arn:aws:s3:::*/x", "arn:aws:s3:::a/${aws:username}", "arn:aws:s3:::${aws:username}/x"),
    *(
        "arn:aws:s3:*",
        "arn:aws:*",
        "arn:*:s3:::a/x",
        "arn:aws:s3:::a/x/*y",
        "arn:aws:s3",
        "arn:aws:s3:::a/*/x",
        "**",
        "?",
    ),
    *("arn:aws:dynamodb:*:*:table/t", "arn:aws:dynamodb:*:1111*:table/*", "arn:aws:sqs:*:*:q*", "arn:aws:sqs:*:*:a/b"),
    f"arn:aws:logs:*:{ACCOUNT}:log-group:*",
]


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    listed = draw(st.lists(st.sampled_from(PATTERNS), max_size=3))
    return allow("*", not_resource=listed) if draw(st.integers(0, 8)) == 0 else allow("*", listed)


@settings(max_examples=400)
@given(st.lists(statements(), min_size=5, max_size=12), st.sampled_from(ARNS))
def test_a_pool_finds_each_statement_that_matches_by_itself(listed: list[dict[str, Any]], resource: str) -> None:
    asked = request("svc:Do", resource, context={"aws:username": "x"})
    alone = [
        at
        for at, statement in enumerate(listed)
        if decide(in_force(identity=[statement]), asked).verdict is Verdict.ALLOWED
    ]
    together = decide(in_force(identity=listed), asked)
    assert [one.statement_index for one in together.matched] == alone


SLASHED = ["arn:aws:s3:::a/", "arn:aws:s3:::a//", "a/b", "a/", "arn:aws:s3/x:y::z:a/x", "arn:aws:s3/x:y::z:b/x"]
KINDS = ["identity", "boundary", "session", "resource", "vpce", "scp"]
CALLERS: list[Principal] = [
    ALICE,
    SESSION,
    replace(ALICE, management_account=True),
    Root(arn=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT),
]


@st.composite
def any_statements(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    listed = draw(st.lists(st.sampled_from([*PATTERNS, *SLASHED, "*"]), min_size=1, max_size=3))
    more: dict[str, Any] = {}
    if kind in ("resource", "vpce"):
        more["principal"] = draw(st.sampled_from(["*", {"AWS": ACCOUNT}, {"AWS": ALICE.arn}, {"AWS": ROLE}]))
    if draw(st.booleans()):
        more["condition"] = {"StringLike": {"aws:Word": draw(st.sampled_from(["on", "o*", "${aws:username}n"]))}}
    make = deny if draw(st.integers(0, 5)) == 0 else allow
    if draw(st.integers(0, 6)) == 0:
        return make(not_action="sqs:Send", not_resource=listed, **more)
    return make(draw(st.sampled_from(["*", "s3:Get*", "s3:GetObject", "sqs:*"])), listed, **more)


@st.composite
def questions(draw: st.DrawFn) -> Request:
    context = draw(st.sampled_from([{}, {"aws:username": "x"}, {"aws:username": "o", "AWS:Word": "on"}]))
    return request(
        draw(st.sampled_from(["s3:GetObject", "S3:getObject", "sqs:Send"])),
        draw(st.sampled_from([*ARNS, *SLASHED])),
        draw(st.sampled_from(CALLERS)),
        draw(st.sampled_from([ACCOUNT, ACCOUNT, OTHER])),
        context=context,
    )


@settings(max_examples=400)
@given(st.data())
def test_what_a_pool_has_learnt_changes_no_answer(data: st.DataObject) -> None:
    types: dict[str, Any] = {}
    for kind in data.draw(st.lists(st.sampled_from(KINDS), unique=True, max_size=6)):
        listed = data.draw(st.lists(any_statements(kind), min_size=1, max_size=20 if kind == "identity" else 5))
        types["endpoint" if kind == "vpce" else kind] = (
            [[attached(PolicyType.SCP, *listed)]] if kind == "scp" else [attached(PolicyType(kind), *listed)]
        )
    learnt = InForce(**types)
    for asked in data.draw(st.lists(questions(), min_size=4, max_size=12)):
        assert decide(learnt, asked) == decide(InForce(**types), asked) == decide(learnt, asked)


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(100)
    monkeypatch.setattr("ostiary.policy.memory._MEMORY", memory)
    everywhere = InForce(identity=[attached(PolicyType.IDENTITY, allow("*", "arn:aws:sqs:*:*:b*"))])
    most = 0
    for number in range(1000):
        decide(everywhere, request(f"sqs:Do{number % 7}", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:b{number}"))
        most = max(most, sum(len(plan._places) for plan in everywhere.identity.plans.values()))
    assert most == 100
    for number in range(1000):
        decide(everywhere, request(f"svc:Do{number}", "*"))
    assert len(everywhere.identity.plans) <= 256


def test_a_pool_is_asked_by_many_threads_at_once() -> None:
    listed = [allow(f"svc:Do{number}", f"arn:aws:s3:::b{number}/*") for number in range(50)]
    policies = InForce(identity=Pool([attached(PolicyType.IDENTITY, *listed)]))
    wrong: list[str] = []

    def ask(start: int) -> None:
        for step in range(500):
            number = (start + step) % 50
            for bucket in (number, number + 1):
                asked = request(f"svc:Do{number}", f"arn:aws:s3:::b{bucket}/k", ALICE)
                if (decide(policies, asked).verdict is Verdict.ALLOWED) != (bucket == number):
                    wrong.append(asked.action)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_decision_among_a_thousand_policies_looks_at_few_statements() -> None:
    pool = Pool(
        attached(PolicyType.IDENTITY, allow("s3:*", f"arn:aws:s3:::bucket-{number}/*")) for number in range(1000)
    )
    bearing = pool.plan("s3:GetObject").bearing("arn:aws:s3:::bucket-7/key")
    assert [check.placed.order for check in bearing.allows] == [7]
