"""Policies and requests for part 2, from a seed: wildcards, Denies, conditions, variables; half of them allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from ostiary import catalog, policy

ACCOUNT: Final = "111122223333"
READ_ONLY: Final = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
ALICE: Final = policy.User(arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, id="AIDAALICEALICEALICE0")
SESSION: Final = policy.RoleSession(
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/team/alice", role_arn=f"arn:aws:iam::{ACCOUNT}:role/team", account=ACCOUNT
)

_SERVICES: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "s3": (
        "arn:aws:s3:::box-{0}/*",
        ("GetObject", "PutObject", "DeleteObject", "GetObjectTagging", "GetObjectVersion"),
        ("Get*", "Put*", "*Object", "GetObject*"),
    ),
    "dynamodb": (
        f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/table-{{0}}",
        ("GetItem", "PutItem", "Query", "Scan", "UpdateItem"),
        ("*Item", "Get*", "Batch*", "Query"),
    ),
    "sqs": (
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue-{{0}}",
        ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueUrl"),
        ("*Message", "Get*", "Send*"),
    ),
    "lambda": (
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:function-{{0}}",
        ("InvokeFunction", "GetFunction", "UpdateFunctionCode"),
        ("Invoke*", "Get*", "*Function"),
    ),
    "iam": (
        f"arn:aws:iam::{ACCOUNT}:role/team-{{0}}/*",
        ("GetRole", "PassRole", "TagRole", "DeleteRole"),
        ("Get*", "*Role"),
    ),
}
"""Of a service: the resource of a team, actions, and patterns of actions."""

_CONDITIONS: Final[tuple[Mapping[str, Mapping[str, Any]], ...]] = (
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringLike": {"aws:PrincipalTag/team": "t*"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "guests"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
)


@dataclass(frozen=True, slots=True)
class Work:
    """The policies of a size, and requests to decide."""

    documents: Sequence[str]
    requests: Sequence[policy.Request]

    def in_force(self) -> policy.InForce:
        """The documents as alice's identity policies."""
        return policy.InForce(identity=policy.Pool([_attached(text, at) for at, text in enumerate(self.documents)]))


def every_kind(alone: policy.InForce) -> policy.InForce:
    """The same identity policies under a boundary, a session policy and three levels of SCPs, on a guarded resource."""
    kind, everything = policy.PolicyType, {"Effect": "Allow", "Action": "*", "Resource": "*"}
    services = [f"{service}:*" for service in _SERVICES]
    return policy.InForce(
        identity=alone.identity,
        resource=[_of(kind.RESOURCE, *_GUARD)],
        boundary=[_of(kind.BOUNDARY, {"Effect": "Allow", "Action": services, "Resource": "*"}, _NO_ADMINISTRATORS)],
        session=[_of(kind.SESSION, everything)],
        scp=[[_of(kind.SCP, everything)], [_of(kind.SCP, everything, _NO_LEAVING)], [_of(kind.SCP, everything, _HOME)]],
    )


_GUARD: Final[Sequence[Mapping[str, Any]]] = (
    {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::box-1/*",
    },
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
)
_NO_ADMINISTRATORS: Final = {"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::*:role/admin/*"}
_NO_LEAVING: Final = {"Effect": "Deny", "Action": ["organizations:*", "account:*"], "Resource": "*"}
_HOME: Final = {
    "Effect": "Deny",
    "NotAction": ["iam:*", "sts:*", "s3:*"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
}


def _of(kind: policy.PolicyType, *statements: Mapping[str, Any]) -> policy.Attached:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return policy.Attached(policy.compile_policy(text), policy.Source(type=kind, name=kind.value))


def _attached(text: str, number: int) -> policy.Attached:
    source = policy.Source(type=policy.PolicyType.IDENTITY, name=f"policy-{number}", owner="user/alice")
    return policy.Attached(policy.compile_policy(text), source)


def work(size: int, count: int) -> Work:
    """`size` policies and `count` requests, half of which the policies allow; always the same ones."""
    random = Random(size)
    documents = [_read_only()] if size == 1 else [_document(random, number) for number in range(size)]
    in_force = Work(documents, ()).in_force()
    allowed: list[policy.Request] = []
    denied: list[policy.Request] = []
    while len(allowed) < count // 2 or len(denied) < count - count // 2:
        request = _request(random, size)
        verdict = policy.decide(in_force, request).verdict
        (allowed if verdict is policy.Verdict.ALLOWED else denied).append(request)
    requests = allowed[: count // 2] + denied[: count - count // 2]
    random.shuffle(requests)
    return Work(documents, requests)


def _read_only() -> str:
    known = catalog.managed_policy(READ_ONLY)
    text = catalog.document(READ_ONLY, known.default_version) if known else None
    assert text is not None
    return text


def _document(random: Random, number: int) -> str:
    statements = [_statement(random, number) for _ in range(random.choice((1, 2, 2, 3)))]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _statement(random: Random, number: int) -> dict[str, Any]:
    service = random.choice(list(_SERVICES))
    resource, actions, patterns = _SERVICES[service]
    chosen = random.sample(actions, 2) + random.sample(patterns, 1)
    place = resource.format(number)
    if service == "s3" and random.random() < 0.3:
        place = f"arn:aws:s3:::box-{number}/home/${{aws:username}}/*"
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": [f"{service}:{name}" for name in chosen],
        "Resource": place if random.random() < 0.7 else [place, resource.format(f"shared-{number}-*")],
    }
    if random.random() < 0.15:
        statement["Effect"] = "Deny"
        statement["Action"] = f"{service}:Delete*" if random.random() < 0.8 else f"{service}:{random.choice(patterns)}"
    if random.random() < 0.3:
        statement["Condition"] = random.choice(_CONDITIONS)
    return statement


def _request(random: Random, size: int) -> policy.Request:
    service = random.choice(("s3", "s3", *_SERVICES))
    resource, actions, _ = _SERVICES[service]
    number = random.randrange(size)
    place = resource.format(number if random.random() < 0.8 else f"shared-{number}-{random.randrange(100)}")
    home = "home/alice/" if random.random() < 0.4 else ""
    place = place.replace("/*", f"/{home}{random.randrange(10_000):04x}/object.txt")
    return policy.Request(
        principal=ALICE,
        action=f"{service}:{random.choice(actions)}",
        resource=place,
        resource_account=ACCOUNT,
        context=_context(random),
    )


def _context(random: Random) -> dict[str, policy.ContextValue]:
    return {
        "aws:CurrentTime": "2026-11-23T12:00:00Z",
        "aws:EpochTime": "1795435200",
        "aws:SecureTransport": "true" if random.random() < 0.9 else "false",
        "aws:RequestedRegion": random.choice(("us-east-1", "us-east-1", "eu-west-1", "ap-northeast-2")),
        "aws:SourceIp": f"10.{random.randrange(256)}.0.{random.randrange(256)}",
        "aws:UserAgent": "Boto3/1.44.5",
        "aws:ViaAWSService": "false",
        "aws:userid": "AIDAALICEALICEALICE0",
        "aws:username": "alice",
        "aws:PrincipalType": "User",
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalArn": ALICE.arn,
        "aws:PrincipalTag/team": random.choice(("tools", "guests")),
        "aws:MultiFactorAuthAge": str(random.randrange(7200)),
    }
