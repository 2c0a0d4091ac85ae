"""What a request asks, once it is known who asks: its parameters, and the circumstances that conditions speak of."""

from __future__ import annotations

from typing import Any, Final

from ostiary.authorization.context import RequestFacts
from ostiary.gate.authenticate import Authenticated
from ostiary.gate.forms import FileBody
from ostiary.gate.request import HttpRequest
from ostiary.gate.trail import Route
from ostiary.services.operation import Call, House
from ostiary.services.s3.actions import BODY_READ
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.forms import LARGEST
from ostiary.services.s3.operations import PREFLIGHT, Served, served
from ostiary.services.s3.post_policies import Sizes
from ostiary.sigv4 import BodyReader, Presented, Style, open_body
from ostiary.wire.parse import read_input

_STYLES: Final = {Style.HEADER: "REST-HEADER", Style.QUERY: "REST-QUERY-STRING", Style.FORM: "POST"}


def parse(route: Route, known: Authenticated, presented: Presented | None, house: House) -> Call:
    """The call that the request makes; its body is read only now. Raises `WireFault`, `SignatureFault`."""
    request, target = route.request, route.target
    body = request.body
    if body is not None and (target.s3 is not None or known.declared is not None):
        reader = open_body(known.declared, known.verified, request.headers, checksums=target.body_checksums)
        body = b"".join([*reader.feed(body)])
        reader.finish()
    return Call(
        service=target.service,
        operation=target.operation,
        caller=known.caller,
        params=_parameters(route, body),
        facts=facts_of(request, presented, house),
        house=house,
        patient=route.patient,
        target=None if target.s3 is None else _s3_call(route, presented, body),
    )


def _parameters(route: Route, body: bytes | None) -> dict[str, Any]:
    """Read and check what is asked; after the signature, as bodies are."""
    request, target = route.request, route.target
    passed_on = target.s3 is not None and served(target.operation) is Served.FORWARDED
    if body is None or target.operation == PREFLIGHT or (passed_on and target.operation not in BODY_READ):
        return {}
    assert target.model is not None
    return read_input(
        target.model,
        path_params=target.path_params,
        query=request.raw_query,
        headers=request.first_headers,
        body=body,
        form=target.form,
        protocol=target.protocol,
    )


def _s3_call(route: Route, presented: Presented | None, body: bytes | None) -> S3Call:
    request, target = route.request, route.target
    assert target.s3 is not None
    return S3Call(
        request=target.s3,
        body=body,
        style=None if presented is None else _STYLES[presented.style],
        signed_at=presented.time if presented else None,
        secure=request.secure,
        tls_version=request.tls_version,
        host=request.header("host"),
        form=route.fields,
    )


def facts_of(request: HttpRequest, presented: Presented | None, house: House) -> RequestFacts:
    """When, from where and how it was asked."""
    return RequestFacts(
        request_id=request.request_id,
        at=request.at,
        source_ip=request.source_ip,
        secure=request.secure,
        region=presented.scope.region if presented else house.settings.region,
        user_agent=request.header("user-agent"),
        referer=request.header("referer") or None,
    )


def body_reader(route: Route, known: Authenticated) -> BodyReader:
    """The reader that holds a body to what its caller declared of it."""
    request, target = route.request, route.target
    if route.form is None:
        return open_body(known.declared, known.verified, request.headers, checksums=target.body_checksums)
    assert target.s3 is not None
    return FileBody(route.form, open_body(None, None, target.s3.headers), known.sizes or Sizes(0, LARGEST))
