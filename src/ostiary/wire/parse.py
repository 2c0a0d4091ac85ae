"""Wire: the parameters of a request, read and held against the service model.

Source: Smithy's protocol pages; the codes and the wording are AWS's (IAM, STS, EC2 and S3 "Common errors").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final, NoReturn

from ostiary.wire import constraints, read_json, read_query
from ostiary.wire.constraints import Checker, Checkers, Enough, Report, Violation, lower_first
from ostiary.wire.faults import Malformed, MalformedHeader, WireFault
from ostiary.wire.forms import read_form
from ostiary.wire.forms import read_query as split_query
from ostiary.wire.model_files import Ref
from ostiary.wire.models import Operation, Service
from ostiary.wire.read_json import JsonReaders
from ostiary.wire.read_query import QueryReaders
from ostiary.wire.read_rest import RestReader
from ostiary.wire.read_xml import MalformedXml, XmlReaders
from ostiary.wire.shapes import Node

Params = dict[str, Any]

MALFORMED_XML: Final = "The XML you provided was not well-formed or did not validate against our published schema"
# IAM tests its names itself, and says so in its own words.
NAME_PATTERNS: Final = {
    ("iam", r"[\w+=,.@-]+"): (
        "The specified value for {name} is invalid. "
        "It must contain only alphanumeric characters and/or the following: +=,.@_-"
    ),
    ("iam", r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"): (
        "The specified value for {name} is invalid. "
        "It must begin and end with / and contain only alphanumeric characters and/or / characters."
    ),
}
# Services that do not say back what was sent.
SILENT: Final = {"iam"}
# What S3 says of members it has a code of its own for.
S3_CODES: Final = {
    "StorageClass": ("InvalidStorageClass", "The storage class you specified is not valid"),
    "ServerSideEncryption": (
        "InvalidEncryptionAlgorithmError",
        "The encryption request that you specified is not valid. The valid value is AES256.",
    ),
    "EncodingType": ("InvalidArgument", "Invalid Encoding Method specified in Request"),
    "LocationConstraint": ("InvalidLocationConstraint", "The specified location-constraint is not valid"),
}


@cache
def query_readers(service: Service, ec2: bool) -> QueryReaders:
    return QueryReaders(ec2=ec2)


@cache
def json_readers(service: Service, use_wire_names: bool) -> JsonReaders:
    return JsonReaders(use_wire_names=use_wire_names)


@cache
def xml_readers(service: Service) -> XmlReaders:
    return XmlReaders()


@cache
def checkers(service: Service) -> Checkers:
    # EC2's patterns are documentation: AWS answers with the resource's own error (InvalidInstanceID.Malformed).
    return Checkers(skip_patterns=service.protocol == "ec2")


@cache
def form_reader(operation: Operation, ec2: bool) -> read_query.Reader:
    """The compiled reader of an operation in the query and ec2 protocols."""
    return query_readers(operation.service, ec2).reader(input_of(operation))


@cache
def body_reader(operation: Operation) -> read_json.Reader:
    """The compiled reader of an operation in the json protocols."""
    return json_readers(operation.service, False).reader(input_of(operation))


@cache
def rest_reader(operation: Operation, xml: bool) -> RestReader:
    """The compiled reader of an operation in the REST protocols."""
    service = operation.service
    readers = xml_readers(service) if xml else json_readers(service, True)
    return RestReader(input_of(operation), readers, lenient_dates=service.name == "s3")


@cache
def checker(operation: Operation) -> Checker | None:
    """The compiled constraints of an operation's input."""
    return checkers(operation.service).checker(input_of(operation)) if operation.input else None


def input_of(operation: Operation) -> Node:
    """The shape of an operation's parameters."""
    assert operation.input is not None
    return operation.input


def read_input(
    operation: Operation,
    *,
    path_params: Mapping[str, str] | None = None,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    form: Mapping[str, str] | None = None,
    protocol: str | None = None,
) -> Params:
    """Read the parameters of a request and check them.

    Values come as str, int, float, bool, bytes (blobs), datetime in UTC, dict and list; absent members are left out.
    Streaming members (the body of PutObject) are left out: the door has them.

    Args:
        path_params: the labels of the path, decoded (REST).
        query: the URL's query as sent, without the question mark.
        headers: names in lower case (REST).
        form: `read_form(query, body)` when the caller has it already (query, ec2).
        protocol: the one the request came in, when it isn't the service's first.

    Raises:
        WireFault: in the protocol's own words: ValidationError, MalformedInput, SerializationException, …
    """
    if operation.input is None:
        return {}
    protocol = protocol or operation.service.protocol
    try:
        params = READERS[protocol](operation, path_params or {}, query, headers or {}, body, form)
        return checked(operation, params, protocol)
    except Malformed as error:
        raise_malformed(operation, protocol, error)
    except RecursionError:
        raise_malformed(operation, protocol, Malformed("the request is nested too deeply"))


Inputs = Callable[[Operation, Mapping[str, str], str, Mapping[str, str], bytes, Mapping[str, str] | None], Params]


def from_form(ec2: bool) -> Inputs:
    """Query and ec2: parameters of the URL and of the body."""

    def read(
        operation: Operation,
        path: Mapping[str, str],
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        form: Mapping[str, str] | None,
    ) -> Params:
        flat = read_form(query, body) if form is None else form
        params: Params = form_reader(operation, ec2)(read_query.tree(flat))
        return params

    return read


