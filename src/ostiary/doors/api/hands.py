"""Threads for what may wait: a commit, the engine, a password's hash.

A pool of the standard library makes a future with a lock and a condition for each piece of work; here a piece of work
is put into one queue, and what it gave comes back to the loop with all that was done meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any, Final

_MOST_TOGETHER: Final = 64
_MOMENT: Final = 0.001
"""Seconds: a commit takes two or three times as long."""
Work = Callable[[], Any]
Batch = Callable[[list[Any]], list[Any]]
Given = Callable[[Any], None]


class Desk:
    """Hands over to the loop what was done in threads."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done: deque[tuple[Given, Any]] = deque()
        self._told = False
        """Whether the loop will look at what is done."""
        self.running = 0
        """How much is being done, or waits to be."""

    def expect(self) -> None:
        """Something is about to be done."""
        self._loop = self._loop or asyncio.get_running_loop()
        self.running += 1

    def put(self, done: Iterable[tuple[Given, Any]]) -> None:
        """This is done."""
        assert self._loop is not None
        self._done.extend(done)
        if not self._told:  # else it takes this too: it says that it looks before it does
            self._told = True
            self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        self._told = False
        while self._done:
            given, found = self._done.popleft()
            self.running -= 1
            given(found)


class Hands:
    """Up to `most` threads, begun when they are first needed. Belongs to one event loop."""

    def __init__(self, desk: Desk, most: int) -> None:
        self._desk, self._most = desk, most
        self._threads: list[threading.Thread] = []
        self._work: SimpleQueue[tuple[Work, Given] | None] = SimpleQueue()

    def do(self, work: Work, given: Given) -> None:
        """Do it in a thread; what it gives, or raises, is then handed over on the loop."""
        self._desk.expect()
        if self._desk.running > len(self._threads) < self._most:
            thread = threading.Thread(target=self._run, name=f"operate-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._work.put((work, given))

    def close(self) -> None:
        """Let what runs end."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (wanted := self._work.get()) is not None:
            work, given = wanted
            try:
                found = work()
            except BaseException as error:
                found = error
            self._desk.put(((given, found),))


class OneHand:
    """One thread that does all that has come in one go. Belongs to one event loop.

    Each go costs something of its own (a commit). Whoever was given an answer is likely to come again at once, so the
    next go begins when as many are there as were in the last and at its end, or after a moment.
    """

    def __init__(self, desk: Desk, work: Batch) -> None:
        self._desk, self._do = desk, work
        self._thread: threading.Thread | None = None
        self._work: SimpleQueue[list[tuple[Any, Given]] | None] = SimpleQueue()
        self._coming: list[tuple[Any, Given]] = []
        self._expected = 1
        self._busy = False
        self._waiting: asyncio.TimerHandle | None = None

    def do(self, what: Any, given: Given) -> None:
        """Do it with the others; what it gives, or raises, is then handed over on the loop."""
        self._desk.expect()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="change", daemon=True)
            self._thread.start()
        self._coming.append((what, given))
        self._consider()

    def close(self) -> None:
        """Let what runs end."""
        while self._coming:
            self._begin()
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()

    def _consider(self) -> None:
        if self._busy or not self._coming:
            return
        if len(self._coming) >= self._expected:
            self._begin()
        elif self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(_MOMENT, self._begin)

    def _begin(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        wanted, self._coming = self._coming[:_MOST_TOGETHER], self._coming[_MOST_TOGETHER:]
        self._expected, self._busy = len(wanted), True
        self._desk.expect()
        self._work.put(wanted)

    def _done(self, _nothing: None) -> None:
        self._busy = False
        self._expected = min(self._expected + len(self._coming), _MOST_TOGETHER)
        self._consider()

    def _run(self) -> None:
        while (wanted := self._work.get()) is not None:
            try:
                found = self._do([what for what, _ in wanted])
            except BaseException as error:
                found = [error] * len(wanted)
            answers = [(given, each) for (_, given), each in zip(wanted, found, strict=True)]
            self._desk.put([*answers, (self._done, None)])
