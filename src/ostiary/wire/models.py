"""Wire: services, operations and errors, as the service models describe them.

Source: the API models of botocore (Apache-2.0). Loaded when first asked for, then kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from ostiary.wire.model_files import Http, Metadata, RawModel, RawOperation, UnknownService, read_model
from ostiary.wire.shapes import Node

__all__ = [
    "ErrorShape",
    "Operation",
    "Service",
    "UnknownOperation",
    "UnknownService",
    "glance",
    "operations",
    "service",
]

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What CloudTrail shows in the place of a sensitive value."""

# The models forget to mark some secrets; these members are never echoed either.
SECRET_MEMBERS = frozenset(
    {
        "SessionToken",
        "SecretAccessKey",
        "Password",
        "NewPassword",
        "OldPassword",
        "ServicePassword",
        "ServiceCredentialSecret",
        "PrivateKey",
        "TokenCode",
        "AuthenticationCode1",
        "AuthenticationCode2",
        "Base32StringSeed",
        "QRCodePNG",
        "WebIdentityToken",
        "SAMLAssertion",
        "ContextAssertion",
        "SubjectToken",
        "SSECustomerKey",
        "CopySourceSSECustomerKey",
    }
)


class UnknownOperation(LookupError):
    """The service has no operation of this name."""


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """A modelled error."""

    shape: str
    code: str
    """On the wire."""
    status: int
    message_member: str | None
    """`message` or `Message`, when the shape has one."""
    service_fault: bool
    """The service's fault, not the caller's."""


class Operation:
    """An operation of a service. Compared by identity; one object per operation for the life of the process."""

    __slots__ = ("__weakref__", "_raw", "input", "name", "output", "service")

    def __init__(self, service: Service, raw: RawOperation) -> None:
        self.service = service
        self.name = raw.name
        self._raw = raw
        shapes = service.model.shapes
        self.input: Node | None = Node(raw.input, shapes) if raw.input else None
        self.output: Node | None = Node(raw.output, shapes) if raw.output else None

    def __repr__(self) -> str:
        return f"<Operation {self.service.name}:{self.name}>"

    @property
    def http(self) -> Http:
        """Method, path template and success status."""
        return self._raw.http

    @property
    def result_wrapper(self) -> str | None:
        """The element a query answer stands in."""
        return self._raw.output.result_wrapper if self._raw.output else None

    @property
    def deprecated(self) -> bool:
        return self._raw.deprecated

    @property
    def unsigned(self) -> bool:
        """The model lets the operation be called without a signature."""
        return self._raw.authtype == "none"

    @property
    def error_shapes(self) -> tuple[ErrorShape, ...]:
        """The errors the model lists for this operation."""
        known = self.service.errors_by_shape
        return tuple(known[ref.shape] for ref in self._raw.errors if ref.shape in known)


class Service:
    """A service model."""

    def __init__(self, name: str, model: RawModel) -> None:
        self.name = name
        """botocore's name: `iam`, `s3`, `accessanalyzer`."""
        self.model = model
        self.routes: Any = None
        """The index of `routes`, once it is built."""
        self._operations: dict[str, Operation] = {}

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    @property
    def metadata(self) -> Metadata:
        return self.model.metadata

    @property
    def protocol(self) -> str:
        """query, ec2, json, rest-json, rest-xml or smithy-rpc-v2-cbor."""
        return self.model.metadata.protocol

    @property
    def operation_names(self) -> tuple[str, ...]:
        return tuple(self.model.operations)

    def operation(self, name: str) -> Operation:
        """One operation.

        Raises:
            UnknownOperation: the service has none of this name.
        """
        found = self._operations.get(name)
        if found is None:
            raw = self.model.operations.get(name)
            if raw is None:
                raise UnknownOperation(name)
            # setdefault: two threads must not keep two objects for one operation.
            found = self._operations.setdefault(name, Operation(self, raw))
        return found

    @cached_property
    def errors_by_shape(self) -> Mapping[str, ErrorShape]:
        """The modelled errors by the name of their shape."""
        found = {}
        for name, shape in self.model.shapes.items():
            if not (shape.exception or shape.error):
                continue
            trait = shape.error
            code = trait.code if trait and trait.code else name
            status = trait.http_status_code if trait and trait.http_status_code else (500 if shape.fault else 400)
            member = next((m for m in shape.members if m in ("message", "Message")), None)
            found[name] = ErrorShape(name, code, status, member, shape.fault)
        return found

    @cached_property
    def errors(self) -> Mapping[str, ErrorShape]:
        """The modelled errors by wire code and by shape name."""
        by_shape = self.errors_by_shape
        return {**by_shape, **{error.code: error for error in by_shape.values()}}


@cache
def service(name: str) -> Service:
    """The model of a service, by botocore's name.

    Raises:
        UnknownService: botocore has no such model.
    """
    return Service(name, read_model(name, RawModel))


@lru_cache(maxsize=4)
def glance(name: str) -> Service:
    """A model that is read to name an operation, not to serve it: only the latest few are kept.

    Raises:
        UnknownService: botocore has no such model.
    """
    return Service(name, read_model(name, RawModel))


def operations(name: str) -> tuple[str, ...]:
    """The names of a service's operations."""
    return service(name).operation_names


def is_sensitive(node: Node, member: str | None = None) -> bool:
    """Must values of this shape (as the member of this name) stay out of messages and records?"""
    return node.shape.sensitive or (member is not None and member in SECRET_MEMBERS)
