"""analysis: whether actions exist (IAM User Guide, "IAM JSON policy elements: Action")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary import catalog
from ostiary.analysis.check import Hit, check, hit
from ostiary.analysis.model import PolicyType, ResourceType
from ostiary.analysis.paper import Action, Paper, Statement
from ostiary.analysis.reference import expanded, near_action, near_service, service_names

_GUESSES: Final = 20
"""For how many unknown names of one document the nearest known one is looked for."""

_OTHER_NAMES: Final = {
    "s3:listbuckets": "s3:ListAllMyBuckets",
    "s3:headbucket": "s3:ListBucket",
    "s3:headobject": "s3:GetObject",
    "s3:listobjects": "s3:ListBucket",
    "s3:listobjectsv2": "s3:ListBucket",
    "s3:deleteobjects": "s3:DeleteObject",
    "s3:copyobject": "s3:PutObject",
    "s3:createmultipartupload": "s3:PutObject",
    "s3:completemultipartupload": "s3:PutObject",
    "s3:uploadpart": "s3:PutObject",
    "lambda:invoke": "lambda:InvokeFunction",
}
"""API operations that are authorized as another action."""

_ATTACHED: Final[dict[ResourceType, tuple[str, frozenset[str]]]] = {
    ResourceType.BUCKET: ("s3", frozenset({"bucket", "object"})),
    ResourceType.ACCESS_POINT: ("s3", frozenset({"accesspoint", "accesspointobject", "bucket", "object"})),
    ResourceType.MULTI_REGION_ACCESS_POINT: ("s3", frozenset({"multiregionaccesspoint", "bucket", "object"})),
    ResourceType.OBJECT_LAMBDA_ACCESS_POINT: (
        "s3-object-lambda",
        frozenset({"objectlambdaaccesspoint"}),
    ),
    ResourceType.TABLE: ("dynamodb", frozenset({"table", "index", "stream"})),
    ResourceType.ROLE_TRUST: ("sts", frozenset()),
}
"""Whose actions the policy of a resource can speak of, and on which resource types (none: all of them)."""


def _named(paper: Paper) -> Iterator[tuple[Statement, Action]]:
    """Every action but `*`."""
    for statement in paper.statements:
        for action in statement.actions:
            if action.text != "*":
                yield statement, action


def _well_formed(action: Action) -> bool:
    return action.text.count(":") == 1


@check("INVALID_ACTION")
def _invalid_action(paper: Paper) -> Iterator[Hit]:
    guesses = 0
    for _, action in _named(paper):
        name = action.text.partition(":")[2]
        if _well_formed(action) and (action.service not in service_names() or expanded(action.text)):
            continue
        other = _OTHER_NAMES.get(action.text.lower())
        if other:
            yield hit(action.path, variant=2, action=action.text, valid_action=other, api=name)
            continue
        guesses += 1
        near = near_action(action.service, name) if guesses <= _GUESSES and _well_formed(action) else None
        if near and not action.wild:
            yield hit(action.path, variant=1, action=action.text, valid_action=near)
        else:
            yield hit(action.path, action=action.text)


@check("INVALID_SERVICE_IN_ACTION")
def _invalid_service(paper: Paper) -> Iterator[Hit]:
    guesses = 0
    for _, action in _named(paper):
        if not _well_formed(action) or action.service in service_names():
            continue
        guesses += 1
        near = near_service(action.service) if guesses <= _GUESSES else None
        if near:
            yield hit(action.path, variant=1, action=action.text, valid_service=near)
        else:
            yield hit(action.path, action=action.text)


@check("UNSUPPORTED_ACTION_IN_POLICY")
def _unsupported_action(paper: Paper) -> Iterator[Hit]:
    kind = ResourceType.ROLE_TRUST if paper.trust else paper.resource_type
    if paper.policy_type is not PolicyType.RESOURCE or kind is None:
        return
    service, types = _ATTACHED[kind]
    for _, action in _named(paper):
        if not _well_formed(action) or action.service not in service_names():
            continue
        wrong = action.service != service or not _applies(action, types)
        if wrong:
            yield hit(action.path, action=action.text, resource_type=kind.value)


def _applies(action: Action, types: frozenset[str]) -> bool:
    """Whether an action that exists can be limited to one of the resource types; a pattern, whether one of its."""
    service = catalog.service(action.service)
    covered = expanded(action.text)
    if not types or service is None or not covered:
        return True
    return any(
        resource.name in types for name in covered for resource in service.actions[name.partition(":")[2]].resources
    )
