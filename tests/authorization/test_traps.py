"""Traps of the engine that its callers can fall into just the same. The numbers are names only."""

from __future__ import annotations

import pytest

from ostiary.authorization.judge import Ask
from ostiary.policy import PolicyType, Verdict
from tests.sts.people import add_role, add_user, assume, judged, trust
from tests.world import ALLOW_ALL, OTHER, World


@pytest.mark.parametrize("kind", ["user", "role"])
def test_t30_a_bucket_of_another_account_without_a_policy_is_closed(world: World, kind: str) -> None:
    caller = add_user(world, "alice", ALLOW_ALL)
    if kind == "role":
        caller = assume(world, add_role(world, "app", trust("*")), caller)
    ask = Ask(action="s3:GetObject", resource="arn:aws:s3:::theirs/key", account=OTHER)
    decision = judged(world, caller, ask).decision
    assert (decision.verdict, decision.decided_by) == (Verdict.IMPLICIT_DENY, PolicyType.RESOURCE)
    own = Ask(action="s3:GetObject", resource="arn:aws:s3:::mine/key", account=caller.account)
    assert judged(world, caller, own).allowed
