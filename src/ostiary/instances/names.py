"""The resolver of an instance: a few names lead to addresses inside the namespace, no other name exists.

Answers IPv4 addresses; for another type of record a known name exists but has none.

Source: RFC 1035 sections 4.1 (messages) and 4.2 (UDP, TCP).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

_HEADER: Final = struct.Struct("!6H")
_TYPE_A: Final = 1
_TYPE_ANY: Final = 255
_CLASS_IN: Final = 1
_TTL_SECONDS: Final = 60
_LONGEST_NAME: Final = 255
_RESPONSE, _OPCODE, _AUTHORITATIVE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x7800, 0x0400, 0x0100, 0x0080
_NO_ERROR, _FORMAT_ERROR, _NAME_ERROR, _NOT_IMPLEMENTED = 0, 1, 3, 4


class _Unreadable(ValueError):
    """The question is not one a resolver sends."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names that exist: each domain, with all names under it, and the IPv4 address they have."""

    domains: Mapping[str, str]

    def address(self, name: str) -> str | None:
        """The address of a name, or None when the name does not exist; letter case is indifferent."""
        labels = name.lower().rstrip(".").split(".")
        for start in range(len(labels)):
            address = self.domains.get(".".join(labels[start:]))
            if address is not None:
                return address
        return None

    def answer(self, query: bytes) -> bytes | None:
        """The answer to one message, or None when it is no question."""
        if len(query) < _HEADER.size:
            return None
        identifier, flags, questions, *_ = _HEADER.unpack_from(query)
        if flags & _RESPONSE:
            return None
        echoed = flags & (_OPCODE | _RECURSION_DESIRED)
        if flags & _OPCODE:
            return _message(identifier, echoed, _NOT_IMPLEMENTED)
        try:
            if questions != 1:
                raise _Unreadable
            name, end = _read_name(query, _HEADER.size)
            kind, record_class = struct.unpack_from("!2H", query, end)
        except (_Unreadable, struct.error):
            return _message(identifier, echoed, _FORMAT_ERROR)
        question = query[_HEADER.size : end + 4]
        address = self.address(name)
        if address is None:
            return _message(identifier, echoed, _NAME_ERROR, question)
        asked = kind in (_TYPE_A, _TYPE_ANY) and record_class == _CLASS_IN
        return _message(identifier, echoed, _NO_ERROR, question, address if asked else None)


class Udp(asyncio.DatagramProtocol):
    """Answers over UDP."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # no subclass of it on Python 3.11, but one in use

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._names.answer(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


async def answer_stream(names: Names, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the questions of one TCP connection, each message after its length in two bytes."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
        while True:
            length = int.from_bytes(await reader.readexactly(2))
            answer = names.answer(await reader.readexactly(length))
            if answer is None:
                return
            writer.write(len(answer).to_bytes(2) + answer)
            await writer.drain()


def _read_name(message: bytes, start: int) -> tuple[str, int]:
    """The name at an offset and the offset after it. A question's name is never compressed."""
    labels: list[str] = []
    at = start
    while True:
        if at >= len(message) or at - start > _LONGEST_NAME:
            raise _Unreadable
        length = message[at]
        if length == 0:
            return ".".join(labels), at + 1
        if length > 63 or at + 1 + length > len(message):
            raise _Unreadable
        labels.append(message[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length


def _message(identifier: int, echoed: int, code: int, question: bytes = b"", address: str | None = None) -> bytes:
    flags = _RESPONSE | echoed | _AUTHORITATIVE | _RECURSION_AVAILABLE | code
    record = b""
    if address is not None:  # 0xC00C: "the name in the question"
        packed = socket.inet_aton(address)
        record = struct.pack("!3HIH", 0xC00C, _TYPE_A, _CLASS_IN, _TTL_SECONDS, len(packed)) + packed
    return _HEADER.pack(identifier, flags, bool(question), bool(record), 0, 0) + question + record
