"""The account's alias and summary."""

from __future__ import annotations

from tests.iam.asking import MODEL, Iam
from tests.world import ACCOUNT, OTHER


def aliases(iam: Iam) -> list[str]:
    shown: list[str] = iam("ListAccountAliases")["AccountAliases"]
    return shown


def test_an_alias_is_set_and_taken_away(iam: Iam) -> None:
    assert aliases(iam) == []
    iam("CreateAccountAlias", AccountAlias="acme")
    assert aliases(iam) == ["acme"]
    iam("DeleteAccountAlias", AccountAlias="acme")
    assert aliases(iam) == []


def test_a_new_alias_overwrites_the_old_one_which_others_may_take_then(iam: Iam) -> None:
    iam("CreateAccountAlias", AccountAlias="old")
    iam("CreateAccountAlias", AccountAlias="new")
    assert aliases(iam) == ["new"]
    iam("CreateAccountAlias", AccountAlias="old", by=iam.world.root(OTHER))


def test_an_alias_belongs_to_one_account(iam: Iam) -> None:
    iam("CreateAccountAlias", AccountAlias="acme")
    for account in (ACCOUNT, OTHER):
        said = iam.fault("CreateAccountAlias", AccountAlias="acme", by=iam.world.root(account))
        assert said == ("EntityAlreadyExists", "The account alias acme already exists.")


def test_only_ones_own_alias_is_deleted(iam: Iam) -> None:
    iam("CreateAccountAlias", AccountAlias="acme")
    said = iam.fault("DeleteAccountAlias", AccountAlias="acme", by=iam.world.root(OTHER))
    assert said == ("NoSuchEntity", "The account alias acme cannot be found.")
    assert aliases(iam) == ["acme"]


def test_the_summary_has_every_member_of_the_model(iam: Iam) -> None:
    summary = iam("GetAccountSummary")["SummaryMap"]
    assert set(summary) == set(MODEL.operation_model("GetAccountSummary").output_shape.members["SummaryMap"].key.enum)


def test_the_summary_counts_what_there_is(iam: Iam) -> None:
    before = iam("GetAccountSummary")["SummaryMap"]
    assert (before["Users"], before["Groups"], before["AccountAccessKeysPresent"]) == (0, 0, 0)
    iam.users("a", "b")
    iam("CreateGroup", GroupName="g")
    iam("CreateAccessKey", without={"UserName"})
    iam.users("c")
    iam("DeleteUser", UserName="c")
    iam("CreateUser", UserName="elsewhere", by=iam.world.root(OTHER))
    after = iam("GetAccountSummary")["SummaryMap"]
    changed = {name: after[name] for name in after if after[name] != before[name]}
    assert changed == {"Users": 2, "Groups": 1, "AccountAccessKeysPresent": 1}


def test_the_summary_counts_versions_of_policies(iam: Iam) -> None:
    policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    arn = iam("CreatePolicy", PolicyName="p", PolicyDocument=policy)["Policy"]["Arn"]
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=policy)
    summary = iam("GetAccountSummary")["SummaryMap"]
    assert (summary["Policies"], summary["PolicyVersionsInUse"]) == (1, 2)


def test_the_summary_shows_the_quotas_that_hold(iam: Iam) -> None:
    assert iam("GetAccountSummary")["SummaryMap"]["UsersQuota"] == 5000
    iam.quota("UsersPerAccount", 7)
    assert iam("GetAccountSummary")["SummaryMap"]["UsersQuota"] == 7
    assert iam("GetAccountSummary", by=iam.world.root(OTHER))["SummaryMap"]["UsersQuota"] == 5000
