"""Credentials for a single service: a generated password, or an API key that carries its own login.

A secret has 352 random bits, so that a plain SHA-256 of it can be kept instead: nothing is gained by guessing slowly.

Source: IAM User Guide, "Service-specific credentials for IAM users" and "API keys for AWS services". The letters before
an API key and what it encodes are public: scanners for leaked keys look for them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ostiary.entropy import Entropy

SERVICES: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "codecommit.amazonaws.com": None,
        "cassandra.amazonaws.com": None,
        "bedrock.amazonaws.com": "ABSK",
        "logs.amazonaws.com": "ACWL",
        "cloudwatch.amazonaws.com": "APIAACWM",
        "aws-external-anthropic.amazonaws.com": "AEAA",
    }
)
"""Which services take such credentials, and what their API keys begin with; None: they take a password."""

_SECRET_BYTES: Final = 44


def new_secret(service: str, login: str, entropy: Entropy) -> str:
    """What the holder says to the service: a password of 60 characters, or a whole API key."""
    password = base64.b64encode(entropy.draw(_SECRET_BYTES)).decode()
    prefix = SERVICES[service]
    if prefix is None:
        return password
    return prefix + base64.b64encode(f"{login}:{password}".encode()).decode()


def login_in(service: str, secret: str) -> str | None:
    """The login that an API key of the service carries; None when it is none. Nothing is proven by it yet."""
    prefix = SERVICES.get(service)
    if prefix is None or not secret.startswith(prefix):
        return None
    try:
        return base64.b64decode(secret.removeprefix(prefix), validate=True).decode().partition(":")[0]
    except ValueError:
        return None


def digest(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def is_secret(kept: bytes, secret: str) -> bool:
    """Whether this is the secret whose digest was kept; takes the same time either way."""
    return hmac.compare_digest(kept, digest(secret))
