"""Wire: AWS's service models as botocore ships them, read straight from its data files.

botocore itself is not imported: that costs 0.2 s at start-up, and its objects are slow to walk. msgspec skips the
documentation (nine tenths of each file) while it reads. The SDK's own additions (`*.sdk-extras.json`) are left out:
they change what a client shows, not what the service takes.

Source: the API models of botocore, `data/<service>/<version>/service-2.json` (Apache-2.0).
"""

from __future__ import annotations

import gzip
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class Namespace(msgspec.Struct, frozen=True):
    """An XML namespace a member is written in."""

    uri: str
    prefix: str | None = None


class Ref(msgspec.Struct, frozen=True, rename="camel"):
    """A shape as a member, an element of a list, or an operation refers to it."""

    shape: str
    location: str | None = None
    location_name: str | None = None
    query_name: str | None = None
    flattened: bool = False
    streaming: bool = False
    jsonvalue: bool = False
    timestamp_format: str | None = None
    xml_attribute: bool = False
    xml_namespace: Namespace | str | None = None
    result_wrapper: str | None = None


class ErrorTrait(msgspec.Struct, frozen=True, rename="camel"):
    """How an exception appears on the wire."""

    code: str | None = None
    http_status_code: int | None = None
    sender_fault: bool | None = None


class RawShape(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of `shapes`."""

    type: str
    members: dict[str, Ref] = {}
    required: list[str] = []
    member: Ref | None = None
    key: Ref | None = None
    value: Ref | None = None
    min: int | float | None = None
    max: int | float | None = None
    pattern: str | None = None
    enum: list[str] = []
    sensitive: bool = False
    flattened: bool = False
    streaming: bool = False
    document: bool = False
    eventstream: bool = False
    union: bool = False
    payload: str | None = None
    location_name: str | None = None
    timestamp_format: str | None = None
    xml_namespace: Namespace | str | None = None
    exception: bool = False
    fault: bool = False
    error: ErrorTrait | None = None


class Http(msgspec.Struct, frozen=True, rename="camel"):
    """Method and path template of an operation; the status of its answer."""

    method: str = "POST"
    request_uri: str = "/"
    response_code: int | None = None


class RawOperation(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of `operations`."""

    name: str
    http: Http = Http()
    input: Ref | None = None
    output: Ref | None = None
    errors: list[Ref] = []
    deprecated: bool = False
    authtype: str | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What a model says of the service as a whole."""

    api_version: str
    endpoint_prefix: str
    protocol: str
    service_id: str = ""
    protocols: list[str] = []
    signing_name: str | None = None
    target_prefix: str | None = None
    json_version: str | None = None
    xml_namespace: str | None = None
    service_full_name: str = ""
    service_abbreviation: str | None = None


class RawModel(msgspec.Struct, frozen=True):
    """A service model."""

    metadata: Metadata
    operations: dict[str, RawOperation] = {}
    shapes: dict[str, RawShape] = {}


class MetadataOnly(msgspec.Struct, frozen=True):
    """The same file, of which only the head is wanted."""

    metadata: Metadata


class UnknownService(LookupError):
    """botocore has no model of this name."""


@cache
def data_directory() -> Path:
    """Where the installed botocore keeps its models."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise UnknownService("botocore is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def service_names() -> list[str]:
    """All services botocore knows, sorted."""
    found = data_directory().glob("*/*/service-2.json*")
    return sorted({path.parent.parent.name for path in found})


def read_model(name: str, kind: type[T]) -> T:
    """Read the newest model of a service as `kind` (`RawModel` or `MetadataOnly`).

    Raises:
        UnknownService: there is no such model.
    """
    if not name.replace("-", "").isalnum():
        raise UnknownService(name)
    found = sorted((data_directory() / name).glob("*/service-2.json*"))
    if not found:
        raise UnknownService(name)
    content = found[-1].read_bytes()
    plain: Any = gzip.decompress(content) if found[-1].suffix == ".gz" else content
    return msgspec.json.decode(plain, type=kind)
