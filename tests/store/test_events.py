"""The record is kept whole and in order, however many events come at once."""

from __future__ import annotations

import pytest

from ostiary.store.database import Store
from ostiary.store.records import EventRecord
from tests.store.rows import ACCOUNT


def event(number: int) -> EventRecord:
    account = ACCOUNT if number % 2 else None
    return EventRecord(request_id=f"r{number}", account=account, at=number, body=f'{{"n":{number}}}')


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 100])
def test_all_that_is_appended_is_kept_in_order(store: Store, count: int) -> None:
    told = [event(number) for number in range(count)]
    with store.write() as tx:
        tx.events.append(told)
    with store.read() as tx:
        assert list(reversed(tx.events.latest(1000))) == told
        assert list(reversed(tx.events.latest(1000, ACCOUNT))) == told[1::2]
        assert tx.events.latest(3) == told[::-1][:3]
        for each in told[:2]:
            assert tx.events.find(each.request_id) == [each]
