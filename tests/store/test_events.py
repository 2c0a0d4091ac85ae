"""The record is kept whole and in order, however many events come at once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ostiary.store.database import Store
from ostiary.store.events import FoundEvents, Wanted
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


def told(number: int, **more: str | None) -> EventRecord:
    body = f'{{"eventName":"E{number % 7}","n":{number}}}'
    return EventRecord(request_id=f"r{number}", account=ACCOUNT, at=1000 + number // 3, body=body, **more)  # type: ignore[arg-type]


def numbers(found: FoundEvents) -> list[int]:
    return [json.loads(each.body)["n"] for each in found.events]


def test_a_search_goes_through_the_record_page_by_page(store: Store) -> None:
    with store.write() as tx:
        tx.events.append([told(number) for number in range(50)])
        tx.events.append([event(99)])
    wanted = Wanted(account=ACCOUNT, since=1000)
    seen: list[int] = []
    with store.read() as tx:
        while True:
            found = tx.events.search(wanted, 7)
            seen += numbers(found)
            if found.before is None:
                break
            wanted = replace(wanted, before=found.before)
    assert seen == list(range(49, -1, -1))


def test_a_search_asks_for_principals_errors_times_and_texts(store: Store) -> None:
    errors = [None, "AccessDenied", "NoSuchEntity"]
    with store.write() as tx:
        for number in range(30):
            tx.events.append([told(number, principal=f"AIDA{number % 2}", error=errors[number % 3])])
    with store.read() as tx:
        assert numbers(tx.events.search(Wanted(account=ACCOUNT, principal="AIDA1"), 3)) == [29, 27, 25]
        assert numbers(tx.events.search(Wanted(account=ACCOUNT, errors=("AccessDenied",)), 2)) == [28, 25]
        assert numbers(tx.events.search(Wanted(account=ACCOUNT, errors=()), 3)) == [29, 28, 26]
        assert numbers(tx.events.search(Wanted(account=ACCOUNT, succeeded=True), 2)) == [27, 24]
        assert numbers(tx.events.search(Wanted(account=ACCOUNT, since=1002, until=1003), 9)) == [11, 10, 9, 8, 7, 6]
        found = tx.events.search(Wanted(account=ACCOUNT, texts=('"eventName":"E3"', '"n":1')), 9)
        assert (numbers(found), found.looked_at, found.before) == ([17, 10], 30, None)
        assert tx.events.failures_by_hour(ACCOUNT, 1000, ("AccessDenied", "x", "y")) == {0: 10}
        assert tx.events.search(Wanted(account="999999999999"), 9).events == []


def test_a_search_for_a_text_stops_after_so_many_events_and_says_where(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostiary.store.events.SCAN", 10)
    with store.write() as tx:
        tx.events.append([told(number) for number in range(25)])
    wanted = Wanted(account=ACCOUNT, texts=('"n":3}',))
    with store.read() as tx:
        first = tx.events.search(wanted, 5)
        assert (first.events, first.looked_at, first.before is not None) == ([], 10, True)
        second = tx.events.search(replace(wanted, before=first.before), 5)
        third = tx.events.search(replace(wanted, before=second.before), 5)
    assert (numbers(second), numbers(third), third.before) == ([], [3], None)
