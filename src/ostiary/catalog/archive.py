"""catalog: the file that the data is kept in: a directory, a head, and frames that are each compressed by themselves.

So one policy or one service is read without touching the rest. The layout, in order: the magic bytes; the sizes of the
directory and of the head (two big-endian 32-bit numbers); the directory (zlib, JSON: key to offset and size, counted
from the first frame); the head (zlib; what it says is its reader's business); the frames (raw LZMA2). A frame holds one
or more parts, a NUL between them, and is decompressed only as far as the part that is asked for.
"""

from __future__ import annotations

import lzma
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec

_MAGIC: Final = b"ostiary\x01"
_SIZES: Final = struct.Struct(">II")
_FRONT: Final = len(_MAGIC) + _SIZES.size
_SEPARATOR: Final = b"\0"
_CHUNK: Final = 1 << 16
# A window of 1 MiB spans some twenty versions of the longest policy and bounds what a reader allocates.
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 20}]

_Directory = dict[str, tuple[int, int]]


class Damaged(Exception):
    """The file is not an archive of this layout; `python -m ostiary.catalog.refresh` makes a new one."""


class Archive:
    """An archive opened for reading. Safe to share between threads and across forks.

    The file stays open, so that a refresh, which puts a new file in its place, can't mix old offsets with new bytes.
    """

    def __init__(self, path: Path) -> None:
        """Open the file; its directory is read at the first question.

        Raises:
            OSError: there is no such file.
            Damaged: it is another kind of file.
        """
        self._path = path
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        front = os.pread(self._file, _FRONT, 0)
        if len(front) != _FRONT or not front.startswith(_MAGIC):
            os.close(self._file)
            raise Damaged(f"`{path}` is not an archive of the catalog")
        self._directory_size, self._head_size = _SIZES.unpack_from(front, len(_MAGIC))

    def __del__(self) -> None:
        if hasattr(self, "_directory_size"):
            os.close(self._file)

    @cached_property
    def _directory(self) -> _Directory:
        return msgspec.json.decode(self._front_part(_FRONT, self._directory_size), type=_Directory)

    def head(self) -> bytes:
        """What stands before the frames, decompressed anew at each call."""
        return self._front_part(_FRONT + self._directory_size, self._head_size)

    def keys(self) -> Sequence[str]:
        """The frames' keys, sorted."""
        return tuple(self._directory)

    def part(self, key: str, number: int = 0) -> bytes | None:
        """One part of a frame, counted from 0; None when there is no such frame or part."""
        for at, part in enumerate(self.parts(key)):
            if at == number:
                return part
        return None

    def parts(self, key: str) -> Iterator[bytes]:
        """The parts of a frame, one after another; none when there is no such frame."""
        if key not in self._directory:
            return
        pending = bytearray()
        for plain in self._decompressed(*self._directory[key]):
            *whole, rest = plain.split(_SEPARATOR)
            for end in whole:
                yield bytes(pending + end)
                pending.clear()
            pending += rest
        yield bytes(pending)

    def _decompressed(self, offset: int, size: int) -> Iterator[bytes]:
        packed = self._read(_FRONT + self._directory_size + self._head_size + offset, size)
        lzma_stream = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=_FILTERS)
        while not lzma_stream.eof:
            try:
                plain = lzma_stream.decompress(packed, max_length=_CHUNK)
            except lzma.LZMAError:
                raise Damaged(f"`{self._path}` can't be decompressed") from None
            if not plain and lzma_stream.needs_input:
                raise Damaged(f"`{self._path}` ends in the middle of a frame")
            packed = b""
            yield plain

    def _front_part(self, offset: int, size: int) -> bytes:
        try:
            return zlib.decompress(self._read(offset, size))
        except zlib.error:
            raise Damaged(f"`{self._path}` can't be decompressed") from None

    def _read(self, offset: int, size: int) -> bytes:
        found = os.pread(self._file, size, offset)
        if len(found) != size:
            raise Damaged(f"`{self._path}` is shorter than its directory says")
        return found


def packed(head: bytes, frames: Mapping[str, Sequence[bytes]]) -> bytes:
    """An archive as bytes; the same arguments give the same bytes (with the same zlib and liblzma)."""
    directory: _Directory = {}
    body = bytearray()
    for key in sorted(frames):
        if any(_SEPARATOR in part for part in frames[key]):
            raise ValueError(f"a part of `{key}` holds a NUL")
        frame = lzma.compress(_SEPARATOR.join(frames[key]), format=lzma.FORMAT_RAW, filters=_FILTERS)
        directory[key] = (len(body), len(frame))
        body += frame
    front = [zlib.compress(part, 9) for part in (msgspec.json.encode(directory), head)]
    return b"".join([_MAGIC, _SIZES.pack(*map(len, front)), *front, body])
