"""Wire: answers and errors, as bytes, in every protocol.

Source: Smithy's protocol pages; S3 API reference, "Error responses"; the shape of the documents is AWS's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from ostiary.wire import write_json
from ostiary.wire.errors import QUERY_IN_JSON, error_status, namespace_of, write_error
from ostiary.wire.models import Operation, Service
from ostiary.wire.response import Response, rest_headers
from ostiary.wire.write_json import JsonWriters
from ostiary.wire.write_rest import XML_DECLARATION, RestWriter
from ostiary.wire.write_xml import UnknownMember, Writer, XmlWriters, ensure_known, escape

__all__ = ["QUERY_IN_JSON", "Response", "UnknownMember", "error_status", "write_error", "write_output"]

NAMESPACES: Final = {
    "s3": "http://s3.amazonaws.com/doc/2006-03-01/",
    "s3control": "http://awss3control.amazonaws.com/doc/2018-08-20/",
}
"""Of the REST services' documents, which the models leave out."""


@cache
def xml_writers(service: Service) -> XmlWriters:
    return XmlWriters(ec2=service.protocol == "ec2")


@cache
def json_writers(service: Service, use_wire_names: bool) -> JsonWriters:
    return JsonWriters(use_wire_names=use_wire_names)


@cache
def result_writer(operation: Operation) -> Writer | None:
    """The writer of the Result element of a query answer; None: the operation has no output."""
    if operation.output is None:
        return None
    wrapper = operation.result_wrapper or f"{operation.name}Result"
    return xml_writers(operation.service).element(wrapper, operation.output)


@cache
def query_parts(operation: Operation) -> tuple[str, Writer | None, str, int]:
    """What is the same in all query answers of an operation."""
    opening = f"<{operation.name}Response{namespace_of(operation.service)}>"
    return opening, result_writer(operation), f"</{operation.name}Response>", operation.http.response_code or 200


@cache
def ec2_writers(operation: Operation) -> list[tuple[str, Writer]] | None:
    """The writers of the members of an EC2 answer; None: the operation has no output."""
    return xml_writers(operation.service).fields(operation.output) if operation.output else None


@cache
def rest_writer(operation: Operation) -> RestWriter | None:
    """The compiled writer of a REST answer; None: the operation has no output."""
    service = operation.service
    if operation.output is None:
        return None
    writers = json_writers(service, True) if service.protocol == "rest-json" else xml_writers(service)
    return RestWriter(service.name, NAMESPACES.get(service.name), operation.output, writers)


def write_output(
    operation: Operation,
    output: Mapping[str, Any],
    request_id: str,
    *,
    host_id: str = "",
    protocol: str | None = None,
) -> Response:
    """Write the answer of an operation that succeeded.

    Args:
        output: members by the model's names; None counts as absent; datetime must be aware. The body of a streaming
            answer (GetObject) may be left out: the door has it.
        host_id: S3's second id.
        protocol: the one the request came in, when it isn't the service's first.

    Raises:
        UnknownMember: the model has no such member.
    """
    return OUTPUTS[protocol or operation.service.protocol](operation, output, request_id, host_id)


def query_output(operation: Operation, output: Mapping[str, Any], request_id: str, host_id: str) -> Response:
    """`<CreateUserResponse><CreateUserResult>…</CreateUserResult><ResponseMetadata>…`"""
    opening, writer, closing, status = query_parts(operation)
    out = [opening]
    if writer is not None:
        writer(output, out)
    out.append(f"<ResponseMetadata><RequestId>{escape(request_id)}</RequestId></ResponseMetadata>{closing}")
    headers = {"content-type": "text/xml", "x-amzn-requestid": request_id}
    return Response(status, headers, "".join(out).encode("utf-8"))


def query_in_json_output(operation: Operation, output: Mapping[str, Any], request_id: str, host_id: str) -> Response:
    """`{"CreateUserResponse": {"CreateUserResult": {…}, "ResponseMetadata": …}}`, for who accepts JSON."""
    inner: dict[str, Any] = {}
    if operation.output is not None:
        wrapper = operation.result_wrapper or f"{operation.name}Result"
        inner[wrapper] = json_writers(operation.service, False).writer(operation.output)(output)
    inner["ResponseMetadata"] = {"RequestId": request_id}
    headers = {"content-type": "application/json", "x-amzn-requestid": request_id}
    body = write_json.encode({f"{operation.name}Response": inner})
    return Response(operation.http.response_code or 200, headers, body)


def ec2_output(operation: Operation, output: Mapping[str, Any], request_id: str, host_id: str) -> Response:
    """`<StopInstancesResponse><requestId>…</requestId><instancesSet>…`"""
    name = operation.name
    namespace = namespace_of(operation.service)
    if not namespace.endswith('/"'):
        namespace = namespace[:-1] + '/"'  # AWS's answers have a slash that the model lacks
    out = [XML_DECLARATION, f"<{name}Response{namespace}><requestId>{escape(request_id)}</requestId>"]
    writers = ec2_writers(operation)
    if writers is None:
        out.append("<return>true</return>")
    else:
        written = 0
        for member, writer in writers:
            if (value := output.get(member)) is not None:
                writer(value, out)
                written += 1
        if written != len(output) and operation.output is not None:
            ensure_known(operation.output, output)
    out.append(f"</{name}Response>")
    headers = {"content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": request_id}
    return Response(200, headers, "".join(out).encode("utf-8"))


def json_output(operation: Operation, output: Mapping[str, Any], request_id: str, host_id: str) -> Response:
    """One JSON object; nothing when the operation has no output."""
    version = operation.service.metadata.json_version or "1.0"
    body = b""
    if operation.output is not None:
        body = write_json.encode(json_writers(operation.service, False).writer(operation.output)(output))
    headers = {"content-type": f"application/x-amz-json-{version}", "x-amzn-requestid": request_id}
    return Response(200, headers, body)


def rest_output(operation: Operation, output: Mapping[str, Any], request_id: str, host_id: str) -> Response:
    """Status, headers and body as the model binds them."""
    headers = rest_headers(operation.service.name, request_id, host_id)
    writer = rest_writer(operation)
    status, body = writer(output, headers) if writer else (None, b"")
    if body and "Content-Type" not in headers:
        headers["content-type"] = content_type(operation, body)
    return Response(status or operation.http.response_code or 200, headers, body)


def content_type(operation: Operation, body: bytes) -> str:
    """What the body is, where the output doesn't say."""
    output = operation.output
    payload = output.shape.payload if output else None
    kind = output.at(output.shape.members[payload]).type if output and payload else "structure"
    if kind == "blob":
        return "application/octet-stream"
    if kind == "string":
        return "application/json" if body.startswith(b"{") else "text/plain"
    return "application/json" if operation.service.protocol == "rest-json" else "application/xml"


OUTPUTS: Final[dict[str, Callable[[Operation, Mapping[str, Any], str, str], Response]]] = {
    "query": query_output,
    QUERY_IN_JSON: query_in_json_output,
    "ec2": ec2_output,
    "json": json_output,
    "rest-json": rest_output,
    "rest-xml": rest_output,
}
