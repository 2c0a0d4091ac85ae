"""Access keys."""

from __future__ import annotations

import json
import re

import pytest

from ostiary.credentials.access_keys import account_of
from ostiary.credentials.vault import SealBroken
from ostiary.store.records import AccessKeyUse
from tests.iam.asking import Iam
from tests.world import ACCOUNT, NOW, OTHER

NAMELESS = {"UserName"}


def test_a_created_key_says_its_secret_once(iam: Iam) -> None:
    iam.users("bob")
    made = iam("CreateAccessKey", UserName="bob")["AccessKey"]
    secret = made.pop("SecretAccessKey")
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", secret)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", made["AccessKeyId"])
    assert account_of(made["AccessKeyId"]) == ACCOUNT
    assert made == {
        "UserName": "bob",
        "AccessKeyId": made["AccessKeyId"],
        "Status": "Active",
        "CreateDate": NOW,
    }
    assert iam("ListAccessKeys", UserName="bob")["AccessKeyMetadata"] == [made]


def test_the_secret_opens_for_its_own_key_and_account_only(iam: Iam) -> None:
    iam.users("bob")
    made = iam("CreateAccessKey", UserName="bob")["AccessKey"]
    house = iam.world.house
    facts = house.book.key(made["AccessKeyId"])
    assert facts is not None
    assert facts.secret == made["SecretAccessKey"]
    with house.store.read() as tx:
        record, account = tx.access_keys.get(made["AccessKeyId"]), tx.accounts.get(ACCOUNT)
        other = tx.accounts.get(OTHER)
    assert record is not None and account is not None and other is not None
    assert made["SecretAccessKey"].encode() not in record.secret
    with pytest.raises(SealBroken):
        house.vault.unseal(ACCOUNT, account.data_key, record.secret, "AKIAAAAAAAAAAAAAAAAA")
    with pytest.raises(SealBroken):
        house.vault.unseal(OTHER, other.data_key, record.secret, record.id)


def test_the_record_keeps_no_secret(iam: Iam) -> None:
    iam.users("bob")
    made = iam("CreateAccessKey", UserName="bob")["AccessKey"]
    with iam.world.house.store.read() as tx:
        events = [json.loads(event.body) for event in tx.events.latest(10)]
    text = json.dumps(events)
    assert made["AccessKeyId"] in text
    assert made["SecretAccessKey"] not in text


def test_a_user_without_a_name_makes_its_own_key(iam: Iam) -> None:
    iam.users("bob", "eve")
    bob = iam.may("bob", "iam:*AccessKey*", f"arn:aws:iam::{ACCOUNT}:user/bob")
    key = iam("CreateAccessKey", by=bob)["AccessKey"]
    assert key["UserName"] == "bob"
    assert [each["AccessKeyId"] for each in iam("ListAccessKeys", by=bob)["AccessKeyMetadata"]] == [key["AccessKeyId"]]
    iam("UpdateAccessKey", AccessKeyId=key["AccessKeyId"], Status="Inactive", by=bob)
    iam("DeleteAccessKey", AccessKeyId=key["AccessKeyId"], by=bob)
    assert iam("ListAccessKeys", UserName="bob")["AccessKeyMetadata"] == []
    assert iam.fault("CreateAccessKey", UserName="eve", by=bob)[0] == "AccessDenied"


def test_the_root_user_without_a_name_has_its_own_keys(iam: Iam) -> None:
    iam.users("bob")
    key = iam("CreateAccessKey", without=NAMELESS)["AccessKey"]
    assert "UserName" not in key
    facts = iam.world.house.book.key(key["AccessKeyId"])
    assert facts is not None and facts.owner_id == ACCOUNT
    assert [each["AccessKeyId"] for each in iam("ListAccessKeys")["AccessKeyMetadata"]] == [key["AccessKeyId"]]
    assert iam("ListAccessKeys", UserName="bob")["AccessKeyMetadata"] == []
    assert iam("ListAccessKeys", by=iam.world.root(OTHER))["AccessKeyMetadata"] == []
    iam("DeleteAccessKey", AccessKeyId=key["AccessKeyId"])
    iam.world.house.book.refresh()
    assert iam.world.house.book.key(key["AccessKeyId"]) is None


