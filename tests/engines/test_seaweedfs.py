"""The supervisor, with the real weed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.engines import weed as weed_module
from ostiary.engines.call import call
from ostiary.engines.engine import EngineAddress, EngineState
from ostiary.engines.seaweedfs import SeaweedFS
from ostiary.engines.upstream import Upstream
from ostiary.engines.weed import WeedNotFound

from .signing import sign

Make = Callable[..., SeaweedFS]


def until(fact: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


def weeds(directory: Path) -> list[int]:
    """The processes that are weed on this directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            except OSError:
                continue
            if alive and words[0].endswith(b"weed") and os.fsencode(f"-dir={directory / 'volumes'}") in words:
                found.append(int(entry.name))
    return found


def listening(pid: int) -> set[tuple[str, int]]:
    """Where a process listens on TCP."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        target = str(fd.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{family}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                address, port = words[1].split(":")
                found.add((address, int(port, 16)))
    return found


def ready(engine: SeaweedFS) -> EngineAddress:
    engine.start()
    assert engine.wait_ready(60), engine.failure
    address = engine.address()
    assert address is not None
    return address


def test_start_returns_at_once_and_the_engine_becomes_ready(make_engine: Make) -> None:
    engine = make_engine()
    assert (engine.state, engine.address()) == (EngineState.STOPPED, None)
    before = time.monotonic()
    engine.start()
    assert time.monotonic() - before < 0.5
    assert (engine.state, engine.address()) == (EngineState.STARTING, None)
    address = ready(engine)
    assert engine.state is EngineState.READY
    assert call(address, "PUT", "/box", signer=sign).status == 200
    assert call(address, "PUT", "/box/k", body=b"hello", signer=sign).status == 200
    assert call(address, "GET", "/box/k", signer=sign).body == b"hello"
    engine.stop()
    assert (engine.state, engine.address()) == (EngineState.STOPPED, None)


def test_nobody_gets_in_without_the_key(weed: EngineAddress) -> None:
    def unsigned(address: EngineAddress, method: str, path: str, query: str, headers: object) -> list[tuple[str, str]]:
        return [("host", address.authority)]

    other = EngineAddress(
        host=weed.host, port=weed.port, secure=False, akid=weed.akid, secret="x" * 40, region=weed.region
    )
    call(weed, "PUT", "/private", signer=sign)
    call(weed, "PUT", "/private/k", body=b"mine", signer=sign)
    assert call(weed, "GET", "/private/k", signer=unsigned).status == 403
    assert call(weed, "PUT", "/private/k", body=b"theirs", signer=unsigned).status == 403
    assert call(other, "GET", "/private/k", signer=sign).status == 403
    assert call(weed, "GET", "/private/k", signer=sign).body == b"mine"


def test_its_socket_is_ours_alone_wants_the_key_too_and_is_the_way_that_requests_go(weed: EngineAddress) -> None:
    assert weed.socket is not None
    assert stat.S_IMODE(Path(weed.socket).parent.stat().st_mode) == 0o700
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(weed.socket)
        plain.sendall(f"GET / HTTP/1.1\r\nhost: {weed.authority}\r\n\r\n".encode())
        assert plain.recv(12) == b"HTTP/1.1 403"

    async def by_socket() -> int:
        upstream = Upstream(signer=sign)
        async with await upstream.request(replace(weed, port=1), "GET", "/") as response:  # nobody listens on port 1
            await response.read()
        await upstream.close()
        return response.status

    assert asyncio.run(by_socket()) == 200


def test_every_listener_is_on_loopback_and_closed_to_other_people(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine()
    address = ready(engine)
    (pid,) = weeds(tmp_path / "engine")
    until(lambda: len(listening(pid)) >= 8)  # it is ready for objects before its last inner listener is open
    found = listening(pid)
    assert {host for host, _ in found} == {"0100007F"}
    assert len(found) == 8
    for port in {port for _, port in found} - {address.port}:
        assert not readable(port), port
        assert not grpc_open(port), port


def readable(port: int) -> bool:
    """Whether HTTP without a token gives objects or folders away."""
    for path in ("/buckets/?pretty=y", "/dir/status", "/dir/assign", "/1,01637037d6"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3):
                return True
        except (urllib.error.HTTPError, OSError):
            continue
    return False


def grpc_open(port: int) -> bool:
    """Whether a stranger without a certificate can speak HTTP/2 here, with or without TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    for secure in (True, False):
        try:
            with socket.create_connection(("127.0.0.1", port), 3) as plain:
                speaking = context.wrap_socket(plain) if secure else plain
                speaking.settimeout(3)
                speaking.sendall(hello)
                if speaking.recv(9)[3:4] == b"\4":  # a SETTINGS frame: we are let in
                    return True
        except OSError:
            continue
    return False


def test_its_files_are_for_nobody_else_and_its_log_holds_no_secret(make_engine: Make, tmp_path: Path) -> None:
    address = ready(make_engine())
    top = tmp_path / "engine"
    assert stat.S_IMODE(top.stat().st_mode) == 0o700
    for path in top.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    log = (top / "weed.log").read_text(errors="replace")
    assert "Start Seaweed S3 API Server" in log
    assert address.secret not in log
    assert address.secret not in repr(address)


