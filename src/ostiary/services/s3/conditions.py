"""Service S3: the condition keys of a request, each action with those that AWS knows for it.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; Amazon S3 API
Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys"; Amazon S3 User Guide, "Tagging and
access control policies", "Enforce conditional writes".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ostiary.services.s3.addresses import S3Refusal, decode
from ostiary.services.s3.requests import S3Request

Value = str | tuple[str, ...]
Tags = tuple[tuple[str, str], ...]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """How the request was signed; None in its place for an anonymous one."""

    kind: str
    """`REST-HEADER`, `REST-QUERY-STRING` or `POST`."""
    version: str = "AWS4-HMAC-SHA256"
    age: int | None = None
    """Milliseconds since a presigned URL was signed; None for other kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFacts:
    """What in a request's body its permission depends on."""

    location_constraint: str | None = None
    tags: Tags = ()
    deletes: tuple[tuple[str, str | None], ...] = ()
    """Key and version of each object of DeleteObjects."""
    lock_mode: str | None = None
    retain_until: datetime | None = None
    legal_hold: str | None = None


class S3Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request beside what it says in its head."""

    at: datetime
    """Now, in UTC."""
    signature: Signature | None = None
    body: BodyFacts | None = None
    """None: not read."""
    tls_version: str | None = None
    """`1.2`, `1.3`; None without TLS."""
    owners: Mapping[str, str] = {}
    """Bucket → its account, of those that exist."""
    partition: str = "aws"


_NOTHING: Final = BodyFacts()
_BODY: Final = {
    "CreateBucket": "CreateBucketConfiguration",
    "DeleteObjects": "Delete",
    "PutObjectTagging": "Tagging",
    "PutObjectRetention": "Retention",
    "PutObjectLegalHold": "LegalHold",
}
"""The member that is the body, of the operations whose permission depends on it."""


def body_facts(operation: str, params: Mapping[str, Any]) -> BodyFacts:
    """From the parsed body, members named as in botocore's model; of other operations nothing."""
    body: Mapping[str, Any] = params.get(_BODY[operation]) or {} if operation in _BODY else {}
    tags: list[Mapping[str, str]] = body.get("TagSet") or body.get("Tags") or []
    objects: list[Mapping[str, str]] = body.get("Objects") or []
    return BodyFacts(
        location_constraint=body.get("LocationConstraint"),
        tags=tuple((tag["Key"], tag["Value"]) for tag in tags),
        deletes=tuple((each["Key"], each.get("VersionId")) for each in objects),
        lock_mode=body.get("Mode"),
        retain_until=body.get("RetainUntilDate"),
        legal_hold=body.get("Status"),
    )


_HEADER_KEYS: Final = {
    **{
        f"s3:{header}": header
        for header in (
            "x-amz-acl",
            "x-amz-bucket-namespace",
            "x-amz-grant-full-control",
            "x-amz-grant-read",
            "x-amz-grant-read-acp",
            "x-amz-grant-write",
            "x-amz-grant-write-acp",
            "x-amz-metadata-directive",
            "x-amz-object-ownership",
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-aws-kms-key-id",
            "x-amz-server-side-encryption-customer-algorithm",
            "x-amz-storage-class",
            "x-amz-website-redirect-location",
            "if-match",
            "if-none-match",
        )
    },
}
_QUERY_KEYS: Final = {"s3:prefix": "prefix", "s3:delimiter": "delimiter", "s3:max-keys": "max-keys"}
_GRANTS: Final = frozenset(key for key in _HEADER_KEYS if key.startswith("s3:x-amz-grant-"))
_ACL: Final = _GRANTS | {"s3:x-amz-acl"}
_ENCRYPTION: Final = frozenset(key for key in _HEADER_KEYS if key.startswith("s3:x-amz-server-side-encryption"))
_TAGS: Final = frozenset({"s3:RequestObjectTagKeys"})
_LOCK: Final = frozenset(
    {"s3:object-lock-mode", "s3:object-lock-retain-until-date", "s3:object-lock-remaining-retention-days"}
)
_HOLD: Final = frozenset({"s3:object-lock-legal-hold"})
_WRITING: Final = _ACL | _ENCRYPTION | _TAGS | {
    "s3:x-amz-copy-source",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
}  # fmt: skip
_LISTING: Final = frozenset(_QUERY_KEYS)
_VERSION: Final = frozenset({"s3:versionid"})
_VERSION_ACTIONS: Final = ("DeleteObjectVersion", "DeleteObjectVersionTagging", "GetObjectVersion")
_MORE_VERSION_ACTIONS: Final = ("GetObjectVersionAcl", "GetObjectVersionAttributes", "GetObjectVersionTagging")

