"""An identity provider for tests: a real HTTPS server on loopback, its own authority, tokens by PyJWT."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

DISCOVERY = "/.well-known/openid-configuration"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
EC384_KEY = ec.generate_private_key(ec.SECP384R1())


def jwk(key: PrivateKey, kid: str | None, **more: Any) -> dict[str, Any]:
    """The public half as a provider publishes it."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    public: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))  # type: ignore[attr-defined]
    public.pop("key_ops", None)
    return {**public, "use": "sig", **({} if kid is None else {"kid": kid}), **more}


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and what it signs."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path, name: str = "Test authority") -> Authority:
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key, name, key, authority=True)
        (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(folder, key, certificate)

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def thumbprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA1()).hex()

    def server(self, names: tuple[str, ...] = ("localhost",), *, show_authority: bool = True) -> tuple[Path, Path]:
        """Files of a server's certificate chain and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        made = _certificate("server", key, str(subject), self.key, names=names)
        chain = [made, self.certificate] if show_authority else [made]
        return _written(self.folder, f"server-{made.serial_number}", chain, key)


def self_signed(folder: Path, names: tuple[str, ...] = ("localhost",)) -> tuple[Path, Path, str]:
    """Files of a certificate that nobody else signed, and its thumbprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = _certificate("alone", key, "alone", key, names=names)
    return (*_written(folder, "alone", [made], key), made.fingerprint(hashes.SHA1()).hex())


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    names: tuple[str, ...] = (),
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    return made.sign(signer, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _written(
    folder: Path, name: str, chain: list[x509.Certificate], key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    certificates, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificates.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificates, private


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Provider:
    """A running provider. Its answers may be changed while it runs."""

    server: ThreadingHTTPServer
    issuer: str
    keys: list[dict[str, Any]]
    asked: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    @classmethod
    def start(cls, certificate: tuple[Path, Path], host: str = "localhost", path: str = "") -> Provider:
        made: list[Provider] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                made[0].answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Clients that go away are what some tests are about."""

        server = Quiet(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        issuer = f"https://{host}:{server.server_address[1]}{path}"
        keys = [jwk(RSA_KEY, "rsa", alg="RS256"), jwk(EC_KEY, "ec"), jwk(EC384_KEY, "ec384")]
        made.append(cls(server, issuer, keys))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return made[0]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        prepared = self.answers.get(handler.path)
        prefix = self.issuer.split("/", 3)[3:]
        base = f"/{prefix[0]}".rstrip("/") if prefix else ""
        if prepared is not None:
            prepared(handler)
        elif handler.path == base + DISCOVERY:
            say(handler, {"issuer": self.issuer, "jwks_uri": f"{self.issuer.rstrip('/')}/jwks"})
        elif handler.path == f"{base}/jwks":
            say(handler, {"keys": self.keys})
        else:
            say(handler, {}, status=404)

    def token(
        self,
        key: PrivateKey = RSA_KEY,
        algorithm: str = "RS256",
        headers: dict[str, Any] | None = None,
        without: tuple[str, ...] = (),
        now: int | None = None,
        **claims: Any,
    ) -> str:
        """A token with the usual claims, some of them changed."""
        at = int(time.time()) if now is None else now
        usual = {"iss": self.issuer, "sub": "user-1", "aud": "sts.amazonaws.com", "iat": at, "exp": at + 600}
        payload = {name: value for name, value in {**usual, **claims}.items() if name not in without}
        kid = {"RS": "rsa", "ES256": "ec", "ES384": "ec384"}.get(algorithm if algorithm[0] == "E" else algorithm[:2])
        given = {name: value for name, value in {"kid": kid, **(headers or {})}.items() if value is not None}
        return jwt.encode(payload, key, algorithm, headers=given)


def say(handler: BaseHTTPRequestHandler, body: Any, status: int = 200, **headers: str) -> None:
    """Answer JSON, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)
