"""Requests as botocore's own client writes them, caught before they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.model import ListShape, Shape, StructureShape

SESSION = botocore.session.Session(profile=None)
MODEL = SESSION.get_service_model("s3")


@dataclass(frozen=True)
class Written:
    """A request as it stands on the wire."""

    method: str
    host: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes = b""


class _Caught(Exception):
    pass


def client(**more: Any) -> Any:
    """A client that never sends."""
    style = more.pop("style", "path")
    config = Config(s3={"addressing_style": style}, retries={"max_attempts": 0}, signature_version="s3v4")
    return SESSION.create_client(
        "s3",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=config,
        **{"region_name": "ap-northeast-2", **more},
    )


def write(made: Any, operation: str, **params: Any) -> Written:
    """What the client would send."""
    caught: list[Any] = []

    def catch(request: Any, **_: Any) -> None:
        caught.append(request)
        raise _Caught

    made.meta.events.register("before-send.s3", catch)
    try:
        made._make_api_call(operation, params)
    except _Caught:
        pass
    finally:
        made.meta.events.unregister("before-send.s3", catch)
    (request,) = caught
    parts = urlsplit(request.url)
    headers = [(k.lower(), v.decode() if isinstance(v, bytes) else str(v)) for k, v in request.headers.items()]
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    told = body.encode() if isinstance(body, str) else bytes(body)
    return Written(request.method, parts.netloc, parts.path or "/", parts.query, headers, told)


def least(operation: str, **given: Any) -> dict[str, Any]:
    """The least parameters that the model accepts, but for those given."""
    shape = MODEL.operation_model(operation).input_shape
    return ({} if shape is None else _least(shape)) | given


def _least(shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        required = {name: _least(shape.members[name]) for name in shape.required_members}
        if not required and shape.metadata.get("union"):
            name, member = next(iter(shape.members.items()))
            required = {name: _least(member)}
        return required
    if isinstance(shape, ListShape):
        return [_least(shape.member)]
    if getattr(shape, "enum", None):
        return shape.enum[0]
    if shape.name in _NAMED:
        return _NAMED[shape.name]
    return "x" * max(1, shape.metadata.get("min", 1)) if shape.type_name == "string" else _VALUES[shape.type_name]


_NAMED = {"BucketName": "joinc-bucket", "ObjectKey": "a/b c", "CopySource": "from-bucket/k"}
_VALUES = {"integer": 1, "long": 1, "boolean": True, "blob": b"x", "timestamp": 0}
