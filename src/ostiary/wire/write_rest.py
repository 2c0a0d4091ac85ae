"""Wire: writing REST answers: status, headers, body (rest-json and rest-xml).

Source: Smithy, "HTTP bindings"; the S3 API reference for the names of S3's documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ostiary.wire import write_json
from ostiary.wire.scalars import text_writer, write_blob
from ostiary.wire.shapes import Node
from ostiary.wire.write_json import JsonWriters
from ostiary.wire.write_xml import XmlWriters, declaration, ensure_known

HeaderWriter = Callable[[Any, dict[str, str]], None]
BodyWriter = Callable[[Mapping[str, Any]], bytes]

XML_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
# The documents S3 answers with, where the shape's name is not theirs: older clients look at the name.
S3_ROOTS: Final = {
    "CompleteMultipartUploadOutput": "CompleteMultipartUploadResult",
    "CreateMultipartUploadOutput": "InitiateMultipartUploadResult",
    "CreateSessionOutput": "CreateSessionResult",
    "DeleteObjectsOutput": "DeleteResult",
    "GetBucketAccelerateConfigurationOutput": "AccelerateConfiguration",
    "GetBucketAclOutput": "AccessControlPolicy",
    "GetBucketCorsOutput": "CORSConfiguration",
    "GetBucketLifecycleConfigurationOutput": "LifecycleConfiguration",
    "GetBucketLifecycleOutput": "LifecycleConfiguration",
    "GetBucketLocationOutput": "LocationConstraint",
    "GetBucketLoggingOutput": "BucketLoggingStatus",
    "NotificationConfigurationDeprecated": "NotificationConfiguration",
    "GetBucketRequestPaymentOutput": "RequestPaymentConfiguration",
    "GetBucketTaggingOutput": "Tagging",
    "GetBucketVersioningOutput": "VersioningConfiguration",
    "GetBucketWebsiteOutput": "WebsiteConfiguration",
    "GetObjectAclOutput": "AccessControlPolicy",
    "GetObjectAttributesOutput": "GetObjectAttributesResponse",
    "GetObjectTaggingOutput": "Tagging",
    "ListBucketAnalyticsConfigurationsOutput": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurationsOutput": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurationsOutput": "ListMetricsConfigurationsResult",
    "ListBucketsOutput": "ListAllMyBucketsResult",
    "ListDirectoryBucketsOutput": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploadsOutput": "ListMultipartUploadsResult",
    "ListObjectVersionsOutput": "ListVersionsResult",
    "ListObjectsOutput": "ListBucketResult",
    "ListObjectsV2Output": "ListBucketResult",
    "ListPartsOutput": "ListPartsResult",
}
# Documents whose one member is the root element itself (`<LocationConstraint>eu-west-1</LocationConstraint>`).
UNWRAPPED: Final = frozenset({"GetBucketLocationOutput"})


def safe_header(text: str) -> str:
    """A header can't end itself: line breaks and other controls become spaces."""
    return "".join(" " if c < " " or c == "\x7f" else c for c in text)


def header_writer(name: str, node: Node) -> HeaderWriter:
    """A member that is a header."""
    wire = node.wire_name or name
    if node.ref.location == "headers":
        return prefixed(node.wire_name or "")
    if node.ref.jsonvalue:
        return lambda value, out: out.__setitem__(wire, write_blob(write_json.encode(value)))
    if node.type == "list":
        element = text_writer(node.element, "rfc822")
        return lambda value, out: out.__setitem__(wire, safe_header(",".join(quoted(element(v)) for v in value)))
    text = text_writer(node, "rfc822")
    return lambda value, out: out.__setitem__(wire, safe_header(text(value)))


def quoted(item: str) -> str:
    """An item of a header that is a list; a comma or a quote in it needs quotes around it."""
    if ("," not in item and '"' not in item) or item.endswith(" GMT"):
        return item
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def prefixed(prefix: str) -> HeaderWriter:
    """A map that is headers of a common prefix."""

    def write(value: Mapping[str, str], out: dict[str, str]) -> None:
        for name, text in value.items():
            out[safe_header(prefix + name)] = safe_header(text)

    return write


class RestWriter:
    """Writes the answers of one operation."""

    def __init__(self, service: str, namespace: str | None, node: Node, writers: XmlWriters | JsonWriters) -> None:
        self._node = node
        self._headers = [
            (name, header_writer(name, inner))
            for name, inner in node.members()
            if inner.ref.location in ("header", "headers")
        ]
        self._status = next((name for name, inner in node.members() if inner.ref.location == "statusCode"), None)
        self._body = body_writer(service, namespace, node, writers)

    def __call__(self, output: Mapping[str, Any], headers: dict[str, str]) -> tuple[int | None, bytes]:
        """The status the output asks for, and the body; headers are added."""
        for name, write in self._headers:
            if (value := output.get(name)) is not None:
                write(value, headers)
        ensure_known(self._node, output)
        return output.get(self._status) if self._status else None, self._body(output)


def body_writer(service: str, namespace: str | None, node: Node, writers: XmlWriters | JsonWriters) -> BodyWriter:
    """How an output becomes a body."""
    payload = node.shape.payload
    if payload is not None:
        return payload_writer(payload, dict(node.members())[payload], namespace, writers)
    if all(inner.ref.location is not None for _, inner in node.members()):
        # JSON answers are never empty documents: an object without members.
        return (lambda output: b"") if isinstance(writers, XmlWriters) else (lambda output: b"{}")
    if isinstance(writers, JsonWriters):
        write = writers.writer(node)
        return lambda output: write_json.encode(write(output))
    root = S3_ROOTS.get(node.name, node.name) if service == "s3" else node.wire_name or node.name
    if service == "s3" and node.name in UNWRAPPED:
        name, inner = next(node.members())
        bare = document(root, inner, namespace, writers)
        return lambda output: bare(output.get(name) or "")
    whole = document(root, node, namespace, writers)
    return lambda output: whole(output)


def payload_writer(name: str, node: Node, namespace: str | None, writers: XmlWriters | JsonWriters) -> BodyWriter:
    """How the one member that is the body is written; a streamed one is the door's."""
    if node.shape.eventstream:
        return lambda output: b""
    if node.type == "blob":
        return lambda output: output.get(name) or b""
    if node.type == "string":
        return lambda output: (output.get(name) or "").encode("utf-8", "replace")
    if isinstance(writers, JsonWriters):
        write = writers.writer(node)
        return lambda output: write_json.encode(write(output[name])) if output.get(name) is not None else b"{}"
    whole = document(node.wire_name or node.name, node, namespace, writers)
    return lambda output: whole(output[name]) if output.get(name) is not None else b""


def document(root: str, node: Node, namespace: str | None, writers: XmlWriters) -> Callable[[Any], bytes]:
    """A whole XML document."""
    write = writers.element(root, node)
    xmlns = f'<{root} xmlns="{namespace}"' if namespace and not declaration(node) else f"<{root}"

    def written(value: Any) -> bytes:
        out: list[str] = []
        write(value, out)
        text = "".join(out)
        return (XML_DECLARATION + xmlns + text[len(root) + 1 :]).encode("utf-8")

    return written
