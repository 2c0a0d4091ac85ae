"""One hand: whoever changes something at the same time as others waits for the disk with them, and nobody for long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from typing import Any

import pytest

from ostiary.doors.api.hands import Desk, OneHand


class Goes:
    """Work that takes a moment, or as long as it is held up."""

    def __init__(self) -> None:
        self.done: list[list[Any]] = []
        self.may_end = threading.Event()
        self.may_end.set()

    def do(self, what: list[Any]) -> list[Any]:
        self.done.append(what)
        self.may_end.wait(10)
        if "bad" in what:
            raise ValueError
        return [each * 2 for each in what]


@pytest.fixture
def goes() -> Goes:
    return Goes()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def hand(goes: Goes, desk: Desk) -> Iterator[OneHand]:
    made = OneHand(desk, goes.do)
    yield made
    made.close()


def asking(hand: OneHand) -> Callable[[Any], Awaitable[Any]]:
    def ask(what: Any) -> Awaitable[Any]:
        answer = asyncio.get_running_loop().create_future()
        hand.do(what, answer.set_result)
        return answer

    return ask


def test_one_alone_begins_at_once_and_is_given_what_came_of_it(goes: Goes, hand: OneHand, desk: Desk) -> None:
    async def run() -> None:
        ask = asking(hand)
        assert [await ask(number) for number in range(5)] == [0, 2, 4, 6, 8]
        assert isinstance(await ask("bad"), ValueError)
        assert await ask("good") == "goodgood"

    asyncio.run(run())
    assert goes.done == [[0], [1], [2], [3], [4], ["bad"], ["good"]]
    assert desk.running == 0


def test_those_who_came_together_are_waited_for_when_they_come_again(
    goes: Goes, hand: OneHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostiary.doors.api.hands._MOMENT", 0.5)

    async def client(ask: Callable[[Any], Awaitable[Any]], name: str) -> None:
        for number in range(4):
            assert await ask(f"{name}{number}") == f"{name}{number}" * 2
            for _ in range(ord(name) - ord("a")):
                await asyncio.sleep(0)  # the next comes a little later

    async def run() -> None:
        await asyncio.gather(*(client(asking(hand), name) for name in "abcd"))

    asyncio.run(run())
    assert sorted(chain.from_iterable(goes.done)) == [f"{name}{number}" for name in "abcd" for number in range(4)]
    assert [len(each) for each in goes.done] == [1, 4, 4, 4, 3]


def test_nobody_waits_long_for_others_who_do_not_come(goes: Goes, hand: OneHand) -> None:
    async def run() -> float:
        ask = asking(hand)
        goes.may_end.clear()
        waiting = [ask(number) for number in range(9)]
        await asyncio.sleep(0.01)
        goes.may_end.set()
        await asyncio.gather(*waiting)
        began = time.perf_counter()
        assert await ask(21) == 42
        first = time.perf_counter() - began
        assert await ask(22) == 44
        return first

    assert asyncio.run(run()) < 1
    assert [len(each) for each in goes.done] == [1, 8, 1, 1]


def test_whoever_waits_at_the_end_is_served(goes: Goes, desk: Desk) -> None:
    hand = OneHand(desk, goes.do)

    async def run() -> None:
        ask = asking(hand)
        goes.may_end.clear()
        waiting = [ask(number) for number in range(3)]
        goes.may_end.set()
        hand.close()
        assert await asyncio.gather(*waiting) == [0, 2, 4]

    asyncio.run(run())
    assert desk.running == 0
