"""A body whose length nobody told, held until its end: in memory while it is small, else in a file without a name.

The file of an HTML form is one: what comes after it in the form is not known before it has come. Some engines (AWS)
take no body of unknown length.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Final, TypeVar

_IN_MEMORY: Final = 256 * 1024
_PIECE: Final = 256 * 1024
A = TypeVar("A")
R = TypeVar("R")


class Spool:
    """Fill it, read it, close it."""

    def __init__(self, directory: Path) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(directory))  # noqa: SIM115 - closed by `close`
        self.length = 0

    async def fill(self, parts: AsyncIterator[bytes]) -> None:
        """Take everything. Raises what `parts` raises, `OSError`."""
        async for part in parts:
            self.length += len(part)
            await self._do(self._file.write, part)
        await self._do(self._file.seek, 0)

    async def parts(self) -> AsyncIterator[bytes]:
        """Give it again. Raises `OSError`."""
        while part := await self._do(self._file.read, _PIECE):
            yield part

    def close(self) -> None:
        """Forget it."""
        self._file.close()

    async def _do(self, act: Callable[[A], R], argument: A) -> R:
        """At once in memory; in a thread where a disk may have to be waited for."""
        return act(argument) if self.length <= _IN_MEMORY else await asyncio.to_thread(act, argument)
