"""Service S3: which permissions an operation needs, on which resources, with which condition keys.

An operation that is not in the table is refused.

Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"; Service Authorization Reference,
"Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec
from msgspec.structs import replace

from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.conditions import (
    READS_TAGS,
    S3Facts,
    Tags,
    Value,
    every_request,
    existing_tags,
    of_action,
)
from ostiary.services.s3.operations import FORM
from ostiary.services.s3.requests import S3Request

BODY_FIRST: Final = frozenset(
    {"CreateBucket", "DeleteObjects", "PutObjectTagging", "PutObjectRetention", "PutObjectLegalHold"}
)
"""The operations whose permission depends on their body: read it before asking."""

BODY_READ: Final = BODY_FIRST | {"PutBucketLifecycleConfiguration", "PutBucketTagging"}
"""The operations done by the engine whose body is read here."""

MAKES_OBJECTS: Final = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload", "PostObject"})
"""The operations that say whose a new object is and whom its ACL grants anything."""


class S3Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One permission."""

    action: str
    resource: str
    bucket: str | None
    """Whose policy and owner count; not always the bucket of the request (a copy's source). None for `*`."""
    key: str | None = None
    version_id: str | None = None
    context: Mapping[str, Value]
    reads_tags: bool = False
    """HOOK: the action has `s3:ExistingObjectTag/…`. Where a policy in force speaks of that key, read the tags of
    bucket, key and version_id from the engine and ask `with_existing_tags(ask, tags)` instead."""
    only_if_tagged: tuple[str, str, str | None] | None = None
    """HOOK: needed only if the object (bucket, key, version) has tags, which can be seen only by a look. Not having
    looked, ask."""


def with_existing_tags(ask: S3Ask, tags: Tags) -> S3Ask:
    """The same ask, knowing the object's tags."""
    return replace(ask, context={**ask.context, **existing_tags(tags)}, reads_tags=False)


class _On(Enum):
    ANY = "*"
    BUCKET = "bucket"
    OBJECT = "object"
    SOURCE = "source"


