"""Service S3: which operation a request names, on what, with which parameters.

What is not understood is refused or left out, never passed on: the engine gets a request written anew from what is
here (`forward_path`, `forward_query`, `headers`), so that it can't see more in it than was authorized.

Source: Amazon S3 API Reference, "Actions", "Common request headers", "Error responses".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec.structs import force_setattr

from ostiary.services.s3.addresses import Endpoints, S3Refusal, decode, encode, read_address
from ostiary.services.s3.operations import COPIES, PARAMETERS, PREFLIGHT, TABLES, WITHOUT, Level

Headers = Sequence[tuple[str, str]]
"""Lower-case names with their values in order; text is latin-1, one character a byte."""

_SIGNATURE: Final = frozenset(
    {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature"}
    | {"x-amz-security-token", "x-amz-content-sha256"}
)
_PLAIN: Final = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language", "content-md5", "content-type"}
    | {"expires", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"}
)
_OURS: Final = (
    *(f"x-amz-{word}" for word in ("acl", "grant-", "expected-bucket-owner", "source-expected-bucket-owner", "mfa")),
    *(f"x-amz-{word}" for word in ("date", "content-sha256", "security-token", "decoded-content-length", "trailer")),
    *(f"x-amz-{word}" for word in ("algorithm", "credential", "expires", "signature", "signedheaders", "user-agent")),
)
MARKER: Final = "x-amz-meta-ostiary-object"
"""What an object in a bucket with ACLs carries in the engine (`ownership.py`); nobody may send it, nobody sees it."""
_OLD_SIGNATURE: Final = frozenset({"AWSAccessKeyId", "Signature", "Expires"})
_SUBRESOURCES: Final = {level: frozenset(table) - {""} for level, table in TABLES.items()}
_EVERY_SUBRESOURCE: Final = frozenset[str]().union(*_SUBRESOURCES.values())
_PART: Final = re.compile(r"[0-9]{1,5}")
_LAST_PART: Final = 10_000


@dataclass(frozen=True, slots=True)
class CopySource:
    """The object that is copied."""

    bucket: str
    key: str
    version_id: str | None

    def header(self) -> str:
        """As `x-amz-copy-source` says it, in the one encoding."""
        tail = "" if self.version_id is None else f"?versionId={encode(self.version_id)}"
        return f"{encode(self.bucket)}/{encode(self.key, keep='/')}{tail}"


class S3Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request that S3 understands."""

    operation: str
    """As botocore's model names it; `PostObject` is the upload by an HTML form, which the model has not."""
    method: str
    level: Level
    bucket: str | None
    key: str | None
    """Decoded once, otherwise as sent: `//` and `..` are part of it."""
    virtual_host: bool
    query: Mapping[str, str]
    """The sub-resource and the operation's parameters, decoded. Nothing of the signature."""
    headers: Headers
    """Each name once. Of those that a presigned URL carries in its query, too; `x-amz-copy-source` in one encoding."""
    copy_source: CopySource | None = None
    part_number: int | None = None
    _named: dict[str, str] = {}

    def __post_init__(self) -> None:
        force_setattr(self, "_named", dict(self.headers))

    def header(self, name: str) -> str | None:
        """The value of a header; None if absent. An empty one is empty."""
        return self._named.get(name)

    @property
    def names(self) -> Collection[str]:
        """The names of the headers."""
        return self._named.keys()

    @property
    def forward_headers(self) -> Headers:
        """What of the headers is for the engine: S3's own, but nothing of the signature, of the transport, or that
        Ostiary decides itself (ACLs, owners). Not `content-length`: the one who sends the body knows it.
        """
        return [
            (name, rest)
            for name, value in self.headers
            if name in _PLAIN or (name.startswith("x-amz-") and not name.startswith(_OURS) and name != MARKER)
            if (rest := _without_chunked(value) if name == "content-encoding" else value)
        ]

    @property
    def version_id(self) -> str | None:
        """`versionId` of the query."""
        return self.query.get("versionId")

    @property
    def upload_id(self) -> str | None:
        """`uploadId` of the query."""
        return self.query.get("uploadId")

    @property
    def forward_path(self) -> str:
        """The path in path style and in AWS's own encoding."""
        if self.bucket is None:
            return "/"
        return f"/{encode(self.bucket)}" + ("" if self.key is None else f"/{encode(self.key, keep='/')}")

    @property
    def forward_query(self) -> str:
        """What of the query is understood, sorted and in AWS's own encoding."""
        if not self.query:
            return ""
        return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(self.query.items()))


