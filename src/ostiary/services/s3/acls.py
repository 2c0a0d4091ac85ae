"""Service S3: access control lists: what they grant, how they are written, and which policy says the same.

Source: Amazon S3 User Guide, "Access control list (ACL) overview"; Amazon S3 API Reference, PutBucketAcl, PutObjectAcl.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.requests import S3Request

ANONYMOUS_ID: Final = "65a011a29cdf8ec533ec3d1ccaae921c"
"""The canonical id of whoever does not sign."""
_GROUPS: Final = "http://acs.amazonaws.com/groups/"
ALL_USERS: Final = f"{_GROUPS}global/AllUsers"
AUTHENTICATED_USERS: Final = f"{_GROUPS}global/AuthenticatedUsers"
LOG_DELIVERY: Final = f"{_GROUPS}s3/LogDelivery"
_PUBLIC: Final = frozenset({ALL_USERS, AUTHENTICATED_USERS})
_KNOWN_GROUPS: Final = _PUBLIC | {LOG_DELIVERY}
_EC2: Final = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"
"""The account of AWS that reads machine images by `aws-exec-read`."""
PERMISSIONS: Final = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
_HEADERS: Final = {f"x-amz-grant-{name.lower().replace('_', '-')}": name for name in PERMISSIONS}
_MOST_GRANTS: Final = 100
_GRANTEE: Final = re.compile(r'\s*(\w+)\s*=\s*(?:"([^"]*)"|([^",\s]*))\s*')
OWNERS_OWN: Final = "bucket-owner-full-control"


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission to one grantee: a canonical id, or the address of a group."""

    permission: str
    grantee: str


@dataclass(frozen=True, slots=True)
class Acl:
    """The grants of a bucket or an object, in order."""

    grants: tuple[Grant, ...]

    @property
    def public(self) -> bool:
        """AWS's meaning of it: anything is granted to everybody, or to everybody who has an account."""
        return any(grant.grantee in _PUBLIC for grant in self.grants)

    def stored(self, owner: str) -> str | None:
        """As it is kept; None for the usual one."""
        return None if self == private(owner) else json.dumps([[each.permission, each.grantee] for each in self.grants])

    def shown(self) -> list[dict[str, Any]]:
        """As the API tells it."""
        return [{"Grantee": _shown(grant.grantee), "Permission": grant.permission} for grant in self.grants]


def private(owner: str) -> Acl:
    """That of whatever was made without one."""
    return Acl((Grant("FULL_CONTROL", owner),))


def read_stored(text: str | None, owner: str) -> Acl:
    """As it was kept."""
    return private(owner) if text is None else Acl(tuple(Grant(*each) for each in json.loads(text)))


def _shown(grantee: str) -> dict[str, str]:
    if grantee.startswith("http"):
        return {"Type": "Group", "URI": grantee}
    return {"Type": "CanonicalUser", "ID": grantee}


_CANNED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "private": (),
    "public-read": (("READ", ALL_USERS),),
    "public-read-write": (("READ", ALL_USERS), ("WRITE", ALL_USERS)),
    "authenticated-read": (("READ", AUTHENTICATED_USERS),),
    "aws-exec-read": (("READ", _EC2),),
}
_OF_BUCKETS: Final = {"log-delivery-write": (("WRITE", LOG_DELIVERY), ("READ_ACP", LOG_DELIVERY))}
_OF_OBJECTS: Final = {"bucket-owner-read": "READ", OWNERS_OWN: "FULL_CONTROL"}


def canned(name: str, owner: str, bucket_owner: str | None = None) -> Acl:
    """A canned ACL. `bucket_owner`: of an object's bucket; None for a bucket's own ACL.

    Raises:
        ServiceFault: there is no such ACL.
    """
    grants = list(private(owner).grants)
    if name in _CANNED:
        grants += [Grant(*each) for each in _CANNED[name]]
    elif name in _OF_BUCKETS and bucket_owner is None:
        grants += [Grant(*each) for each in _OF_BUCKETS[name]]
    elif name not in _OF_OBJECTS:
        raise _invalid("x-amz-acl", name, "")
    elif bucket_owner is not None and bucket_owner != owner:
        grants.append(Grant(_OF_OBJECTS[name], bucket_owner))
    return Acl(tuple(grants))


def sets_acl(request: S3Request) -> bool:
    """Whether a header of the request says an ACL."""
    return any(name == "x-amz-acl" or name in _HEADERS for name, _ in request.headers)


def of_headers(request: S3Request, owner: str, bucket_owner: str | None = None) -> Acl | None:
    """The ACL that the request's headers say; None when they say none. Ids are not looked up yet: `check_grantees`.

    Raises:
        ServiceFault: they can't be understood.
    """
    name = request.header("x-amz-acl")
    given = [(_HEADERS[header], text) for header, text in request.headers if header in _HEADERS]
    if name is not None and given:
        raise ServiceFault("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed", 400)
    if name is not None:
        return canned(name, owner, bucket_owner)
    if not given:
        return None
    return Acl(tuple(Grant(permission, grantee) for permission, text in given for grantee in _grantees(text)))


