"""`ostiary instance run`: from an instance in the API to a command in its namespace, and back to nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

from ostiary.clock import Clock
from ostiary.instances import InstanceError, relay
from ostiary.instances.authority import AWS_DOMAINS, LocalAuthority
from ostiary.instances.environment import surround
from ostiary.instances.names import Names, Udp, answer_stream
from ostiary.instances.namespace import Listener, Namespace, Plan, User
from ostiary.instances.registration import Registered, Registry
from ostiary.instances.supervision import Terminal, begin_and_wait

METADATA_ADDRESS: Final = "169.254.169.254"
RESOLVER_ADDRESS: Final = "169.254.169.253"
"""EC2's own resolver has this address too."""
AWS_ADDRESS: Final = "169.254.171.1"
"""Where `*.amazonaws.com` is, inside a transparent instance."""

METADATA: Final = Listener("stream", METADATA_ADDRESS, 80)
NAMES_UDP: Final = Listener("datagram", RESOLVER_ADDRESS, 53)
NAMES_TCP: Final = Listener("stream", RESOLVER_ADDRESS, 53)
AWS_HTTPS: Final = Listener("stream", AWS_ADDRESS, 443)
AWS_HTTP: Final = Listener("stream", AWS_ADDRESS, 80)

ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run, and how."""

    command: Sequence[str]
    environment: Mapping[str, str]
    """The caller's."""
    data: Path
    """The server's data directory: it holds the metadata socket, and `ca/` when transparent."""
    transparent: bool = False
    user: User | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The AWS endpoint, from outside and as it is seen inside: at the same address and port."""

    url: str
    scheme: str
    host: str
    port: int
    address: str
    """IPv4."""

    @classmethod
    def at(cls, url: str) -> Endpoint:
        """Look an endpoint's address up.

        Raises:
            InstanceError: not an http or https URL, or its host has no IPv4 address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise InstanceError(f"the endpoint `{url}` is not an http or https URL")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(parts.hostname, port, socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            raise InstanceError(f"the endpoint's host `{parts.hostname}` has no IPv4 address: {error}") from None
        address = str(found[0][4][0])
        return cls(url=url, scheme=parts.scheme, host=parts.hostname, port=port, address=address)

    @property
    def listener(self) -> Listener:
        return Listener("stream", self.address, self.port)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection from outside."""
        return await asyncio.open_connection(self.address, self.port)

    async def connect_for_http(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection from outside on which HTTP can be spoken: with TLS when the endpoint wants it."""
        if self.scheme == "http":
            return await self.connect()
        context = ssl.create_default_context()
        return await asyncio.open_connection(self.address, self.port, ssl=context, server_hostname=self.host)


class _Interrupted(BaseException):
    """A signal that ends the runner, before the command is there to get it."""

    def __init__(self, sign: int) -> None:
        self.sign = sign


def run(order: Order, registry: Registry, clock: Clock) -> int:
    """Register an instance, run the command as it, terminate it.

    Returns:
        the command's exit status (128 and the signal's number when a signal ended it).

    Raises:
        InstanceError: it could not be started. What had been made until then is unmade.
    """
    if not order.command:
        raise InstanceError("no command given: say what to run after `--`")
    endpoint = Endpoint.at(registry.endpoint)
    with _reachable(order.data.resolve() / "metadata.sock") as metadata_socket:
        authority = LocalAuthority.open(order.data / "ca", clock) if order.transparent else None
        try:
            with _interruptible(), _registered(registry, Path(order.command[0]).name) as instance:
                return _run_as(instance, order, endpoint, metadata_socket, authority)
        except _Interrupted as interrupted:
            return 128 + interrupted.sign


def _run_as(
    instance: Registered, order: Order, endpoint: Endpoint, metadata_socket: str, authority: LocalAuthority | None
) -> int:
    with _directory() as directory:
        surroundings = surround(
            order.environment,
            directory,
            resolver=RESOLVER_ADDRESS,
            endpoint=None if authority else endpoint.url,
            authority_pem=authority.certificate_pem if authority else None,
        )
        listeners = (METADATA, NAMES_UDP, NAMES_TCP, endpoint.listener, *((AWS_HTTPS, AWS_HTTP) if authority else ()))
        plan = Plan(
            addresses=tuple({listener.address: None for listener in listeners if not _is_loopback(listener.address)}),
            listeners=listeners,
            binds=surroundings.binds,
            hidden=(order.data.resolve(),),
            user=order.user,
        )
        namespace = Namespace.start(plan, order.command, surroundings.environment)
        try:
            return asyncio.run(_serve(namespace, instance, endpoint, metadata_socket, authority))
        finally:
            namespace.end()


async def _serve(
    namespace: Namespace,
    instance: Registered,
    endpoint: Endpoint,
    metadata_socket: str,
    authority: LocalAuthority | None,
) -> int:
    """Serve the namespace's sockets until the command has ended."""
    names = Names(_domains(endpoint, transparent=authority is not None))
    at = namespace.sockets
    at[METADATA].setsockopt(socket.IPPROTO_IP, socket.IP_TTL, instance.hop_limit)

    async def serve(listener: Listener, handler: relay.Handler, tls: ssl.SSLContext | None = None) -> None:
        await asyncio.start_server(relay.until_cancelled(handler), sock=at[listener], ssl=tls)

    await serve(METADATA, relay.vouching(lambda: asyncio.open_unix_connection(metadata_socket), instance.instance_id))
    await serve(endpoint.listener, relay.carrying(endpoint.connect))
    await serve(NAMES_TCP, lambda reader, writer: answer_stream(names, reader, writer))
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: Udp(names), sock=at[NAMES_UDP])
    if authority is not None:
        await serve(AWS_HTTPS, relay.carrying(endpoint.connect_for_http), authority.server_context())
        await serve(AWS_HTTP, relay.carrying(endpoint.connect_for_http))
    with contextlib.closing(Terminal()) as terminal:
        terminal.give(namespace.pid)
        try:
            return await begin_and_wait(namespace.pid, terminal, namespace.go)
        finally:
            terminal.take_back(namespace.pid)
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until the instance is terminated