def read_request(
    method: str, host: str, raw_path: str, raw_query: str, headers: Headers, endpoints: Endpoints = Endpoints()
) -> S3Request:
    """Understand a request. `raw_path` and `raw_query` as sent (latin-1), header names in lower case.

    Raises `S3Refusal`: MethodNotAllowed, NotImplemented, InvalidArgument, InvalidURI, InvalidBucketName,
    KeyTooLongError.
    """
    if method not in _UPLOADS:
        return _read(method, host, raw_path, raw_query, headers, endpoints)
    asked = (method, host, raw_path, raw_query, tuple(headers), endpoints)
    latest = _LATEST[0]
    if latest is None or latest[0] != asked:
        latest = _LATEST[0] = asked, _read(*asked)
    return latest[1]


_UPLOADS: Final = frozenset({"PUT", "POST"})
_LATEST: Final[list[tuple[tuple[object, ...], S3Request] | None]] = [None]
"""The upload read last: its head is looked at when it comes, and once more when it is carried out."""


def _read(method: str, host: str, raw_path: str, raw_query: str, headers: Headers, endpoints: Endpoints) -> S3Request:
    if raw_path == "/WriteGetObjectResponse" and method == "POST":
        return _other("WriteGetObjectResponse", method, headers)
    address = read_address(host, raw_path, endpoints)
    query, carried = _read_query(raw_query) if raw_query else ({}, {})
    fields = _fields(headers, carried)
    if address.bucket is None and "max-directory-buckets" in query:
        return _other("ListDirectoryBuckets", method, headers)
    level = Level.SERVICE if address.bucket is None else Level.BUCKET if address.key is None else Level.OBJECT
    source = _copy_source(fields.get("x-amz-copy-source")) if level is Level.OBJECT and method == "PUT" else None
    operation, subresource = _operation(method, level, query)
    if source is not None:
        operation = COPIES.get(operation, operation)
    if source is not None and operation in COPIES.values():
        fields["x-amz-copy-source"] = source.header()
    else:
        source = None
        fields.pop("x-amz-copy-source", None)
    known = _known(operation, subresource, method, query)
    if known.get("versionId") == "" or (source is not None and source.version_id == ""):
        raise _invalid("versionId", "", "Version id cannot be the empty string")
    return S3Request(
        operation=operation,
        method=method,
        level=level,
        bucket=address.bucket,
        key=address.key,
        virtual_host=address.virtual_host,
        query=known,
        headers=tuple(fields.items()),
        copy_source=source,
        part_number=_part_number(operation, known),
    )


def _without_chunked(value: str) -> str:
    """A Content-Encoding without `aws-chunked`, which is of the transport."""
    return ", ".join(word for word in (each.strip() for each in value.split(",")) if word not in ("", "aws-chunked"))


def _other(operation: str, method: str, headers: Headers) -> S3Request:
    """An operation of another kind of S3; it is named so that the refusal can name it."""
    fields = tuple(_fields(headers, {}).items())
    return S3Request(
        operation=operation,
        method=method,
        level=Level.SERVICE,
        bucket=None,
        key=None,
        virtual_host=False,
        query={},
        headers=fields,
    )


def _operation(method: str, level: Level, query: Mapping[str, str]) -> tuple[str, str]:
    """The operation and its sub-resource (`""`: none)."""
    if method == "OPTIONS" and level is not Level.SERVICE:
        return PREFLIGHT, ""
    named = [name for name in query if name in _EVERY_SUBRESOURCE]
    if len(named) > 1:
        raise S3Refusal(
            "InvalidArgument",
            400,
            f"Conflicting query string parameters: {', '.join(sorted(named))}",
            ArgumentName="ResourceType",
            ArgumentValue=sorted(named)[0],
        )
    subresource = named[0] if named else ""
    operation = TABLES[level].get(subresource, {}).get(method)
    if operation is None:
        message = "The specified method is not allowed against this resource."
        resource = subresource.upper() or level.value
        raise S3Refusal("MethodNotAllowed", 405, message, Method=method, ResourceType=resource)
    if subresource == "list-type" and query["list-type"] != "2":
        raise _invalid("list-type", query["list-type"], "Invalid list type specified.")
    if operation in WITHOUT and WITHOUT[operation][0] not in query:
        operation = WITHOUT[operation][1]
    return operation, subresource


