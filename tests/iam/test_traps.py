"""Traps of IAM's own operations, each a real bug somewhere. The numbers are names only."""

from __future__ import annotations

import pytest

from ostiary.services.operation import OPERATIONS
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


def test_t33_no_simulator_is_asked_about_trust_policies(iam: Iam) -> None:
    """There is none yet: `docs/differences.md` says so. One that comes must ignore trust policies, as AWS's does."""
    assert not [name for service, name in OPERATIONS if service == "iam" and name.startswith("Simulate")]
    iam.users("alice")
    alice = iam.may("alice", "*")
    trust = f'{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{ARN}user/alice"}},%s}}}}'
    iam("CreateRole", RoleName="app", AssumeRolePolicyDocument=trust % '"Action":"sts:TagSession"')
    asked = {"RoleArn": f"{ARN}role/app", "RoleSessionName": "s1"}
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
