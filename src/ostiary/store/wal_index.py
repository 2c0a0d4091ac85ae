"""store: the header of the write-ahead log's index, in which every commit of every process leaves its mark.

Asking SQLite whether anything was committed begins a transaction for reading, with its locks; here it is a look at 96
bytes of shared memory. They only ever say "nothing": whoever finds them changed asks SQLite.

INVARIANT: closing any descriptor of a file takes from the process all of POSIX's locks on it, SQLite's too. So the file
is opened once for each process, and closed only with the last user.

Source: sqlite.org "WAL-mode File Format", sections 2.1 "The WAL-Index Header" and 2.3.1 "The WAL-Index locks";
sqlite.org "How To Corrupt An SQLite Database File", section 2.2.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEADER: Final = 96
"""Bytes: the header twice, written in turn before a commit returns."""


@dataclass(slots=True)
class _Opened:
    descriptor: int
    memory: mmap.mmap
    users: int = 0


_opened: Final[dict[tuple[int, int], _Opened]] = {}
_lock: Final = threading.Lock()


class WalIndex:
    """A look at the index of one database. To be closed after the last connection of its user."""

    def __init__(self, key: tuple[int, int]) -> None:
        self._key = key
        self._memory = _opened[key].memory

    def header(self) -> bytes:
        """What is different after every commit."""
        return self._memory[:_HEADER]

    def close(self) -> None:
        """Give the file back."""
        with _lock:
            opened = _opened[self._key]
            opened.users -= 1
            if not opened.users:
                del _opened[self._key]
                opened.memory.close()
                os.close(opened.descriptor)


def frames(header: bytes) -> int:
    """How many pages the log holds, as its index says."""
    return int.from_bytes(header[16:20], sys.byteorder)


def look_at(database: Path) -> WalIndex | None:
    """The index of a database that a connection of this process has open; None where it can't be looked at."""
    path = database.with_name(f"{database.name}-shm")
    with _lock:
        try:
            found = path.stat()
            key = (found.st_dev, found.st_ino)
            if key not in _opened:
                _opened[key] = _open(path)
        except (OSError, ValueError):
            return None
        _opened[key].users += 1
        return WalIndex(key)


def _open(path: Path) -> _Opened:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    # the map keeps a descriptor of its own; when it can't be made, ours must stay open too, to keep SQLite's locks
    return _Opened(descriptor, mmap.mmap(descriptor, _HEADER, access=mmap.ACCESS_READ))
