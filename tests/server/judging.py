"""Whether an answer of IAM or STS is one that AWS gives: in form, parsable by botocore, an error that is known.

Source: botocore's service models (the errors of each operation); IAM API Reference, "Common Error Types".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from xml.etree import ElementTree

import botocore.parsers

from ostiary.services.operation import OPERATIONS
from tests.server.fuzz import service_model
from tests.server.raw import Reply

COMMON = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidQueryParameter",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingParameter",
    "NotAuthorized",
    "OptInRequired",
    "RequestEntityTooLarge",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "Throttling",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationError",
}
"""Errors of every operation. 5xx are left out: there must be none."""
ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("MalformedInput", "*"): "a value of another type, or bytes that are not UTF-8: AWS's protocol says so before IAM",
    ("InvalidInput", "AcceptDelegationRequest"): "who may accept: AWS's text is known, and no listed code fits it",
}
"""Codes that operations (`*`: all of them) give although their models do not list them, and why."""
WORDLESS = {"ReportNotPresent"}
"""Errors that IAM was seen to give without a message."""
PARSER = botocore.parsers.create_parser("query")


@cache
def of_operation(service: str, operation: str) -> frozenset[str]:
    """The codes that the model gives an operation."""
    shapes = service_model(service).operation_model(operation).error_shapes
    return frozenset(shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes)


@cache
def of_service(service: str) -> Mapping[str, int]:
    """The codes of a service's model, each with its status."""
    shapes = service_model(service).error_shapes
    errors = (shape.metadata.get("error", {}) for shape in shapes)
    return {error["code"]: error["httpStatusCode"] for error in errors if "code" in error}


def judged(service: str, operation: str, reply: Reply, asked: bytes) -> tuple[str, Mapping[str, Any]]:
    """The error code, or nothing and the answer as botocore reads it; fails when AWS would not answer so."""
    where = f"{service}:{operation} {asked[:600]!r} → {reply.status} {reply.text[:600]}"
    root = ElementTree.fromstring(reply.body)
    inside = [each.text for each in root.iter() if each.tag.rpartition("}")[2] == "RequestId"]
    assert inside == [reply.request_id], where
    assert "close" not in reply.headers.get("connection", ""), where
    if reply.status == 501:
        assert reply.code == "NotImplemented" and reply.message == f"{service}:{operation} is not built yet.", where
        assert (service, operation) not in OPERATIONS, where
        return reply.code, {}
    assert 200 <= reply.status < 500, where
    shape = service_model(service).operation_model(operation).output_shape
    answer = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
    parsed: dict[str, Any] = PARSER.parse(answer, shape)
    if reply.status == 200:
        assert (service, operation) in OPERATIONS, where
        return "", {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    error = parsed["Error"]
    assert error["Code"] == reply.code and (error["Message"] or reply.code in WORDLESS), where
    assert re.fullmatch(r"[A-Za-z]+", reply.code), where
    listed = reply.code in COMMON or reply.code in of_operation(service, operation)
    excepted = (reply.code, "*") in ELSEWHERE or (reply.code, operation) in ELSEWHERE
    assert listed or excepted, f"no error of {where}"
    assert reply.status == of_service(service).get(reply.code, reply.status), where
    return reply.code, {}
