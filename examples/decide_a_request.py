"""Decide requests: may this user do that?

    python examples/decide_a_request.py

A document is compiled once; `InForce` says which policies bear on a request; a request brings everything that
conditions may ask for. The engine reads nothing by itself, and no server runs.
"""

from __future__ import annotations

from pathlib import Path

from ostiary.policy import (
    Attached,
    InForce,
    PolicyKind,
    PolicyType,
    Request,
    Source,
    User,
    check,
    compile_policy,
    decide,
    decide_many,
)

ALICE = User(arn="arn:aws:iam::111122223333:user/alice", account="111122223333")


def analysts() -> InForce:
    """The policy of the analysts, attached to whoever asks."""
    text = (Path(__file__).parent / "policies" / "analysts.json").read_text("utf-8")
    document = check(text, PolicyKind.MANAGED)  # raises MalformedPolicy if IAM would not save it
    print(f"a managed policy of {document.size} characters")
    return InForce(identity=[Attached(compile_policy(text), Source(type=PolicyType.IDENTITY, name="analysts"))])


def asks(action: str, key: str, *, tls: bool = True) -> Request:
    """Alice asks for an object of the bucket."""
    return Request(
        principal=ALICE,
        action=action,
        resource=f"arn:aws:s3:::reports/{key}",
        resource_account="111122223333",
        context={"aws:username": "alice", "aws:SecureTransport": "true" if tls else "false"},
    )


def main() -> None:
    """One request, then many."""
    in_force = analysts()

    decision = decide(in_force, asks("s3:PutObject", "home/alice/draft.csv"))
    (statement,) = decision.matched
    print(f"{decision.verdict.value} by {statement.source.name}, {statement.sid}, to line {statement.end.line}")

    requests = [
        asks("s3:GetObject", "2026/q1.csv"),
        asks("s3:PutObject", "home/bob/draft.csv"),
        asks("s3:GetObject", "2026/q1.csv", tls=False),
    ]
    for request, one in zip(requests, decide_many(in_force, requests), strict=True):
        print(f"{request.action} {request.resource}: {one.verdict.value}")


if __name__ == "__main__":
    main()
