"""What an operation may give besides a mapping of its output members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ostiary.services.faults import ServiceFault

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer that is ready as it is."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class Forward(msgspec.Struct, frozen=True, kw_only=True):
    """A request for the guarded engine: the door sends it there and streams the answer back."""

    method: str
    raw_path: str
    raw_query: str
    headers: Headers
    """To send on; without the caller's signature, host and hop-by-hop headers."""
    body: bytes | None = None
    """A body that was read already; None: stream the caller's."""
    missing: Callable[[], ServiceFault | None] | None = None
    """What to answer, if not the engine's words, when the engine says 404."""
    respond: Callable[[Headers, bytes], Answer] | None = None
    """What to answer, from the engine's headers and body, in the place of its 200."""
    cross_origin: Headers = ()
    """What the answer says beside the engine's headers, to a page of another site."""
    keep: dict[str, Any] = {}
