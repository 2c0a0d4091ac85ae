"""The index of a pool leaves out nothing that matches."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.policy import InForce, PolicyType, Pool, Verdict, decide
from tests.policy.build import ACCOUNT, ALICE, allow, attached, in_force, request

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
