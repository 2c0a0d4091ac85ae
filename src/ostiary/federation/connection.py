"""federation: an encrypted connection to an identity provider, within a time, at an address that was looked at.

A certificate must be signed by an authority that the system believes (for the operator's private hosts also by one of
theirs). One that is not holds if the chain has a certificate of a known thumbprint: that certificate is believed then,
and nothing else.

Source: IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider"; RFC 5280; RFC 6125.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ostiary.federation.addresses import NotReachable, Reach, Resolve, addresses_of, system_resolve

SECONDS: Final = 5.0
"""For one connection with all that is said on it."""


class CannotFetch(Exception):
    """Something can't be had from a provider; the text says why, for the operator.

    Args:
        reason: why.
        passing: whether it may be there a moment later.
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class UnknownCertificate(CannotFetch):
    """No authority that is believed, and no thumbprint, stands behind the certificate."""


class Deadline:
    """A moment that nothing may pass."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Seconds; raises `CannotFetch` when there are none."""
        left = self._at - self._monotonic()
        if left <= 0:
            raise CannotFetch("it took too long", passing=True)
        return left


class _Reading(io.RawIOBase):
    """Reads from a socket until the deadline, however slowly the other side drips."""

    def __init__(self, sock: ssl.SSLSocket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


@dataclass(frozen=True, slots=True)
class Connection:
    """An open connection."""

    sock: ssl.SSLSocket
    deadline: Deadline

    def send(self, data: bytes) -> None:
        """All of it."""
        self.sock.settimeout(self.deadline.left())
        self.sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client` reads from."""
        return io.BufferedReader(_Reading(self.sock, self.deadline))


class Connector:
    """Opens connections."""

    def __init__(self, reach: Reach, resolve: Resolve = system_resolve, seconds: float = SECONDS) -> None:
        self._reach, self._resolve, self._seconds = reach, resolve, seconds

    @contextmanager
    def open(self, host: str, port: int, thumbprints: Sequence[str]) -> Iterator[Connection]:
        """A connection whose certificate holds.

        Raises:
            CannotFetch: nobody is there, or it is somebody else.
        """
        deadline = Deadline(self._seconds)
        try:
            sock = self._connected(host, port, deadline, self._believing(host, port))
        except UnknownCertificate:
            if not thumbprints:
                raise
            pinned = _pinned(self._chain(host, port, deadline), thumbprints)
            sock = self._connected(host, port, deadline, pinned)
        with contextlib.closing(sock):
            yield Connection(sock, deadline)

    def chain(self, host: str, port: int) -> Sequence[bytes]:
        """The certificates that a server shows, in DER, its own first. Nothing is checked."""
        return self._chain(host, port, Deadline(self._seconds))

    def _chain(self, host: str, port: int, deadline: Deadline) -> Sequence[bytes]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with contextlib.closing(self._connected(host, port, deadline, context)) as sock:
            return _shown(sock)

    def _believing(self, host: str, port: int) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._reach.authorities is not None and self._reach.allows(host, port):
            context.load_verify_locations(cafile=self._reach.authorities)
        return context

    def _connected(self, host: str, port: int, deadline: Deadline, context: ssl.SSLContext) -> ssl.SSLSocket:
        try:
            addresses = addresses_of(host, port, self._reach, self._resolve)
        except NotReachable as reason:
            raise CannotFetch(str(reason)) from None
        failed: OSError | None = None
        for address in addresses:
            try:
                raw = socket.create_connection((address, port), timeout=deadline.left())
            except OSError as error:
                failed = error
                continue
            return _encrypted(raw, host, deadline, context)
        raise CannotFetch(f"`{host}:{port}` can't be reached: {_said(failed)}", passing=True)


def can_read_authorities(path: Path) -> bool:
    """Whether a file holds certificates in PEM."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        return False
    return True


def thumbprint(certificate: bytes) -> str:
    """The SHA-1 of a certificate in DER, 40 hexadecimal digits: AWS's way to name one."""
    return hashlib.sha1(certificate, usedforsecurity=False).hexdigest()


def _encrypted(raw: socket.socket, host: str, deadline: Deadline, context: ssl.SSLContext) -> ssl.SSLSocket:
    try:
        raw.settimeout(deadline.left())
        return context.wrap_socket(raw, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raw.close()
        raise UnknownCertificate(f"the certificate of `{host}` does not hold: {error.verify_message}") from None
    except (OSError, ValueError) as error:
        raw.close()
        raise CannotFetch(f"no encrypted connection to `{host}`: {_said(error)}", passing=True) from None


def _pinned(chain: Sequence[bytes], thumbprints: Sequence[str]) -> ssl.SSLContext:
    """What believes the certificates of these thumbprints alone, whoever signed them."""
    known = {each.lower() for each in thumbprints}
    believed = [each for each in chain if thumbprint(each) in known]
    if not believed:
        raise UnknownCertificate("no certificate of its chain has a thumbprint of the provider")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=b"".join(believed))
    return context


def _shown(sock: ssl.SSLSocket) -> Sequence[bytes]:
    public: Callable[[], Sequence[bytes]] | None = getattr(sock, "get_unverified_chain", None)
    if public is not None:  # from Python 3.13
        return public()
    inner: Any = sock
    encoding_der: Final = 2
    return [each.public_bytes(encoding_der) for each in inner._sslobj.get_unverified_chain() or ()]


def _said(error: Exception | None) -> str:
    return (getattr(error, "strerror", None) or type(error).__name__) if error else "no address"
