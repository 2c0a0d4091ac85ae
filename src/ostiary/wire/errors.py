"""Wire: errors, as bytes, in every protocol.

Source: IAM API reference, "Common errors"; EC2 and S3 API references, "Error responses"; Smithy, "Operation error
serialization" of each protocol; RFC 8949 for CBOR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.wire import write_json
from ostiary.wire.error_codes import BY_PROTOCOL, BY_SERVICE, COMMON
from ostiary.wire.models import Service
from ostiary.wire.response import Response, rest_headers
from ostiary.wire.write_rest import XML_DECLARATION
from ostiary.wire.write_xml import escape

QUERY_IN_JSON: Final = "query-in-json"
"""The query protocol, answered in JSON."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is said of a request that failed."""

    service: Service | None
    code: str
    message: str
    status: int
    request_id: str
    host_id: str
    extra: Mapping[str, Any]

    @property
    def message_member(self) -> str:
        """`message`, unless the exception's shape spells it otherwise."""
        known = self.service.errors.get(self.code) if self.service else None
        return (known.message_member if known else None) or "message"


def error_status(service: Service | None, code: str, protocol: str | None = None) -> int:
    """The HTTP status of an error: the service's documentation, else its model, else the common one, else 400."""
    if service is not None:
        documented = BY_SERVICE.get(service.name, {}).get(code)
        modelled = service.errors.get(code)
        if documented or modelled:
            return documented or (modelled.status if modelled else 400)
        protocol = protocol or service.protocol
    return BY_PROTOCOL.get(protocol or "", {}).get(code) or COMMON.get(code, 400)


def write_error(
    service: Service | None,
    protocol: str,
    code: str,
    message: str,
    status: int,
    request_id: str,
    *,
    host_id: str = "",
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """Write an error in a protocol's own form.

    Args:
        service: None when nobody knows which is meant.
        status: the HTTP status; `error_status` knows it.
        host_id: S3's second id.
        extra: further members: `Resource`, `BucketName`, … of S3; the members of a JSON exception.
    """
    return FORMS[protocol](Fault(service, code, message, status, request_id, host_id, extra or {}))


def namespace_of(service: Service | None) -> str:
    """The `xmlns` of a service's query answers, ready for a tag."""
    found = service.metadata.xml_namespace if service else None
    return f' xmlns="{escape(found)}"' if found else ""


def elements(members: Mapping[str, Any]) -> str:
    """Members as XML elements."""
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in members.items())


def query_form(fault: Fault) -> Response:
    """`<ErrorResponse><Error><Type>Sender</Type>…`"""
    kind = "Sender" if fault.status < 500 else "Receiver"
    error = elements({"Type": kind, "Code": fault.code, "Message": fault.message, **fault.extra})
    tail = elements({"RequestId": fault.request_id})
    text = f"<ErrorResponse{namespace_of(fault.service)}><Error>{error}</Error>{tail}</ErrorResponse>"
    headers = {"content-type": "text/xml", "x-amzn-requestid": fault.request_id}
    return Response(fault.status, headers, text.encode("utf-8"))


def query_in_json_form(fault: Fault) -> Response:
    """`{"Error": {"Code": …, "Message": …, "Type": "Sender"}, "RequestId": …}`"""
    kind = "Sender" if fault.status < 500 else "Receiver"
    error = {"Code": fault.code, "Message": fault.message, "Type": kind, **fault.extra}
    headers = {"content-type": "application/json", "x-amzn-requestid": fault.request_id}
    return Response(fault.status, headers, write_json.encode({"Error": error, "RequestId": fault.request_id}))


def ec2_form(fault: Fault) -> Response:
    """`<Response><Errors><Error>…`"""
    error = elements({"Code": fault.code, "Message": fault.message, **fault.extra})
    tail = elements({"RequestID": fault.request_id})
    text = f"{XML_DECLARATION}<Response><Errors><Error>{error}</Error></Errors>{tail}</Response>"
    headers = {"content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": fault.request_id}
    return Response(fault.status, headers, text.encode("utf-8"))


def rest_xml_form(fault: Fault) -> Response:
    """S3's bare `<Error>`; that of the other REST services is the query protocol's."""
    if fault.service is not None and fault.service.name != "s3":
        return query_form(fault)
    ids = {"RequestId": fault.request_id, "HostId": fault.host_id}
    error = elements({"Code": fault.code, "Message": fault.message, **fault.extra, **ids})
    text = f"{XML_DECLARATION}<Error>{error}</Error>"
    headers = rest_headers("s3", fault.request_id, fault.host_id)
    if fault.status == 304:
        return Response(304, headers)
    headers["content-type"] = "application/xml"
    return Response(fault.status, headers, text.encode("utf-8"))


def json_form(fault: Fault) -> Response:
    """`{"__type": …, "message": …}`"""
    version = (fault.service.metadata.json_version if fault.service else None) or "1.1"
    headers = {"content-type": f"application/x-amz-json-{version}", "x-amzn-requestid": fault.request_id}
    body = {"__type": fault.code, fault.message_member: fault.message, **fault.extra}
    return Response(fault.status, headers, write_json.encode(body))


def rest_json_form(fault: Fault) -> Response:
    """The code in a header, the message in the body."""
    headers = {"content-type": "application/json", "x-amzn-requestid": fault.request_id}
    headers["x-amzn-errortype"] = fault.code
    return Response(fault.status, headers, write_json.encode({fault.message_member: fault.message, **fault.extra}))


def cbor_text(text: str) -> bytes:
    """A CBOR text string (major type 3)."""
    data = text.encode("utf-8", "replace")
    if len(data) < 24:
        return bytes([0x60 + len(data)]) + data
    return b"\x7a" + len(data).to_bytes(4, "big") + data


def cbor_form(fault: Fault) -> Response:
    """A CBOR map of the code and the message; the extra members are left out."""
    headers = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    headers["x-amzn-requestid"] = fault.request_id
    texts = ("__type", fault.code, fault.message_member, fault.message)
    return Response(fault.status, headers, b"\xa2" + b"".join(map(cbor_text, texts)))


FORMS: Final[dict[str, Callable[[Fault], Response]]] = {
    "query": query_form,
    QUERY_IN_JSON: query_in_json_form,
    "ec2": ec2_form,
    "json": json_form,
    "rest-json": rest_json_form,
    "rest-xml": rest_xml_form,
    "smithy-rpc-v2-cbor": cbor_form,
}
