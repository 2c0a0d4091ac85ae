"""doors/console: the ASGI application, put together when somebody first comes: no start waits for templates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ostiary.doors.console.assets import NotBundled, asset_url
from ostiary.gate.console import ConsoleGate

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ostiary.doors.console.app import ConsoleApp

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class ConsoleDoor:
    """An ASGI application."""

    def __init__(self, gate: ConsoleGate) -> None:
        self._gate = gate
        self._made: tuple[Starlette, ConsoleApp] | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._made is None:
            async with self._making:
                if self._made is None:
                    try:
                        self._made = await asyncio.get_running_loop().run_in_executor(None, self._make)
                    except NotBundled as missing:
                        await self._say(send, f"{missing}\n")
                        return
        await self._made[0](scope, receive, send)

    async def _say(self, send: Send, text: str) -> None:
        body = text.encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _make(self) -> tuple[Starlette, ConsoleApp]:
        from ostiary.doors.console.app import console_app

        asset_url("console.js")
        return console_app(self._gate)

    def close(self) -> None:
        """Let running pages end."""
        if self._made is not None:
            self._made[1].close()
