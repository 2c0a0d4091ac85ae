"""Users, groups, roles, instance profiles and managed policies: what every named thing can do, and what each adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ostiary.store.database import Store
from ostiary.store.records import AlreadyExists
from ostiary.store.transaction import Transaction
from tests.store.rows import ACCOUNT, OTHER, account, group, policy, profile, role, user, version

Rows = Callable[[Transaction], Any]
KINDS: dict[str, tuple[Rows, Any]] = {
    "users": (lambda tx: tx.users, user),
    "groups": (lambda tx: tx.groups, group),
    "roles": (lambda tx: tx.roles, role),
    "instance profiles": (lambda tx: tx.instance_profiles, profile),
    "policies": (lambda tx: tx.policies, policy),
}
every_kind = pytest.mark.parametrize(("rows", "make"), list(KINDS.values()), ids=list(KINDS))


@every_kind
def test_what_was_added_is_read_back_whole_by_name_and_by_id(store: Store, rows: Rows, make: Any) -> None:
    with store.write() as tx:
        rows(tx).add(make("Bob", path="/dev/", created=77))
    with store.read() as tx:
        assert rows(tx).by_id(make("Bob").id) == make("Bob", path="/dev/", created=77)
        assert rows(tx).get(ACCOUNT, "Bob") == make("Bob", path="/dev/", created=77)
        assert rows(tx).get(ACCOUNT, "bobby") is None
        assert rows(tx).by_id("AIDANOBODY") is None


@every_kind
def test_a_name_is_taken_in_every_letter_case_and_found_in_every_letter_case(
    store: Store, rows: Rows, make: Any
) -> None:
    with store.write() as tx:
        rows(tx).add(make("Bob"))
    with pytest.raises(AlreadyExists), store.write() as tx:
        rows(tx).add(make("bOB", id="AIDAOTHER"))
    with store.read() as tx:
        assert rows(tx).get(ACCOUNT, "BOB").name == "Bob"
        assert rows(tx).count(ACCOUNT) == 1


@every_kind
def test_another_account_may_have_the_same_name(store: Store, rows: Rows, make: Any) -> None:
    with store.write() as tx:
        tx.accounts.add(account(OTHER))
        rows(tx).add(make("bob"))
        rows(tx).add(make("bob", id="AIDAOTHER", account=OTHER))
        assert rows(tx).get(OTHER, "bob").id == "AIDAOTHER"
        assert [rows(tx).count(each) for each in (ACCOUNT, OTHER)] == [1, 1]


@every_kind
def test_renaming_keeps_the_id_frees_the_old_name_and_refuses_a_taken_one(store: Store, rows: Rows, make: Any) -> None:
    with store.write() as tx:
        rows(tx).add(make("bob"))
        rows(tx).add(make("Eve"))
        rows(tx).change(make("bob").id, name="Robert", path="/new/")
        assert rows(tx).get(ACCOUNT, "bob") is None
        assert rows(tx).get(ACCOUNT, "ROBERT") == make("Robert", id=make("bob").id, path="/new/")
        rows(tx).change(make("bob").id, name="ROBERT")
        assert rows(tx).by_id(make("bob").id).name == "ROBERT"
    with pytest.raises(AlreadyExists), store.write() as tx:
        rows(tx).change(make("bob").id, name="EVE")


@every_kind
def test_what_was_removed_is_gone_and_its_name_is_free(store: Store, rows: Rows, make: Any) -> None:
    with store.write() as tx:
        rows(tx).add(make("bob"))
        rows(tx).remove(make("bob").id)
        assert rows(tx).get(ACCOUNT, "bob") is None
        rows(tx).add(make("bob", id="AIDASECOND"))


@every_kind
def test_pages_go_on_where_the_last_one_ended_in_the_order_of_names_without_case(
    store: Store, rows: Rows, make: Any
) -> None:
    names = ["alice", "Bob", "carol", "Dave", "eve"]
    with store.write() as tx:
        for name in reversed(names):
            rows(tx).add(make(name))
        found: list[str] = []
        while page := rows(tx).page(ACCOUNT, after=found[-1].lower() if found else "", limit=2):
            assert len(page) <= 2
            found += [each.name for each in page]
    assert found == names


@every_kind
def test_a_path_prefix_is_taken_literally(store: Store, rows: Rows, make: Any) -> None:
    with store.write() as tx:
        for name, path in (("a", "/"), ("b", "/x_y/"), ("c", "/x_y/z/"), ("d", "/xay/"), ("e", "/X_Y/")):
            rows(tx).add(make(name, path=path))
        assert [each.name for each in rows(tx).page(ACCOUNT, path_prefix="/x_y/", limit=9)] == ["b", "c"]
        assert len(rows(tx).page(ACCOUNT, limit=9)) == 5


def test_an_entity_of_an_account_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(AlreadyExists), store.write() as tx:
        tx.users.add(user("bob", account="999999999999"))


def test_users_and_roles_are_found_by_their_boundary(store: Store) -> None:
    with store.write() as tx:
        for name in ("b", "a"):
            tx.users.add(user(name, boundary="arn:one"))
            tx.roles.add(role(name, boundary="arn:one"))
        tx.users.add(user("c", boundary="arn:two"))
        assert [each.name for each in tx.users.with_boundary(ACCOUNT, "arn:one")] == ["a", "b"]
        assert [each.name for each in tx.roles.with_boundary(ACCOUNT, "arn:one")] == ["a", "b"]
        assert tx.attachments.boundary_counts(ACCOUNT) == {"arn:one": 4, "arn:two": 1}
        assert tx.attachments.boundary_counts(OTHER) == {}


def test_memberships_begin_once_and_end(store: Store) -> None:
    with store.write() as tx:
        for name in ("Amy", "bob"):
            tx.users.add(user(name))
        for name in ("Devs", "admins"):
            tx.groups.add(group(name))
            tx.groups.enrol(group(name).id, user("bob").id)
        tx.groups.enrol(group("Devs").id, user("bob").id)
        tx.groups.enrol(group("Devs").id, user("Amy").id)
        assert [each.name for each in tx.groups.of_user(user("bob").id)] == ["admins", "Devs"]
        assert [each.name for each in tx.groups.of_user(user("bob").id, after="admins", limit=1)] == ["Devs"]
        assert [each.name for each in tx.groups.members(group("Devs").id)] == ["Amy", "bob"]
        assert [each.name for each in tx.groups.members(group("Devs").id, after="amy", limit=1)] == ["bob"]
        tx.groups.dismiss(group("Devs").id, user("bob").id)
        assert not tx.groups.has(group("Devs").id, user("bob").id)
        assert tx.groups.has(group("Devs").id, user("Amy").id)


def test_a_members_row_can_t_be_removed_under_its_membership(store: Store) -> None:
    with store.write() as tx:
        tx.users.add(user("bob"))
        tx.groups.add(group("devs"))
        tx.groups.enrol(group("devs").id, user("bob").id)
    with pytest.raises(Exception, match="FOREIGN KEY"), store.write() as tx:
        tx.users.remove(user("bob").id)


def test_the_last_use_of_a_role_never_goes_back(store: Store) -> None:
    with store.write() as tx:
        tx.roles.add(role("app"))
        for at, region in ((50, "eu-west-1"), (40, "us-east-1")):
            tx.roles.used(role("app").id, at, region)
        found = tx.roles.by_id(role("app").id)
    assert found is not None
    assert (found.used, found.used_region) == (50, "eu-west-1")


def test_profiles_are_found_by_their_role(store: Store) -> None:
    with store.write() as tx:
        tx.roles.add(role("app"))
        for name in ("two", "One", "three"):
            tx.instance_profiles.add(profile(name, role_id=role("app").id if name != "three" else None))
        assert [each.name for each in tx.instance_profiles.of_role(role("app").id)] == ["One", "two"]
        assert [each.name for each in tx.instance_profiles.of_role(role("app").id, after="one", limit=1)] == ["two"]


def test_versions_of_a_policy_come_newest_first_and_go_one_by_one(store: Store) -> None:
    with store.write() as tx:
        tx.policies.add(policy("p"))
        for number in (1, 2, 3):
            tx.policies.add_version(version(policy("p").id, number, f'{{"v":{number}}}'))
        tx.policies.remove_version(policy("p").id, 2)
        assert [each.number for each in tx.policies.versions(policy("p").id)] == [3, 1]
        assert tx.policies.version(policy("p").id, 3) == version(policy("p").id, 3, '{"v":3}')
        assert tx.policies.version(policy("p").id, 2) is None


def test_whether_an_account_has_more_than_a_number_is_known_after_removals_too(store: Store) -> None:
    with store.write() as tx:
        tx.accounts.add(account(OTHER))
        for number in range(6):
            tx.users.add(user(f"user-{number}"))
            tx.users.add(user(f"user-{number}", id=f"AIDAOTHER{number}", account=OTHER))
    with store.write() as tx:
        for number in range(4):
            found = tx.users.get(ACCOUNT, f"user-{number}")
            assert found is not None
            tx.users.remove(found.id)
    with store.read() as tx:
        assert [tx.users.exceeds(ACCOUNT, limit) for limit in (0, 1, 2, 3, 100)] == [True, True, False, False, False]
        assert [tx.users.exceeds(OTHER, limit) for limit in (0, 5, 6, 100)] == [True, True, False, False]
