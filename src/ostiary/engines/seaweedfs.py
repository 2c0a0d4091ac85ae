"""Room `engines`: SeaweedFS, started and watched by the server for one machine.

Several server processes may share one data directory: whoever holds the lock of `engine.lock` runs weed; the others
read its address and key from `engine.json` and step in when the holder dies. weed holds the same lock open for as long
as it lives, so two can't run on the same data; and it dies with the process that started it (`leash`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ostiary.clock import Clock
from ostiary.engines import engine
from ostiary.engines.call import UpstreamError, call
from ostiary.engines.engine import EngineAddress, EngineState, Signer
from ostiary.engines.weed import LOOPBACK, Ports, Weed, WeedNotFound, free_ports
from ostiary.engines.weed_config import write_config, write_private
from ostiary.entropy import BASE32, SECRET_ALPHABET, Entropy, letters

_POLL: Final = 0.2
_REGION: Final = "us-east-1"
_STEADY: Final = 60.0
"""Seconds after which an earlier failure is forgotten."""
_FAILED_AFTER: Final = 5
_LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Notice:
    """What `engine.json` says."""

    ready: bool
    address: EngineAddress
    ports: tuple[int, ...]

    def text(self) -> bytes:
        a = self.address
        body = {"ready": self.ready, "host": a.host, "port": a.port, "access_key_id": a.akid}
        body |= {"secret_access_key": a.secret, "region": a.region, "socket": a.socket, "ports": list(self.ports)}
        return (json.dumps(body, indent=1) + "\n").encode()


def _read_notice(path: Path) -> _Notice | None:
    """What the file says; None if there is none that can be used."""
    try:
        body: dict[str, Any] = json.loads(path.read_bytes())
        address = EngineAddress(
            host=str(body["host"]),
            port=int(body["port"]),
            secure=False,
            akid=str(body["access_key_id"]),
            secret=str(body["secret_access_key"]),
            region=str(body["region"]),
            socket=str(body["socket"]) if body.get("socket") else None,
        )
        return _Notice(body["ready"] is True, address, tuple(int(port) for port in body["ports"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class SeaweedFS:
    """SeaweedFS on this machine, on loopback only. An `Engine`.

    Start it in the process that serves (after any fork). `start` returns at once: a thread does the rest.
    """

    def __init__(
        self,
        directory: Path,
        *,
        entropy: Entropy,
        clock: Clock,
        signer: Signer,
        object_key: bytes | None = None,
        memory: str = "512MiB",
        grace: float = 2.0,
        start_timeout: float = 60.0,
    ) -> None:
        """`directory`: where its data, configuration and log are.

        `object_key`: 32 bytes that open the keys of objects that are encrypted at rest (SSE-S3), the same in every
        run; None: it can't encrypt any.
        `memory`: the soft limit of its heap, as Go writes it.
        `grace`: seconds that weed has to stop by itself. (It takes 15, waiting for a stream of its own; what it has
        acknowledged is on disk before that.)
        """
        self._directory, self._notice_path = directory, directory / "engine.json"
        self._entropy, self._clock, self._signer = entropy, clock, signer
        self._memory, self._grace, self._start_timeout = memory, grace, start_timeout
        self._object_key = object_key
        self._state, self._address = EngineState.STOPPED, None  # type: tuple[EngineState, EngineAddress | None]
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen: tuple[int, int] | None = None
        self._failure: str | None = None
        self.owner = False
        """Whether this process runs weed."""

    @property
    def state(self) -> EngineState:
        """How it is now."""
        return self._state

    @property
    def failure(self) -> str | None:
        """See `Engine.failure`."""
        return self._failure

    def of(self, bucket: str) -> SeaweedFS:
        """It keeps every bucket."""
        return self

    def address(self) -> EngineAddress | None:
        """Where it answers; None while it is not ready."""
        return self._address

    def unable(self, key: str, *, filled: bool = True) -> str | None:
        """See `Engine.unable`."""
        return engine.unable(key, filled=filled)

    def unable_to_list(self, prefix: str) -> str | None:
        """See `Engine.unable_to_list`."""
        return engine.unable_to_list(prefix)

    @property
    def takes_unsized(self) -> bool:
        """See `Engine.takes_unsized`."""
        return True

    def start(self) -> None:
        """Begin to run it, or to follow the process that does."""
        if self._thread is not None:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        self._stopping.clear()
        self._say(EngineState.STARTING, None)
        self._thread = threading.Thread(target=self._live, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, if it is ours; returns when it is gone."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._say(EngineState.STOPPED, None)

    def wait_ready(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until it is ready; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state is EngineState.READY, timeout)

    # the thread

    def _live(self) -> None:
        while not self._stopping.is_set():
            with contextlib.ExitStack() as stack:
                lock = os.open(self._directory / "engine.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, lock)
                if self._take(lock):
                    self._state_lost()  # what it was before us died with its owner
                    self.owner, self._seen = True, None
                    self._own(lock)
                    self.owner = False
                else:
                    self._follow()
                    self._stopping.wait(_POLL)

    @staticmethod
    def _take(lock: int) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _follow(self) -> None:
        """Say what the owner's notice says, once the engine it names answers: a notice may outlive its owner."""
        try:
            status = self._notice_path.stat()
        except FileNotFoundError:
            return
        stamp = (status.st_ino, status.st_mtime_ns)
        if stamp == self._seen:
            return
        notice = _read_notice(self._notice_path)
        if notice is not None and notice.ready:
            if not self._answers(notice.address):
                return
            self._say(EngineState.READY, notice.address)
        elif self._state is EngineState.READY:
            self._say(EngineState.RESTARTING, None)
        self._seen = stamp

    def _own(self, lock: int) -> None:
        """Keep weed running until we are to stop."""
        failures = 0
        while not self._stopping.is_set():
            lasted = self._one_run(lock)
            failures = 1 if lasted > _STEADY else failures + 1
            if self._stopping.is_set():
                return
            self._say(EngineState.FAILED if failures >= _FAILED_AFTER else EngineState.RESTARTING, None)
            self._stopping.wait(min(_LONGEST_PAUSE, _POLL * 2 ** min(failures, 10)))

    def _one_run(self, lock: int) -> float:
        """Start weed and see it to its end. The seconds that it was ready."""
        weed: Weed | None = None
        notice: _Notice | None = None
        ready_at: float | None = None
        try:
            notice = self._new_notice()
            self._publish(notice, ready=False)
            config = self._directory / "config"
            volumes = self._directory / "volumes"
            write_config(config, volumes=volumes, address=notice.address, entropy=self._entropy, now=self._clock.now())
            weed = Weed(
                self._directory, Ports(notice.ports), lock=lock, memory=self._memory, object_key=self._object_key
            )
            if self._becomes_ready(weed, notice.address):
                notice = replace(notice, address=replace(notice.address, socket=weed.socket()))
                self._publish(notice, ready=True)
                self._failure, ready_at = None, time.monotonic()
                self._say(EngineState.READY, notice.address)
                self._watch(weed)
        except (OSError, WeedNotFound) as error:
            self._failure = str(error)
        except Exception as error:  # whatever it is, the next run may be better; the thread must live
            self._failure = f"the supervisor failed: {type(error).__name__}"
        finally:
            self._state_lost()
            if notice is not None:
                with contextlib.suppress(OSError):
                    self._publish(notice, ready=False)
            if weed is not None:
                weed.end(self._grace)
        return 0.0 if ready_at is None else time.monotonic() - ready_at

    def _new_notice(self) -> _Notice:
        """The key and the ports of last time if they can be used, else new ones."""
        last = _read_notice(self._notice_path)
        ports = free_ports(self._entropy, last.ports if last else ())
        return _Notice(
            ready=False,
            ports=ports.numbers,
            address=EngineAddress(
                host=LOOPBACK,
                port=ports.s3,
                secure=False,
                akid=last.address.akid if last else "AKIA" + letters(self._entropy, 16, BASE32),
                secret=last.address.secret if last else letters(self._entropy, 40, SECRET_ALPHABET),
                region=_REGION,
            ),
        )

    def _becomes_ready(self, weed: Weed, address: EngineAddress) -> bool:
        """Ask for its buckets, signed, until it answers."""
        deadline = time.monotonic() + self._start_timeout
        while not self._stopping.wait(_POLL / 4):
            if not weed.alive:
                self._failure = (
                    f"weed ended with status {weed.process.returncode} before it was ready; see its weed.log"
                )
                return False
            if self._answers(address):
                return True
            if time.monotonic() > deadline:
                self._failure = f"weed was not ready after {self._start_timeout:g} seconds; see its weed.log"
                return False
        return False

    def _answers(self, address: EngineAddress) -> bool:
        """Whether it lists its buckets."""
        try:
            return call(address, "GET", "/", signer=self._signer, timeout=5).status == 200
        except UpstreamError:
            return False

    def _watch(self, weed: Weed) -> None:
        while not self._stopping.wait(_POLL):
            if not weed.alive:
                self._failure = f"weed ended with status {weed.process.returncode}; see its weed.log"
                return
            weed.bound_log()

    def _publish(self, notice: _Notice, *, ready: bool) -> None:
        write_private(self._notice_path, _Notice(ready, notice.address, notice.ports).text())

    def _state_lost(self) -> None:
        if self._state is EngineState.READY:
            self._say(EngineState.RESTARTING, None)

    def _say(self, state: EngineState, address: EngineAddress | None) -> None:
        with self._changed:
            self._state, self._address = state, address
            self._changed.notify_all()
