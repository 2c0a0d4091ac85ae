"""What `ostiary serve` runs: found what is missing, bind the doors, serve, drain, stop what was started."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import os
import re
import signal
import socket
import ssl
import sys
import time
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import uvloop

from ostiary import __version__
from ostiary.app import Built, Unusable, build, engine_signer, issuers_reach, key_encryption_key
from ostiary.clock import SystemClock
from ostiary.credentials.vault import Vault
from ostiary.doors.api.app import ApiApp
from ostiary.doors.api.forwarding import Forwarder
from ostiary.doors.api.listener import ApiServer
from ostiary.doors.api.proxies import Proxies
from ostiary.doors.console import ConsoleDoor
from ostiary.doors.http import Listener, Tls, address, bound, listener, serve_all
from ostiary.doors.metadata import bind_relay_socket, note_address, stored_apps
from ostiary.engines.engine import Engine, EngineState
from ostiary.engines.remote import RemoteEngine
from ostiary.engines.seaweedfs import SeaweedFS
from ostiary.engines.several import Several
from ostiary.engines.upstream import Upstream
from ostiary.entropy import SystemEntropy
from ostiary.gate.console import ConsoleGate
from ostiary.gate.forward_auth import ForwardAuth
from ostiary.gate.gate import Gate
from ostiary.services.accounts import CannotFound, Founded, found_first, renew_endpoint, write_root_credentials
from ostiary.services.ec2.role_delivery import session_seconds
from ostiary.settings import RemoteEngineSettings, Settings
from ostiary.store.migrate import NewerDatabase

__all__ = ["CannotServe", "Tls", "run"]

_RESTART_PAUSE: Final = 1.0
_OBJECTS_BETWEEN_COLLECTIONS: Final = 10_000
_TURN_SECONDS: Final = 0.001
_PUBLIC_URL: Final = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?")
_STOPS: Final = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Whether SIGTERM or SIGINT has come: from here on neither kills the process, whatever it is doing."""

    def __init__(self) -> None:
        self.asked = False
        for number in _STOPS:
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: object) -> None:
        self.asked = True


class CannotServe(Exception):
    """The server can't start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The bound sockets."""

    api: socket.socket
    console: socket.socket
    metadata: socket.socket
    relays: socket.socket
    """The UNIX socket on which instances' relays ask for metadata."""

    def all(self) -> tuple[socket.socket, ...]:
        return (self.api, self.console, self.metadata, self.relays)


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
    if tls is not None:
        _check(tls)
    _check_federation(settings)
    _check_engines(settings)
    os.umask(0o077)
    stopping = Stopping()
    try:
        session_seconds(os.environ)
    except ValueError as reason:
        raise CannotServe(str(reason)) from None
    try:
        built = build(settings)
    except (Unusable, NewerDatabase, OSError) as reason:
        raise CannotServe(f"`{settings.data}` can't be used: {reason}") from None
    try:
        doors = _bind(settings)
        endpoint = address(doors.api, tls is not None)
        founded = _found(settings, built, endpoint)
    except BaseException:
        built.close()
        raise
    settings = replace(settings, public_url=settings.public_url or _public_url(settings, endpoint))
    note_address(settings.data, address(doors.metadata, False))
    _announce(settings, doors, endpoint, founded, tls)
    if settings.workers == 1:
        _work(settings, doors, tls, stopping, built)
    else:
        built.close()
        _supervise(settings, doors, tls)


def _found(settings: Settings, built: Built, endpoint: str) -> Founded | None:
    """What the first start makes; on later ones, its file is told the address of this one."""
    credentials = settings.data / "root-credentials"

    def keep(founded: Founded) -> None:
        write_root_credentials(credentials, founded.akid, founded.secret, endpoint)

    try:
        founded = found_first(built.house, keep=keep)
    except CannotFound as reason:
        raise CannotServe(str(reason)) from None
    if founded is None:
        renew_endpoint(credentials, endpoint)
    return founded


def _check(tls: Tls) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "they are no pair in PEM"
        raise CannotServe(f"`{tls.certificate}` and `{tls.key}` can't be used: {why}") from None


def _check_federation(settings: Settings) -> None:
    try:
        issuers_reach(settings)
    except Unusable as reason:
        raise CannotServe(str(reason)) from None
    if settings.public_url is not None and not _PUBLIC_URL.fullmatch(settings.public_url):
        raise CannotServe(f"--public-url: `{settings.public_url}` is no URL such as `https://aws.example.com`")


def _public_url(settings: Settings, endpoint: str) -> str:
    """Where others reach the endpoint, if nobody says it: its address, or this machine's name for "every address"."""
    try:
        everywhere = ipaddress.ip_address(settings.host).is_unspecified
    except ValueError:
        everywhere = False
    if not everywhere:
        return endpoint
    return f"{endpoint.partition(':')[0]}://{socket.gethostname()}:{endpoint.rpartition(':')[2]}"


def _console_url(settings: Settings, bound_to: str) -> str:
    """Browsers keep a session at `localhost` without TLS, and passkeys want a name: not an address."""
    if _is_loopback(settings.host):
        return f"{bound_to.partition(':')[0]}://localhost:{bound_to.rpartition(':')[2]}"
    return _public_url(settings, bound_to)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bind(settings: Settings) -> Doors:
    made = []
    ports = (
        ("--port", settings.host, settings.port),
        ("--console-port", settings.host, settings.console_port),
        ("--metadata-port", "127.0.0.1", settings.metadata_port),
    )
    for name, host, port in ports:
        try:
            made.append(bound(host, port))
        except OSError as error:
            why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
            raise CannotServe(f"port {port} can't be had: {why}; choose another with {name}") from None
    try:
        relays = bind_relay_socket(settings.metadata_socket)
    except OSError as error:
        raise CannotServe(f"`{settings.metadata_socket}` can't be made: {error.strerror or error}") from None
    api, console, metadata = made
    return Doors(api, console, metadata, relays)


