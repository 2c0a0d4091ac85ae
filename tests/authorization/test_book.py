"""The book remembers until something changes, whoever changes it, and never a moment longer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ostiary.authorization.book import Book
from ostiary.authorization.judge import Ask
from ostiary.identifiers import iam_arn
from ostiary.store.database import Store
from ostiary.store.records import AccessKeyRecord, BucketRecord, GroupRecord, PolicyVersionRecord, TagRecord
from ostiary.store.transaction import Transaction
from tests.sts.people import MADE, add_policy, add_role, add_user, judged, trust
from tests.world import ACCOUNT, ALLOW_ALL, World, document

GET = Ask(action="s3:GetObject", resource="arn:aws:s3:::box/key")
DENY_ALL = document("*", effect="Deny")
DEVS = "AGPADEVSAAAAAAAAAAAAA"


@pytest.fixture
def other(world: World, tmp_path: Path) -> Iterator[Store]:
    """Another store on the same file, as another process has it."""
    made = Store(tmp_path / "ostiary.db")
    yield made
    made.close()


def add_key(world: World, owner: str, key_id: str = "AKIAONE") -> None:
    with world.house.store.write() as tx:
        account = tx.accounts.get(ACCOUNT)
        assert account is not None
        sealed = world.house.vault.seal(ACCOUNT, account.data_key, "the secret", key_id)
        tx.access_keys.add(
            AccessKeyRecord(id=key_id, account=ACCOUNT, owner_id=owner, secret=sealed, active=True, created=MADE)
        )


Change = Callable[[Transaction, str], object]
# What another process does to alice (or to what her permissions rest on), and whether she may read afterwards.
CHANGES: dict[str, tuple[Change, bool]] = {
    "her membership ends": (lambda tx, alice: tx.groups.dismiss(DEVS, alice), False),
    "the group's inline policy is removed": (lambda tx, _: tx.inline_policies.remove(DEVS, "p"), False),
    "the group's inline policy now denies": (lambda tx, _: tx.inline_policies.put(DEVS, "p", DENY_ALL), False),
    "she gets a deny of her own": (lambda tx, alice: tx.inline_policies.put(alice, "own", DENY_ALL), False),
    "a policy is attached to the group": (
        lambda tx, _: tx.attachments.attach(DEVS, iam_arn(ACCOUNT, "policy", "denies"), ACCOUNT, MADE),
        False,
    ),
    "she gets a boundary that allows nothing of it": (
        lambda tx, alice: tx.users.change(alice, boundary="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"),
        False,
    ),
    "her boundary allows it": (
        lambda tx, alice: tx.users.change(alice, boundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
        True,
    ),
    "her boundary is a policy that nobody has": (
        lambda tx, alice: tx.users.change(alice, boundary=iam_arn(ACCOUNT, "policy", "nothing")),
        False,
    ),
    "somebody else changes": (lambda tx, _: tx.tags.put("AIDASOMEBODYELSE", [TagRecord(key="a", value="b")]), True),
}


@pytest.mark.parametrize(("change", "allowed"), CHANGES.values(), ids=CHANGES)
def test_a_change_by_another_process_holds_for_the_next_request(
    world: World, other: Store, change: Change, allowed: bool
) -> None:
    add_policy(world, "denies", DENY_ALL)
    alice = add_user(world, "alice", None)
    with world.house.store.write() as tx:
        tx.groups.add(GroupRecord(id=DEVS, account=ACCOUNT, name="devs", path="/", created=MADE))
        tx.groups.enrol(DEVS, alice.entity_id)
        tx.inline_policies.put(DEVS, "p", document("s3:GetObject"))
    assert judged(world, alice, GET).allowed
    with other.write() as tx:
        change(tx, alice.entity_id)
    assert judged(world, alice, GET).allowed is allowed


def test_a_new_default_version_holds_for_everybody_who_has_the_policy(world: World, other: Store) -> None:
    arn = add_policy(world, "shared", ALLOW_ALL)
    alice = add_user(world, "alice", None)
    role = add_role(world, "app", trust("*"), None)
    with world.house.store.write() as tx:
        record = tx.policies.get(ACCOUNT, "shared")
        assert record is not None
        tx.attachments.attach(alice.entity_id, arn, ACCOUNT, MADE)
        tx.attachments.attach(f"AROA{'APP':A<17}", arn, ACCOUNT, MADE)
        tx.policies.add_version(
            PolicyVersionRecord(policy_id=record.id, number=2, document=document("s3:PutObject"), created=MADE)
        )
    world.house.book.refresh()
    remembered = world.house.book.role(f"AROA{'APP':A<17}")
    assert remembered is not None
    assert [each.source.version for each in remembered.identity] == ["v1"]
    assert judged(world, alice, GET).allowed
    with other.write() as tx:
        tx.policies.change(record.id, default_version=2)
    assert not judged(world, alice, GET).allowed
    found = world.house.book.role(f"AROA{'APP':A<17}")
    assert found is not None
    assert found.arn == role
    assert [each.source.version for each in found.identity] == ["v2"]


def test_a_managed_session_policy_is_followed(world: World, other: Store) -> None:
    arn = add_policy(world, "shared", ALLOW_ALL)
    book = world.house.book
    book.refresh()
    assert book.session_policy(ACCOUNT, arn) is not None
    with other.write() as tx:
        record = tx.policies.get(ACCOUNT, "shared")
        assert record is not None
        tx.policies.remove_version(record.id, 1)
        tx.policies.remove(record.id)
    book.refresh()
    assert book.session_policy(ACCOUNT, arn) is None


def test_a_key_that_was_switched_off_or_removed_elsewhere_is_known_to_be(world: World, other: Store) -> None:
    alice = add_user(world, "alice")
    add_key(world, alice.entity_id)
    book = world.house.book
    book.refresh()
    known = book.key("AKIAONE")
    assert known is not None
    assert (known.secret, known.active, known.owner_id) == ("the secret", True, alice.entity_id)
    with other.write() as tx:
        tx.access_keys.set_active("AKIAONE", False)
    assert book.key("AKIAONE") is known, "within a request nothing changes"
    book.refresh()
    off = book.key("AKIAONE")
    assert off is not None
    assert off.active is False
    with other.write() as tx:
        tx.access_keys.remove("AKIAONE")
    book.refresh()
    assert book.key("AKIAONE") is None


def test_what_was_not_there_is_found_once_it_is(world: World, other: Store) -> None:
    book = world.house.book
    book.refresh()
    assert book.bucket("box") is None
    assert book.account("999999999999") is None
    with other.write() as tx:
        tx.buckets.add(BucketRecord(name="box", account=ACCOUNT, region="us-east-1", created=MADE))
    book.refresh()
    found = book.bucket("box")
    assert found is not None
    assert found.policy is None
    with other.write() as tx:
        tx.buckets.set_policy("box", document("s3:GetObject", "arn:aws:s3:::box/*", Principal="*"))
    book.refresh()
    changed = book.bucket("box")
    assert changed is not None
    assert changed.policy is not None


def test_renaming_and_tagging_are_seen(world: World, other: Store) -> None:
    alice = add_user(world, "alice")
    assert judged(world, alice, GET).request.context["aws:username"] == "alice"
    with other.write() as tx:
        tx.users.change(alice.entity_id, name="alicia", path="/x/")
        tx.tags.put(alice.entity_id, [TagRecord(key="Team", value="red")])
    world.house.book.refresh()
    standing = world.house.book.user(alice.entity_id)
    assert standing is not None
    assert standing.arn == iam_arn(ACCOUNT, "user", "alicia", "/x/")
    assert standing.tags == {"Team": "red"}


def test_nothing_is_read_twice_while_nothing_changes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = add_user(world, "alice")
    first = judged(world, alice, GET)
    reads: list[None] = []
    read = Store.read
    monkeypatch.setattr(Store, "read", lambda store: reads.append(None) or read(store))
    for _ in range(5):
        assert judged(world, alice, GET).in_force.identity is first.in_force.identity
    assert reads == []


def test_what_was_read_while_it_changed_is_used_once_and_not_kept(world: World, other: Store) -> None:
    """The generation guard: the change comes after the reader's view of the database and before it is remembered."""
    alice = add_user(world, "alice", document("s3:GetObject"))
    book = world.house.book
    book.refresh()
    read_user = Book._read_user

    def slow(tx: Transaction, user_id: str, rests_on: set[str]) -> object:
        found = read_user(book, tx, user_id, rests_on)
        with other.write() as writing:
            writing.inline_policies.put(user_id, "own", DENY_ALL)
        book.refresh()
        return found

    stale = book._recall("user", alice.entity_id, slow)
    assert stale is not None
    fresh = book.user(alice.entity_id)
    assert fresh is not None
    assert fresh is not stale
    assert not judged(world, alice, GET).allowed


