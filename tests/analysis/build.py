"""Policies for the table of cases: each function makes a document of one kind from what is special about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ostiary.analysis import PolicyType, ResourceType, validate

NOTHING = object()
"""Leaves an element out."""
ACCOUNT = "arn:aws:iam::111122223333:root"


@dataclass(frozen=True)
class Policy:
    """A document and what it is validated as."""

    text: str
    type: PolicyType = PolicyType.IDENTITY
    resource_type: ResourceType | None = None

    def codes(self) -> set[str]:
        """The issue codes of its findings."""
        return {finding.issue_code for finding in validate(self.text, self.type, self.resource_type)}


def statement(defaults: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {"Effect": "Allow", **defaults, **changes}
    for name in ("Action", "Resource", "Principal"):
        if f"Not{name}" in changes and name not in changes:
            merged.pop(name, None)
    return {name: value for name, value in merged.items() if value is not NOTHING}


def document(*statements: Any, **top: Any) -> str:
    whole = {"Version": "2012-10-17", "Statement": list(statements), **top}
    return json.dumps({name: value for name, value in whole.items() if value is not NOTHING})


def identity(**changes: Any) -> Policy:
    return Policy(document(statement({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::box/key"}, changes)))


def resource(**changes: Any) -> Policy:
    common = {"Action": "sqs:SendMessage", "Resource": "*", "Principal": {"AWS": ACCOUNT}}
    return Policy(document(statement(common, changes)), PolicyType.RESOURCE)


def bucket(**changes: Any) -> Policy:
    common = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::box/*", "Principal": {"AWS": ACCOUNT}}
    return Policy(document(statement(common, changes)), PolicyType.RESOURCE, ResourceType.BUCKET)


def trust(**changes: Any) -> Policy:
    common = {"Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
    return Policy(document(statement(common, changes)), PolicyType.RESOURCE, ResourceType.ROLE_TRUST)


def web(provider: str, condition: Any = NOTHING) -> Policy:
    """A trust policy for an OpenID Connect provider."""
    changes = {"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": provider}, "Condition": condition}
    return trust(**changes)


def scp(**changes: Any) -> Policy:
    common = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
    return Policy(document(statement(common, changes)), PolicyType.SCP)


def rcp(**changes: Any) -> Policy:
    common = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}
    return Policy(document(statement(common, changes)), PolicyType.RCP)


def when(operator: str, key: str, *values: Any, **changes: Any) -> Policy:
    """An identity policy with one test."""
    return identity(Condition={operator: {key: values[0] if len(values) == 1 else list(values)}}, **changes)
