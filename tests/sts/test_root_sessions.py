"""AssumeRoot: the root user of a member account, for one task."""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.audit.record import identity
from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask
from ostiary.identifiers import root_arn
from ostiary.services.faults import ServiceFault
from ostiary.services.sts.root_sessions import TASKS
from ostiary.wire.faults import WireFault
from tests.organizations.asking import SCP, Organizations
from tests.sts.people import add_user, caller_of, judged, sent
from tests.world import ACCOUNT, OTHER, World, document

AUDIT, PASSWORD, DELETE, S3, SQS = TASKS


class Central:
    """An organization with central root access, a member account and an administrator of the management account."""

    def __init__(self, world: World) -> None:
        self.world, self.org = world, Organizations(world)
        self.org("CreateOrganization")
        self.org("EnableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
        self.member = self.org.account("member")
        self.features()
        self.admin = add_user(world, "admin")

    def features(self, verb: str = "Enable") -> None:
        for feature in ("RootCredentialsManagement", "RootSessions"):
            self.world.call(f"iam:{verb}Organizations{feature}")

    def assume(self, task: str = AUDIT, *, by: Caller | None = None, target: str = "", **more: Any) -> Any:
        params = {"TargetPrincipal": target or self.member, "TaskPolicyArn": {"arn": task}, **more}
        return self.world.call("sts:AssumeRoot", params, by=by or self.admin)

    def fault(self, *args: Any, **params: Any) -> tuple[str, str]:
        with pytest.raises(ServiceFault) as caught:
            self.assume(*args, **params)
        return caught.value.code, caught.value.message


@pytest.fixture
def central(world: World) -> Central:
    return Central(world)


def test_the_session_is_the_root_user_of_the_member_account(central: Central) -> None:
    given = central.assume()
    caller = caller_of(central.world, given)
    assert central.world.call("sts:GetCallerIdentity", by=caller) == {
        "UserId": central.member,
        "Account": central.member,
        "Arn": root_arn(central.member),
    }
    assert (given["Credentials"]["Expiration"] - central.world.clock.now()).total_seconds() == 900
    told = identity(caller, "")
    assert (told["type"], told["sessionContext"]["assumedRoot"]) == ("Root", "true")


def test_it_may_do_its_task_and_nothing_else(central: Central) -> None:
    auditor = caller_of(central.world, central.assume())
    assert central.world.call("iam:ListAccessKeys", by=auditor)["AccessKeyMetadata"] == []
    assert central.world.call("iam:GetUser", by=auditor)["User"]["Arn"] == root_arn(central.member)
    assert central.world.call("iam:GetAccountSummary", by=auditor)["SummaryMap"]["Users"] == 0
    for name, params in (
        ("iam:CreateUser", {"UserName": "backdoor"}),
        ("iam:CreateAccessKey", {}),
        ("iam:ListUsers", {}),
    ):
        with pytest.raises(ServiceFault) as caught:
            central.world.call(name, params, by=auditor)
        assert "with an explicit deny in a session policy" in caught.value.message


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_the_permissions_of_its_policy(central: Central, task: str) -> None:
    """What the policies of AWS leave, on the root user itself (IAM), on every bucket (S3), on every queue (SQS)."""
    caller = caller_of(central.world, central.assume(task))
    own, user = root_arn(central.member), f"arn:aws:iam::{central.member}:user/bob"
    bucket, queue = "arn:aws:s3:::box", f"arn:aws:sqs:us-east-1:{central.member}:q"
    asks = {
        ("iam:ListAccessKeys", own): task in (AUDIT, DELETE),
        ("iam:ListAccessKeys", user): False,
        ("iam:CreateLoginProfile", own): task == PASSWORD,
        ("iam:CreateLoginProfile", user): False,
        ("iam:GetLoginProfile", own): task in (AUDIT, PASSWORD, DELETE),
        ("iam:DeleteAccessKey", own): task == DELETE,
        ("iam:CreateAccessKey", own): False,
        ("s3:DeleteBucketPolicy", bucket): task == S3,
        ("s3:GetBucketPolicy", bucket): task == S3,
        ("s3:GetObject", bucket + "/x"): False,
        ("sqs:SetQueueAttributes", queue): task == SQS,
        ("sqs:SendMessage", queue): False,
    }
    found = {key: judged(central.world, caller, Ask(action=key[0], resource=key[1])).allowed for key in asks}
    assert found == asks


def test_a_condition_can_tell_an_assumed_root(central: Central) -> None:
    central.org.enable(SCP)
    condition = {"StringNotLikeIfExists": {"aws:AssumedRoot": "true"}}
    deny = document("*", effect="Deny", Condition={**condition, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}})
    central.org.policy(deny, "noroot", SCP, central.member)
    auditor = caller_of(central.world, central.assume())
    assert central.world.call("iam:ListAccessKeys", by=auditor)
    assert central.org.refusal("iam:ListAccessKeys", central.world.root(central.member)) is not None


