"""Requests as an SDK sends them, signed in bulk before they are replayed. A signature is good for 15 minutes.

Source: IAM User Guide, "Create a signed AWS API request"; the headers are those of boto3 1.44.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from ostiary.sigv4 import Credentials, sign

_VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
_AGENT = "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux md/arch#x86_64 lang/python#3.11 cfg/retry-mode#legacy"


def post(port: int, key: tuple[str, str], service: str, action: str, parameters: Mapping[str, str]) -> bytes:
    """One request of the query protocol, to the last byte."""
    body = urlencode({"Action": action, "Version": _VERSIONS[service], **parameters}).encode()
    headers = _headers(port, body)
    headers += sign(
        Credentials(akid=key[0], secret=key[1]),
        method="POST",
        raw_path="/",
        raw_query="",
        headers=headers,
        payload_hash=hashlib.sha256(body).hexdigest(),
        now=datetime.now(UTC),
        region="us-east-1",
        service=service,
    )
    return _written(headers, body)


def unsigned(port: int, service: str, action: str, parameters: Mapping[str, str]) -> bytes:
    """The same from somebody without a key."""
    body = urlencode({"Action": action, "Version": _VERSIONS[service], **parameters}).encode()
    return _written(_headers(port, body), body)


def _headers(port: int, body: bytes) -> list[tuple[str, str]]:
    return [
        ("host", f"127.0.0.1:{port}"),
        ("accept-encoding", "identity"),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("user-agent", _AGENT),
        ("amz-sdk-invocation-id", "2c46b3a8-7f3c-4f6e-9a53-1f4f0f6f1a11"),
        ("amz-sdk-request", "attempt=1"),
        ("content-length", str(len(body))),
    ]


def _written(headers: list[tuple[str, str]], body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body
