"""Attachments, inline policies, tags, keys, login profiles, buckets, settings, instances, accounts, the record."""

from __future__ import annotations

import pytest

from ostiary.store.database import Store
from ostiary.store.records import (
    AccessKeyUse,
    AlreadyExists,
    BucketRecord,
    EventRecord,
    InstanceRecord,
    LoginProfileRecord,
    ProfileAssociationRecord,
    TagRecord,
)
from tests.store.rows import ACCOUNT, OTHER, account, key, user


def test_a_policy_is_attached_once_and_detached_once(store: Store) -> None:
    with store.write() as tx:
        assert tx.attachments.attach("AIDAA", "arn:p2", ACCOUNT, 5)
        assert not tx.attachments.attach("AIDAA", "arn:p2", ACCOUNT, 6)
        assert tx.attachments.attach("AIDAA", "arn:p1", ACCOUNT, 5)
        assert tx.attachments.attach("AROAB", "arn:p1", ACCOUNT, 5)
        assert tx.attachments.of("AIDAA") == ["arn:p1", "arn:p2"]
        assert tx.attachments.holders(ACCOUNT, "arn:p1") == ["AIDAA", "AROAB"]
        assert tx.attachments.holders(OTHER, "arn:p1") == []
        assert tx.attachments.counts(ACCOUNT) == {"arn:p1": 2, "arn:p2": 1}
        assert tx.attachments.detach("AIDAA", "arn:p1")
        assert not tx.attachments.detach("AIDAA", "arn:p1")
        assert tx.attachments.of("AIDAA") == ["arn:p2"]


def test_an_inline_policy_is_replaced_under_its_exact_name(store: Store) -> None:
    with store.write() as tx:
        for name, text in (("b", "1"), ("B", "2"), ("b", "3")):
            tx.inline_policies.put("AIDAA", name, text)
        assert tx.inline_policies.of("AIDAA") == {"B": "2", "b": "3"}
        assert tx.inline_policies.get("AIDAA", "b") == "3"
        assert tx.inline_policies.get("AIDAB", "b") is None
        assert tx.inline_policies.remove("AIDAA", "b")
        assert not tx.inline_policies.remove("AIDAA", "b")


def test_a_tag_replaces_the_one_of_its_key_in_any_letter_case_and_is_kept_as_written(store: Store) -> None:
    with store.write() as tx:
        tx.tags.put("AIDAA", [TagRecord(key="Team", value="red"), TagRecord(key="cost", value="1")])
        tx.tags.put("AIDAA", [TagRecord(key="TEAM", value="blue")])
        assert tx.tags.of("AIDAA") == [TagRecord(key="cost", value="1"), TagRecord(key="TEAM", value="blue")]
        tx.tags.remove("AIDAA", ["tEAM", "unknown"])
        assert tx.tags.of("AIDAA") == [TagRecord(key="cost", value="1")]
        tx.tags.remove("AIDAA")
        assert tx.tags.of("AIDAA") == []


def test_access_keys_come_oldest_first_and_are_switched_off_and_deleted_with_their_use(store: Store) -> None:
    with store.write() as tx:
        tx.access_keys.add(key("AKIA2", "AIDAA", created=2))
        tx.access_keys.add(key("AKIA1", "AIDAA"))
        tx.access_keys.note_uses([AccessKeyUse(key_id="AKIA1", at=9, service="iam", region="us-east-1")])
        assert [each.id for each in tx.access_keys.of("AIDAA")] == ["AKIA1", "AKIA2"]
        tx.access_keys.set_active("AKIA1", False)
        assert tx.access_keys.get("AKIA1") == key("AKIA1", "AIDAA", active=False)
        tx.access_keys.remove("AKIA1")
        assert tx.access_keys.get("AKIA1") is None
        assert tx.access_keys.use_of("AKIA1") is None
    with pytest.raises(AlreadyExists), store.write() as tx:
        tx.access_keys.add(key("AKIA2", "AIDAB"))


def test_the_last_use_of_a_key_never_goes_back(store: Store) -> None:
    late = AccessKeyUse(key_id="AKIA1", at=9, service="s3", region="eu-west-1")
    with store.write() as tx:
        tx.access_keys.note_uses([late, AccessKeyUse(key_id="AKIA1", at=8, service="iam", region="us-east-1")])
        assert tx.access_keys.use_of("AKIA1") == late


def test_a_user_has_one_login_profile(store: Store) -> None:
    first = LoginProfileRecord(user_id=user("bob").id, password="$argon2id$…", created=1, reset_required=True)
    with store.write() as tx:
        tx.users.add(user("bob"))
        tx.login_profiles.add(first)
        tx.login_profiles.change(first.user_id, reset_required=False)
        found = tx.login_profiles.get(first.user_id)
        assert found is not None
        assert (found.password, found.reset_required) == ("$argon2id$…", False)
    with pytest.raises(AlreadyExists), store.write() as tx:
        tx.login_profiles.add(first)
    with store.write() as tx:
        tx.login_profiles.remove(first.user_id)
        assert tx.login_profiles.get(first.user_id) is None


