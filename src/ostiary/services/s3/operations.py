"""Service S3: its operations by method and sub-resource, the query parameters of each, and who serves it.

Source: Amazon S3 API Reference, "Actions"; which parameters an operation has: the request syntax of its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Level(Enum):
    """What a request is addressed to; the value is the ResourceType of AWS's refusals."""

    SERVICE = "SERVICE"
    BUCKET = "BUCKET"
    OBJECT = "OBJECT"


class Served(Enum):
    """Who does an operation's work."""

    OWNED = "owned"
    """Ostiary itself."""
    FORWARDED = "forwarded"
    """The engine."""
    UNBUILT = "unbuilt"
    """Nobody yet: 501 NotImplemented."""


_BY_ID: Final = ("analytics", "intelligent-tiering", "inventory", "metrics")
_NAMES: Final = {
    "analytics": "Analytics",
    "intelligent-tiering": "IntelligentTiering",
    "inventory": "Inventory",
    "metrics": "Metrics",
}

BUCKET: Final[Mapping[str, Mapping[str, str]]] = {
    "": {
        "GET": "ListObjects",
        "PUT": "CreateBucket",
        "DELETE": "DeleteBucket",
        "HEAD": "HeadBucket",
        "POST": "PostObject",
    },
    "abac": {"GET": "GetBucketAbac", "PUT": "PutBucketAbac"},
    "accelerate": {"GET": "GetBucketAccelerateConfiguration", "PUT": "PutBucketAccelerateConfiguration"},
    "acl": {"GET": "GetBucketAcl", "PUT": "PutBucketAcl"},
    "cors": {"GET": "GetBucketCors", "PUT": "PutBucketCors", "DELETE": "DeleteBucketCors"},
    "delete": {"POST": "DeleteObjects"},
    "encryption": {"GET": "GetBucketEncryption", "PUT": "PutBucketEncryption", "DELETE": "DeleteBucketEncryption"},
    "lifecycle": {
        "GET": "GetBucketLifecycleConfiguration",
        "PUT": "PutBucketLifecycleConfiguration",
        "DELETE": "DeleteBucketLifecycle",
    },
    "list-type": {"GET": "ListObjectsV2"},
    "location": {"GET": "GetBucketLocation"},
    "logging": {"GET": "GetBucketLogging", "PUT": "PutBucketLogging"},
    "metadataAnnotationTable": {"PUT": "UpdateBucketMetadataAnnotationTableConfiguration"},
    "metadataConfiguration": {
        "POST": "CreateBucketMetadataConfiguration",
        "GET": "GetBucketMetadataConfiguration",
        "DELETE": "DeleteBucketMetadataConfiguration",
    },
    "metadataInventoryTable": {"PUT": "UpdateBucketMetadataInventoryTableConfiguration"},
    "metadataJournalTable": {"PUT": "UpdateBucketMetadataJournalTableConfiguration"},
    "metadataTable": {
        "POST": "CreateBucketMetadataTableConfiguration",
        "GET": "GetBucketMetadataTableConfiguration",
        "DELETE": "DeleteBucketMetadataTableConfiguration",
    },
    "notification": {"GET": "GetBucketNotificationConfiguration", "PUT": "PutBucketNotificationConfiguration"},
    "object-lock": {"GET": "GetObjectLockConfiguration", "PUT": "PutObjectLockConfiguration"},
    "ownershipControls": {
        "GET": "GetBucketOwnershipControls",
        "PUT": "PutBucketOwnershipControls",
        "DELETE": "DeleteBucketOwnershipControls",
    },
    "policy": {"GET": "GetBucketPolicy", "PUT": "PutBucketPolicy", "DELETE": "DeleteBucketPolicy"},
    "policyStatus": {"GET": "GetBucketPolicyStatus"},
    "publicAccessBlock": {
        "GET": "GetPublicAccessBlock",
        "PUT": "PutPublicAccessBlock",
        "DELETE": "DeletePublicAccessBlock",
    },
    "replication": {"GET": "GetBucketReplication", "PUT": "PutBucketReplication", "DELETE": "DeleteBucketReplication"},
    "requestPayment": {"GET": "GetBucketRequestPayment", "PUT": "PutBucketRequestPayment"},
    "session": {"GET": "CreateSession"},
    "tagging": {"GET": "GetBucketTagging", "PUT": "PutBucketTagging", "DELETE": "DeleteBucketTagging"},
    "uploads": {"GET": "ListMultipartUploads"},
    "versioning": {"GET": "GetBucketVersioning", "PUT": "PutBucketVersioning"},
    "versions": {"GET": "ListObjectVersions"},
    "website": {"GET": "GetBucketWebsite", "PUT": "PutBucketWebsite", "DELETE": "DeleteBucketWebsite"},
    **{
        word: {method: f"{verb}Bucket{_NAMES[word]}Configuration" for method, verb in
               (("GET", "Get"), ("PUT", "Put"), ("DELETE", "Delete"))}
        for word in _BY_ID
    },
}  # fmt: skip

