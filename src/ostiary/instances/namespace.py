"""Namespaces from outside: start a command in one, and get the sockets that were made inside.

Source: network_namespaces(7), unix(7) (SCM_RIGHTS), proc(5).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from ostiary.instances import InstanceError, inside

_READY_SECONDS: Final = 30
_GRACE_SECONDS: Final = 2.0

_HOW_TO_ALLOW: Final = (
    "run as root, or let users make namespaces of their own (sysctl `user.max_user_namespaces` above 0 and, where they"
    " exist, `kernel.unprivileged_userns_clone=1` and `kernel.apparmor_restrict_unprivileged_userns=0`)"
)


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket to be made inside: TCP (`stream`) or UDP (`datagram`) at an IPv4 address and port."""

    kind: Literal["stream", "datagram"]
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Whom the command runs as, when that is another user than the runner's (root)."""

    uid: int
    gid: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the namespace looks like inside."""

    addresses: tuple[str, ...] = ()
    """IPv4 addresses that `lo` has besides 127.0.0.1."""
    listeners: tuple[Listener, ...] = ()
    binds: tuple[tuple[Path, Path], ...] = ()
    """(file, where it is seen) for the command only."""
    hidden: tuple[Path, ...] = ()
    """Directories that the command sees empty."""
    user: User | None = None


class Namespace:
    """A namespace with a process in it that waits for `go` to become the command.

    Attributes:
        pid: the process; it leads a process group of its own.
        sockets: what was made inside, by the listener asked for. The caller closes them.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], control: socket.socket, sockets: Mapping[Listener, socket.socket]
    ):
        self.pid = process.pid
        self.sockets = sockets
        self._process, self._control = process, control
        network = _network_of(process.pid)
        # INVARIANT: `end` kills whatever has this network, so it must be known and must not be ours.
        if network is None or network == _network_of(os.getpid()):
            raise InstanceError("cannot tell the instance's namespace from this one")
        self._network = network

    @classmethod
    def start(cls, plan: Plan, command: Sequence[str], environment: Mapping[str, str]) -> Namespace:
        """Make the namespace; the command does not run yet.

        Raises:
            InstanceError: this machine or this user can't make one, or a file or address in the plan is not there.
        """
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", inside.__file__, str(theirs.fileno()), "--", *command],
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        try:
            control.settimeout(_READY_SECONDS)
            control.send(json.dumps(asdict(plan), default=str).encode())
            message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, len(plan.listeners) or 1)
            answer = json.loads(message) if message else {"error": "the process inside ended", "errno": None}
            if answer["error"] is not None:
                raise InstanceError(f"cannot make the instance's namespace: {answer['error']}; {_HOW_TO_ALLOW}")
            made = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            return cls(process, control, dict(zip(plan.listeners, made, strict=True)))
        except BaseException:
            control.close()
            process.kill()
            process.wait()
            raise

    def go(self) -> None:
        """Let the command begin."""
        self._control.send(inside.GO)
        self._control.close()

    def end(self) -> None:
        """Leave no process in the namespace: SIGTERM, two seconds of grace, SIGKILL."""
        self._control.close()
        deadline = time.monotonic() + _GRACE_SECONDS
        for sign in (signal.SIGTERM, signal.SIGKILL):
            while inhabitants := self._inhabitants():
                for pid in inhabitants:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, sign)
                self._reap()
                if sign == signal.SIGTERM and time.monotonic() > deadline:
                    break
                time.sleep(0.02)
        self._reap()
        self._process.returncode = 0  # it has been waited for by process id
        for made in self.sockets.values():
            made.close()

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)

    def _inhabitants(self) -> list[int]:
        """The living processes in the namespace."""
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pid for pid in pids if _network_of(pid) == self._network and not _is_zombie(pid)]


def why_not() -> str | None:
    """Why this process can't make namespaces on this machine, or None when it can."""
    try:
        namespace = Namespace.start(Plan(), ["true"], {"PATH": os.defpath})
    except InstanceError as error:
        return str(error)
    namespace.end()
    return None


def _network_of(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:  # it is gone, or another user's
        return None


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
