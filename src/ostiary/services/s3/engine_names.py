"""Service S3: whether the engine can take the keys of a request for what they are.

INVARIANT: what was authorized by its name is what the engine touches. Where the engine takes one key for another, the
request does not reach it.
"""

from __future__ import annotations

from typing import Final

from ostiary.engines.engine import Engine
from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.requests import S3Request

_READS: Final = frozenset({"GetObject", "HeadObject"})
_EMPTY_AT_MOST: Final = _READS | {"DeleteObject"}


def refuse_unable(request: S3Request, engine: Engine, *, empty: bool) -> None:
    """Raise `S3Refusal` if the engine would take a name in the request for another.

    `empty`: the request has no body. A read of such a key finds nothing (NoSuchKey), as nothing can be there; the rest
    is NotImplemented, with the reason. The keys of DeleteObjects are in its body: see `unable_to_delete`.
    """
    if request.key is not None:
        filled = request.operation not in _EMPTY_AT_MOST and not (request.operation == "PutObject" and empty)
        reason = engine.unable(request.key, filled=filled)
        if reason is not None and request.operation in _READS:
            raise S3Refusal("NoSuchKey", 404, "The specified key does not exist.", Key=request.key)
        _refuse(reason)
    if request.copy_source is not None:
        _refuse(engine.unable(request.copy_source.key, filled=True))
    if "prefix" in request.query:
        _refuse(engine.unable_to_list(request.query["prefix"]))


def unable_to_delete(key: str, engine: Engine) -> str | None:
    """Why this key of DeleteObjects is not to be sent to the engine; None if it may be."""
    return engine.unable(key, filled=False)


def _refuse(reason: str | None) -> None:
    if reason is not None:
        raise S3Refusal("NotImplemented", 501, reason)
