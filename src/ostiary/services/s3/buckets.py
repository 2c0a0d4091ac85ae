"""Service S3: buckets: made, listed, removed; who owns them.

Buckets belong to the account that made them. Their names are one namespace for all accounts of the server.

Source: Amazon S3 API Reference, CreateBucket, DeleteBucket, HeadBucket, ListBuckets, GetBucketLocation.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.acls import of_headers, private
from ostiary.services.s3.addresses import creatable
from ostiary.services.s3.bucket_access import with_object_ownership
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.engine_calls import ask_engine, xml
from ostiary.services.s3.faults import engine_not_ready, no_such_bucket
from ostiary.services.s3.headers import check_owner
from ostiary.services.s3.new_objects import looked_up
from ostiary.services.s3.public import EVERYTHING
from ostiary.services.s3.requests import S3Request
from ostiary.services.s3.tags import Tags, check_bucket_tags
from ostiary.store.records import AlreadyExists, BucketRecord
from ostiary.store.s3 import ENFORCED, BucketAccessRecord
from ostiary.store.transaction import Transaction

GLOBAL_REGION: Final = "us-east-1"
_REGIONAL_HOST: Final = re.compile(r"(?:^|\.)s3[.-](?:dualstack\.)?([a-z]{2,3}(?:-[a-z]+)+-\d+)\.amazonaws\.com")
_MOST_BUCKETS: Final = 10_000
_VERSIONS: Final = re.compile(rb"<(?:DeleteMarker>|VersionId>(?!null<))")


@operation("s3", "CreateBucket", asks=s3_asks, changes=True)
def create_bucket(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make a bucket of the caller's account, in the engine first: a bucket that is only there is nobody's."""
    name = _name(call)
    if not creatable(name):
        raise ServiceFault("InvalidBucketName", "The specified bucket is not valid.", 400, {"BucketName": name})
    region = _region(call)
    check_bucket_tags(_tags(call))
    access = _access(call, tx, name)
    there = tx.buckets.get(name)
    if there is not None and there.account != call.account:
        raise _taken(name)
    if there is not None:
        if region == GLOBAL_REGION and there.region == GLOBAL_REGION:
            return {"Location": f"/{name}"}
        message = "Your previous request to create the named bucket succeeded and you already own it."
        raise ServiceFault("BucketAlreadyOwnedByYou", message, 409, {"BucketName": name})
    lock = call.target.request.header("x-amz-bucket-object-lock-enabled")
    headers = [("x-amz-bucket-object-lock-enabled", lock)] if lock else []
    given = ask_engine(call, "PUT", f"/{name}", "", headers)
    if given.status not in (200, 409):
        raise engine_not_ready()
    try:
        tx.buckets.add(BucketRecord(name=name, account=call.account, region=region, created=call.now))
    except AlreadyExists:
        raise _taken(name) from None
    tx.bucket_access.put(access)
    _tag(call, name)
    return {"Location": f"/{name}"}


def _access(call: Call, tx: Transaction, name: str) -> BucketAccessRecord:
    """What a new bucket says of access: ACLs disabled unless others are to own objects, all public access blocked."""
    request: S3Request = call.target.request
    ownership = request.header("x-amz-object-ownership") or ENFORCED
    account = tx.accounts.get(call.account)
    owner = account.canonical_id if account else ""
    acl = of_headers(request, owner) or private(owner)
    if ownership == ENFORCED and acl != private(owner):
        raise with_object_ownership()
    if acl.public:
        text = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
        raise ServiceFault("InvalidBucketAclWithBlockPublicAccessError", text, 400)
    acl = looked_up(acl, tx)
    return BucketAccessRecord(bucket=name, ownership=ownership, acl=acl.stored(owner), public_access=EVERYTHING)


def _tags(call: Call) -> Tags:
    """Those of a new bucket."""
    tags: list[dict[str, str]] = (call.params.get("CreateBucketConfiguration") or {}).get("Tags") or []
    return [(tag["Key"], tag["Value"]) for tag in tags]


def _tag(call: Call, name: str) -> None:
    """Give the engine the tags of a new bucket."""
    tags = _tags(call)
    if not tags:
        return
    text = "".join(f"<Tag><Key>{xml(key)}</Key><Value>{xml(value)}</Value></Tag>" for key, value in tags)
    body = f'<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>{text}</TagSet></Tagging>'.encode()
    if ask_engine(call, "PUT", f"/{name}", "tagging=", [("content-type", "application/xml")], body).status >= 300:
        raise engine_not_ready()