def test_two_keys_and_no_more(iam: Iam) -> None:
    iam.users("bob")
    for caller in ({"UserName": "bob"}, {}):
        first = iam("CreateAccessKey", without=NAMELESS, **caller)["AccessKey"]["AccessKeyId"]
        iam("CreateAccessKey", without=NAMELESS, **caller)
        iam("UpdateAccessKey", AccessKeyId=first, Status="Inactive", **caller)
        said = iam.fault("CreateAccessKey", **caller)
        assert said == ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
        assert len(iam("ListAccessKeys", **caller)["AccessKeyMetadata"]) == 2


def test_a_key_is_switched_off_and_on(iam: Iam) -> None:
    iam.users("bob")
    key = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    for status, active in (("Inactive", False), ("Active", True)):
        iam("UpdateAccessKey", UserName="bob", AccessKeyId=key, Status=status)
        assert iam("ListAccessKeys", UserName="bob")["AccessKeyMetadata"][0]["Status"] == status
        iam.world.house.book.refresh()
        facts = iam.world.house.book.key(key)
        assert facts is not None and facts.active is active


def test_nobody_can_make_a_key_expire(iam: Iam) -> None:
    iam.users("bob")
    key = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    said = iam.fault("UpdateAccessKey", UserName="bob", AccessKeyId=key, Status="Expired")
    assert said[0] == "ValidationError"


def test_a_key_of_somebody_else_cannot_be_found(iam: Iam) -> None:
    iam.users("bob", "eve")
    key = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    text = f"The Access Key with id {key} cannot be found."
    for caller in ({"UserName": "eve"}, {}):
        assert iam.fault("DeleteAccessKey", AccessKeyId=key, **caller) == ("NoSuchEntity", text)
        assert iam.fault("UpdateAccessKey", AccessKeyId=key, Status="Inactive", **caller) == ("NoSuchEntity", text)
    iam("CreateUser", UserName="bob", by=iam.world.root(OTHER))
    said = iam.fault("DeleteAccessKey", UserName="bob", AccessKeyId=key, by=iam.world.root(OTHER))
    assert said == ("NoSuchEntity", text)


def test_keys_are_listed_page_after_page_the_oldest_first(iam: Iam) -> None:
    iam.users("bob")
    ids = []
    for _ in range(2):
        ids.append(iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"])
        iam.world.clock.advance(seconds=1)
    first = iam("ListAccessKeys", UserName="bob", MaxItems=1)
    rest = iam("ListAccessKeys", UserName="bob", MaxItems=1, Marker=first["Marker"])
    assert [page["AccessKeyMetadata"][0]["AccessKeyId"] for page in (first, rest)] == ids
    assert (first["IsTruncated"], rest["IsTruncated"]) == (True, False)


def test_a_key_that_was_never_used_says_not_applicable(iam: Iam) -> None:
    iam.users("bob")
    key = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    shown = iam("GetAccessKeyLastUsed", AccessKeyId=key)
    assert shown == {"UserName": "bob", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}


def test_the_last_use_of_a_key_is_shown(iam: Iam) -> None:
    iam.users("bob")
    key = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    with iam.world.house.store.write() as tx:
        tx.access_keys.note_uses([AccessKeyUse(key_id=key, at=int(NOW.timestamp()), service="s3", region="eu-west-1")])
    shown = iam("GetAccessKeyLastUsed", AccessKeyId=key)["AccessKeyLastUsed"]
    assert shown == {"LastUsedDate": NOW, "ServiceName": "s3", "Region": "eu-west-1"}


def test_the_last_use_of_the_root_users_key_has_no_name(iam: Iam) -> None:
    key = iam("CreateAccessKey", without=NAMELESS)["AccessKey"]["AccessKeyId"]
    assert "UserName" not in iam("GetAccessKeyLastUsed", AccessKeyId=key)


def test_keys_of_other_accounts_are_out_of_reach_like_keys_that_do_not_exist(iam: Iam) -> None:
    iam.users("bob")
    key = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    for asked in (key, "AKIAAAAAAAAAAAAAAAAA"):
        code, message = iam.fault("GetAccessKeyLastUsed", AccessKeyId=asked, by=iam.world.root(OTHER))
        assert code == "AccessDenied"
        assert message.endswith(f"iam:GetAccessKeyLastUsed on resource: access key {asked}")