_When = Callable[[S3Request, S3Facts], bool]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A row: the action, what it is asked on, and when."""

    action: str
    on: _On
    when: _When | None = None
    if_source_tagged: bool = False


def _has(*names: str) -> _When:
    wanted = frozenset(names)
    return lambda request, facts: not wanted.isdisjoint(request.names)


def _says(name: str, value: str) -> _When:
    return lambda request, facts: (request.header(name) or "").strip().lower() == value


def _any_acl(request: S3Request, facts: S3Facts) -> bool:
    return "x-amz-acl" in request.names or " x-amz-grant-" in " ".join(("", *request.names))


def _body_tags(request: S3Request, facts: S3Facts) -> bool:
    return facts.body is not None and bool(facts.body.tags)


_replaces_tags: Final = _says("x-amz-tagging-directive", "replace")


def _copies_tags(request: S3Request, facts: S3Facts) -> bool:
    return not _replaces_tags(request, facts)


def _sets_tags(request: S3Request, facts: S3Facts) -> bool:
    return _replaces_tags(request, facts) and request.header("x-amz-tagging") is not None


_RETENTION: Final = _has("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date")
_BYPASS: Final = _Rule("BypassGovernanceRetention", _On.OBJECT, _says("x-amz-bypass-governance-retention", "true"))
_WRITE: Final = (
    _Rule("PutObject", _On.OBJECT),
    _Rule("PutObjectAcl", _On.OBJECT, _any_acl),
    _Rule("PutObjectRetention", _On.OBJECT, _RETENTION),
    _Rule("PutObjectLegalHold", _On.OBJECT, _has("x-amz-object-lock-legal-hold")),
)
_WRITE_WITH_TAGS: Final = (*_WRITE, _Rule("PutObjectTagging", _On.OBJECT, _has("x-amz-tagging")))
_READ: Final = (_Rule("GetObject", _On.OBJECT),)
_LIST: Final = (_Rule("ListBucket", _On.BUCKET),)

_RULES: Final[dict[str, tuple[_Rule, ...]]] = {
    "ListBuckets": (_Rule("ListAllMyBuckets", _On.ANY),),
    "CreateBucket": (
        _Rule("CreateBucket", _On.BUCKET),
        _Rule("PutBucketAcl", _On.BUCKET, _any_acl),
        _Rule("PutBucketObjectLockConfiguration", _On.BUCKET, _says("x-amz-bucket-object-lock-enabled", "true")),
        _Rule("PutBucketVersioning", _On.BUCKET, _says("x-amz-bucket-object-lock-enabled", "true")),
        _Rule("PutBucketOwnershipControls", _On.BUCKET, _has("x-amz-object-ownership")),
        _Rule("TagResource", _On.BUCKET, _body_tags),
    ),
    **dict.fromkeys(("HeadBucket", "ListObjects", "ListObjectsV2"), _LIST),
    "ListObjectVersions": (_Rule("ListBucketVersions", _On.BUCKET),),
    "ListMultipartUploads": (_Rule("ListBucketMultipartUploads", _On.BUCKET),),
    "ListParts": (_Rule("ListMultipartUploadParts", _On.OBJECT),),
    "AbortMultipartUpload": (_Rule("AbortMultipartUpload", _On.OBJECT),),
    **dict.fromkeys(("GetObject", "HeadObject", "SelectObjectContent"), _READ),
    "GetObjectAttributes": (*_READ, _Rule("GetObjectAttributes", _On.OBJECT)),
    **dict.fromkeys(("PutObject", "CreateMultipartUpload"), _WRITE_WITH_TAGS),
    **dict.fromkeys(("UploadPart", "CompleteMultipartUpload"), (_Rule("PutObject", _On.OBJECT),)),
    "UploadPartCopy": (_Rule("GetObject", _On.SOURCE), _Rule("PutObject", _On.OBJECT)),
    "CopyObject": (
        _Rule("GetObject", _On.SOURCE),
        _Rule("GetObjectTagging", _On.SOURCE, _copies_tags, if_source_tagged=True),
        *_WRITE,
        _Rule("PutObjectTagging", _On.OBJECT, _copies_tags, if_source_tagged=True),
        _Rule("PutObjectTagging", _On.OBJECT, _sets_tags),
    ),
    "DeleteObject": (_Rule("DeleteObject", _On.OBJECT), _BYPASS),
    "PutObjectRetention": (_Rule("PutObjectRetention", _On.OBJECT), _BYPASS),
    "RestoreObject": (_Rule("RestoreObject", _On.OBJECT),),
    "UpdateObjectEncryption": (_Rule("PutObject", _On.OBJECT), _Rule("UpdateObjectEncryption", _On.OBJECT)),
    **{
        name: (_Rule(name, _On.OBJECT),)
        for name in (
            *("GetObjectAcl", "PutObjectAcl", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
            *("GetObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold", "GetObjectTorrent"),
        )
    },
}

_BUCKET_ACTIONS: Final = {
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "CreateBucketMetadataConfiguration": "CreateBucketMetadataTableConfiguration",
    "GetBucketMetadataConfiguration": "GetBucketMetadataTableConfiguration",
    "DeleteBucketMetadataConfiguration": "DeleteBucketMetadataTableConfiguration",
    **{
        f"{verb}Bucket{what}Configuration{'s' if verb == 'List' else ''}": f"{does}{what}Configuration"
        for what in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
        for verb, does in (("Get", "Get"), ("List", "Get"), ("Put", "Put"), ("Delete", "Put"))
    },
    **{
        name: name
        for name in (
            *("DeleteBucket", "GetBucketLocation", "GetBucketAbac", "PutBucketAbac", "GetBucketAcl", "PutBucketAcl"),
            *("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicyStatus"),
            *("GetBucketLogging", "PutBucketLogging", "GetBucketRequestPayment", "PutBucketRequestPayment"),
            *("GetBucketOwnershipControls", "PutBucketOwnershipControls", "GetBucketTagging", "PutBucketTagging"),
            *("GetBucketVersioning", "PutBucketVersioning"),
            *("GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite"),
            *("CreateBucketMetadataTableConfiguration", "GetBucketMetadataTableConfiguration"),
            *("DeleteBucketMetadataTableConfiguration", "UpdateBucketMetadataInventoryTableConfiguration"),
            "UpdateBucketMetadataJournalTableConfiguration",
        )
    },
}
"""Operations that ask one action on the bucket, and its name."""

RULES: Final[Mapping[str, tuple[_Rule, ...]]] = {
    **{operation: (_Rule(action, _On.BUCKET),) for operation, action in _BUCKET_ACTIONS.items()},
    **_RULES,
}

_OF_VERSION: Final = {
    "GetObject": "GetObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "PutObjectAcl": "PutObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObjectTorrent": "GetObjectVersionTorrent",
}
"""What an action is called when it is asked of a named version."""


def asks(request: S3Request, facts: S3Facts) -> tuple[S3Ask, ...]:
    """Every permission that the request needs: all must be allowed.

    DeleteObjects is answered key by key: its asks carry `key` and `version_id`.
    Raises `S3Refusal` NotImplemented for an operation that is not in the table; ValueError if the body was to be read
    first (`BODY_FIRST`).
    """
    if request.operation in BODY_FIRST and facts.body is None:
        raise ValueError(f"{request.operation} is authorized by its body: read it first")
    if request.operation == "DeleteObjects" and facts.body is not None:
        return tuple(
            _ask(rule.action, request, facts, (request.bucket, key, version))
            for key, version in facts.body.deletes
            for rule in _RULES["DeleteObject"]
            if rule.when is None or rule.when(request, facts)
        )
    rules = RULES.get("PutObject" if request.operation == FORM else request.operation)
    if rules is None:
        raise not_implemented(request.operation)
    return tuple(_by_rule(rule, request, facts) for rule in rules if rule.when is None or rule.when(request, facts))


def not_implemented(operation: str) -> S3Refusal:
    """The refusal of an operation that nobody serves."""
    return S3Refusal("NotImplemented", 501, f"the operation `{operation}` is not implemented", Operation=operation)


def _by_rule(rule: _Rule, request: S3Request, facts: S3Facts) -> S3Ask:
    source, on = request.copy_source, rule.on
    origin = None if source is None else (source.bucket, source.key, source.version_id)
    if on is _On.OBJECT:
        ask = _ask(rule.action, request, facts, (request.bucket, request.key, request.version_id))
    elif on is _On.BUCKET:
        ask = _ask(rule.action, request, facts, (request.bucket, None, None))
    elif on is _On.ANY:
        ask = _ask(rule.action, request, facts, (None, None, None))
    elif origin is None:
        raise ValueError("a copy has a source")
    else:
        ask = _ask(rule.action, request, facts, origin)
    return replace(ask, only_if_tagged=origin) if rule.if_source_tagged else ask


def _ask(name: str, request: S3Request, facts: S3Facts, where: tuple[str | None, str | None, str | None]) -> S3Ask:
    bucket, key, version = where
    action = "s3:" + (_OF_VERSION.get(name, name) if version is not None else name)
    context = every_request(request, facts)
    context.update(of_action(action, request, facts, version))
    owner = facts.owners.get(bucket) if bucket is not None else None
    if owner is not None:
        context["s3:ResourceAccount"] = owner
    return S3Ask(
        action=action,
        resource=arn(bucket, key, facts.partition),
        bucket=bucket,
        key=key,
        version_id=version,
        context=context,
        reads_tags=action in READS_TAGS and key is not None,
    )


def arn(bucket: str | None, key: str | None = None, partition: str = "aws") -> str:
    """`arn:aws:s3:::BUCKET[/KEY]`; `*` without a bucket."""
    if bucket is None:
        return "*"
    return f"arn:{partition}:s3:::{bucket}" + ("" if key is None else f"/{key}")
