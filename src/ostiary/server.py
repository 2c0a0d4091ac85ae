"""What `ostiary serve` runs: found what is missing, bind the doors, serve, drain, stop what was started."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import Final

import uvloop

from ostiary import __version__
from ostiary.app import Built, Unusable, build, engine_signer
from ostiary.clock import SystemClock
from ostiary.doors.api.app import ApiApp
from ostiary.doors.api.forwarding import Forwarder
from ostiary.doors.http import Tls, address, bound, listener, serve_all
from ostiary.doors.metadata import bind_relay_socket, note_address, stored_apps
from ostiary.engines.engine import Engine, EngineState, RemoteEngine
from ostiary.engines.seaweedfs import SeaweedFS
from ostiary.engines.upstream import Upstream
from ostiary.entropy import SystemEntropy
from ostiary.gate.gate import Gate
from ostiary.services.accounts import CannotFound, Founded, found_first, renew_endpoint, write_root_credentials
from ostiary.services.ec2.role_delivery import session_seconds
from ostiary.settings import Settings
from ostiary.store.migrate import NewerDatabase

__all__ = ["CannotServe", "Tls", "run"]

_RESTART_PAUSE: Final = 1.0


class CannotServe(Exception):
    """The server can't start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The bound sockets."""

    api: socket.socket
    metadata: socket.socket
    relays: socket.socket
    """The UNIX socket on which instances' relays ask for metadata."""

    def all(self) -> tuple[socket.socket, ...]:
        return (self.api, self.metadata, self.relays)


def run(settings: Settings, tls: Tls | None, *, insecure_plain_http: bool) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        CannotServe: a port is taken, the data directory can't be used, or plain HTTP would leave this machine.
    """
    if not _is_loopback(settings.host) and tls is None and not insecure_plain_http:
        raise CannotServe(
            f"`{settings.host}` is reachable from other machines: give --tls-certificate and --tls-key, or say "
            "--insecure-plain-http"
        )
    os.umask(0o077)
    try:
        session_seconds(os.environ)
    except ValueError as reason:
        raise CannotServe(str(reason)) from None
    try:
        built = build(settings)
    except (Unusable, NewerDatabase, OSError) as reason:
        raise CannotServe(f"`{settings.data}` can't be used: {reason}") from None
    try:
        founded = found_first(built.house)
    except CannotFound as reason:
        raise CannotServe(str(reason)) from None
    finally:
        built.close()
    doors = _bind(settings)
    note_address(settings.data, address(doors.metadata, False))
    endpoint = address(doors.api, tls is not None)
    credentials = settings.data / "root-credentials"
    if founded is not None:
        write_root_credentials(credentials, founded.akid, founded.secret, endpoint)
    else:
        renew_endpoint(credentials, endpoint)
    _announce(settings, doors, endpoint, founded)
    if settings.workers == 1:
        _work(settings, doors, tls)
    else:
        _supervise(settings, doors, tls)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bind(settings: Settings) -> Doors:
    made = []
    for name, port in (("--port", settings.port), ("--metadata-port", settings.metadata_port)):
        try:
            host = settings.host if name == "--port" else "127.0.0.1"
            made.append(bound(host, port))
        except OSError as error:
            raise CannotServe(f"port {port} can't be had: {error.strerror}; choose another with {name}") from None
    try:
        relays = bind_relay_socket(settings.metadata_socket)
    except OSError as error:
        raise CannotServe(f"`{settings.metadata_socket}` can't be made: {error.strerror or error}") from None
    api, metadata = made
    return Doors(api, metadata, relays)


def _announce(settings: Settings, doors: Doors, endpoint: str, founded: Founded | None) -> None:
    lines = [
        f"Ostiary {__version__}",
        f"  AWS endpoint       {endpoint}",
        f"  instance metadata  {address(doors.metadata, False)}",
        f"  data               {settings.data}",
    ]
    if founded is not None:
        lines += [
            f"  account            {founded.account}",
            f"  root password      {founded.password}   (shown this once)",
            f"  root access key    in {settings.data / 'root-credentials'}: make an administrator, then delete it",
        ]
    print("\n".join(lines), flush=True)  # noqa: T201


def _engine(settings: Settings) -> Engine | None:
    remote = settings.remote_engine
    if remote is not None:
        return RemoteEngine(
            remote.url, access_key=remote.access_key_id, secret_key=remote.secret_access_key, region=remote.region
        )
    if not settings.supervise_engine:
        return None
    return SeaweedFS(settings.data, entropy=SystemEntropy(), clock=SystemClock(), signer=engine_signer)


def _work(settings: Settings, doors: Doors, tls: Tls | None) -> None:
    """One process's serving, from building the house to closing it."""
    engine = _engine(settings)
    built = build(settings, engine=engine)
    if engine is not None:
        engine.start()
    try:
        uvloop.run(_serve(settings, built, engine, doors, tls))
    finally:
        if engine is not None:
            engine.stop()
        built.close()


async def _serve(settings: Settings, built: Built, engine: Engine | None, doors: Doors, tls: Tls | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gate = Gate(built.house, built.audit, _report)
    upstream = Upstream(signer=engine_signer)
    forwarder = Forwarder(gate, engine, upstream) if engine is not None else None
    api = ApiApp(gate, built.house.clock, forwarder, settings.max_body)
    loopback, relayed = stored_apps(built.house, built.audit, session_seconds(os.environ))
    served = [
        (listener(api, tls=tls), [doors.api]),
        (listener(loopback), [doors.metadata]),
        (listener(relayed), [doors.relays]),
    ]
    watching = asyncio.create_task(_tell_engine(engine)) if engine is not None else None
    try:
        await serve_all(served, stop)
    finally:
        if watching is not None:
            watching.cancel()
        api.close()
        await upstream.close()


async def _tell_engine(engine: Engine) -> None:
    """Say on the terminal when the engine is ready, and when it is not any more."""
    last: EngineState | None = None
    while True:
        state = engine.state
        if state is not last:
            _report(f"S3 engine: {state.value}")
            last = state
        await asyncio.sleep(0.2)


def _report(text: str) -> None:
    print(f"ostiary: {text}", file=sys.stderr, flush=True)  # noqa: T201


def _supervise(settings: Settings, doors: Doors, tls: Tls | None) -> None:
    """Several processes on the same sockets and the same data directory; one that dies is replaced."""
    children: set[int] = set()
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)

    def start() -> None:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            code = 1
            try:
                _work(settings, doors, tls)
                code = 0
            finally:
                os._exit(code)
        children.add(child)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for _ in range(settings.workers):
        start()
    while children:
        child, _status = os.wait()
        children.discard(child)
        if not stopping:
            _report(f"worker {child} ended; starting another")
            time.sleep(_RESTART_PAUSE)
            if not stopping:
                start()
