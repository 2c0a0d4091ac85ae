"""Botocore as an oracle: its serializers write requests for us to read, its parsers read what we write."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

TEXTS = ["plain", "a&b <c> \"d\" 'e'", "é ß 日本 😀", "100% + 1 = /x?y#z", " outer spaces ", "tab\tand\nline"]
HEADER_TEXTS = ["plain", "a/b; c=d", "with spaces", "x_y.z"]
EPOCH = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


@cache
def service_model(name: str) -> ServiceModel:
    """Botocore's own model of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


class Generator:
    """Values for botocore's shapes; the same for the same seed."""

    def __init__(self, seed: int, protocol: str, *, output: bool = False) -> None:
        self._random = random.Random(seed)
        self._protocol = protocol
        self._output = output

    def structure(self, shape: Shape, depth: int = 0, *, all_members: bool = True) -> dict[str, Any]:
        """A structure with all its members, or with some of them."""
        out = {}
        for name, member in shape.members.items():
            if member.serialization.get("streaming") or getattr(member, "is_eventstream", False):
                continue
            union = getattr(shape, "is_tagged_union", False)
            wanted = union or all_members or name in shape.required_members or self._random.random() < 0.5
            if not wanted or (depth > 3 and not union):
                continue
            value = self.value(member, depth + 1, member.serialization.get("location"))
            if value is not None:
                out[name] = value
                if union:
                    break
        return out

    def value(self, shape: Shape, depth: int = 0, location: str | None = None) -> Any:
        """A value of any shape; None: nothing sensible."""
        kind = shape.type_name
        if kind == "structure":
            return {"any": [1, None]} if getattr(shape, "is_document_type", False) else self.structure(shape, depth)
        if kind == "list":
            found = [self.value(shape.member, depth + 1, location) for _ in range(self._random.randint(1, 3))]
            return [item for item in found if item is not None and item != {}] or None
        if kind == "map":
            return self._map(shape, depth, location)
        return self.scalar(shape, location)

    def _map(self, shape: Shape, depth: int, location: str | None) -> dict[str, Any] | None:
        if location == "headers":
            return {"alpha": "one", "beta": "two words"}
        if location == "querystring":
            return None  # it takes every parameter there is
        values = [self.value(shape.value, depth + 1) for _ in range(2)]
        return {f"k {number}": value for number, value in enumerate(values) if value is not None}

    def scalar(self, shape: Shape, location: str | None) -> Any:
        """A string, number, boolean, moment or blob."""
        pick = self._random
        kind = shape.type_name
        if kind == "string":
            if getattr(shape, "enum", None):
                return pick.choice(shape.enum)
            if location in ("header", "headers") or shape.serialization.get("jsonvalue"):
                host_label = shape.serialization.get("name") == "x-amz-request-route"
                return "plain" if host_label else pick.choice(HEADER_TEXTS)
            return pick.choice(["a-b", "c d", "é%+"]) if location == "uri" else pick.choice(TEXTS)
        if kind == "timestamp":
            return EPOCH + timedelta(seconds=pick.randrange(10**9))
        table: dict[str, Any] = {
            "integer": pick.randrange(1, 2**31),
            "long": pick.randrange(1, 2**53),
            "boolean": pick.random() < 0.5,
            "float": pick.choice([0.5, 12.25, 3.0]),
            "double": pick.choice([0.5, 12.25, 3.0]),
            "blob": bytes(pick.randrange(256) for _ in range(5)),
        }
        return table[kind]


def request(operation: OperationModel, params: dict[str, Any]) -> Any:
    """The request botocore would send, as an `AWSPreparedRequest`."""
    serializer = create_serializer(operation.service_model.metadata["protocol"], include_validation=False)
    written = serializer.serialize_to_request(params, operation)
    prepare_request_dict(written, "http://localhost:4700")
    return create_request_object(written).prepare()


def taken_apart(sent: Any) -> tuple[str, str, str, dict[str, str], bytes]:
    """Method, path, query, headers in lower case and body of a prepared request."""
    parts = urlsplit(sent.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in sent.headers.items()
    }
    body = sent.body or b""
    return sent.method, parts.path, parts.query, headers, body.encode() if isinstance(body, str) else body


def parsed(operation: OperationModel, status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """What botocore makes of an answer."""
    parser = create_parser(operation.service_model.metadata["protocol"])
    response = {"status_code": status, "headers": HeadersDict(headers), "body": body}
    found = parser.parse(response, operation.output_shape)
    return dict(found)