def _domains(endpoint: Endpoint, *, transparent: bool) -> dict[str, str]:
    domains = {"localhost": "127.0.0.1", endpoint.host.lower(): endpoint.address}
    if transparent:
        domains.update(dict.fromkeys(AWS_DOMAINS, AWS_ADDRESS))
    return domains


def _is_loopback(address: str) -> bool:
    return address.startswith("127.")


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """A name for the server's metadata socket that fits into an address (107 bytes), good for the length of the block.

    Raises:
        InstanceError: no server listens there, or it is another user's.
    """
    directory = None
    try:
        directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        name = f"/proc/self/fd/{directory}/{path.name}"
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(name)
    except OSError as error:
        if directory is not None:
            os.close(directory)
        raise InstanceError(_unreachable(path, error)) from None
    try:
        yield name
    finally:
        os.close(directory)


def _unreachable(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"`{path}` belongs to another user: run instances as the user of `ostiary serve`, or as root"
    return f"no server answers at `{path}` ({error}): start `ostiary serve`, or name its directory with --data"


@contextlib.contextmanager
def _registered(registry: Registry, name: str) -> Iterator[Registered]:
    """An instance that is there for the length of the block. A signal does not keep it from being terminated."""
    instance = registry.register(name)
    try:
        yield instance
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            registry.terminate(instance.instance_id)
        except InstanceError as error:
            sys.stderr.write(f"ostiary: {instance.instance_id} could not be terminated: {error}\n")
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Ending signals raise, so that what was begun is undone."""

    def interrupt(sign: int, frame: FrameType | None) -> None:
        raise _Interrupted(sign)

    before = {sign: signal.signal(sign, interrupt) for sign in ENDING if signal.getsignal(sign) != signal.SIG_IGN}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    """A directory that every user can read, for the length of the block."""
    made = Path(tempfile.mkdtemp(prefix="ostiary-instance-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def user_named(name: str) -> User:
    """The user a command shall run as.

    Raises:
        InstanceError: there is no such user, or the runner is not root and can't become another.
    """
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise InstanceError(f"there is no user `{name}` on this machine") from None
    if os.geteuid() not in (0, entry.pw_uid):
        raise InstanceError(f"only root can run a command as `{name}`")
    return User(uid=entry.pw_uid, gid=entry.pw_gid, groups=tuple(os.getgrouplist(name, entry.pw_gid)))