def test_who_may_is_said_by_the_callers_policies(central: Central) -> None:
    arn = root_arn(central.member)
    may = add_user(central.world, "may", document("sts:AssumeRoot", arn))
    assert central.assume(by=may)
    assert central.assume(by=may, target=arn)
    elsewhere = add_user(central.world, "elsewhere", document("sts:AssumeRoot", root_arn(OTHER)))
    code, message = central.fault(by=elsewhere)
    assert code == "AccessDenied"
    assert f"is not authorized to perform: sts:AssumeRoot on resource: {arn}" in message


def test_the_task_is_a_condition_key(central: Central) -> None:
    condition = {"StringEquals": {"sts:TaskPolicyArn": AUDIT}}
    may = add_user(central.world, "may", document("sts:AssumeRoot", Condition=condition))
    assert central.assume(AUDIT, by=may)
    assert central.fault(DELETE, by=may)[0] == "AccessDenied"


def test_nobody_assumes_the_root_of_strangers_or_of_the_management_account(central: Central) -> None:
    assert central.fault(target=OTHER)[0] == "AccessDenied"
    assert central.fault(target=ACCOUNT)[0] == "AccessDenied"
    assert central.fault(target="999999999999")[0] == "AccessDenied"


def test_members_do_not_assume_the_root_of_each_other(central: Central) -> None:
    second = central.org.account("second")
    asker = add_user(central.world, "asker", account=second)
    assert central.fault(by=asker)[0] == "AccessDenied"
    central.org("RegisterDelegatedAdministrator", AccountId=second, ServicePrincipal="iam.amazonaws.com")
    assert central.assume(by=asker)


def test_root_users_do_not_call_it(central: Central) -> None:
    assert central.fault(by=central.world.root())[0] == "AccessDenied"


def test_without_the_feature_there_is_no_session(central: Central) -> None:
    central.world.call("iam:DisableOrganizationsRootSessions")
    assert central.fault(S3)[0] == "AccessDenied"
    assert central.assume(AUDIT)
    central.features("Disable")
    assert central.fault(AUDIT)[0] == "AccessDenied"


@pytest.mark.parametrize("task", ["arn:aws:iam::aws:policy/AdministratorAccess", f"arn:aws:iam::{ACCOUNT}:policy/own"])
def test_only_the_task_policies_are_tasks(central: Central, task: str) -> None:
    assert central.fault(task)[0] == "ValidationError"


@pytest.mark.parametrize(
    "target", ["bob-the-builder", "arn:aws:iam::111122223333:user/bob", "arn:aws:iam::111122223333"]
)
def test_only_root_users_are_targets(central: Central, target: str) -> None:
    assert central.fault(target=target)[0] == "ValidationError"


def test_fifteen_minutes_are_the_most(central: Central) -> None:
    given = central.assume(DurationSeconds=60)
    assert (given["Credentials"]["Expiration"] - central.world.clock.now()).total_seconds() == 60
    asked = {"TargetPrincipal": central.member, "TaskPolicyArn": {"arn": AUDIT}, "DurationSeconds": "901"}
    with pytest.raises(WireFault) as caught:
        sent(central.world, "sts:AssumeRoot", asked, central.admin)
    assert caught.value.code == "ValidationError"


def test_the_root_users_password_is_seen_deleted_and_made_again(central: Central) -> None:
    def do(task: str, name: str, **params: Any) -> Any:
        return central.world.call(f"iam:{name}", params, by=caller_of(central.world, central.assume(task)))

    def fault(task: str, name: str, **params: Any) -> str:
        with pytest.raises(ServiceFault) as caught:
            do(task, name, **params)
        return caught.value.code

    assert fault(AUDIT, "GetLoginProfile") == "NoSuchEntity"
    assert fault(PASSWORD, "CreateLoginProfile") == "ValidationError"
    do(PASSWORD, "CreateLoginProfile", Password="Correct-horse1")
    assert fault(PASSWORD, "CreateLoginProfile", Password="Correct-horse1") == "EntityAlreadyExists"
    assert do(AUDIT, "GetLoginProfile")["LoginProfile"]["PasswordResetRequired"] is False
    assert do(AUDIT, "GetAccountSummary")["SummaryMap"]["AccountPasswordPresent"] == 1
    assert fault(AUDIT, "DeleteLoginProfile") == "AccessDenied"
    do(DELETE, "DeleteLoginProfile")
    assert fault(DELETE, "DeleteLoginProfile") == "NoSuchEntity"


def test_the_root_users_keys_are_found_and_deleted(central: Central) -> None:
    key = central.world.call("iam:CreateAccessKey", by=central.world.root(central.member))["AccessKey"]["AccessKeyId"]
    auditor = caller_of(central.world, central.assume(AUDIT))
    (listed,) = central.world.call("iam:ListAccessKeys", by=auditor)["AccessKeyMetadata"]
    assert listed["AccessKeyId"] == key
    assert central.world.call("iam:GetAccessKeyLastUsed", by=auditor, AccessKeyId=key)
    cleaner = caller_of(central.world, central.assume(DELETE))
    central.world.call("iam:DeleteAccessKey", by=cleaner, AccessKeyId=key)
    assert central.world.call("iam:ListAccessKeys", by=auditor)["AccessKeyMetadata"] == []


def test_without_trust_in_iam_there_is_no_session(central: Central) -> None:
    central.org("DisableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
    assert central.fault(AUDIT)[0] == central.fault(S3)[0] == "AccessDenied"
