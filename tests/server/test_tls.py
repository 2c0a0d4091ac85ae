"""`ostiary serve` with a certificate: HTTPS, and a proxy in front that is trusted."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.live import Server
from tests.server.raw import heard
from tests.server.starting import credentials, serve

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("serving")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A certificate of 127.0.0.1 and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    place = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ostiary test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (place / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (place / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    yield place / "cert.pem", place / "key.pem"


def test_https_with_a_certificate(data: Path, certificate: tuple[Path, Path]) -> None:
    paths = "--tls-certificate", str(certificate[0]), "--tls-key", str(certificate[1])
    server = Server.start(data, "--no-s3", *paths, "--trusted-proxy", "127.0.0.1/32")
    try:
        assert server.endpoint.startswith("https://127.0.0.1:")
        assert credentials(data)["root"]["endpoint_url"] == server.endpoint
        iam = server.client("iam", verify=str(certificate[0]))
        condition = {"Bool": {"aws:SecureTransport": "true"}}
        iam.create_user(UserName="secure")
        iam.put_user_policy(
            UserName="secure",
            PolicyName="only-https",
            PolicyDocument=policy("iam:GetUser", Condition=condition),
        )
        key = iam.create_access_key(UserName="secure")["AccessKey"]
        own = server.client("iam", (key["AccessKeyId"], key["SecretAccessKey"]), verify=str(certificate[0]))
        assert own.get_user()["User"]["UserName"] == "secure"
        pair = (key["AccessKeyId"], key["SecretAccessKey"])
        _told_by_a_proxy(iam, lambda: server.client("s3", pair, verify=str(certificate[0])))
        place = urlsplit(server.endpoint)
        context = ssl.create_default_context(cafile=str(certificate[0]))
        with (
            socket.create_connection((place.hostname or "", place.port or 0)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
        ):
            assert (wrapped.version() or "") >= "TLSv1.2"
        with socket.create_connection((place.hostname or "", place.port or 0)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert heard(plain, wait=5) == b""  # plain HTTP gets no answer
    finally:
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 5  # though clients keep their connections open


def _told_by_a_proxy(iam: Any, client: Callable[[], Any]) -> None:
    """A trusted proxy tells who asks; the version of TLS is known of whoever opened the connection."""

    def allow(condition: dict[str, Any]) -> None:
        document = policy("s3:ListAllMyBuckets", Condition=condition)
        iam.put_user_policy(UserName="secure", PolicyName="from-there", PolicyDocument=document)

    def listed(**headers: str) -> int:
        made = client()
        made.meta.events.register(
            "before-send.s3.ListBuckets",
            lambda request, **_: request.headers.update({k.replace("_", "-"): v for k, v in headers.items()}),
        )
        try:
            found: int = made.list_buckets()["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as refused:
            found = refused.response["ResponseMetadata"]["HTTPStatusCode"]
        return found

    allow({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}})
    assert listed() == 200
    assert listed(x_forwarded_for="203.0.113.9") == 403  # what the client spoke with the proxy, nobody knows
    allow({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:SecureTransport": "true"}})
    assert listed() == 403
    assert listed(x_forwarded_for="203.0.113.9") == 200
    assert listed(x_forwarded_for="203.0.113.9, 198.51.100.1") == 403
    assert listed(x_forwarded_for="203.0.113.9", x_forwarded_proto="http") == 403


def policy(action: str, **more: Any) -> str:
    import json

    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]}
    )


def test_a_certificate_that_is_not_there_is_said_plainly(data: Path, certificate: tuple[Path, Path]) -> None:
    missing = str(data.parent / "nowhere.pem")
    ports = "--port", "0", "--metadata-port", "0"
    done = serve(data, *ports, "--tls-certificate", missing, "--tls-key", str(certificate[1]))
    assert done.returncode == 1 and "nowhere.pem" in done.stderr and "Traceback" not in done.stderr
    swapped = serve(data, *ports, "--tls-certificate", str(certificate[1]), "--tls-key", str(certificate[0]))
    assert swapped.returncode == 1 and "Traceback" not in swapped.stderr
    alone = serve(data, *ports, "--tls-certificate", str(certificate[0]))
    assert alone.returncode == 2
