"""Part 4: objects, through Ostiary and past it: the engine itself with its authentication on, Ostiary in front of it,
nginx that asks Ostiary (the configuration that we ship), and nginx that only passes on.

All share this machine's processors with the client. Ratios are to the engine itself, round by round.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.client import write
from bench.servers import BIN, ROOT, _cpu, _environment, _free_port, _wait
from bench.signed import post
from ostiary.app import engine_signer
from ostiary.clock import SystemClock
from ostiary.engines.engine import EngineAddress
from ostiary.engines.seaweedfs import SeaweedFS
from ostiary.entropy import SystemEntropy
from ostiary.sigv4 import UNSIGNED_PAYLOAD, Credentials, sign

SIZES: Final = {"1 KB": 1000, "1 MB": 1_000_000, "64 MB": 64_000_000}
CONNECTIONS: Final = (1, 16, 64)
PATHS: Final = ("engine", "ostiary", "nginx asks", "nginx")
_SHIPPED: Final = Path(__file__).parent.parent / "examples" / "forward-auth" / "nginx.conf"
_SECRET: Final = "a-secret-of-the-bench-and-nobody-else"
_BUCKET: Final = "bench"
_KEYS: Final = {1000: 64, 1_000_000: 16, 64_000_000: 4}
_MOST_PUTS: Final = 16
"""Connections that put 64 MB at a time: the engine itself gives up with 64 of them on two processors."""


@dataclass(frozen=True)
class Way:
    """A way to the objects."""

    name: str
    port: int
    key: tuple[str, str]
    pids: tuple[int, ...]
    """The processes on it but the engine's."""

    def cpu(self) -> float:
        """Processor seconds so far."""
        return sum(_cpu(str(pid)) for pid in self.pids)


def s3(work: Path, seconds: float, rounds: int) -> list[dict[str, Any]]:
    """Every size, direction and number of connections."""
    with ExitStack() as stack:
        engine, weed = stack.enter_context(_engine(work))
        ostiary = stack.enter_context(_ostiary(work))
        ways = {
            "engine": Way("engine", engine.port, (engine.akid, engine.secret), ()),
            "ostiary": ostiary,
            "nginx asks": stack.enter_context(_nginx(work, "asks", _asking(engine, ostiary.port), ostiary)),
            "nginx": stack.enter_context(_nginx(work, "passes", _passing(engine), None, engine)),
        }
        _fill(ostiary)
        found = []
        for size, bytes_ in SIZES.items():
            for method in ("PUT", "GET"):
                for connections in CONNECTIONS:
                    if method == "PUT" and bytes_ > 10_000_000 and connections > _MOST_PUTS:
                        continue
                    cell = {"size": size, "method": method, "connections": connections}
                    found.append(cell | _cell(work, ways, weed, cell, bytes_, seconds, rounds))
                    print(json.dumps(found[-1]), file=sys.stderr, flush=True)
        return found


def _cell(
    work: Path, ways: Mapping[str, Way], weed: int, cell: Mapping[str, Any], size: int, seconds: float, rounds: int
) -> dict[str, Any]:
    if size > 10_000_000:
        rounds = 1 if cell["method"] == "PUT" else min(rounds, 2)
    turns: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    for round_ in range(rounds + (size < 10_000_000)):
        for name, way in ways.items():
            turn = _turn(work, way, weed, cell, size, seconds)
            if round_ or size > 10_000_000:
                turns[name].append(turn)
    told: dict[str, Any] = {
        name: {key: round(median(turn[key] for turn in each), 4) for key in each[0]} for name, each in turns.items()
    }
    for name, each in turns.items():
        pairs = zip(each, turns["engine"], strict=True)
        told[name]["ratio"] = round(median(one["rate"] / other["rate"] for one, other in pairs), 3)
    return told


def _turn(work: Path, way: Way, weed: int, cell: Mapping[str, Any], size: int, seconds: float) -> dict[str, Any]:
    puts, file = cell["method"] == "PUT", work / "heads"
    write(file, list(_heads(way, "PUT" if puts else "GET", size)))
    time.sleep(0.2)
    for pid in way.pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak of memory begins anew
    before, cpu, of_weed = _memory(way), way.cpu(), _cpu(str(weed))
    command = [sys.executable, "-m", "bench.s3_client", str(way.port), str(cell["connections"]), str(seconds)]
    done = subprocess.run(
        [*command, str(size), str(file)], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    turn: dict[str, Any] = json.loads(done.stdout)
    if turn.pop("failures"):
        raise RuntimeError(f"{way.name}: {cell}: {done.stdout}")
    answers = turn.pop("answers")
    turn["cpu_ms"] = (way.cpu() - cpu) / answers * 1000
    turn["engine_cpu_ms"] = (_cpu(str(weed)) - of_weed) / answers * 1000
    turn["grew_mb"] = max(0.0, _memory(way, peak=True) - before)
    return turn


def _memory(way: Way, *, peak: bool = False) -> float:
    """Megabytes of the largest of its processes."""
    name = "VmHWM" if peak else "VmRSS"
    held = [0.0]
    for pid in way.pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name):
                held.append(int(line.split()[1]) / 1000)
    return max(held)


