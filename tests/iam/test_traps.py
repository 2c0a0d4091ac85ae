"""Traps of IAM's own operations, each a real bug somewhere. The numbers are names only."""

from __future__ import annotations

import pytest

from tests.iam.asking import Iam
from tests.world import ACCOUNT

ARN = f"arn:aws:iam::{ACCOUNT}:"

READS = {
    "GetUser": ("user", {"UserName": "nobody"}),
    "GetRole": ("role", {"RoleName": "nobody"}),
    "GetGroup": ("group", {"GroupName": "nobody"}),
    "GetInstanceProfile": ("instance-profile", {"InstanceProfileName": "nobody"}),
}


def test_t5_a_permission_on_one_s_own_keys_makes_no_keys_for_others(iam: Iam) -> None:
    iam.users("alice", "admin")
    alice = iam.may("alice", "iam:CreateAccessKey", f"{ARN}user/${{aws:username}}")
    assert iam.fault("CreateAccessKey", by=alice, UserName="admin")[0] == "AccessDenied"
    assert iam("CreateAccessKey", by=alice)["AccessKey"]["UserName"] == "alice"


def test_t33_the_simulator_knows_no_trust_policies_so_nobody_is_let_into_a_role_by_it(iam: Iam) -> None:
    """AWS's simulator leaves trust policies aside for `sts:Assume*` (R134), as this one does; AssumeRole does not."""
    iam.users("alice")
    alice = iam.may("alice", "*")
    trust = f'{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{ARN}user/alice"}},%s}}}}'
    iam("CreateRole", RoleName="app", AssumeRolePolicyDocument=trust % '"Action":"sts:TagSession"')
    asked = {"RoleArn": f"{ARN}role/app", "RoleSessionName": "s1"}
    denying = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}}'
    more: dict[str, str]
    for more in ({}, {"ResourcePolicy": denying}):
        simulated = iam(
            "SimulatePrincipalPolicy",
            PolicySourceArn=alice.arn,
            ActionNames=["sts:AssumeRole"],
            ResourceArns=[f"{ARN}role/app"],
            **more,
        )["EvaluationResults"][0]
        assert simulated["EvalDecision"] == "allowed"
        assert [each["SourcePolicyId"] for each in simulated["MatchedStatements"]] == ["user_alice_only"]
    with pytest.raises(Exception, match="is not authorized to perform: sts:AssumeRole"):
        iam.world.call("sts:AssumeRole", asked, by=alice)
    iam("UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=trust % '"Action":"sts:AssumeRole"')
    assert iam.world.call("sts:AssumeRole", asked, by=alice)["AssumedRoleUser"]["Arn"].endswith("app/s1")


@pytest.mark.parametrize("operation", READS)
def test_t39_whether_something_exists_is_told_to_those_who_may_read_it_without_a_path(iam: Iam, operation: str) -> None:
    kind, params = READS[operation]
    iam.users("asker")
    asker = iam.may("asker", "iam:*", f"{ARN}{kind}/team/*")
    code, message = iam.fault(operation, by=asker, **params)
    assert code == "AccessDenied"
    assert f"on resource: {kind} nobody" in message or f"{ARN}{kind}/nobody" in message
    asker = iam.may("asker", "iam:*", f"{ARN}{kind}/*")
    assert iam.fault(operation, by=asker, **params)[0] == "NoSuchEntity"
