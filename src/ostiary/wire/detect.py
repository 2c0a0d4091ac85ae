"""Wire: which service and which operation a request names.

A service is known by the name in the credential scope, by X-Amz-Target, by the host, or by the API version; the
operation by Action, by X-Amz-Target, or by method and path. What can't be named is answered as AWS answers it, in the
protocol the request came in.

Source: IAM and EC2 API references, "Common errors"; Smithy's protocol pages; AWS's recorded answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ostiary.wire.directory import Entry, directory
from ostiary.wire.faults import WireFault
from ostiary.wire.forms import read_query
from ostiary.wire.models import Operation, Service, UnknownOperation, glance, service
from ostiary.wire.routes import match_rest

__all__ = ["Entry", "Named", "UnknownRequest", "name_operation", "name_services", "spoken"]

VERSION: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CBOR_PATH: Final = re.compile(r"(?:/[^/]+)*/service/([^/]+)/operation/([^/]+)")
S3_CONTROL: Final = "/v20180820/"
"""What the paths of S3's control plane begin with; it signs as S3 does."""
ECHO: Final = 128
"""Characters of a caller's word that are said back."""


@dataclass(frozen=True, slots=True)
class Named:
    """A request that names an operation."""

    operation: Operation
    protocol: str
    """The one the request came in."""
    path_params: Mapping[str, str] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        return self.operation.service