ACTION_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "s3:BypassGovernanceRetention": _WRITING,
    "s3:CreateBucket": _ACL
    | {"s3:locationconstraint", "s3:x-amz-object-ownership", "s3:x-amz-bucket-namespace", "aws:TagKeys"},
    "s3:TagResource": frozenset({"aws:TagKeys"}),
    "s3:DeleteObject": frozenset({"s3:if-match"}),
    "s3:ListBucket": _LISTING,
    "s3:ListBucketVersions": _LISTING,
    "s3:PutBucketAcl": _ACL,
    "s3:PutObject": _WRITING | _LOCK | _HOLD | {"s3:if-match", "s3:if-none-match", "s3:ObjectCreationOperation"},
    "s3:PutObjectAcl": _ACL | {"s3:x-amz-storage-class"},
    "s3:PutObjectVersionAcl": _ACL | _VERSION | {"s3:x-amz-storage-class"},
    "s3:PutObjectLegalHold": _HOLD,
    "s3:PutObjectRetention": _LOCK,
    "s3:PutObjectTagging": _TAGS,
    "s3:PutObjectVersionTagging": _TAGS | _VERSION,
    "s3:UpdateObjectEncryption": _ENCRYPTION - {"s3:x-amz-server-side-encryption-customer-algorithm"},
    "s3:GetObjectVersionTorrent": _VERSION,
    **{f"s3:{name}": _VERSION for name in (*_VERSION_ACTIONS, *_MORE_VERSION_ACTIONS)},
}  # fmt: skip
"""The keys of each action beside those of every request; `RequestObjectTag/KEY` and `aws:RequestTag/KEY` come with the
keys that list them."""

_OF_HEADERS: Final = {
    action: {header: key for key, header in _HEADER_KEYS.items() if key in keys} for action, keys in ACTION_KEYS.items()
}
_OF_QUERY: Final = {action: tuple(keys & _QUERY_KEYS.keys()) for action, keys in ACTION_KEYS.items()}
_OF_LOCK: Final = frozenset(action for action, keys in ACTION_KEYS.items() if keys & (_LOCK | _HOLD))

READS_TAGS: Final = frozenset(
    f"s3:{verb}Object{version}{what}"
    for verb, what in (
        ("Get", ""),
        ("Get", "Acl"),
        ("Get", "Attributes"),
        ("Get", "Tagging"),
        ("Put", "Acl"),
        ("Put", "Tagging"),
        ("Delete", "Tagging"),
    )
    for version in ("", "Version")
)
"""The actions that have `s3:ExistingObjectTag/KEY`."""

_CREATES: Final = {
    **dict.fromkeys(("PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject"), "true"),
    **dict.fromkeys(("CreateMultipartUpload", "UploadPart", "UploadPartCopy"), "false"),
}


def every_request(request: S3Request, facts: S3Facts) -> dict[str, Value]:
    """The keys of every S3 request."""
    context: dict[str, Value] = {}
    if facts.signature is not None:
        context["s3:authType"] = facts.signature.kind
        context["s3:signatureversion"] = facts.signature.version
        if facts.signature.age is not None:
            context["s3:signatureAge"] = str(facts.signature.age)
    hashed = request.header("x-amz-content-sha256")
    if hashed is not None:
        context["s3:x-amz-content-sha256"] = hashed
    if facts.tls_version is not None:
        context["s3:TlsVersion"] = facts.tls_version
    return context


