"""Every operation of S3, asked by every kind of caller under any combination of policies, before the gate and before
the rules written down.

What the gate lets through is compared with what the permissions of the documentation (`test_actions.DOCUMENTED`) come
to by the reference evaluator, with the rules about ACLs, ownership and public access in plain words below. The engine
is a function that answers at once.

Source of those rules: Amazon S3 User Guide, "How Amazon S3 authorizes a request", "Access control list (ACL) overview",
"Controlling ownership of objects", "Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ostiary.services.s3.operations import Served, served
from tests import reference
from tests.s3.test_actions import DOCUMENTED

OWNER, OTHER = "111111111111", "222222222222"
CANONICAL = {OWNER: "a" * 64, OTHER: "b" * 64, "": "65a011a29cdf8ec533ec3d1ccaae921c"}
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
ROWS = [row for row in DOCUMENTED if served(row[0]) is not Served.UNBUILT]
STRANGERS = ("other root", "other user", "anonymous")
SIGNERS = ("root", "user", "role", "other root", "other user", "anonymous")
CALLERS = (*SIGNERS, "presigned")
FORM = "PostObject"
_PUT, _ACL, _TAGGING = "PutObject box/k", "PutObjectAcl box/k", "PutObjectTagging box/k"
_TAG = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
FORMS = (
    ({}, [_PUT]),
    ({"acl": "private"}, [_PUT, _ACL]),
    ({"tagging": _TAG, "x-amz-meta-who": "me", "success_action_status": "201"}, [_PUT, _TAGGING]),
)
"""Fields of a form, and the permissions that the documentation asks for them: those of the headers of PutObject."""

Document = dict[str, Any]
ALL: Document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NONE: Document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}


def document(effect: str, action: Any, resource: Any = "*", **more: Any) -> Document:
    """A policy of one statement."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}],
    }


@dataclass
class Bucket:
    """A bucket's own side."""

    policy: Document | None = None
    ownership: str | None = "BucketOwnerEnforced"
    acl: list[tuple[str, str]] = field(default_factory=list)
    """Permission and grantee, beside the owner's."""
    block: frozenset[str] = frozenset()
    requester_pays: bool = False
    object_owner: str = OWNER
    object_acl: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Case:
    """One request in one world."""

    operation: str
    params: dict[str, Any]
    permissions: list[str]
    caller: str
    identity: list[Document]
    boundary: Document | None
    session: Document | None
    scp: Document | None
    """Attached to both accounts, beside the policy that allows everything."""
    account_block: frozenset[str]
    buckets: dict[str, Bucket]
    form: dict[str, str] | None = None
    """Of an upload by an HTML form: its fields, beside key and signature."""


def cases(seed: str) -> Iterator[Case]:
    """Without end: each round has every operation asked by every kind of caller, in a world drawn for it."""
    draw = random.Random(seed)
    while True:
        for operation, params, permissions in ROWS:
            for caller in CALLERS:
                case = _case(draw, operation, params, permissions, caller)
                yield case
                if caller in STRANGERS and permissions[0] != "ListAllMyBuckets *":
                    yield _by_acls_alone(draw, case)


def form_cases(seed: str) -> Iterator[Case]:
    """Without end: each round has every form uploaded by every kind of caller."""
    draw = random.Random(seed)
    while True:
        for fields, permissions in FORMS:
            for caller in SIGNERS:
                case = _case(draw, FORM, {}, permissions, caller)
                by_form = document("Allow", "s3:*", Condition={"StringEquals": {"s3:authType": "POST"}})
                case = replace(case, form=fields, identity=draw.choice([case.identity, case.identity, [by_form]]))
                yield case
                if caller in STRANGERS:
                    yield _by_acls_alone(draw, case)


def _case(draw: random.Random, operation: str, params: dict[str, Any], permissions: list[str], caller: str) -> Case:
    return Case(
        operation=operation,
        params=params,
        permissions=permissions,
        caller=caller,
        identity=_identity(draw),
        boundary=draw.choice([None, None, None, ALL, NONE]),
        session=draw.choice([None, None, ALL, NONE]) if caller == "role" else None,
        scp=draw.choice([None] * 6 + [document("Deny", ["s3:Get*", "s3:List*"])]),
        account_block=frozenset(draw.choice([(), (), (), ("IgnorePublicAcls",), SWITCHES])),
        buckets={"box": _bucket(draw), "from": _bucket(draw)},
    )


