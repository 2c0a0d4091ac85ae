"""Short ways to ask the guarded S3, and to read its answers."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from tests.guarded.conftest import S3World


def plain_get(world: S3World, bucket: str, key: str) -> int | bytes:
    """What a browser gets without any credentials."""
    try:
        with urllib.request.urlopen(f"{world.server.endpoint}/{bucket}/{key}") as answer:
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        return error.code


def grants(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Permission and grantee of each grant."""
    return [
        (each["Permission"], each["Grantee"].get("ID") or each["Grantee"].get("URI", "")) for each in answer["Grants"]
    ]
