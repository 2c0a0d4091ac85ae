"""What is kept of access to buckets and objects."""

from __future__ import annotations

from ostiary.store.database import Store
from ostiary.store.s3 import BucketAccessRecord, ObjectAccessRecord, public_access_of
from tests.store.rows import ACCOUNT


def test_a_bucket_of_which_nothing_is_kept_has_no_acls_and_blocks_nothing(store: Store) -> None:
    with store.read() as tx:
        found = tx.bucket_access.get("from-before")
    assert found == BucketAccessRecord(
        bucket="from-before", ownership="BucketOwnerEnforced", acl=None, public_access=None, requester_pays=False
    )


def test_what_a_bucket_says_is_replaced_and_forgotten_and_others_are_told(store: Store) -> None:
    watch = store.watch()
    watch.news()
    box = BucketAccessRecord(bucket="box", ownership=None, acl="[]", public_access=0, requester_pays=True)
    with store.write() as tx:
        tx.bucket_access.put(BucketAccessRecord(bucket="box", public_access=15))
        tx.bucket_access.put(box)
    assert watch.news() == {"bucket:box"}
    with store.read() as tx:
        assert tx.bucket_access.get("box") == box
    with store.write() as tx:
        tx.bucket_access.remove("box")
        assert tx.bucket_access.get("box") == BucketAccessRecord(bucket="box")
    assert watch.news() == {"bucket:box"}


def kept(marker: str, at: int = 1, key: str = "k", *, of_upload: bool = False) -> ObjectAccessRecord:
    return ObjectAccessRecord(bucket="box", key=key, marker=marker, account="", at=at, of_upload=of_upload)


def test_what_is_kept_of_an_object_is_known_by_its_marker(store: Store) -> None:
    with store.write() as tx:
        tx.object_access.put(kept("one"))
        tx.object_access.put(kept("two"))
        assert tx.object_access.any("box", "k")
        assert not tx.object_access.any("box", "K")
        assert tx.object_access.get("box", "k", "one") == kept("one")
        assert tx.object_access.get("box", "k", "three") is None
        assert tx.object_access.get("other", "k", "one") is None
        tx.object_access.remove("box", "k", "one")
        assert tx.object_access.get("box", "k", "one") is None


def test_what_is_old_is_forgotten_but_for_the_object_that_is_there_and_for_uploads(store: Store) -> None:
    with store.write() as tx:
        rows = (kept("there"), kept("old"), kept("new", 9), kept("upload", of_upload=True), kept("old", key="else"))
        for each in rows:
            tx.object_access.put(each)
        tx.object_access.remove_older("box", "k", but="there", before=5)
        left = [each for each in rows if tx.object_access.get("box", each.key, each.marker)]
        assert [each.marker for each in left] == ["there", "new", "upload", "old"]
        tx.object_access.remove_all("box")
        assert not any(tx.object_access.any("box", key) for key in ("k", "else"))


def test_an_accounts_public_access_block_is_kept_and_told(store: Store) -> None:
    watch = store.watch()
    watch.news()
    with store.write() as tx:
        assert tx.account_public_access.get(ACCOUNT) is None
        tx.account_public_access.put(ACCOUNT, 0)
        assert tx.account_public_access.get(ACCOUNT) == 0
        tx.account_public_access.put(ACCOUNT, 15)
        assert tx.account_public_access.get(ACCOUNT) == 15
        tx.account_public_access.put(ACCOUNT, None)
        assert tx.account_public_access.get(ACCOUNT) is None
    assert watch.news() == {public_access_of(ACCOUNT)}
