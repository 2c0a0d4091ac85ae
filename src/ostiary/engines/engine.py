"""Room `engines`: what an engine is to the rest of the house, and an engine that somebody else runs.

An engine keeps its own authentication on. Ostiary holds its only key and signs every request it forwards.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

Headers = Sequence[tuple[str, str]]
"""Lower-case names with their values in order; text is latin-1, one character a byte."""

UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"


class EngineState(Enum):
    """How an engine is."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    """It died several times in a row, or does not answer; it is still tried."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAddress:
    """Where an engine answers, and the key that opens it."""

    host: str
    port: int
    secure: bool
    akid: str
    secret: str = field(repr=False)
    region: str
    socket: str | None = field(default=None, compare=False)
    """A Unix socket on which it answers too: for our own requests, which it costs less than TCP."""

    @property
    def authority(self) -> str:
        """The Host header: the port is left out where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


Signer = Callable[[EngineAddress, str, str, str, Headers], Headers]
"""`signer(address, method, raw_path, raw_query, headers) -> headers`: the same headers with `x-amz-date`,
`x-amz-content-sha256` (UNSIGNED-PAYLOAD unless given) and `authorization` added. `host` is among those handed in."""


class Engine(Protocol):
    """An S3 engine, wherever it runs."""

    @property
    def state(self) -> EngineState:
        """How it is now."""
        ...

    @property
    def failure(self) -> str | None:
        """Why it is not ready, in words for the log and the record; holds no secret."""
        ...

    def of(self, bucket: str) -> Engine:
        """The engine that keeps a bucket: itself, unless it stands for several."""
        ...

    def address(self) -> EngineAddress | None:
        """Where to send requests; None while it is not ready. Cheap: call it for every request."""
        ...

    def unable(self, key: str, *, filled: bool = True) -> str | None:
        """Why the engine can't keep an object of this key apart from others; None when it can.

        `filled`: the object has content, or more is done than to read it, to delete it or to make it empty: then a key
        that ends in `/` can't be had either (`services.s3.operations.filled` knows).
        """
        ...

    def unable_to_list(self, prefix: str) -> str | None:
        """Why the engine would list something else than the keys that start with `prefix`; None when it is exact."""
        ...

    @property
    def takes_unsized(self) -> bool:
        """Whether it takes a body whose length is not told before its end (HTTP's own chunks), which AWS does not."""
        ...

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def stop(self) -> None:
        """End what was begun; returns when it is gone."""
        ...


def tls_context() -> ssl.SSLContext:
    """How we speak to remote https engines: certificates and host names are verified."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def unable(key: str, *, filled: bool = True) -> str | None:
    """Why SeaweedFS can't keep an object of this key apart from others; None when it can. See `Engine.unable`.

    SeaweedFS keeps objects in folders, so it takes several keys for one: `a//b`, `/a/b` and `a\\b` are its `a/b`, a
    copy of `a/` is a copy of `a`, and `KEY.versions/…` and `.uploads/…` are its own books. A policy speaks of keys as
    they are written: what it denies as `secret/*` must not be had as `/secret/x`. Found by experiment with SeaweedFS
    4.48 (`tests/engines/test_keys.py`).
    """
    if _PLAIN_KEY(key):
        return None
    segments = key.split("/")
    folders, name = segments[:-1], segments[-1]
    if "\\" in key:
        return "the storage engine takes `\\` in a key for `/`"
    if "\x00" in key:
        return "the storage engine holds no key with a NUL character"
    if any(segment == "" for segment in folders) or key == "":
        return "the storage engine holds no key with an empty segment (`//`, or `/` at the start)"
    if filled and key.endswith("/"):
        return "the storage engine holds no content under a key that ends in `/`"
    if any(segment in (".", "..") for segment in segments):
        return "the storage engine holds no key with a segment `.` or `..`"
    if any(segment.endswith(".versions") for segment in segments if segment) or segments[0] == ".uploads":
        return "the storage engine keeps its own books under `.versions` and `.uploads`"
    if any(len(segment.encode("utf-8", "surrogatepass")) > _LONGEST_NAME for segment in (*folders, name)):
        return f"the storage engine holds no segment of more than {_LONGEST_NAME} bytes"
    return None


def unable_to_list(prefix: str) -> str | None:
    """Why SeaweedFS would list something else than what starts with `prefix`; None when it is exact."""
    if prefix == "":
        return None
    return unable(prefix, filled=False)


_LONGEST_NAME: Final = 255
_PLAIN_KEY: Final = re.compile(r"(?:[A-Za-z0-9_-]{1,200}/){0,64}[A-Za-z0-9_-]{1,200}(?:\.[A-Za-z0-9]{1,7})?").fullmatch
"""Keys that are surely fine: no suffix is as long as `versions`."""