def _heads(way: Way, method: str, size: int) -> Iterator[bytes]:
    body = (bytes(range(256)) * (size // 256 + 1))[:size] if method == "PUT" else b""
    # past Ostiary goes only what nobody has to look at
    hashed = hashlib.sha256(body).hexdigest() if way.name != "nginx asks" and method == "PUT" else UNSIGNED_PAYLOAD
    for number in range(_KEYS[size]):
        path = f"/{_BUCKET}/{size}/{number:03d}"
        headers = [("host", f"127.0.0.1:{way.port}"), ("user-agent", "bench")]
        headers += sign(
            Credentials(akid=way.key[0], secret=way.key[1]),
            method=method,
            raw_path=path,
            raw_query="",
            headers=headers,
            payload_hash=hashed,
            now=datetime.now(UTC),
            region="us-east-1",
            service="s3",
        )
        if method == "PUT":
            headers.append(("content-length", str(size)))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        yield f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()


def _fill(ostiary: Way) -> None:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{ostiary.port}",
        region_name="us-east-1",
        aws_access_key_id=ROOT[0],
        aws_secret_access_key=ROOT[1],
    )
    client.create_bucket(Bucket=_BUCKET)
    for size in SIZES.values():
        for number in range(_KEYS[size]):
            client.put_object(Bucket=_BUCKET, Key=f"{size}/{number:03d}", Body=bytes(size))


@contextmanager
def _engine(work: Path) -> Iterator[tuple[EngineAddress, int]]:
    running = SeaweedFS(
        work / "ostiary",  # where the server looks for the one that is its own
        entropy=SystemEntropy(),
        clock=SystemClock(),
        signer=engine_signer,
        memory="1GiB",
        grace=1.0,
    )
    running.start()
    try:
        if not running.wait_ready(60) or (address := running.address()) is None:
            raise RuntimeError(f"the engine did not start: {running.failure}")
        weed = next(
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and str(address.port).encode() in _command(entry)
        )
        yield address, weed
    finally:
        running.stop()


def _command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def _ostiary(work: Path) -> Iterator[Way]:
    """Beside the engine of its data directory, as a second worker is, and to it by its socket."""
    port, secret = _free_port(), work / "secret"
    secret.touch(0o600)
    secret.write_text(_SECRET)
    command = [str(BIN / "ostiary"), "serve", "--data", str(work / "ostiary"), "--port", str(port)]
    command += ["--console-port", "0", "--metadata-port", "0"]
    with (work / "ostiary.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--forward-auth-secret", str(secret)], stdout=log, stderr=log, env=_environment(work)
        )
    try:
        _wait(process, port, post(port, ROOT, "sts", "GetCallerIdentity", {}), Path(log.name))
        yield Way("ostiary", port, ROOT, (process.pid,))
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _nginx(work: Path, name: str, text: str, ostiary: Way | None, engine: EngineAddress | None = None) -> Iterator[Way]:
    home, port = work / f"nginx-{name}", _free_port()
    home.mkdir()
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    kept = "".join(f"{each}_temp_path {each};\n" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = text.replace("http {", f"http {{\n{kept}", 1).replace("listen 8080", f"listen 127.0.0.1:{port}")
    (home / "secret.conf").write_text(f'set $ostiary_secret "{_SECRET}";\n')
    (home / "nginx.conf").write_text(f"pid {home}/pid;\ndaemon off;\nuser root;\nworker_processes 2;\n{text}")
    process = subprocess.Popen([found, "-p", str(home), "-c", str(home / "nginx.conf")])
    try:
        time.sleep(1)
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        pids = (*map(int, workers), *(ostiary.pids if ostiary else ()))
        yield Way(f"nginx {name}", port, ROOT if engine is None else (engine.akid, engine.secret), pids)
    finally:
        process.terminate()
        process.wait(20)


def _asking(engine: EngineAddress, ostiary: int) -> str:
    text = _SHIPPED.read_text()
    return text.replace("127.0.0.1:4700", f"127.0.0.1:{ostiary}").replace("127.0.0.1:8333", engine.authority)


def _passing(engine: EngineAddress) -> str:
    return f"""
error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    upstream engine {{ server {engine.authority}; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen 8080;
        keepalive_requests 1000000;
        client_max_body_size 0;
        proxy_buffers 16 32k;
        proxy_buffer_size 32k;
        proxy_busy_buffers_size 64k;
        proxy_max_temp_file_size 0;
        location / {{
            proxy_pass http://engine;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""


def shown(rows: Sequence[Mapping[str, Any]]) -> Any:
    """The table."""
    from bench.report import _table

    columns = ["", "by way of", "req/s", "MB/s", "ratio", "p50 ms", "p99 ms", "CPU ms", "engine's", "grew MB"]
    table = _table("Objects: medians; ratio to the engine itself; CPU a request without and of the engine", columns)
    for row in rows:
        for name in PATHS:
            one = row[name]
            table.add_row(
                f"{row['method']} {row['size']}, {row['connections']}" if name == PATHS[0] else "",
                name,
                f"{one['rate']:,.0f}" if one["rate"] >= 100 else f"{one['rate']:.1f}",
                f"{one['mb']:,.0f}" if one["mb"] >= 10 else f"{one['mb']:.1f}",
                f"{one['ratio']:.2f}",
                f"{one['p50_ms']:,.1f}",
                f"{one['p99_ms']:,.1f}",
                f"{one['cpu_ms']:.2f}",
                f"{one['engine_cpu_ms']:.2f}",
                f"{one['grew_mb']:.0f}",
            )
        table.add_section()
    return table