def test_it_says_nothing_at_the_terminal(tmp_path: Path) -> None:
    child = supervisor(tmp_path / "engine")
    line = wait_line(child, "ready owner")
    child.kill()
    assert line.startswith("ready owner")
    assert child.stderr is not None
    assert child.stderr.read() == ""


def test_a_killed_weed_is_started_again_with_what_it_had_acknowledged(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine()
    address = ready(engine)
    call(address, "PUT", "/box", signer=sign)
    for number in range(30):
        assert call(address, "PUT", f"/box/{number}", body=b"%d" % number, signer=sign).status == 200
    (pid,) = weeds(tmp_path / "engine")
    os.kill(pid, signal.SIGKILL)
    until(lambda: engine.address() is None, 5)
    assert engine.state is EngineState.RESTARTING
    assert engine.failure is not None and "-9" in engine.failure
    address = ready(engine)
    assert weeds(tmp_path / "engine") != [pid]
    for number in range(30):
        assert call(address, "GET", f"/box/{number}", signer=sign).body == b"%d" % number


def test_data_outlives_a_change_of_ports_and_of_the_key(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine()
    first = ready(engine)
    call(first, "PUT", "/box", signer=sign)
    call(first, "PUT", "/box/k", body=b"kept", signer=sign)
    engine.stop()
    assert weeds(tmp_path / "engine") == []
    (tmp_path / "engine" / "engine.json").unlink()
    second = ready(engine)
    assert (second.port, second.secret) != (first.port, first.secret)
    assert call(second, "GET", "/box/k", signer=sign).body == b"kept"
    assert call(second, "PUT", "/box/l", body=b"new", signer=sign).status == 200
    assert len(list((tmp_path / "engine" / "volumes").glob("m[0-9]*"))) == 1


def test_the_key_and_the_ports_stay_from_start_to_start(make_engine: Make) -> None:
    engine = make_engine()
    first = ready(engine)
    engine.stop()
    assert ready(engine) == first


def test_a_data_directory_with_a_long_name_will_do(make_engine: Make, tmp_path: Path) -> None:
    address = ready(make_engine(directory=tmp_path / ("d" * 100) / "engine"))
    assert call(address, "GET", "/", signer=sign).status == 200


def test_without_weed_it_says_why_and_goes_on_trying(make_engine: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise WeedNotFound("`weed` is not installed")

    with monkeypatch.context() as patch:
        patch.setattr(weed_module, "find_weed", none)
        engine = make_engine()
        engine.start()
        until(lambda: engine.failure is not None)
        assert engine.failure == "`weed` is not installed"
        until(lambda: engine.state is EngineState.FAILED, 20)
        assert engine.address() is None
    ready(engine)
    assert engine.failure is None


def test_a_weed_that_dies_at_once_is_reported(make_engine: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weed_module, "find_weed", lambda: Path("/bin/false"))
    engine = make_engine()
    engine.start()
    until(lambda: engine.failure is not None)
    assert "status 1" in str(engine.failure)


# several processes on one directory


def supervisor(directory: Path) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("supervise.py")
    return subprocess.Popen(
        [sys.executable, str(script), str(directory)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_line(child: subprocess.Popen[str], start: str) -> str:
    assert child.stdout is not None
    deadline = time.monotonic() + 60
    for line in child.stdout:
        if line.startswith(start):
            return line
        assert time.monotonic() < deadline, f"no `{start}`, the last was `{line}`"
    raise AssertionError("it ended")


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for child in started:
        child.kill()
        child.communicate()


def test_weed_dies_with_its_server_and_the_next_start_is_not_blocked(
    tmp_path: Path, make_engine: Make, children: list[subprocess.Popen[str]]
) -> None:
    children.append(supervisor(tmp_path / "engine"))
    wait_line(children[0], "ready owner")
    (pid,) = weeds(tmp_path / "engine")
    children[0].kill()
    until(lambda: weeds(tmp_path / "engine") == [], 5)
    engine = make_engine()
    ready(engine)
    assert engine.owner
    assert weeds(tmp_path / "engine") != [pid]


def test_one_process_runs_weed_the_other_follows_and_takes_over(
    tmp_path: Path, make_engine: Make, children: list[subprocess.Popen[str]]
) -> None:
    children.append(supervisor(tmp_path / "engine"))
    line = wait_line(children[0], "ready owner")
    follower = make_engine()
    address = ready(follower)
    assert not follower.owner
    assert str(address.port) == line.split()[2]
    assert call(address, "PUT", "/box", signer=sign).status == 200
    assert len(weeds(tmp_path / "engine")) == 1
    children[0].kill()
    until(lambda: follower.owner, 10)
    assert follower.wait_ready(30)
    taken_over = follower.address()
    assert taken_over is not None
    assert call(taken_over, "HEAD", "/box", signer=sign).status == 200
    assert len(weeds(tmp_path / "engine")) == 1


def test_a_follower_sees_when_the_owner_restarts_weed(
    tmp_path: Path, make_engine: Make, children: list[subprocess.Popen[str]]
) -> None:
    children.append(supervisor(tmp_path / "engine"))
    wait_line(children[0], "ready owner")
    follower = make_engine()
    ready(follower)
    (pid,) = weeds(tmp_path / "engine")
    os.kill(pid, signal.SIGKILL)
    until(lambda: follower.address() is None, 5)
    assert follower.wait_ready(30)
    assert not follower.owner


# an engine that somebody else runs
