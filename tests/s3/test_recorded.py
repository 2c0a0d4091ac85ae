"""A decision that rests on an ACL is in the record, and can be taken again from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ostiary.audit.explanation import EventExplained, explained
from ostiary.policy import Verdict
from tests.s3.house import S3House
from tests.s3.matrix import ALL_USERS, OTHER, Bucket


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3House]:
    with pytest.MonkeyPatch.context() as patch:
        made = S3House(tmp_path_factory.mktemp("recorded") / "data", patch)
        box = Bucket(ownership="ObjectWriter", object_owner=OTHER, object_acl=[("READ_ACP", ALL_USERS)])
        made.make_buckets({"box": box})
        yield made
        made.close()


def last(house: S3House) -> EventExplained:
    house.built.audit.flush()
    with house.house.store.read() as tx:
        (found,) = tx.events.latest(1)
        (told,) = explained(tx, found.request_id)
    return told


def test_what_an_acl_allowed_is_explained_by_it(house: S3House) -> None:
    assert house.ask("anonymous", "GetObjectAcl", Bucket="box", Key="k").status == 200
    (told,) = last(house).asks
    assert told.explanation is not None
    assert told.explanation.decision.verdict is Verdict.ALLOWED
    assert [each.source.name for each in told.explanation.decision.matched] == ["object ACL"]
    assert told.resource_account == OTHER