OBJECT: Final[Mapping[str, Mapping[str, str]]] = {
    "": {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"},
    "acl": {"GET": "GetObjectAcl", "PUT": "PutObjectAcl"},
    "annotation": {"GET": "GetObjectAnnotation", "PUT": "PutObjectAnnotation", "DELETE": "DeleteObjectAnnotation"},
    "attributes": {"GET": "GetObjectAttributes"},
    "encryption": {"PUT": "UpdateObjectEncryption"},
    "legal-hold": {"GET": "GetObjectLegalHold", "PUT": "PutObjectLegalHold"},
    "renameObject": {"PUT": "RenameObject"},
    "restore": {"POST": "RestoreObject"},
    "retention": {"GET": "GetObjectRetention", "PUT": "PutObjectRetention"},
    "select": {"POST": "SelectObjectContent"},
    "tagging": {"GET": "GetObjectTagging", "PUT": "PutObjectTagging", "DELETE": "DeleteObjectTagging"},
    "torrent": {"GET": "GetObjectTorrent"},
    "uploadId": {
        "GET": "ListParts",
        "PUT": "UploadPart",
        "POST": "CompleteMultipartUpload",
        "DELETE": "AbortMultipartUpload",
    },
    "uploads": {"POST": "CreateMultipartUpload"},
}

SERVICE: Final[Mapping[str, Mapping[str, str]]] = {"": {"GET": "ListBuckets"}}

TABLES: Final = {Level.SERVICE: SERVICE, Level.BUCKET: BUCKET, Level.OBJECT: OBJECT}

WITHOUT: Final[Mapping[str, tuple[str, str]]] = {
    **{f"GetBucket{_NAMES[word]}Configuration": ("id", f"ListBucket{_NAMES[word]}Configurations") for word in _BY_ID},
    "GetObjectAnnotation": ("annotationName", "ListObjectAnnotations"),
}
"""Operation → (parameter, the operation that it is without that parameter)."""

COPIES: Final = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
"""What an operation becomes by `x-amz-copy-source`."""

_LISTING: Final = frozenset({"delimiter", "encoding-type", "prefix"})
_RESPONSE: Final = frozenset(
    f"response-{header}"
    for header in (
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "expires",
    )
)
_VERSIONED: Final = frozenset({"versionId"})
_CONTINUED: Final = frozenset({"continuation-token"})

PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    "ListBuckets": frozenset({"max-buckets", "continuation-token", "prefix", "bucket-region"}),
    "ListDirectoryBuckets": frozenset({"max-directory-buckets", "continuation-token"}),
    "ListObjects": _LISTING | {"marker", "max-keys"},
    "ListObjectsV2": _LISTING | {"max-keys", "continuation-token", "fetch-owner", "start-after"},
    "ListObjectVersions": _LISTING | {"key-marker", "max-keys", "version-id-marker"},
    "ListMultipartUploads": _LISTING | {"key-marker", "max-uploads", "upload-id-marker"},
    "ListParts": frozenset({"max-parts", "part-number-marker"}),
    "UploadPart": frozenset({"partNumber"}),
    "UploadPartCopy": frozenset({"partNumber"}),
    "GetObject": _RESPONSE | _VERSIONED | {"partNumber"},
    "HeadObject": _RESPONSE | _VERSIONED | {"partNumber"},
    "SelectObjectContent": frozenset({"select-type"}),
    "GetObjectAnnotation": _VERSIONED | {"annotationName"},
    "PutObjectAnnotation": _VERSIONED | {"annotationName"},
    "DeleteObjectAnnotation": _VERSIONED | {"annotationName"},
    "ListObjectAnnotations": _VERSIONED | _CONTINUED | {"max-annotation-results", "annotation-prefix"},
    **dict.fromkeys(("DeleteObject", "GetObjectAcl", "PutObjectAcl", "GetObjectAttributes"), _VERSIONED),
    **dict.fromkeys(("GetObjectLegalHold", "PutObjectLegalHold", "RestoreObject"), _VERSIONED),
    **dict.fromkeys(("GetObjectRetention", "PutObjectRetention", "UpdateObjectEncryption"), _VERSIONED),
    **{f"{verb}ObjectTagging": _VERSIONED for verb in ("Get", "Put", "Delete")},
    **{f"{verb}Bucket{_NAMES[word]}Configuration": frozenset({"id"}) for word in _BY_ID
       for verb in ("Get", "Put", "Delete")},
    **{f"ListBucket{_NAMES[word]}Configurations": _CONTINUED for word in _BY_ID},
}  # fmt: skip
"""The query parameters of each operation beside its sub-resource; none for those not named."""

