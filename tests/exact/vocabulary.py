"""What generated worlds are made of: callers, things to ask for, condition keys and their values.

Small on purpose, so that policies and requests meet: the same names stand in ARNs, in tags and in user names.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

ACCOUNTS: Final = ("111122223333", "444455556666", "777788889999")
NAMES: Final = ("alice", "Alice", "bob", "team/blue/alice", "a*b", "ärger")
CANONICAL: Final = {account: f"{at}" * 64 for at, account in enumerate(ACCOUNTS, 1)}
SERVICES: Final = ("ec2.amazonaws.com", "s3.amazonaws.com", "s3.ap-east-1.amazonaws.com")
PROVIDERS: Final = (
    "accounts.google.com",
    "arn:aws:iam::111122223333:oidc-provider/example.com",
    "arn:aws:iam::111122223333:saml-provider/idp",
)

Caller = dict[str, Any]


def a_caller(draw: Random) -> Caller:
    """A principal as the vectors write it; those with policies of their own more often than others."""
    kind = draw.choices(tuple(CALLERS), weights=(30, 30, 14, 8, 7, 5, 6))[0]
    caller: Caller = {"type": kind, **CALLERS[kind](draw)}
    if caller["account"]:
        if draw.random() < 0.1:
            caller["management_account"] = True
        if draw.random() < 0.1:
            caller["canonical_id"] = CANONICAL[caller["account"]]
    return caller


def _account(draw: Random) -> str:
    return draw.choices(ACCOUNTS, weights=(8, 2, 1))[0]


def _user(draw: Random) -> Caller:
    account = _account(draw)
    named = {"arn": f"arn:aws:iam::{account}:user/{draw.choice(NAMES)}", "account": account}
    return {**named, "id": "AIDAEXAMPLEUSER"} if draw.random() < 0.3 else named


def _role_session(draw: Random) -> Caller:
    account, role = _account(draw), draw.choice(("app", "path/app", "deploy"))
    linked = draw.random() < 0.1
    path = "aws-service-role/ecs.amazonaws.com/" if linked else ""
    session = f"arn:aws:sts::{account}:assumed-role/{role.split('/')[-1]}/{draw.choice(('alice', 's1'))}"
    made: Caller = {"arn": session, "role_arn": f"arn:aws:iam::{account}:role/{path}{role}", "account": account}
    if draw.random() < 0.3:
        made["id"] = "AROAEXAMPLEROLE"
    return {**made, "service_linked": True} if linked else made


def _federated_user(draw: Random) -> Caller:
    account, name = _account(draw), draw.choice(("alice", "guest"))
    made: Caller = {
        "arn": f"arn:aws:sts::{account}:federated-user/{name}",
        "issuer_arn": f"arn:aws:iam::{account}:user/{draw.choice(NAMES)}",
        "account": account,
    }
    return {**made, "issuer_id": "AIDAEXAMPLEUSER"} if draw.random() < 0.3 else made


def _root(draw: Random) -> Caller:
    account = _account(draw)
    return {"arn": f"arn:aws:iam::{account}:root", "account": account}


CALLERS: Final[dict[str, Callable[[Random], Caller]]] = {
    "user": _user,
    "assumed-role": _role_session,
    "federated-user": _federated_user,
    "root": _root,
    "service": lambda draw: {"arn": draw.choice(SERVICES), "account": None},
    "federated": lambda draw: {"arn": draw.choice(PROVIDERS), "account": None},
    "anonymous": lambda draw: {"arn": None, "account": None},
}

OBJECTS: Final = (
    "alice/q1.csv",
    "Alice/q1.csv",
    "team/blue/q1.csv",
    "a//b/",
    "a*b",
    "a?b",
    "cost$1",
    "${aws:username}/x",
    "a:b:c",
    "line\nfeed",
    "ärger",
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What may be asked for: an action that goes with a resource."""

    action: str
    resource: str


def a_thing(draw: Random, account: str) -> Thing:
    """An action on a resource of an account, `*` for actions without resource-level permissions."""
    made = draw.choices(THINGS, weights=WEIGHTS)[0]
    action, resource = made(draw, account)
    return Thing(action, resource)


