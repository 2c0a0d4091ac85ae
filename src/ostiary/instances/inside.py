"""The part of the runner that enters the namespace, and then becomes the command.

Run as a program of its own (`python -I -S inside.py <control descriptor> -- command …`), with nothing but the standard
library, so that it starts fast and the runner never forks. Over the control socket it reads a plan, answers with the
listening sockets it made, waits for the word to go, and replaces itself by the command.

Source: unshare(2), user_namespaces(7), mount_namespaces(7), rtnetlink(7), prctl(2).
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x2, 0x4, 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1

NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 0x1, 0x4, 0x2
RTM_NEWLINK, RTM_NEWADDR = 16, 20
IFA_ADDRESS, IFA_LOCAL = 1, 2
IFF_UP = 0x1
LOOPBACK_INDEX = 1

CANNOT_RUN, NOT_FOUND, OWN_FAILURE = 126, 127, 125
GO = b"go"

_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> int:
    """Enter the namespace and become the command; returns only when that failed, with the exit status."""
    control = socket.socket(fileno=int(arguments[1]))
    control.set_inheritable(False)
    runner = os.getppid()
    plan = json.loads(control.recv(1 << 17))
    try:
        enter()
        bring_up(plan["addresses"])
        listeners = [listen(**wanted) for wanted in plan["listeners"]]
        arrange_files(plan["binds"], plan["hidden"])
    except OSError as error:
        control.send(json.dumps({"error": str(error), "errno": error.errno}).encode())
        return OWN_FAILURE
    socket.send_fds(control, [json.dumps({"error": None}).encode()], [listener.fileno() for listener in listeners])
    for listener in listeners:
        listener.close()
    if control.recv(len(GO)) != GO:
        return OWN_FAILURE
    return become(arguments[3:], plan["user"], runner)


def enter() -> None:
    """Move into fresh network and mount namespaces; without the right to, into a user namespace first.

    In the user namespace the caller keeps the user and group ids it has, so it is nobody else inside, and the
    capabilities that it gains there end when it becomes the command.
    """
    try:
        _check(_libc.unshare(CLONE_NEWNET | CLONE_NEWNS))
    except PermissionError:
        uid, gid = os.geteuid(), os.getegid()
        _check(_libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _check(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))


def bring_up(addresses: list[str]) -> None:
    """Raise `lo` and give it these IPv4 addresses besides 127.0.0.1."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as route:
        link = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, LOOPBACK_INDEX, IFF_UP, IFF_UP)
        _request(route, RTM_NEWLINK, link)
        for address in addresses:
            packed = socket.inet_aton(address)
            host = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, LOOPBACK_INDEX)
            attributes = b"".join(struct.pack("=HH", 8, kind) + packed for kind in (IFA_LOCAL, IFA_ADDRESS))
            _request(route, RTM_NEWADDR, host + attributes)


def listen(kind: str, address: str, port: int) -> socket.socket:
    """A listening TCP socket (`stream`) or a bound UDP socket (`datagram`)."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM)
    made.bind((address, port))
    if kind == "stream":
        made.listen(128)
    return made


def arrange_files(binds: list[list[str]], hidden: list[str]) -> None:
    """Lay files over others, and an empty read-only directory over each hidden one, for this process only."""
    for source, target in binds:
        _check(_libc.mount(os.fsencode(source), os.fsencode(target), None, MS_BIND, None), target)
    for directory in hidden:
        flags = MS_RDONLY | MS_NOSUID | MS_NODEV
        _check(_libc.mount(b"tmpfs", os.fsencode(directory), b"tmpfs", flags, b"size=4k,mode=755"), directory)


def become(command: list[str], user: dict[str, Any] | None, runner: int) -> int:
    """Replace this process by the command; returns the exit status of having failed to."""
    if user is not None:
        os.setgroups(user["groups"])
        os.setgid(user["gid"])
        os.setuid(user["uid"])
    # The command dies with its runner. Set after the user has changed: changing it clears the wish.
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != runner:
        return OWN_FAILURE
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        os.write(2, f"ostiary: cannot run `{command[0]}`: {error.strerror}\n".encode())
        return NOT_FOUND if error.errno == errno.ENOENT else CANNOT_RUN


def _request(route: socket.socket, kind: int, body: bytes) -> None:
    route.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
    answer = route.recv(65536)
    answered, negative_errno = struct.unpack_from("=H", answer, 4)[0], struct.unpack_from("=i", answer, 16)[0]
    if answered != NLMSG_ERROR:
        raise OSError(errno.EPROTO, "unexpected answer from the kernel's routing interface")
    if negative_errno:
        raise OSError(-negative_errno, os.strerror(-negative_errno))


def _check(result: int, name: str | None = None) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