OWNED: Final = frozenset(
    {"ListBuckets", "CreateBucket", "DeleteBucket", "HeadBucket", "GetBucketLocation"}
    | {"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicyStatus"}
    | {"GetBucketAcl", "PutBucketAcl", "GetObjectAcl", "PutObjectAcl"}
    | {"GetBucketOwnershipControls", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls"}
    | {"GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock"}
    | {"GetBucketRequestPayment", "PutBucketRequestPayment"}
    | {"GetBucketCors", "PutBucketCors", "DeleteBucketCors"}
    | {"GetBucketWebsite", "DeleteBucketWebsite", "GetBucketReplication", "DeleteBucketReplication"}
    | {"PutBucketEncryption", "GetBucketAccelerateConfiguration"}
    | {"GetBucketLogging", "PutBucketLogging", "GetBucketAbac", "PutBucketAbac"}
    | {"GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration"}
    | {f"{verb}Bucket{what}Configuration" for verb in ("Get", "Delete") for what in _NAMES.values()}
    | {f"ListBucket{what}Configurations" for what in _NAMES.values()}
)
"""Buckets, who may use them, and what no bucket has: the engine is never asked to decide these."""

FORWARDED: Final = frozenset(
    {"GetObject", "HeadObject", "PutObject", "DeleteObject", "DeleteObjects", "CopyObject", "GetObjectAttributes"}
    | {"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "ListParts"}
    | {"CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload"}
    | {"GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"}
    | {"GetObjectRetention", "PutObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold"}
    | {"GetObjectLockConfiguration", "PutObjectLockConfiguration", "GetBucketVersioning", "PutBucketVersioning"}
    | {"GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"}
    | {"GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging"}
    | {"GetBucketEncryption", "DeleteBucketEncryption"}
)
"""What SeaweedFS does as AWS does (`tests/engines/test_forwarded.py` asks it)."""


FORM: Final = "PostObject"
"""The upload by an HTML form, which botocore's model has not; to the engine it is a PutObject."""


PREFLIGHT: Final = "OptionsObject"
"""What a browser asks before a request to another site, which botocore's model has not either."""


def served(operation: str) -> Served:
    """Who serves an operation; UNBUILT for every name that is in neither list."""
    if operation in OWNED or operation == PREFLIGHT:
        return Served.OWNED
    return Served.FORWARDED if operation in FORWARDED or operation == FORM else Served.UNBUILT


def filled(operation: str, *, empty: bool) -> bool:
    """Whether an operation on an object is more than reading it, deleting it or making it empty: what SeaweedFS can't
    do under a key that ends in `/` (`Engine.unable`). `empty`: the request has no body. True of a copy's source, too.
    """
    return operation not in _EMPTY_AT_MOST and not (operation == "PutObject" and empty)


_EMPTY_AT_MOST: Final = frozenset({"GetObject", "HeadObject", "DeleteObject", "DeleteObjects"})
