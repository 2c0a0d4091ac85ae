"""Room `engines`: the configuration that our SeaweedFS runs with, written anew for each start.

Every listener of weed is closed to other people of the machine: the S3 gateway wants our key; gRPC wants a certificate
of an authority made for this start; the volume server's HTTP wants a token; the HTTP of master and filer is off.
Each file that weed would look for is written, so that nothing under /etc/seaweedfs is picked up.

Source: `weed scaffold` of SeaweedFS 4.48.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ostiary.engines.engine import EngineAddress
from ostiary.entropy import Entropy

_LIFE: Final = timedelta(days=3650)
_SKEW: Final = timedelta(days=1)
_SPEAKERS: Final = ("master", "volume", "filer", "s3", "client")
_UNUSED: Final = ("credential", "notification", "replication", "shell")


def write_config(directory: Path, *, volumes: Path, address: EngineAddress, entropy: Entropy, now: datetime) -> None:
    """Fill `directory` with the files that weed reads; every file is readable by us only."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    for name, data in _certificates(now).items():
        write_private(directory / name, data)
    files = {
        "s3.json": _identities(address),
        "security.toml": _security(directory, entropy),
        "master.toml": "[master.volume_growth]\ncopy_1 = 2\n",  # volumes a bucket starts with; the default is 7
        "filer.toml": f"[leveldb2]\nenabled = true\ndir = {json.dumps(str(volumes / 'filerldb2'))}\n",
        **{f"{name}.toml": "" for name in _UNUSED},
    }
    for name, text in files.items():
        write_private(directory / name, text.encode())


def write_private(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step, for nobody else to read."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    draft.replace(path)


def _identities(address: EngineAddress) -> str:
    key = {"accessKey": address.akid, "secretKey": address.secret}
    return json.dumps({"identities": [{"name": "ostiary", "credentials": [key], "actions": ["Admin"]}]})


def _security(directory: Path, entropy: Entropy) -> str:
    lines = ["[access]", "ui = false"]
    for name in ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read"):
        lines += [f"[{name}]", f'key = "{entropy.draw(32).hex()}"', "expires_after_seconds = 60"]
    lines += ["[grpc]", f"ca = {json.dumps(str(directory / 'ca.pem'))}"]
    for name in _SPEAKERS:
        lines += [f"[grpc.{name}]"]
        lines += [f"{word} = {json.dumps(str(directory / f'{word}.pem'))}" for word in ("cert", "key")]
    return "\n".join(lines) + "\n"


def _certificates(now: datetime) -> dict[str, bytes]:
    """An authority that signs one certificate and is forgotten, and that certificate with its key."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _name("ostiary engine authority"), _name("ostiary engine")
    root = (
        _builder(issuer, issuer, authority.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    leaf = (
        _builder(subject, issuer, own.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"ca.pem": root.public_bytes(pem), "cert.pem": leaf.public_bytes(pem), "key.pem": private}


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFE)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