class UnknownRequest(WireFault):
    """A request that names no operation."""

    def __init__(self, service: Service | None, protocol: str, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.service = service
        self.protocol = protocol
        """The one to answer in."""


def name_services(
    *,
    signing_name: str | None = None,
    host: str = "",
    path: str = "/",
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
) -> list[Entry]:
    """The services a request may be for, the likeliest first; none when nothing tells.

    Args:
        signing_name: the service in the credential scope, when the request is signed.
        headers: names in lower case.
        form: Action and Version, when they are known already.
    """
    known = directory()
    found = known.by_signing_name(signing_name) if signing_name else []
    for prefix in (headers.get("x-amz-target", "").rpartition(".")[0], rpc_names(path)[0]):
        if prefix and (named := known.by_target_prefix(prefix)):
            # The signature says whose request it is; the target only chooses among those.
            return [entry for entry in named if entry in found] or (found or named)
    found = found or known.by_host(host)
    if path.startswith(S3_CONTROL) and "x-amz-account-id" in headers:
        found = sorted(found, key=lambda entry: entry.name != "s3control")
    version = (form or {}).get("Version", "")
    of_version = known.by_version(version) if version and "Action" in (form or {}) else []
    return [entry for entry in found if entry in of_version] or found or of_version


def rpc_names(path: str) -> tuple[str, str]:
    """Service and operation in an RPC v2 path, or nothing."""
    found = CBOR_PATH.fullmatch(path)
    return (found[1], found[2]) if found else ("", "")


def spoken(entry: Entry, path: str, headers: Mapping[str, str], form: Mapping[str, str]) -> str:
    """The protocol a request to this service came in."""
    protocols = entry.protocols
    if "x-amz-target" in headers and "json" in protocols:
        return "json"
    if "smithy-rpc-v2-cbor" in protocols and ("smithy-protocol" in headers or rpc_names(path)[1]):
        return "smithy-rpc-v2-cbor"
    if "Action" in form and "query" in protocols:
        return "query"
    return protocols[0]


def name_operation(
    entries: Sequence[Entry],
    *,
    method: str,
    path: str,
    query: str = "",
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
    served: Container[str] | None = None,
) -> Named:
    """The operation a request names.

    Args:
        entries: from `name_services`; the first that knows the operation has it.
        path: as sent, percent-encoded; for S3 path-style.
        query: as sent, without the question mark.
        headers: names in lower case.
        form: `read_form(query, body)` when the request may be of the query or ec2 protocol.
        served: the services whose models are kept; those of others are read and forgotten. None: keep all.

    Raises:
        UnknownRequest: there is none; it says how to answer.
        WireFault: the query string or the path can't be read.
    """
    form = form or {}
    failure: UnknownRequest | None = None
    for entry in entries:
        protocol = spoken(entry, path, headers, form)
        load = service if served is None or entry.name in served else glance
        try:
            return NAMERS[protocol](load(entry.name), protocol, Asked(method, path, query, headers, form))
        except UnknownRequest as error:
            failure = failure or error
    raise failure or nameless(headers, form)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request tells its operation."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


def nameless(headers: Mapping[str, str], form: Mapping[str, str]) -> UnknownRequest:
    """The answer to a request for a service that nobody knows."""
    if "Action" in form:
        action, version = form["Action"][:ECHO], form.get("Version", "NO_VERSION_SPECIFIED")[:ECHO]
        return UnknownRequest(
            None, "query", "InvalidAction", f"Could not find operation {action} for version {version}"
        )
    if "x-amz-target" in headers:
        return UnknownRequest(None, "json", "UnknownOperationException", "The requested operation is not known.")
    return UnknownRequest(None, "rest-json", "UnknownOperationException", "The requested operation is not known.", 404)


def by_action(known: Service, protocol: str, asked: Asked) -> Named:
    """The query protocol: Action and Version."""
    action = asked.form.get("Action")
    if not action:
        text = "The request is missing an action or a required parameter."
        raise UnknownRequest(known, protocol, "MissingAction", text)
    version = asked.form.get("Version") or "NO_VERSION_SPECIFIED"
    if version == known.metadata.api_version:
        try:
            return Named(known.operation(action), protocol)
        except UnknownOperation:
            pass
    text = f"Could not find operation {action[:ECHO]} for version {version[:ECHO]}"
    raise UnknownRequest(known, protocol, "InvalidAction", text)


def by_ec2_action(known: Service, protocol: str, asked: Asked) -> Named:
    """The same in EC2's words; older versions are understood."""
    action, version = asked.form.get("Action"), asked.form.get("Version")
    if not action:
        raise UnknownRequest(known, protocol, "MissingParameter", "The request must contain the parameter Action")
    if not version:
        raise UnknownRequest(known, protocol, "MissingParameter", "The request must contain the parameter Version")
    if not VERSION.fullmatch(version) or version > known.metadata.api_version:
        text = f"The requested version ({version[:ECHO]}) of service AmazonEC2 does not exist"
        raise UnknownRequest(known, protocol, "NoSuchVersion", text)
    try:
        return Named(known.operation(action), protocol)
    except UnknownOperation:
        text = f"The action {action[:ECHO]} is not valid for this web service."
        raise UnknownRequest(known, protocol, "InvalidAction", text) from None


def by_target(known: Service, protocol: str, asked: Asked) -> Named:
    """The json protocols: X-Amz-Target."""
    prefix, _, name = asked.headers.get("x-amz-target", "").rpartition(".")
    if prefix == known.metadata.target_prefix:
        try:
            return Named(known.operation(name), protocol)
        except UnknownOperation:
            pass
    raise UnknownRequest(known, protocol, "UnknownOperationException", "The requested operation is not known.")


def by_rpc_path(known: Service, protocol: str, asked: Asked) -> Named:
    """RPC v2: the path."""
    prefix, name = rpc_names(asked.path)
    if prefix and prefix == (known.metadata.target_prefix or prefix):
        try:
            return Named(known.operation(name), protocol)
        except UnknownOperation:
            pass
    raise UnknownRequest(known, protocol, "UnknownOperationException", "The requested operation is not known.", 404)


def by_path(known: Service, protocol: str, asked: Asked) -> Named:
    """The REST protocols: method, path, and what the query says of sub-resources."""
    firsts = {name: values[0] for name, values in read_query(asked.query).items()}
    found = match_rest(known, asked.method, asked.path, firsts, asked.headers)
    if found is not None:
        return Named(found.operation, protocol, found.path_params)
    if known.name == "s3":
        text = "The specified method is not allowed against this resource."
        raise UnknownRequest(known, protocol, "MethodNotAllowed", text, 405)
    raise UnknownRequest(known, protocol, "UnknownOperationException", "The requested operation is not known.", 404)


NAMERS: Final[dict[str, Callable[[Service, str, Asked], Named]]] = {
    "query": by_action,
    "ec2": by_ec2_action,
    "json": by_target,
    "smithy-rpc-v2-cbor": by_rpc_path,
    "rest-json": by_path,
    "rest-xml": by_path,
}