def from_json(
    operation: Operation,
    path: Mapping[str, str],
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    form: Mapping[str, str] | None,
) -> Params:
    """json 1.0 and 1.1: one JSON object."""
    params: Params = body_reader(operation)(read_json.decode(body))
    return params


def from_rest(xml: bool) -> Inputs:
    """REST: path, URL, headers, body."""

    def read(
        operation: Operation,
        path: Mapping[str, str],
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        form: Mapping[str, str] | None,
    ) -> Params:
        return rest_reader(operation, xml)(path, split_query(query), headers, body)

    return read


READERS: Final[dict[str, Inputs]] = {
    "query": from_form(ec2=False),
    "ec2": from_form(ec2=True),
    "json": from_json,
    "rest-json": from_rest(xml=False),
    "rest-xml": from_rest(xml=True),
}


def check_input(operation: Operation, params: Params) -> Report:
    """The constraints of the model that the parameters break, in order; empty when all is well."""
    report = Report()
    check = checker(operation)
    if check is not None:
        with suppress(Enough):
            check(params, "", report)
    return report


def checked(operation: Operation, params: Params, protocol: str) -> Params:
    """The parameters, when they break no constraint.

    Raises:
        WireFault: in the protocol's own words.
    """
    report = check_input(operation, params)
    if report:
        raise_violation(operation, protocol, report)
    return params


def raise_violation(operation: Operation, protocol: str, report: Report) -> NoReturn:
    """Say which constraints are broken."""
    if protocol == "ec2":
        raise ec2_violation(operation, report[0])
    if operation.service.name == "s3":
        raise s3_violation(operation, report[0])
    own_words = [words(operation.service, violation) for violation in report]
    if all(own_words):
        raise WireFault("ValidationError", own_words[0])
    code = "ValidationError" if protocol == "query" else "ValidationException"
    raise WireFault(code, constraints.summary(report, quoted=operation.service.name not in SILENT))


def words(service: Service, violation: Violation) -> str:
    """What the service says in its own words, or nothing."""
    known = NAME_PATTERNS.get((service.name, violation.pattern or ""), "")
    return known.format(name=violation.path)


def ec2_violation(operation: Operation, violation: Violation) -> WireFault:
    """EC2 names one parameter at a time."""
    name = violation.path
    if violation.value is None:
        member, ref = top_member(operation, name)
        top = (ref and (ref.query_name or ref.location_name)) or member
        below = [part for part in name.split(".")[1:] if part != "member"]
        shown = ".".join(part[:1].upper() + part[1:] for part in [top, *below])
        return WireFault("MissingParameter", f"The request must contain the parameter {shown}")
    value = "*****" if violation.sensitive else violation.value
    text = violation.constraint[:1].lower() + violation.constraint[1:]
    return WireFault("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid. The {text}.")


def s3_violation(operation: Operation, violation: Violation) -> WireFault:
    """S3 tells the place: path, URL and headers are arguments, the body is a document."""
    name, ref = top_member(operation, violation.path)
    named = "LocationConstraint" if violation.path.lower().endswith(".locationconstraint") else name
    if named in S3_CODES and violation.value is not None:
        return WireFault(*S3_CODES[named])
    if ref is None or ref.location is None:
        return WireFault("MalformedACLError" if name == "AccessControlPolicy" else "MalformedXML", MALFORMED_XML)
    wire = ref.location_name or name
    if violation.value is not None:
        return WireFault("InvalidArgument", f"Invalid value for {wire}: {violation.constraint}.")
    if ref.location == "header":
        return WireFault("InvalidRequest", f"Missing required header for this request: {wire}")
    return WireFault("InvalidArgument", f"Missing required parameter for this request: '{wire}'")


def top_member(operation: Operation, path: str) -> tuple[str, Ref | None]:
    """The member of the input that a message's path begins with."""
    first = path.partition(".")[0]
    for name, ref in input_of(operation).shape.members.items():
        if first in (name, lower_first(name)):
            return name, ref
    return first, None


def raise_malformed(operation: Operation, protocol: str, error: Malformed) -> NoReturn:
    """Say that a request can't be read."""
    path = ".".join(map(lower_first, error.path))
    where = f" at '{path}'" if path else ""
    if protocol in ("json", "rest-json"):
        raise WireFault("SerializationException", error.reason) from None
    if protocol == "ec2":
        raise WireFault("InvalidParameterValue", f"Invalid value{where}: {error.reason}") from None
    if operation.service.name == "s3":
        raise s3_malformed(operation, error) from None
    raise WireFault("MalformedInput", f"Invalid value{where}: {error.reason}") from None


def s3_malformed(operation: Operation, error: Malformed) -> WireFault:
    """S3 tells a bad argument from a bad document."""
    if not isinstance(error, MalformedHeader):
        return WireFault("MalformedXML", MALFORMED_XML)
    name, ref = top_member(operation, error.path[0])
    wire = ref.location_name if ref and ref.location_name else name
    if "integer" in error.reason:
        return WireFault("InvalidArgument", f"Provided {wire} not an integer or within integer range")
    return WireFault("InvalidArgument", f"Invalid value for {wire}: {error.reason}")


__all__ = ["MalformedXml", "Params", "check_input", "read_form", "read_input"]