def _known(operation: str, subresource: str, method: str, query: Mapping[str, str]) -> dict[str, str]:
    """The parameters that the operation has. A read may carry others with a value (a cache's `?v=3`): they are left
    out. Anything else unknown could name an operation that we don't know, and is refused.
    """
    if operation == PREFLIGHT or not query:
        return {}
    known = PARAMETERS.get(operation, frozenset()) | ({subresource} if subresource else set())
    for name, value in query.items():
        if name not in known and (method not in ("GET", "HEAD") or value == ""):
            message = f"the parameter `{name}` implies functionality that is not implemented"
            raise S3Refusal("NotImplemented", 501, message, Parameter=name)
    return {name: value for name, value in query.items() if name in known}


def _read_query(raw_query: str) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters, and the headers that a presigned URL carries among them (`x-amz-…`)."""
    query: dict[str, str] = {}
    carried: dict[str, str] = {}
    for piece in raw_query.split("&"):
        if not piece:
            continue
        name, _, value = (decode(part.replace("+", "%20")) for part in piece.partition("="))
        lower = name.lower()
        if lower in _SIGNATURE or name in _OLD_SIGNATURE:
            continue
        if lower.startswith("x-amz-"):
            _once(carried, lower, value)
        elif not lower.startswith("x-"):
            _once(query, name, value)
    return query, carried


def _once(into: dict[str, str], name: str, value: str) -> None:
    if name in into:
        raise _invalid(name, value, f"the parameter `{name}` is given twice")
    into[name] = value


def _fields(headers: Headers, carried: Mapping[str, str]) -> dict[str, str]:
    """Each header once: repeated ones joined, as the signature sees them; then those carried in the query."""
    fields = dict(headers)
    if len(fields) < len(headers):
        fields = {}
        for name, value in headers:
            fields[name] = f"{fields[name]},{value}" if name in fields else value
    for name, value in carried.items():
        text = value.encode("utf-8").decode("latin-1")
        if fields.setdefault(name, text) != text:
            raise _invalid(name, value, f"`{name}` has one value as a header and another in the query")
        if "\r" in text or "\n" in text or "\0" in text:
            raise _invalid(name, "", f"`{name}` holds a line break")
    return fields


def _copy_source(value: str | None) -> CopySource | None:
    """What `x-amz-copy-source` names: `[/]BUCKET/KEY[?versionId=ID]`, percent-encoded."""
    if value is None:
        return None
    if value.startswith("arn:"):
        raise S3Refusal("NotImplemented", 501, "a copy from an access point is not implemented")
    path, mark, tail = value.partition("?")
    version = None
    if mark:
        if not tail.startswith("versionId="):
            path = value  # a key with a question mark that was not encoded
        else:
            version = _decoded(tail.removeprefix("versionId="), value)
    bucket, slash, key = _decoded(path, value).removeprefix("/").partition("/")
    if not slash or not bucket or not key:
        raise _invalid("x-amz-copy-source", value, "Invalid copy source object key")
    address = read_address("localhost", f"/{encode(bucket)}/{encode(key, keep='/')}", Endpoints())
    return CopySource(address.bucket or "", address.key or "", version)


def _decoded(text: str, whole: str) -> str:
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise _invalid("x-amz-copy-source", whole, "Invalid copy source encoding.") from None


def _part_number(operation: str, query: Mapping[str, str]) -> int | None:
    text = query.get("partNumber")
    needed = operation in ("UploadPart", "UploadPartCopy")
    if text is None and not needed:
        return None
    if text is None or not _PART.fullmatch(text) or not 1 <= int(text) <= _LAST_PART:
        message = f"Part number must be an integer between 1 and {_LAST_PART}, inclusive"
        raise _invalid("partNumber", text or "", message)
    return int(text)


def _invalid(name: str, value: str, message: str) -> S3Refusal:
    return S3Refusal("InvalidArgument", 400, message, ArgumentName=name, ArgumentValue=value)
