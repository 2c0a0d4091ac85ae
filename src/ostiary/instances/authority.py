"""A certificate authority of this machine's own, for instances that take the AWS endpoint for AWS.

Made once, kept in `<data>/ca`. It can vouch for AWS's domains only (name constraints), so an instance that trusts it
believes it about nothing else; certificates for servers live a day and are made when a client names one.
Keys are drawn by the cryptography library from the operating system.

Source: RFC 5280 sections 4.2.1.9 (basic constraints) and 4.2.1.10 (name constraints); RFC 6066 section 3 (server name).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ostiary.clock import Clock

AWS_DOMAINS: Final = ("amazonaws.com", "amazonaws.com.cn", "api.aws")

_AUTHORITY_LIFE: Final = timedelta(days=3650)
_SERVER_LIFE: Final = timedelta(days=1)
_RENEW_BEFORE: Final = timedelta(hours=1)
_BACKDATE: Final = timedelta(hours=1)
"""Certificates are valid from a little earlier, for clients whose clock is behind."""
_HOST_NAME: Final = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,63}")


class LocalAuthority:
    """The authority of one data directory."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, clock: Clock) -> None:
        self._certificate, self._key, self._clock = certificate, key, clock
        self._server_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[str, tuple[datetime, ssl.SSLContext]] = {}

    @classmethod
    def open(cls, directory: Path, clock: Clock) -> LocalAuthority:
        """The authority kept in a directory; makes one there when there is none or it has run out.

        Key and certificate are one file, `authority.pem`, mode 0600. Runners that start together agree on one.
        """
        kept = directory / "authority.pem"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(directory):
            authority = _read(kept, clock)
            if authority is None:
                _put(kept, _made(clock))
                authority = _read(kept, clock)
        assert authority is not None
        return authority

    @property
    def certificate_pem(self) -> str:
        """The authority's certificate, for the clients' list of trusted ones."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def server_context(self) -> ssl.SSLContext:
        """A context for a listener: it shows each client a certificate for the AWS name the client asks for.

        A client that names no host, or one outside AWS's domains, is refused in the handshake.
        """
        context = _tls_context()
        context.sni_callback = self._choose
        return context

    def context_for(self, name: str) -> ssl.SSLContext:
        """The context with the certificate of one host.

        Raises:
            ValueError: it is no host of AWS's domains.
        """
        name = name.lower()
        if not _HOST_NAME.fullmatch(name) or not name.endswith(tuple(f".{domain}" for domain in AWS_DOMAINS)):
            raise ValueError(f"`{name}` is not a host of AWS")
        expiry, context = self._contexts.get(name, (None, None))
        if expiry is None or context is None or self._clock.now() > expiry - _RENEW_BEFORE:
            expiry = self._clock.now() + _SERVER_LIFE
            context = self._issue(name, expiry)
            self._contexts[name] = expiry, context
        return context

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext
    ) -> int | None:
        try:
            connection.context = self.context_for(name or "")
        except ValueError:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None

    def _issue(self, name: str, expiry: datetime) -> ssl.SSLContext:
        identity = x509.SubjectAlternativeName([x509.DNSName(name)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        certificate = (
            _builder(_name("An endpoint of Ostiary"), self._certificate.subject, self._server_key.public_key())
            .not_valid_before(self._clock.now() - _BACKDATE)
            .not_valid_after(expiry)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(identity, critical=False)
            .add_extension(usage, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        context = _tls_context()
        # The ssl module reads files only; this one is in memory and is gone when it is closed.
        with os.fdopen(os.memfd_create("certificate"), "wb") as memory:
            memory.write(_pem_of_key(self._server_key) + certificate.public_bytes(serialization.Encoding.PEM))
            memory.flush()
            context.load_cert_chain(f"/proc/self/fd/{memory.fileno()}")
        return context


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _made(clock: Clock) -> bytes:
    """A new authority: its key and certificate, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Ostiary local authority")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    constraints = x509.NameConstraints([x509.DNSName(domain) for domain in AWS_DOMAINS], None)
    certificate = (
        _builder(name, name, key.public_key())
        .not_valid_before(clock.now() - _BACKDATE)
        .not_valid_after(clock.now() + _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem_of_key(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _put(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that appears whole or not at all."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".authority-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).rename(path)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """While no other process is in here for the same directory."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path, clock: Clock) -> LocalAuthority | None:
    """The authority in a file; None when there is none, or it ends before the servers it would vouch for."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    certificate = x509.load_pem_x509_certificate(content)
    key = serialization.load_pem_private_key(content, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} does not hold the key of an Ostiary authority")
    if certificate.not_valid_after_utc < clock.now() + _SERVER_LIFE:
        return None
    return LocalAuthority(certificate, key, clock)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