def of_action(action: str, request: S3Request, facts: S3Facts, version: str | None) -> dict[str, Value]:
    """The keys that AWS knows for this action, as far as the request has them. `version`: of the object asked for."""
    wanted = ACTION_KEYS.get(action)
    if wanted is None:
        return {}
    of_headers = _OF_HEADERS[action]
    found: dict[str, Value | None] = {of_headers[name]: value for name, value in request.headers if name in of_headers}
    if request.operation != "HeadBucket":
        found |= {key: request.query.get(_QUERY_KEYS[key]) for key in _OF_QUERY[action]}
    if "s3:versionid" in wanted:
        found["s3:versionid"] = version
    if "s3:x-amz-copy-source" in wanted and request.copy_source is not None:
        source = request.copy_source
        tail = "" if source.version_id is None else f"?versionId={source.version_id}"
        found["s3:x-amz-copy-source"] = f"{source.bucket}/{source.key}{tail}"
    if "s3:ObjectCreationOperation" in wanted:
        found["s3:ObjectCreationOperation"] = _CREATES.get(request.operation)
    if "s3:locationconstraint" in wanted and facts.body is not None:
        found["s3:locationconstraint"] = facts.body.location_constraint
    if wanted >= _TAGS:
        found |= _tags("s3:RequestObjectTag/", "s3:RequestObjectTagKeys", requested_tags(request, facts))
    if "aws:TagKeys" in wanted:
        found |= _tags("aws:RequestTag/", "aws:TagKeys", facts.body.tags if facts.body else ())
    if action in _OF_LOCK:
        found |= {key: value for key, value in _lock(request, facts).items() if key in wanted}
    return {key: value for key, value in found.items() if value is not None}


def existing_tags(tags: Tags) -> dict[str, Value]:
    """The keys that an object's own tags give."""
    return {f"s3:ExistingObjectTag/{key}": value for key, value in tags}


def requested_tags(request: S3Request, facts: S3Facts) -> Tags:
    """The object tags that the request wants to set, by header or body. Raises `S3Refusal`."""
    if request.header("x-amz-tagging") is None:
        return facts.body.tags if facts.body is not None else ()
    return header_tags(request)


def header_tags(request: S3Request) -> Tags:
    """The tags that `x-amz-tagging` names. Raises `S3Refusal`."""
    header = request.header("x-amz-tagging") or ""
    tags: dict[str, str] = {}
    for piece in filter(None, header.split("&")):
        key, _, value = (decode(part.replace("+", "%20")) for part in piece.partition("="))
        if key in tags or piece.count("=") > 1:
            message = (
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
                "name duplicates."
            )
            raise S3Refusal("InvalidArgument", 400, message, ArgumentName="x-amz-tagging", ArgumentValue=header)
        tags[key] = value
    return tuple(tags.items())


def _tags(each: str, every: str, tags: Tags) -> dict[str, Value | None]:
    if not tags:
        return {}
    return {every: tuple(key for key, _ in tags), **{f"{each}{key}": value for key, value in tags}}


def _lock(request: S3Request, facts: S3Facts) -> dict[str, Value | None]:
    """The keys of object lock, by header or body."""
    body = facts.body or _NOTHING
    until = body.retain_until or _time(request.header("x-amz-object-lock-retain-until-date"))
    days = None if until is None else str(math.ceil((until - facts.at).total_seconds() / 86400))
    return {
        "s3:object-lock-mode": body.lock_mode or request.header("x-amz-object-lock-mode"),
        "s3:object-lock-legal-hold": body.legal_hold or request.header("x-amz-object-lock-legal-hold"),
        "s3:object-lock-retain-until-date": None if until is None else until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "s3:object-lock-remaining-retention-days": days,
    }


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        message = "The retain until date must be provided in ISO 8601 format"
        raise S3Refusal(
            "InvalidArgument",
            400,
            message,
            ArgumentName="x-amz-object-lock-retain-until-date",
            ArgumentValue=text,
        ) from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
