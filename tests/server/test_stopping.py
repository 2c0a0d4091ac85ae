"""How `ostiary serve` ends: requests end, nothing is lost, no process is left; and a worker that dies."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live import Server, running
from tests.server.raw import STS, Line, form, heard

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("serving")]


def alive(group: int) -> bool:
    """Whether a process of this group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_lets_running_requests_end_and_leaves_no_process(data: Path, number: int, workers: str) -> None:
    server = Server.start(data, "--no-s3", "--workers", workers)
    line = Line(server.endpoint, server.root)
    assert line.sts("GetCallerIdentity").status == 200  # a connection that is kept alive must not hold it up
    body = form("GetCallerIdentity", STS, {})
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(body, service="sts").items())
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0)) as running:
        running.sendall(f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
        time.sleep(0.3)
        server.process.send_signal(number)
        time.sleep(0.7)
        running.sendall(body[5:])
        assert heard(running).startswith(b"HTTP/1.1 200 ")
    began = time.monotonic()
    assert server.stop(number) == 0
    assert time.monotonic() - began < 5
    assert not alive(server.process.pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname or "", place.port or 0))
    assert "Traceback" not in server.log.read_text()
    line.close()


def test_a_worker_that_dies_is_replaced(data: Path) -> None:
    with running(data, "--no-s3", "--workers", "2") as server:
        first = workers(server, 2)
        os.kill(first[0], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not set(workers(server)) - set(first):
            time.sleep(0.1)
        workers(server, 2)
        for _ in range(10):
            line = Line(server.endpoint, server.root)
            assert line.sts("GetCallerIdentity").status == 200
            line.close()


def workers(server: Server, least: int = 0) -> list[int]:
    """The processes that serve, as soon as there are so many."""
    pid = server.process.pid
    deadline = time.monotonic() + 10
    while True:
        found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        if len(found) >= least:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_stop_in_the_middle_of_writing_loses_nothing(data: Path) -> None:
    server = Server.start(data, "--no-s3")
    acknowledged: list[str] = []

    def write(worker: int) -> None:
        line = Line(server.endpoint, server.root)
        for number in range(10_000):
            name = f"w{worker}-{number}"
            try:
                if line.iam("CreateUser", UserName=name).status == 200:
                    acknowledged.append(name)
            except OSError:
                return
            except Exception:
                return

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for each in threads:
        each.start()
    time.sleep(0.7)
    assert server.stop() == 0
    for each in threads:
        each.join()
    with running(data, "--no-s3") as again:
        pages = again.client("iam").get_paginator("list_users").paginate()
        found = {user["UserName"] for page in pages for user in page["Users"]}
        assert len(acknowledged) > 20 and set(acknowledged) <= found
