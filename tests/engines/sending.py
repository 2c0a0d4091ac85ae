"""What the tests of the forwarding client share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from ostiary.engines.engine import EngineAddress, Headers
from ostiary.engines.upstream import Upstream

from .nasty import Nasty

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def unsigned(address: EngineAddress, method: str, path: str, query: str, headers: Headers) -> Headers:
    return headers


async def stream(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def get(upstream: Upstream, where: Nasty, method: str = "GET", **more: Any) -> tuple[int, bytes]:
    response = await upstream.request(where.address, method, "/", **more)
    return response.status, await response.read()
