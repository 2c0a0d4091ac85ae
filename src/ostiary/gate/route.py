"""Which service a request is for, and which of its operations.

A signed request says its service in the credential scope; an unsigned one by X-Amz-Target, Host or Action, and is S3's
when nothing speaks against it.

Source: IAM User Guide, "Elements of an AWS API request signature"; Amazon S3 User Guide, "Virtual hosting of buckets".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Final
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from ostiary.gate.request import HttpRequest
from ostiary.gate.target import Target
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import OPERATIONS
from ostiary.services.s3.addresses import Endpoints, S3Refusal
from ostiary.services.s3.operations import FORM, Served, served
from ostiary.services.s3.requests import S3Request, read_request
from ostiary.wire.detect import S3_CONTROL, Named, UnknownRequest, name_operation, name_services
from ostiary.wire.directory import Entry
from ostiary.wire.faults import WireFault
from ostiary.wire.forms import read_form
from ostiary.wire.models import UnknownOperation, service

_STREAMED: Final = frozenset({"PutObject", "UploadPart"})
_S3: Final = Target(service="s3", signing_name="s3", protocol="rest-xml")
_SCOPE: Final = re.compile(r"Credential=[^/,\s]+/[^/,\s]*/[^/,\s]*/([^/,\s]+)/")
_QUERY_SCOPE: Final = re.compile(r"(?:^|&)X-Amz-Credential=([^&]+)")
_OWN_ADDRESS: Final = re.compile(r"([a-z0-9]+)(?:\.[a-z]{2}(?:-[a-z]+)+-[0-9])?\.amazonaws\.com(?:\.cn)?(?::[0-9]+)?")
_OTHER_WAYS: Final = frozenset({"x-amz-target", "smithy-protocol", "x-amz-account-id"})
"""Headers that have a say in what a request is for."""
_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_REMEMBERED: Final = 1024
"""Characters. What is longer is some attempt to fill the memory, which needs no signature."""


class Routed(msgspec.Struct, frozen=True):
    """A target, or as much of one as could be told, and the refusal that stood in the way."""

    target: Target
    fault: ServiceFault | None = None


def signing_name(request: HttpRequest) -> str | None:
    """The service at whose own address of AWS's the request arrived; else that of the scope, signed or presigned."""
    own = _own(request.header("host"))
    if own is not None:
        return own
    authorization = request.header("authorization")
    if authorization:
        before = authorization.rpartition("Signature=")[0] or authorization
        usual = _scoped(before) if len(before) <= _LONGEST_REMEMBERED else None
        if usual is not None:
            return usual
        found = _SCOPE.search(authorization)
        return found[1] if found else None
    found = _QUERY_SCOPE.search(request.raw_query)
    parts = unquote(found[1]).split("/") if found else []
    return parts[3] if len(parts) == 5 else None


def _own(host: str) -> str | None:
    """The service whose own address this is, S3 apart."""
    if "amazonaws" not in host:
        return None
    own = _OWN_ADDRESS.fullmatch(host)
    # a scope for another service is then refused with the signature
    return own[1] if own is not None and own[1] != "s3" and own[1] in _served() else None


@lru_cache(maxsize=1024)
def _scoped(authorization: str) -> str | None:
    """The service of the credential scope, from what stands before the signature."""
    found = _SCOPE.search(authorization)
    return found[1] if found else None


def is_s3(request: HttpRequest) -> bool:
    """Whether the request is S3's, told from its head."""
    return _is_s3(request, signing_name(request))


def _is_s3(request: HttpRequest, named: str | None) -> bool:
    if named is not None:
        return named == "s3" and not _is_control(request)
    if request.header("x-amz-target") or request.header("smithy-protocol"):
        return False
    if request.method == "POST" and request.header("content-type").startswith(_FORM):
        return False
    if request.raw_path == "/" and re.search(r"(?:^|&)Action=", request.raw_query):
        return False
    host = request.header("host")
    entries = name_services(host=host, path=request.raw_path, headers={})
    return not entries or entries[0].name == "s3"


def _is_control(request: HttpRequest) -> bool:
    """Whether a request signed for S3 is S3 Control's: it says its account in a header that S3 itself has not."""
    return request.raw_path.startswith(S3_CONTROL) and bool(request.header("x-amz-account-id"))


def streamed(head: HttpRequest, endpoints: Endpoints) -> bool:
    """Whether this is an upload to S3, whose body goes to the engine as it comes."""
    if head.method != "PUT" or not is_s3(head):
        return False
    try:
        return _read_s3(head, endpoints).operation in _STREAMED
    except S3Refusal:
        return False


def uploads_form(head: HttpRequest, endpoints: Endpoints) -> bool:
    """Whether this is an upload to S3 by an HTML form: a POST to a bucket that names nothing of it."""
    if head.method != "POST" or not is_s3(head):
        return False
    try:
        return _read_s3(head, endpoints).operation == FORM
    except S3Refusal:
        return False