def _by_acls_alone(draw: random.Random, case: Case) -> Case:
    """The same request of a stranger where nothing but ACLs, or a policy for all, lets anybody in."""
    everything = document("Allow", "s3:*", ["arn:aws:s3:::*", "arn:aws:s3:::*/*"], Principal="*")
    bucket = Bucket(
        policy=draw.choice([None, None, None, everything]),
        ownership="ObjectWriter",
        acl=draw.sample(_GRANTS, 2),
        requester_pays=draw.random() < 0.2,
        object_owner=draw.choice([OWNER, OTHER, ""]),
        object_acl=draw.sample(_GRANTS, 2),
    )
    alone = {"boundary": None, "session": None, "scp": None, "account_block": frozenset()}
    return replace(case, identity=[ALL], buckets={"box": bucket, "from": bucket}, **alone)


SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_GRANTS = [
    *(("READ", ALL_USERS), ("READ", AUTHENTICATED), ("READ", AUTHENTICATED), ("FULL_CONTROL", AUTHENTICATED)),
    *(("WRITE", ALL_USERS), ("FULL_CONTROL", ALL_USERS), ("READ_ACP", ALL_USERS)),
] + [
    (permission, CANONICAL[account])
    for permission in ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
    for account in (OWNER, OTHER)
]


def _identity(draw: random.Random) -> list[Document]:
    return draw.choice(
        [
            [],
            [ALL],
            [document("Allow", "s3:*")],
            [document("Allow", "s3:*", ["arn:aws:s3:::box*", "arn:aws:s3:::from/*"])],
            [document("Allow", ["s3:Get*", "s3:List*"])],
            [ALL, document("Deny", ["s3:Put*", "s3:Delete*"])],
            [document("Allow", "s3:*", Condition={"StringEquals": {"s3:authType": "REST-QUERY-STRING"}})],
        ]
    )


def _bucket(draw: random.Random) -> Bucket:
    own = ["arn:aws:s3:::box", "arn:aws:s3:::box/*", "arn:aws:s3:::from", "arn:aws:s3:::from/*"]
    policy = draw.choice(
        [
            None,
            None,
            document("Allow", "s3:*", own, Principal="*"),
            document("Allow", ["s3:GetObject", "s3:PutObject"], own, Principal="*"),
            document("Allow", "s3:*", own, Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}),
            document("Allow", "s3:*", own, Principal={"AWS": f"arn:aws:iam::{OWNER}:user/alice"}),
            document("Allow", "s3:*", own, Principal={"AWS": f"arn:aws:iam::{OWNER}:role/worker"}),
            document("Allow", "s3:*", own, Principal={"CanonicalUser": CANONICAL[OTHER]}),
            document("Deny", "s3:Put*", own, Principal="*"),
            document("Deny", "s3:*", own, Principal={"AWS": f"arn:aws:iam::{OWNER}:root"}),
            document("Allow", "s3:*", own, Principal="*", Condition={"StringEquals": {"aws:PrincipalAccount": OTHER}}),
        ]
    )
    acls = draw.random() < 0.6
    return Bucket(
        policy=policy,
        ownership=draw.choice(["ObjectWriter", "BucketOwnerPreferred", None]) if acls else "BucketOwnerEnforced",
        acl=draw.sample(_GRANTS, draw.choice([0, 1, 3])) if acls else [],
        block=frozenset(draw.choice([(), (), ("IgnorePublicAcls",), ("RestrictPublicBuckets",), SWITCHES])),
        requester_pays=draw.random() < 0.05,
        object_owner=draw.choice([OWNER, OWNER, OTHER, ""]),
        object_acl=draw.sample(_GRANTS, draw.choice([0, 0, 1, 3])),
    )


# What the rules say


def allowed(case: Case) -> list[bool]:
    """Whether every permission of the documentation is had (of DeleteObjects, that of each key); what is asked only of
    tagged objects is left out.
    """
    found = [may(case, *each.split(" ", 1)) for each in case.permissions if "(if tagged)" not in each]
    return found if case.operation == "DeleteObjects" else [all(found)]


def may(case: Case, name: str, resource: str) -> bool:
    """One permission, by the reference evaluator."""
    bucket_name, _, key = resource.partition("/")
    account = {"root": OWNER, "user": OWNER, "role": OWNER, "presigned": OWNER, "anonymous": ""}.get(case.caller, OTHER)
    policies: dict[str, Any] = {"identity": case.identity, "scp": [[ALL], [ALL, *([case.scp] if case.scp else [])]]}
    if case.boundary is not None and case.caller in ("user", "presigned", "role", "other user"):
        policies["boundary"] = case.boundary
    if case.session is not None:
        policies["session"] = [case.session]
    owner = account
    if bucket_name != "*" and case.operation != "CreateBucket":
        bucket = case.buckets[bucket_name]
        if bucket.requester_pays and account != OWNER:
            return False
        owner, resource_policy = _resource_side(case, bucket, name, key, account)
        if resource_policy is None:
            return False
        policies["resource"] = resource_policy
    request = {
        "principal": _principal(case.caller, account),
        "action": f"s3:{name}",
        "resource": resource if resource == "*" else f"arn:aws:s3:::{resource}",
        "resource_account": owner or None,
        "context": {
            "aws:PrincipalAccount": account or "anonymous",
            **({} if case.caller == "anonymous" else {"s3:authType": _auth_type(case)}),
        },
    }
    return reference.decide(policies, request).decision == "allowed"