def _grantees(text: str) -> Iterable[str]:
    at = 0
    while True:
        found = _GRANTEE.match(text, at)
        if found is None:
            raise _invalid("x-amz-grant", text, "Argument format not recognized")
        kind, value = found[1].lower(), found[2] if found[2] is not None else found[3]
        if kind == "emailaddress":
            raise _by_address()
        if kind == "uri":
            yield _group(value)
        elif kind == "id":
            yield value
        else:
            raise _invalid("x-amz-grant", text, "Argument format not recognized")
        at = found.end()
        if at == len(text):
            return
        if text[at] != ",":
            raise _invalid("x-amz-grant", text, "Argument format not recognized")
        at += 1


def of_body(document: Mapping[str, Any], owner: str) -> Acl:
    """The ACL that a request's body says, as the service model names its members.

    Raises:
        ServiceFault: it can't be understood, or names another owner.
    """
    told = (document.get("Owner") or {}).get("ID")
    given: list[Mapping[str, Any]] | None = document.get("Grants")
    if told is None or given is None:
        raise _malformed()
    if told != owner:
        raise ServiceFault("AccessDenied", "Access Denied", 403)
    grants: list[Grant] = []
    for each in given:
        grantee, permission = each.get("Grantee") or {}, each.get("Permission")
        if permission not in PERMISSIONS:
            raise _malformed()
        match grantee.get("Type"):
            case "CanonicalUser" if grantee.get("ID"):
                grants.append(Grant(permission, grantee["ID"]))
            case "Group" if grantee.get("URI"):
                grants.append(Grant(permission, _group(grantee["URI"])))
            case "AmazonCustomerByEmail":
                raise _by_address()
            case _:
                raise _malformed()
    return Acl(tuple(grants))


def check_grantees(acl: Acl, known: Iterable[str]) -> Acl:
    """The ACL, its ids among those known (or AWS's own).

    Raises:
        ServiceFault: InvalidArgument for an id that is nobody's; MalformedACLError for more grants than fit.
    """
    if len(acl.grants) > _MOST_GRANTS:
        raise _malformed()
    there = {*known, _EC2}
    for grant in acl.grants:
        if not grant.grantee.startswith("http") and grant.grantee not in there:
            raise _invalid("CanonicalUser/ID", grant.grantee, "Invalid id")
    return acl


def _group(uri: str) -> str:
    if uri not in _KNOWN_GROUPS:
        raise _invalid("uri", uri, "Invalid group uri")
    return uri


def _by_address() -> ServiceFault:
    """What AWS answers to grants by e-mail address since October 2025."""
    return ServiceFault("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)


def _malformed() -> ServiceFault:
    text = "The XML you provided was not well-formed or did not validate against our published schema"
    return ServiceFault("MalformedACLError", text, 400)


def _invalid(name: str, value: str, message: str) -> ServiceFault:
    return ServiceFault("InvalidArgument", message, 400, {"ArgumentName": name, "ArgumentValue": value})


_BUCKET_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_OBJECT_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}
OBJECT_ACTIONS: Final = frozenset(action for actions in _OBJECT_ACTIONS.values() for action in actions)
"""What an object's owner grants by its ACL: bucket ACLs and, of objects of others, bucket policies do not."""
WRITES_NEW: Final = ("s3:PutObject",)
WRITES_OWN: Final = ("s3:PutObject", "s3:DeleteObject")
"""What WRITE on a bucket allows: making objects; overwriting and deleting those that the grantee owns."""


def bucket_statements(acl: Acl, grantee: str, bucket: str, writes: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a bucket's ACL allows a grantee, as statements of a bucket policy. `writes`: what WRITE means here."""
    return [
        *_statements(acl, grantee, _BUCKET_ACTIONS, bucket),
        *(_statements(acl, grantee, {"WRITE": writes}, f"{bucket}/*") if writes else ()),
    ]


def object_statements(acl: Acl, grantee: str, bucket: str) -> list[dict[str, Any]]:
    """What an object's ACL allows a grantee."""
    return list(_statements(acl, grantee, _OBJECT_ACTIONS, f"{bucket}/*"))


def _statements(
    acl: Acl, grantee: str, actions: Mapping[str, tuple[str, ...]], resource: str
) -> Iterable[dict[str, Any]]:
    """Of an account, which must allow its people itself: `CanonicalUser` says that. Nobody but everybody is `*`."""
    principal: Any = "*" if grantee == ANONYMOUS_ID else {"CanonicalUser": grantee}
    for permission, named in actions.items():
        if any(_reaches(grant, grantee) and grant.permission in (permission, "FULL_CONTROL") for grant in acl.grants):
            yield {"Effect": "Allow", "Principal": principal, "Action": list(named), "Resource": resource}


def _reaches(grant: Grant, grantee: str) -> bool:
    if grant.grantee == AUTHENTICATED_USERS:
        return grantee != ANONYMOUS_ID
    return grant.grantee in (ALL_USERS, grantee)