def route(request: HttpRequest, endpoints: Endpoints) -> Routed:
    """The service and the operation."""
    named = signing_name(request)
    return _route_s3(request, endpoints) if _is_s3(request, named) else _route_others(request, named)


def service_alone(request: HttpRequest) -> Target:
    """The service, for an answer to a request that is not read any further."""
    named = signing_name(request)
    if _is_s3(request, named):
        return _S3
    entries = _entries(request, named, {})
    return _target(entries[0], entries[0].protocols[0]) if entries else Target()


def _read_s3(request: HttpRequest, endpoints: Endpoints) -> S3Request:
    return read_request(
        request.method, request.header("host"), request.raw_path, request.raw_query, request.headers, endpoints
    )


def _route_s3(request: HttpRequest, endpoints: Endpoints) -> Routed:
    try:
        s3 = _read_s3(request, endpoints)
    except S3Refusal as refusal:
        return Routed(_S3, ServiceFault(refusal.code, refusal.message, refusal.status, refusal.details))
    known = service("s3")
    try:
        model = known.operation(s3.operation)
    except UnknownOperation:
        model = None
    return Routed(
        Target(
            service="s3",
            signing_name="s3",
            protocol="rest-xml",
            operation=s3.operation,
            known=known,
            model=model,
            path_params={"Bucket": s3.bucket or "", "Key": s3.key or ""},
            s3=s3,
        ),
        _unbuilt("s3", s3.operation) if served(s3.operation) is Served.UNBUILT else None,
    )


def _route_others(request: HttpRequest, named_in_scope: str | None) -> Routed:
    try:
        form: Mapping[str, str] = read_form(request.raw_query, request.body or b"") if _may_be_form(request) else {}
    except WireFault as unreadable:
        return Routed(service_alone(request), _as_fault(unreadable))
    if "Action" in form and _OTHER_WAYS.isdisjoint(request.first_headers):
        host, path = request.header("host"), request.raw_path
        words = (named_in_scope, host, request.method, path, form["Action"], form.get("Version", ""))
        length = len(named_in_scope or "") + len(host) + len(path) + len(words[4]) + len(words[5])
        usual = _by_action(*words) if length <= _LONGEST_REMEMBERED else None
        if usual is not None:
            return Routed(replace(usual.target, form=form))
    entries = _entries(request, named_in_scope, form)
    try:
        named = name_operation(
            entries,
            method=request.method,
            path=request.raw_path,
            query=request.raw_query,
            headers=request.first_headers,
            form=form,
            served=_served(),
        )
    except UnknownRequest as unknown:
        found = next((each for each in entries if unknown.service and each.name == unknown.service.name), None)
        return Routed(
            _target(found, unknown.protocol) if found else Target(protocol=unknown.protocol), _as_fault(unknown)
        )
    except WireFault as unreadable:
        found = entries[0] if entries else None
        target = _target(found, found.protocols[0]) if found else Target()
        return Routed(target, _as_fault(unreadable))
    return _routed(entries, named, form)


@lru_cache(maxsize=4096)
def _by_action(
    named_in_scope: str | None, host: str, method: str, path: str, action: str, version: str
) -> Routed | None:
    """Where a request of the query protocol goes; None where that is not known by these alone."""
    form = {"Action": action, "Version": version}
    entries = name_services(signing_name=named_in_scope, host=host, path=path, headers={}, form=form)
    try:
        named = name_operation(entries, method=method, path=path, headers={}, form=form, served=_served())
    except WireFault:
        return None
    routed = _routed(entries, named, form)
    return routed if routed.fault is None and named.protocol in ("query", "ec2") else None


def _routed(entries: Sequence[Entry], named: Named, form: Mapping[str, str]) -> Routed:
    entry = next(each for each in entries if each.name == named.service.name)
    target = Target(
        service=entry.name,
        signing_name=entry.signing_name,
        protocol=named.protocol,
        operation=named.operation.name,
        known=named.service,
        model=named.operation,
        path_params=named.path_params,
        form=form,
    )
    built = (entry.name, named.operation.name) in OPERATIONS
    return Routed(target, None if built else _unbuilt(entry.name, named.operation.name))


def _may_be_form(request: HttpRequest) -> bool:
    if request.header("x-amz-target"):
        return False
    kind = request.header("content-type")
    return kind.startswith(_FORM) or not kind or "Action=" in request.raw_query


def _entries(request: HttpRequest, named: str | None, form: Mapping[str, str]) -> list[Entry]:
    return name_services(
        signing_name=named,
        host=request.header("host"),
        path=request.raw_path,
        headers=request.first_headers,
        form=form,
    )


def _target(entry: Entry, protocol: str) -> Target:
    return Target(service=entry.name, signing_name=entry.signing_name, protocol=protocol)


def _as_fault(fault: WireFault) -> ServiceFault:
    return ServiceFault(fault.code, fault.message, fault.status)


def _unbuilt(name: str, operation: str) -> ServiceFault:
    return ServiceFault("NotImplemented", f"{name}:{operation} is not built yet.", 501)


@cache
def _served() -> frozenset[str]:
    return frozenset(name for name, _ in OPERATIONS)
