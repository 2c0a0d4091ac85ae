"""Threads for what may wait: a commit, the engine, a password's hash.

A pool of the standard library makes a future with a lock and a condition for each piece of work; here a piece of work
is put into one queue, and what it gave comes back to the loop with all that was done meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

Work = Callable[[], Any]
Given = Callable[[Any], None]


class Hands:
    """Up to `most` threads, begun when they are first needed. Belongs to one event loop."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._threads: list[threading.Thread] = []
        self._work: SimpleQueue[tuple[Work, Given] | None] = SimpleQueue()
        self._done: deque[tuple[Given, Any]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = False
        """Whether the loop will look at what is done."""
        self.running = 0
        """How much is being done, or waits to be."""

    def do(self, work: Work, given: Given) -> None:
        """Do it in a thread; what it gives, or raises, is then handed over on the loop."""
        self._loop = self._loop or asyncio.get_running_loop()
        self.running += 1
        if self.running > len(self._threads) < self._most:
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
        assert self._loop is not None
        while (wanted := self._work.get()) is not None:
            work, given = wanted
            try:
                found = work()
            except BaseException as error:
                found = error
            self._done.append((given, found))
            if not self._told:  # else it takes this too: it says that it looks before it does
                self._told = True
                self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        self._told = False
        while self._done:
            given, found = self._done.popleft()
            self.running -= 1
            given(found)