def _s3_object(draw: Random, account: str) -> tuple[str, str]:
    actions = ("s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "S3:getobject")
    return draw.choice(actions), f"arn:aws:s3:::{draw.choice(('home', 'box', 'Box.1'))}/{draw.choice(OBJECTS)}"


def _s3_bucket(draw: Random, account: str) -> tuple[str, str]:
    actions = ("s3:ListBucket", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
    return draw.choice(actions), f"arn:aws:s3:::{draw.choice(('home', 'box', 'Box.1'))}"


def _sqs(draw: Random, account: str) -> tuple[str, str]:
    name = draw.choice(("orders", "blue-orders", "alice"))
    return draw.choice(("sqs:SendMessage", "sqs:ReceiveMessage")), f"arn:aws:sqs:us-east-1:{account}:{name}"


def _logs(draw: Random, account: str) -> tuple[str, str]:
    return (
        "logs:PutLogEvents",
        f"arn:aws:logs:us-east-1:{account}:log-group:/app:log-stream:{draw.choice(('x', 'alice'))}",
    )


def _kms(draw: Random, account: str) -> tuple[str, str]:
    name = draw.choice(("key/1234abcd", "key/alice", "alias/app"))
    action = draw.choice(("kms:Decrypt", "kms:Encrypt", "kms:RetireGrant", "kms:CreateGrant"))
    return action, f"arn:aws:kms:eu-west-1:{account}:{name}"


def _role(draw: Random, account: str) -> tuple[str, str]:
    actions = (
        "sts:AssumeRole",
        "sts:AssumeRole",
        "sts:TagSession",
        "sts:SetSourceIdentity",
        "iam:PassRole",
        "iam:GetRole",
    )
    return draw.choice(actions), f"arn:aws:iam::{account}:role/{draw.choice(('deploy', 'path/app', 'alice'))}"


def _federation(draw: Random, account: str) -> tuple[str, str]:
    action = draw.choice(("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"))
    return action, f"arn:aws:iam::{account}:role/deploy"


def _lambda(draw: Random, account: str) -> tuple[str, str]:
    return "lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{account}:function:{draw.choice(('f', 'blue-f'))}"


def _anything(draw: Random, account: str) -> tuple[str, str]:
    actions = ("s3:ListAllMyBuckets", "ec2:DescribeInstances", "kms:CreateKey", "kms:GenerateRandom", "iam:ListUsers")
    return draw.choice(actions), "*"


def _who_am_i(draw: Random, account: str) -> tuple[str, str]:
    return draw.choice(("sts:GetCallerIdentity", "sts:GetSessionToken")), "*"


THINGS: Final = (_s3_object, _s3_bucket, _sqs, _logs, _kms, _role, _federation, _lambda, _anything, _who_am_i)
WEIGHTS: Final = (30, 12, 14, 8, 12, 12, 3, 6, 10, 2)

STRINGS: Final = (
    "alice",
    "Alice",
    "blue",
    "team/blue",
    "team",
    "q1.csv",
    "",
    "a*b",
    "a?b",
    "a:b",
    "orders",
    "ÄRGER",
    "ärger",
    "$",
    "home/",
)
NUMBERS: Final = (
    "0",
    "-0",
    "9",
    "10",
    "10.0",
    "010",
    "9.5",
    "-1",
    "100",
    "9007199254740992",
    "9007199254740993",
    "0.1",
    "0.10",
    "+9",
    ".5",
    "5.",
)
ADDRESSES: Final = (
    "203.0.113.7",
    "203.0.113.255",
    "10.1.2.3",
    "2001:db8::1",
    "2001:DB8:0:0:0:0:0:1",
    "0.0.0.0",
    "::1",
    "8.8.8.8",
)
ARNS: Final = (
    "arn:aws:sns:us-east-1:111122223333:orders",
    "arn:aws:sns:us-east-1:111122223333:blue-orders",
    "arn:aws:iam::111122223333:role/path/app",
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:s3:::home/alice/q1.csv",
    "arn:aws:logs:us-east-1:111122223333:log-group:/app:log-stream:x",
    "arn:aws:some:us-east-2:777788889999:store/abc:111122223333:finance/document.txt",
)
BLOBS: Final = tuple(base64.b64encode(raw).decode() for raw in (b"ABC", b"", b"\x00\xff", b"abcd"))
JUNK: Final = (
    "many",
    "",
    " 10",
    "1e3",
    "2024-13-01",
    "2024-05-10T25:00:00Z",
    "10.0.0.256",
    "10.0.0.0/33",
    "yes",
    "a:b:c",
    "QUI",
    "٣",
    "fe80::1%eth0",
    "2024-05-10T12:00:00",
    "2024-05-10T12:00:60Z",
)
MOMENTS: Final = (
    datetime(2024, 5, 10, 12, tzinfo=UTC),
    datetime(2024, 5, 10, tzinfo=UTC),
    datetime(2024, 5, 10, 12, 0, 0, 500000, tzinfo=UTC),
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
)


def spelled(draw: Random, moment: datetime) -> str:
    """A moment in one of the forms of R58."""
    forms = [moment.isoformat(), moment.isoformat().replace("+00:00", "Z")]
    for hours, minutes in ((2, 0), (-5, 30), (14, 0)):
        zone = timedelta(hours=hours, minutes=minutes)
        sign, (whole, rest) = ("-" if zone < timedelta() else "+"), divmod(abs(zone) // timedelta(minutes=1), 60)
        forms.append(f"{(moment + zone).replace(tzinfo=None).isoformat()}{sign}{whole:02}:{rest:02}")
    if moment.microsecond:
        forms.append(moment.strftime("%Y-%m-%dT%H:%M:%S.50Z"))
    else:
        forms.append(str(int(moment.timestamp())))
        forms += [moment.strftime("%Y-%m-%dT%H:%MZ")] * (moment.second == 0)
        if moment.hour == moment.minute == moment.second == 0:
            forms.append(moment.strftime("%Y-%m-%d"))
            forms += [moment.strftime("%Y"), moment.strftime("%Y-%m")] if (moment.day, moment.month) == (1, 1) else []
    return draw.choice(forms)


KEYS: Final = {
    "string": ("aws:username", "aws:PrincipalTag/Team", "aws:RequestTag/team", "s3:prefix", "aws:ResourceTag/owner"),
    "number": ("s3:max-keys", "aws:MultiFactorAuthAge", "svc:size"),
    "date": ("aws:CurrentTime", "aws:TokenIssueTime", "aws:EpochTime"),
    "bool": ("aws:SecureTransport", "aws:MultiFactorAuthPresent"),
    "binary": ("svc:blob",),
    "ip": ("aws:SourceIp", "aws:VpcSourceIp"),
    "arn": ("aws:PrincipalArn", "aws:SourceArn"),
}
MANY: Final = {
    "string": ("aws:TagKeys", "aws:PrincipalOrgPaths"),
    "number": ("svc:sizes",),
    "date": ("svc:dates",),
    "bool": ("svc:flags",),
    "binary": ("svc:blobs",),
    "ip": ("svc:addresses",),
    "arn": ("svc:arns",),
}
VALUES: Final = {
    "string": STRINGS,
    "number": NUMBERS,
    "bool": ("true", "false", "True"),
    "binary": BLOBS,
    "ip": ADDRESSES,
    "arn": ARNS,
}


def a_value(draw: Random, kind: str) -> str:
    """A value of a condition key; once in a while of no type at all."""
    if draw.random() < 0.03:
        return draw.choice(JUNK)
    return spelled(draw, draw.choice(MOMENTS)) if kind == "date" else draw.choice(VALUES[kind])


def a_context(draw: Random) -> dict[str, Any]:
    """The condition keys of a request; about a third are absent."""
    context: dict[str, Any] = {}
    for kind, keys in KEYS.items():
        for key in keys:
            if draw.random() < 0.7:
                context[key] = a_value(draw, kind)
    for kind, keys in MANY.items():
        for key in keys:
            if draw.random() < 0.65:
                context[key] = [a_value(draw, kind) for _ in range(draw.choice((0, 1, 1, 2, 2, 3)))]
    return context
