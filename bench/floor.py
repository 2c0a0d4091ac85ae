"""The floor: a bare ASGI application that answers any POST with the same 480 bytes, on the stack the server stands on.

`python -m bench.floor PORT`.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

BODY = b'<?xml version="1.0"?>'.ljust(480, b" ")
_HEADERS = [(b"content-type", b"text/xml"), (b"content-length", b"480")]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
