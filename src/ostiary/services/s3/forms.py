"""Service S3: uploads by an HTML form (POST Object): fields instead of headers, one file, an answer for a browser.

Source: Amazon S3 API Reference, "POST Object" and "HTML Form Fields".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit
from xml.sax.saxutils import escape

from msgspec.structs import replace

from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Answer, Forward, Headers
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.addresses import LONGEST_KEY, S3Refusal, encode
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.headers import onward
from ostiary.services.s3.new_objects import made
from ostiary.services.s3.objects import refuse_inexact
from ostiary.services.s3.operations import Level
from ostiary.services.s3.requests import S3Request
from ostiary.store.transaction import Transaction
from ostiary.wire.faults import WireFault
from ostiary.wire.models import service
from ostiary.wire.parse import read_input

LARGEST: Final = 5 * 1024**3
"""Bytes of a file, where the policy allows no less."""
_ANY_CONTENT: Final = ("content-type", "binary/octet-stream")
_AS_HEADERS: Final = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language", "content-md5", "content-type"}
    | {"expires", "x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-acl", "x-amz-tagging"}
    | {"if-match", "if-none-match", "x-amz-expected-bucket-owner"}
)
_KINDS: Final = (
    *("x-amz-meta-", "x-amz-checksum-", "x-amz-server-side-encryption", "x-amz-object-lock-", "x-amz-grant-"),
)
_KEPT: Final = ("x-amz-version-id", "x-amz-checksum-")
_STATUSES: Final = {"200": 200, "201": 201}
_UNSTATED: Final = 204


@dataclass(frozen=True, slots=True)
class Form:
    """The fields before the file, by lower-case name, and the file's name."""

    fields: Mapping[str, str]
    filename: str | None


def read_form(fields: Iterable[tuple[str, str]], filename: str | None) -> Form:
    """The form of these fields. Raises `S3Refusal` for a field that is there twice with different values."""
    found: dict[str, str] = {}
    for name, value in fields:
        if found.setdefault(name.lower(), value) != value:
            raise _invalid(name, value, f"the field `{name}` is given twice")
    return Form(found, filename)


def form_request(addressed: S3Request, form: Form) -> S3Request:
    """The upload that a form asks for, as if its fields were headers. Raises `S3Refusal`."""
    key = form.fields.get("key")
    if not key:
        message = (
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."
        )
        raise _invalid("key", "", message)
    if form.filename is not None:
        key = key.replace("${filename}", form.filename.replace("\\", "/").rpartition("/")[2])
    if len(key.encode("utf-8")) > LONGEST_KEY:
        details = {"Size": str(len(key.encode("utf-8"))), "MaxSizeAllowed": str(LONGEST_KEY)}
        raise S3Refusal("KeyTooLongError", 400, "Your key is too long", **details)
    named = {"acl": "x-amz-acl"}
    headers = {
        header: _header(name, value)
        for name, value in form.fields.items()
        for header in (named.get(name, name),)
        if header in _AS_HEADERS or header.startswith(_KINDS)
    }
    if "tagging" in form.fields:
        headers["x-amz-tagging"] = _tags(form.fields["tagging"])
    return replace(addressed, level=Level.OBJECT, key=key, headers=tuple(headers.items()))


def conditioned(request: S3Request, form: Form) -> dict[str, str]:
    """The fields as a policy sees them: the bucket of the address, the key that the object will have."""
    return {**form.fields, "bucket": request.bucket or "", "key": request.key or ""}


@operation("s3", "PostObject", asks=s3_asks, anonymous=True)
def post_object(call: Call, tx: Transaction) -> Forward:
    """Send the file on as a PutObject, and answer a browser."""
    s3: S3Call = call.target
    refuse_inexact(call)
    headers = [each for each in made(call, tx, onward(call)) if each[0] != "content-type" or each[1]]
    if not s3.request.header("content-type"):
        headers.append(_ANY_CONTENT)

    def respond(headers: Headers, _body: bytes) -> Answer:
        return _answer(s3, call.facts.request_id, headers)

    return Forward(method="PUT", raw_path=s3.request.forward_path, raw_query="", headers=headers, respond=respond)


def _answer(s3: S3Call, request_id: str, headers: Headers) -> Answer:
    """What a browser is told of an upload that was done; `headers`: the engine's."""
    assert s3.form is not None and s3.request.key is not None
    fields = s3.form.fields
    etag = next((value for name, value in headers if name == "etag"), "")
    bucket, key = s3.request.bucket or "", s3.request.key
    redirect = fields.get("success_action_redirect") or fields.get("redirect") or ""
    kept = [("etag", etag), ("x-amz-request-id", request_id)]
    kept += [each for each in headers if each[0].startswith(_KEPT)]
    if _absolute(redirect):
        told = urlencode({"bucket": bucket, "key": key, "etag": etag}, quote_via=quote_plus)
        to = f"{redirect}{'&' if urlsplit(redirect).query else '?'}{told}"
        return Answer(status=303, headers=[*kept, ("location", encode(to, keep=":/?#[]@!$&'()*+,;=%"))])
    location = _location(s3, bucket, key)
    status = _STATUSES.get(fields.get("success_action_status", ""), _UNSTATED)
    body = b""
    if status == 201:
        pairs = (("Location", location), ("Bucket", bucket), ("Key", key), ("ETag", etag))
        told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in pairs)
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{told}</PostResponse>'.encode()
        kept.append(("content-type", "application/xml"))
    return Answer(status=status, headers=[*kept, ("location", location)], body=body)


def _location(s3: S3Call, bucket: str, key: str) -> str:
    host = f"{'https' if s3.secure else 'http'}://{s3.host or 'localhost'}"
    return f"{host}/{encode(key)}" if s3.request.virtual_host else f"{host}/{encode(bucket)}/{encode(key)}"


def _absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable()


def _header(name: str, value: str) -> str:
    """A field as it would stand in a header: latin-1 text, one character a byte."""
    if any(each in value for each in "\r\n\0"):
        raise _invalid(name, value, f"the field `{name}` holds a line break")
    return value.encode("utf-8").decode("latin-1")


def _tags(document: str) -> str:
    """The field `tagging`, an XML document, as the header x-amz-tagging says it."""
    known = service("s3")
    try:
        said: dict[str, Any] = read_input(
            known.operation("PutObjectTagging"),
            path_params={"Bucket": "any", "Key": "any"},
            query="tagging",
            headers={},
            body=document.encode(),
            form=None,
            protocol="rest-xml",
        )
    except WireFault as fault:
        raise S3Refusal(fault.code, fault.status, fault.message) from None
    return urlencode([(tag["Key"], tag["Value"]) for tag in said["Tagging"]["TagSet"]], quote_via=quote_plus)


def _invalid(name: str, value: str, message: str) -> S3Refusal:
    return S3Refusal("InvalidArgument", 400, message, ArgumentName=name, ArgumentValue=value)