def test_nobody_reads_on_while_somebody_else_acts_on_the_news(world: World, other: Store) -> None:
    """A second request that begins after a change must not use what the first one is about to forget."""
    alice = add_user(world, "alice", document("s3:GetObject"))
    assert judged(world, alice, GET).allowed
    book = world.house.book
    told, go_on = threading.Event(), threading.Event()
    news = book._watch.news

    def pausing() -> frozenset[str] | None:
        found = news()
        if found:
            told.set()
            go_on.wait(10)
        return found

    book._watch.news = pausing  # type: ignore[method-assign]
    with other.write() as tx:
        tx.inline_policies.put(alice.entity_id, "own", DENY_ALL)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(book.refresh)
        assert told.wait(10)
        second = pool.submit(lambda: judged(world, alice, GET).allowed)
        threading.Timer(0.2, go_on.set).start()
        assert second.result(10) is False
        first.result(10)


def test_many_threads_and_a_writer_never_see_what_was_revoked(world: World, other: Store) -> None:
    alice = add_user(world, "alice", document("s3:GetObject"))
    steps = [0]  # odd while the permission is revoked
    seen: list[bool] = []
    wrong: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            before = steps[0]
            allowed = judged(world, alice, GET).allowed
            if before % 2 and steps[0] == before:
                seen.append(allowed)
                if allowed:
                    wrong.append(before)

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(ask) for _ in range(4)]
        for _ in range(40):
            with other.write() as tx:
                tx.inline_policies.remove(alice.entity_id, "own")
            steps[0] += 1
            stop.wait(0.005)
            steps[0] += 1
            with other.write() as tx:
                tx.inline_policies.put(alice.entity_id, "own", document("s3:GetObject"))
        stop.set()
        for each in running:
            each.result(30)
    assert wrong == []
    assert seen, "nobody asked while the permission was revoked"


def test_a_damaged_document_denies_everything(world: World) -> None:
    alice = add_user(world, "alice", ALLOW_ALL)
    with world.house.store.write() as tx:
        tx.inline_policies.put(alice.entity_id, "damaged", '{"Version": "2012-10-17", "Statement": [{')
    assert judged(world, alice, GET).decision.verdict.value == "explicitDeny"


def test_an_attached_policy_of_another_account_or_another_path_gives_nothing(world: World) -> None:
    mine = add_policy(world, "mine", ALLOW_ALL)
    alice = add_user(world, "alice", None)
    for wrong in (mine.replace(ACCOUNT, "444455556666"), mine.replace("policy/", "policy/path/"), mine.upper()):
        with world.house.store.write() as tx:
            tx.attachments.attach(alice.entity_id, wrong, ACCOUNT, MADE)
    assert not judged(world, alice, GET).allowed
    with world.house.store.write() as tx:
        tx.attachments.attach(alice.entity_id, mine, ACCOUNT, MADE)
    assert judged(world, alice, GET).allowed
