"""The runner while the command runs: signals, the terminal, and the end.

The command has a process group of its own and, when the runner has the terminal, the terminal: Ctrl-C and Ctrl-Z reach
the command alone, and a stopped command stops the runner, as the shell expects of one job.

Source: The GNU C Library Reference Manual, "Job Control"; waitpid(2); tcsetpgrp(3).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import Final

FORWARDED: Final = (
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH,
)  # fmt: skip


class Terminal:
    """The controlling terminal, when there is one and the runner's group is in its foreground; else does nothing."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            self._descriptor = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)

    def give(self, group: int) -> None:
        """Put a process group into the foreground, if we are there to give it away."""
        if self._descriptor is not None and os.tcgetpgrp(self._descriptor) == os.getpgrp():
            with contextlib.suppress(OSError):
                os.tcsetpgrp(self._descriptor, group)

    def take_back(self, group: int) -> None:
        """Put the runner back into the foreground, if the group is there."""
        if self._descriptor is None or os.tcgetpgrp(self._descriptor) != group:
            return
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # a background group may not do this otherwise
        with contextlib.suppress(OSError):
            os.tcsetpgrp(self._descriptor, os.getpgrp())
        signal.signal(signal.SIGTTOU, before)

    def close(self) -> None:
        """Let go of the terminal."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


async def begin_and_wait(pid: int, terminal: Terminal, begin: Callable[[], None]) -> int:
    """Let the command begin and wait until it ends; signals are passed on from before its first moment.

    Args:
        pid: of the command; its process waits for `begin`.

    Returns:
        its exit status; 128 and the signal's number when a signal ended it, as shells count.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def look() -> None:
        while True:
            try:
                changed, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return
            if changed == 0:
                return
            if os.WIFSTOPPED(status):
                _stop_with(pid, terminal)
            elif not ended.done():
                ended.set_result(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))

    loop.add_signal_handler(signal.SIGCHLD, look)
    for sign in FORWARDED:
        loop.add_signal_handler(sign, _pass_on, pid, sign)
    begin()
    look()
    return await ended


def _pass_on(pid: int, sign: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)


def _stop_with(pid: int, terminal: Terminal) -> None:
    """The command has stopped: so do we, until the shell wakes us; then the command goes on."""
    terminal.take_back(pid)
    os.kill(os.getpid(), signal.SIGSTOP)
    terminal.give(pid)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGCONT)
