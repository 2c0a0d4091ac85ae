"""The instance that the loopback metadata port speaks for."""

from __future__ import annotations

import pytest

from ostiary.services.ec2.local import LOCAL_INSTANCE, CannotChoose, choose_local, clear_local
from tests.ec2.calling import TRUST_EC2, Ec2
from tests.world import ACCOUNT, OTHER


def choose(ec2: Ec2, name: str, account: str | None = None, *, tokens: bool = False) -> str:
    house = ec2.world.house
    return choose_local(house, name, account=account, region="us-east-1", tokens_required=tokens).id


def chosen(ec2: Ec2) -> str | None:
    with ec2.world.house.store.read() as tx:
        return tx.settings.get(LOCAL_INSTANCE)


def test_choosing_makes_an_instance_with_the_profile(ec2: Ec2) -> None:
    arn = ec2.profile()
    made = choose(ec2, "web", tokens=True)
    shown = ec2.shown(made)
    assert (shown["IamInstanceProfile"]["Arn"], shown["MetadataOptions"]["HttpTokens"]) == (arn, "required")
    assert chosen(ec2) == made


def test_choosing_again_keeps_the_instance_and_changes_its_profile(ec2: Ec2) -> None:
    ec2.profile()
    admin = ec2.profile("admin", "admin-role")
    made = choose(ec2, "web", tokens=True)
    assert choose(ec2, "admin") == choose(ec2, "admin") == made
    shown = ec2.shown(made)
    assert (shown["IamInstanceProfile"]["Arn"], shown["MetadataOptions"]["HttpTokens"]) == (admin, "optional")
    assert len(ec2("DescribeIamInstanceProfileAssociations")["IamInstanceProfileAssociations"]) == 1


def test_an_instance_that_was_terminated_is_replaced(ec2: Ec2) -> None:
    ec2.profile()
    made = choose(ec2, "web")
    ec2("TerminateInstances", InstanceIds=[made])
    assert choose(ec2, "web") != made


def test_choosing_for_another_account_ends_the_instance_of_the_first(ec2: Ec2) -> None:
    ec2.profile()
    call, root = ec2.world.call, ec2.world.root(OTHER)
    call("iam:CreateInstanceProfile", InstanceProfileName="theirs", by=root)
    call("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST_EC2, by=root)
    call("iam:AddRoleToInstanceProfile", InstanceProfileName="theirs", RoleName="r", by=root)
    first = choose(ec2, "web", ACCOUNT)
    second = choose(ec2, "theirs", OTHER)
    assert chosen(ec2) == second
    assert ec2.shown(first)["State"]["Name"] == "terminated"


def test_clearing_terminates_it(ec2: Ec2) -> None:
    ec2.profile()
    made = choose(ec2, "web")
    assert clear_local(ec2.world.house) == made
    assert (chosen(ec2), ec2.shown(made)["State"]["Name"]) == (None, "terminated")
    assert clear_local(ec2.world.house) is None


@pytest.mark.parametrize(("name", "account"), [("nobody", None), ("web", "999999999999"), ("web", OTHER)])
def test_what_is_not_there_cannot_be_chosen(ec2: Ec2, name: str, account: str | None) -> None:
    ec2.profile()
    with pytest.raises(CannotChoose, match=r"there is no account|has no instance profile"):
        choose(ec2, name, account)
    assert chosen(ec2) is None