def test_bucket_names_are_one_namespace_for_all_accounts(store: Store) -> None:
    box = BucketRecord(name="box", account=ACCOUNT, region="eu-west-1", created=1)
    with store.write() as tx:
        tx.accounts.add(account(OTHER))
        tx.buckets.add(box)
        tx.buckets.add(BucketRecord(name="ark", account=ACCOUNT, region="eu-west-1", created=2))
        tx.buckets.set_policy("box", "{}")
        found = tx.buckets.get("box")
        assert found is not None
        assert found.policy == "{}"
        assert [each.name for each in tx.buckets.of_account(ACCOUNT)] == ["ark", "box"]
    with pytest.raises(AlreadyExists), store.write() as tx:
        tx.buckets.add(BucketRecord(name="box", account=OTHER, region="us-east-1", created=3))
    with store.write() as tx:
        tx.buckets.set_policy("box", None)
        assert tx.buckets.get("box") == box
        tx.buckets.remove("box")
        assert tx.buckets.get("box") is None


def test_settings_are_set_replaced_and_removed(store: Store) -> None:
    with store.write() as tx:
        for value in ("a", "b"):
            tx.settings.put("name", value)
        assert tx.settings.get("name") == "b"
        tx.settings.put("name", None)
        assert tx.settings.get("name") is None


def test_an_account_is_found_by_its_alias_which_nobody_else_may_take(store: Store) -> None:
    with store.write() as tx:
        tx.accounts.add(account(OTHER, created=2))
        tx.accounts.change(ACCOUNT, alias="acme")
        found = tx.accounts.by_alias("acme")
        assert found is not None
        assert found.id == ACCOUNT
        assert [each.id for each in tx.accounts.all()] == [ACCOUNT, OTHER]
        assert tx.accounts.get("999999999999") is None
    with pytest.raises(AlreadyExists), store.write() as tx:
        tx.accounts.change(OTHER, alias="acme")
    with pytest.raises(AlreadyExists), store.write() as tx:
        tx.accounts.add(account("777788889999", email=f"{OTHER}@example.com"))


def test_instances_and_their_profiles_come_oldest_first(store: Store) -> None:
    made = [InstanceRecord(id=f"i-{n}", account=ACCOUNT, state="running", launched=9 - n, facts="{}") for n in (1, 2)]
    link = ProfileAssociationRecord(
        id="iip-assoc-1", instance_id="i-1", account=ACCOUNT, profile_id="AIPAX", state="associated", at=3
    )
    with store.write() as tx:
        for each in made:
            tx.instances.add(each)
        tx.associations.add(link)
        tx.instances.change("i-1", state="terminated", ended=20)
        tx.associations.change(link, state="disassociated")
        assert [each.id for each in tx.instances.of_account(ACCOUNT)] == ["i-2", "i-1"]
        ended = tx.instances.get("i-1")
        assert ended is not None
        assert (ended.state, ended.ended) == ("terminated", 20)
        for found in (tx.associations.of_instance("i-1"), tx.associations.of_account(ACCOUNT)):
            assert [each.state for each in found] == ["disassociated"]
        assert tx.associations.get("iip-assoc-1") == tx.associations.of_instance("i-1")[0]


def test_events_are_found_by_request_and_listed_newest_first(store: Store) -> None:
    made = [EventRecord(request_id=f"r{n}", account=(ACCOUNT, None, OTHER)[n], at=n, body="{}") for n in range(3)]
    with store.write() as tx:
        tx.events.append(made)
        tx.events.append([])
        assert tx.events.find("r1") == [made[1]]
        assert tx.events.latest(2) == [made[2], made[1]]
        assert tx.events.latest(9, OTHER) == [made[2]]


def test_a_document_is_kept_once(store: Store) -> None:
    with store.write() as tx:
        tx.documents.keep({"h1": "one", "h2": "two"})
        tx.documents.keep({"h1": "never read"})
        assert (tx.documents.get("h1"), tx.documents.get("h2"), tx.documents.get("h3")) == ("one", "two", None)


def test_accounts_of_the_same_second_are_listed_as_they_were_made(store: Store) -> None:
    with store.write() as tx:
        tx.accounts.add(account("999900001111"))
        tx.accounts.add(account("000011112222"))
    with store.read() as tx:
        assert [each.id for each in tx.accounts.all()] == [ACCOUNT, "999900001111", "000011112222"]