def _announce(settings: Settings, doors: Doors, endpoint: str, founded: Founded | None, tls: Tls | None) -> None:
    console = settings.console_url or _console_url(settings, address(doors.console, tls is not None))
    lines = [
        f"Ostiary {__version__}",
        f"  AWS endpoint       {endpoint}",
        f"  console            {console}",
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
    if settings.remote_engine is not None:
        rest: Engine | None = _remote(settings.remote_engine)
    elif settings.supervise_engine:
        key = Vault(key_encryption_key(settings.data), SystemEntropy()).derive("objects at rest")
        rest = SeaweedFS(
            settings.data, entropy=SystemEntropy(), clock=SystemClock(), signer=engine_signer, object_key=key
        )
    else:
        rest = None
    if rest is None or not settings.engines:
        return rest
    return Several({"": rest, **{each.prefix: _remote(each) for each in settings.engines}})


def _remote(settings: RemoteEngineSettings) -> RemoteEngine:
    return RemoteEngine(
        settings.url,
        access_key=settings.access_key_id,
        secret_key=settings.secret_access_key,
        region=settings.region,
        exact_keys=settings.exact_keys,
        signer=engine_signer,
    )


def _check_engines(settings: Settings) -> None:
    if settings.engines and settings.remote_engine is None and not settings.supervise_engine:
        raise CannotServe("--s3-engines with --no-s3: the buckets that no prefix names have no engine")
    for each in (settings.remote_engine, *settings.engines):
        if each is not None:
            try:
                _remote(each)
            except ValueError as reason:
                raise CannotServe(str(reason)) from None


def _work(settings: Settings, doors: Doors, tls: Tls | None, stopping: Stopping, built: Built | None = None) -> None:
    """One process's serving, from building the house to closing it."""
    engine = _engine(settings)
    built = build(settings, engine=engine) if built is None else built.serving(settings, engine)
    if engine is not None:
        engine.start()
    try:
        uvloop.run(_serve(settings, built, engine, doors, tls, stopping))
    finally:
        if engine is not None:
            engine.stop()
        built.close()


async def _serve(
    settings: Settings, built: Built, engine: Engine | None, doors: Doors, tls: Tls | None, stopping: Stopping
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPS:
        loop.add_signal_handler(number, stop.set)
    if stopping.asked:
        return
    gate = Gate(built.house, built.audit, _report)
    upstream = Upstream(signer=engine_signer)
    forwarder = Forwarder(gate, engine, upstream, settings.data) if engine is not None else None
    proxies = Proxies(settings.trusted_proxies) if settings.trusted_proxies else None
    api = ApiApp(
        gate, built.house.clock, forwarder, ForwardAuth(gate, built.house), settings.max_body, _report, proxies
    )
    console = ConsoleDoor(ConsoleGate(built.house, built.audit, _report))
    loopback, relayed = stored_apps(built.house, built.audit, session_seconds(os.environ))
    served: list[tuple[Listener, list[socket.socket]]] = [
        (ApiServer(api, tls=tls), [doors.api]),
        (listener(console, tls=tls), [doors.console]),
        (listener(loopback), [doors.metadata]),
        (listener(relayed), [doors.relays]),
    ]
    watching = asyncio.create_task(_tell_engine(engine)) if engine is not None else None
    _leave_what_is_loaded()
    try:
        await serve_all(served, stop)
    finally:
        if watching is not None:
            watching.cancel()
        api.close()
        console.close()
        await upstream.close()


def _leave_what_is_loaded() -> None:
    """Requests leave no cycles behind: looking for them often, and in all that was loaded, is a quarter of the work.

    Threads give way to each other sooner than they would, so that the record's thread holds up no request for long.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    gc.enable()
    sys.setswitchinterval(_TURN_SECONDS)


async def _tell_engine(engine: Engine) -> None:
    """Say on the terminal when the engine is ready, and when it is not any more."""
    last: EngineState | None = None
    while True:
        state = engine.state
        if state is not last:
            why = f" ({engine.failure})" if engine.failure and state is not EngineState.READY else ""
            _report(f"S3 engine: {state.value}{why}")
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
        # INVARIANT: a stop that comes during the fork comes after it: it finds the child among the children.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            if not stopping and (child := os.fork()):
                children.add(child)
            elif not stopping:
                _be_worker(settings, doors, tls)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)

    for number in _STOPS:
        signal.signal(number, stop)
    for _ in range(settings.workers):
        start()
    while children:
        child, _status = os.wait()
        children.discard(child)
        if not stopping:
            _report(f"worker {child} ended; starting another")
            time.sleep(_RESTART_PAUSE)
            start()


def _be_worker(settings: Settings, doors: Doors, tls: Tls | None) -> NoReturn:
    code = 1
    try:
        stopping = Stopping()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        _work(settings, doors, tls, stopping)
        code = 0
    except Exception as error:
        _report(f"a worker failed: {type(error).__name__}")
    finally:
        os._exit(code)