def _auth_type(case: Case) -> str:
    if case.form is not None:
        return "POST"
    return "REST-QUERY-STRING" if case.caller == "presigned" else "REST-HEADER"


def _principal(caller: str, account: str) -> dict[str, Any]:
    if caller == "anonymous":
        return {"type": "anonymous", "arn": None, "account": None}
    more = {"account": account, "canonical_id": CANONICAL[account]}
    if caller in ("root", "other root"):
        return {"type": "root", "arn": f"arn:aws:iam::{account}:root", **more}
    if caller == "role":
        role = f"arn:aws:iam::{account}:role/worker"
        return {
            "type": "assumed-role",
            "arn": f"arn:aws:sts::{account}:assumed-role/worker/s",
            "role_arn": role,
            **more,
        }
    name = "bob" if caller == "other user" else "alice"
    return {"type": "user", "arn": f"arn:aws:iam::{account}:user/{name}", **more}


def _resource_side(case: Case, bucket: Bucket, name: str, key: str, account: str) -> tuple[str, list[Document] | None]:
    """Who owns what is asked for, and the policies on it; None where public access is restricted."""
    block = bucket.block | case.account_block
    everybody = bucket.policy is not None and _is_public(bucket.policy)
    if everybody and "RestrictPublicBuckets" in block and account != OWNER:
        return OWNER, None
    policies = [bucket.policy] if bucket.policy else []
    if bucket.ownership == "BucketOwnerEnforced":
        return OWNER, policies
    read = name in ("GetObject", "GetObjectVersion", "GetObjectAcl", "GetObjectVersionAcl")
    if read or case.operation == "PutObjectAcl":
        denies = [each for each in policies if each["Statement"][0]["Effect"] == "Deny"]
        object_owner = bucket.object_owner if key in ("k", "s") else OWNER
        acl = bucket.object_acl if key in ("k", "s") else []
        granted = _granted(acl, object_owner, account, block)
        wanted = "READ" if read and "Acl" not in name else "READ_ACP" if read else "WRITE_ACP"
        by_acl = [_grant(account)] if wanted in granted else []
        return object_owner, [*(policies if object_owner == OWNER else denies), *by_acl]
    if name == "PutObjectAcl":  # of an object that is being made: it is the writer's
        return account, policies if account == OWNER else [
            each for each in policies if each["Statement"][0]["Effect"] == "Deny"
        ]
    granted = _granted(bucket.acl, OWNER, account, block)
    there = key in ("k", "s", "a", "b")
    own = there and account == (bucket.object_owner if key in ("k", "s") else OWNER)
    by_acl = {
        "ListBucket": "READ" in granted,
        "ListBucketVersions": "READ" in granted,
        "ListBucketMultipartUploads": "READ" in granted,
        "GetBucketAcl": "READ_ACP" in granted,
        "PutBucketAcl": "WRITE_ACP" in granted,
        "PutObject": "WRITE" in granted and (own or not there),
        "DeleteObject": "WRITE" in granted and own,
    }
    return OWNER, [*policies, *([_grant(account)] if by_acl.get(name) else [])]


def _granted(acl: list[tuple[str, str]], owner: str, account: str, block: frozenset[str]) -> set[str]:
    """The permissions that an ACL grants an account (the empty one: whoever does not sign)."""
    public = any(grantee in (ALL_USERS, AUTHENTICATED) for _, grantee in acl)
    if public and "IgnorePublicAcls" in block:
        return set()
    found = {
        permission
        for permission, grantee in [("FULL_CONTROL", CANONICAL[owner]), *acl]
        if grantee in (ALL_USERS, CANONICAL[account]) or (grantee == AUTHENTICATED and account)
    }
    return {"READ", "WRITE", "READ_ACP", "WRITE_ACP"} if "FULL_CONTROL" in found else found


def _grant(account: str) -> Document:
    """An ACL's grant as a statement: of an account, which must allow its people itself, or of everybody unsigned."""
    principal: Any = {"CanonicalUser": CANONICAL[account]} if account else "*"
    return document("Allow", "s3:*", ["arn:aws:s3:::*"], Principal=principal)


def _is_public(policy: Document) -> bool:
    statement = policy["Statement"][0]
    return statement["Effect"] == "Allow" and statement["Principal"] == "*" and "Condition" not in statement


def told(case: Case) -> str:
    """A case, to be read by who looks for the difference."""
    return json.dumps(case, default=lambda each: sorted(each) if isinstance(each, frozenset) else vars(each), indent=1)
