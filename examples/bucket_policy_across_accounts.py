"""Test a bucket policy across accounts: both sides must allow.

    python examples/bucket_policy_across_accounts.py

The bucket is in account 111122223333; who asks is in account 444455556666, and may only do what both the policy of the
bucket and the policies of the own account allow.
"""

from __future__ import annotations

import json
from pathlib import Path

from ostiary.policy import (
    Attached,
    Decision,
    InForce,
    PolicyKind,
    PolicyType,
    Principal,
    Request,
    RoleSession,
    Source,
    User,
    check,
    compile_policy,
    decide,
)

OWNER, PARTNER = "111122223333", "444455556666"
BOB = User(arn=f"arn:aws:iam::{PARTNER}:user/bob", account=PARTNER)
DELIVERY = RoleSession(
    arn=f"arn:aws:sts::{PARTNER}:assumed-role/delivery/night",
    role_arn=f"arn:aws:iam::{PARTNER}:role/delivery",
    account=PARTNER,
)
NOTHING: list[str] = []


def bucket_policy() -> list[Attached]:
    """The policy of the bucket `exchange`."""
    text = (Path(__file__).parent / "policies" / "partner-bucket.json").read_text("utf-8")
    check(text, PolicyKind.RESOURCE)
    return [Attached(compile_policy(text), Source(type=PolicyType.RESOURCE, name="exchange"))]


def identity_policy(actions: list[str]) -> list[Attached]:
    """What the partner's account allows its own people."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::exchange/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return [Attached(compile_policy(text), Source(type=PolicyType.IDENTITY, name="partner"))]


def asked(who: Principal, actions: list[str], action: str, key: str) -> Decision:
    """The decision for someone whose account allows them some actions."""
    in_force = InForce(identity=identity_policy(actions), resource=bucket_policy())
    request = Request(
        principal=who, action=action, resource=f"arn:aws:s3:::exchange/{key}", resource_account=OWNER, context={}
    )
    return decide(in_force, request)


def main() -> None:
    """Who may read and write."""
    for title, who, actions, action, key in (
        ("both sides allow", BOB, ["s3:GetObject"], "s3:GetObject", "out/a.csv"),
        ("the bucket allows, his account does not", BOB, NOTHING, "s3:GetObject", "out/a.csv"),
        ("his account allows, the bucket does not", BOB, ["s3:*"], "s3:PutObject", "in/a.csv"),
        ("the role that the bucket names", DELIVERY, ["s3:PutObject"], "s3:PutObject", "in/a.csv"),
    ):
        decision = asked(who, actions, action, key)
        missing = f", missing in the {decision.decided_by.value} policies" if decision.decided_by else ""
        print(f"{title}: {decision.verdict.value}{missing}")


if __name__ == "__main__":
    main()