@operation("s3", "DeleteBucket", asks=s3_asks, changes=True)
def delete_bucket(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove an empty bucket, and all that was said of access to it."""
    name = _name(call)
    check_owner(call)
    _check_versions(call, name)
    given = ask_engine(call, "DELETE", f"/{name}")
    if given.status == 409:
        message = "The bucket you tried to delete is not empty"
        raise ServiceFault("BucketNotEmpty", message, 409, {"BucketName": name})
    if given.status not in (200, 204, 404):
        raise engine_not_ready()
    tx.buckets.remove(name)
    tx.bucket_access.remove(name)
    tx.object_access.remove_all(name)
    tx.uploads.remove_all(name)
    return {}


def _check_versions(call: Call, name: str) -> None:
    """Refuse to remove a bucket with versions or delete markers: SeaweedFS looks for objects without versions alone."""
    given = ask_engine(call, "GET", f"/{name}", "versions=&max-keys=1")
    if given.status == 404:
        return
    if given.status != 200:
        raise engine_not_ready()
    if _VERSIONS.search(given.body):
        message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
        raise ServiceFault("BucketNotEmpty", message, 409, {"BucketName": name})


@operation("s3", "HeadBucket", asks=s3_asks)
def head_bucket(call: Call, tx: Transaction) -> dict[str, Any]:
    """Whether it is there and the caller may list it."""
    check_owner(call)
    return {"BucketRegion": _bucket(call, tx).region}


@operation("s3", "GetBucketLocation", asks=s3_asks)
def get_bucket_location(call: Call, tx: Transaction) -> dict[str, Any]:
    """The Region; nothing for us-east-1, as ever."""
    region = _bucket(call, tx).region
    return {} if region == GLOBAL_REGION else {"LocationConstraint": region}


@operation("s3", "ListBuckets", asks=s3_asks)
def list_buckets(call: Call, tx: Transaction) -> dict[str, Any]:
    """The buckets of the caller's account, by name."""
    query = call.target.request.query
    prefix, region = query.get("prefix", ""), query.get("bucket-region", "")
    most = _number(query.get("max-buckets"))
    after = _read_token(query.get("continuation-token"))
    found = [
        bucket
        for bucket in tx.buckets.of_account(call.account)
        if bucket.name.startswith(prefix) and region in ("", bucket.region) and bucket.name > after
    ]
    account = tx.accounts.get(call.account)
    answer: dict[str, Any] = {
        "Buckets": [
            {"Name": each.name, "CreationDate": datetime.fromtimestamp(each.created, UTC), "BucketRegion": each.region}
            for each in found[:most]
        ],
        "Owner": {"ID": account.canonical_id if account else ""},
    }
    if prefix:
        answer["Prefix"] = prefix
    if len(found) > most:
        answer["ContinuationToken"] = base64.urlsafe_b64encode(found[most - 1].name.encode()).decode()
    return answer


def _name(call: Call) -> str:
    s3: S3Call = call.target
    return s3.request.bucket or ""


def _bucket(call: Call, tx: Transaction) -> BucketRecord:
    found = tx.buckets.get(_name(call))
    if found is None:
        raise no_such_bucket(_name(call))
    return found


def _taken(name: str) -> ServiceFault:
    message = (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )
    return ServiceFault("BucketAlreadyExists", message, 409, {"BucketName": name})


def _region(call: Call) -> str:
    """The Region of a new bucket.

    At the host of a Region AWS's rule holds: the constraint is that Region. At our own address, which is every
    Region's, a constraint may name any, and without one it is the Region the request was signed for.
    """
    s3: S3Call = call.target
    asked: str | None = (call.params.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
    if asked == "EU":
        asked = "eu-west-1"
    found = _REGIONAL_HOST.search((s3.request.header("host") or "").lower())
    if found is None:
        return asked or call.facts.region
    here = found[1]
    if here == GLOBAL_REGION and asked != GLOBAL_REGION:
        return asked or GLOBAL_REGION
    if asked != here:
        shown = asked or "unspecified"
        message = (
            f"The {shown} location constraint is incompatible for the region specific endpoint this request was "
            "sent to."
        )
        raise ServiceFault("IllegalLocationConstraintException", message, 400)
    return here


def _number(text: str | None) -> int:
    if text is None:
        return _MOST_BUCKETS
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= _MOST_BUCKETS:
        raise ServiceFault(
            "InvalidArgument",
            f"MaxBuckets must be between 1 and {_MOST_BUCKETS}",
            400,
            {"ArgumentName": "max-buckets", "ArgumentValue": text},
        )
    return int(text)


def _read_token(text: str | None) -> str:
    if text is None:
        return ""
    try:
        return base64.urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, ValueError):
        extra = {"ArgumentName": "continuation-token"}
        raise ServiceFault("InvalidArgument", "The continuation token provided is incorrect", 400, extra) from None
