"""services/iam: the permissions that IAM operations ask for.

The condition keys of an ask are those that the service authorization reference lists for its action and its resource
type; a key without a value in the request or on the entity is absent.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access
Management (IAM)"; IAM User Guide, "Available keys for IAM".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from ostiary import catalog
from ostiary.authorization.caller import CallerKind
from ostiary.authorization.judge import Ask
from ostiary.identifiers import iam_arn, root_arn
from ostiary.policy import ContextValue
from ostiary.services.iam.faults import ValidationError
from ostiary.services.iam.names import USER, Kind
from ostiary.services.operation import Asks, Call
from ostiary.store.records import NamedRecord
from ostiary.store.transaction import Transaction

_MUST_SPECIFY: Final = "Must specify userName when calling with non-User credentials"


def on_existing(action: str, kind: Kind[Any]) -> Asks:
    """For an action on the entity that the kind's parameter names."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        return (ask_named(call, tx, action, kind, call.params[kind.parameter]),)

    return asks


def on_new(action: str, kind: Kind[Any]) -> Asks:
    """For an action that makes an entity: the ARN it will have."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        name, path = call.params[kind.parameter], call.params.get("Path", "/")
        arn = iam_arn(call.account, kind.resource, name, path)
        return (Ask(action=action, resource=arn, context=request_context(call, action)),)

    return asks


def on_self_or_user(action: str) -> Asks:
    """For an action on the user that `UserName` names, or without it on the caller."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        name = own_or_named(call)
        if name is None:
            return (Ask(action=action, resource=root_arn(call.account)),)
        return (ask_named(call, tx, action, USER, name),)

    return asks


def own_or_named(call: Call) -> str | None:
    """The name of the user that is meant: `UserName`, or without it the caller; None means the root user itself.

    Raises:
        ValidationError: no name was given, and the caller is neither a user nor the root user.
    """
    name: str | None = call.params.get("UserName")
    if name is not None:
        return name
    if call.caller.kind is CallerKind.ROOT:
        return None
    if call.caller.kind is CallerKind.USER:
        return call.caller.name
    raise ValidationError(_MUST_SPECIFY)


def ask_named(call: Call, tx: Transaction, action: str, kind: Kind[Any], name: str) -> Ask:
    """An ask on the entity of this name; where there is none, on the ARN without a path (T39)."""
    record = kind.rows(tx).get(call.account, name)
    if record is None:
        arn = iam_arn(call.account, kind.resource, name)
        return Ask(action=action, resource=arn, context=request_context(call, action))
    return ask_record(call, tx, action, kind, record)


def ask_record(call: Call, tx: Transaction, action: str, kind: Kind[Any], record: NamedRecord) -> Ask:
    """An ask on an existing entity, with its tags."""
    context = {**request_context(call, action, record), **resource_context(tx, kind, record.id)}
    return Ask(action=action, resource=kind.arn(record), context=context)


def resource_context(tx: Transaction, kind: Kind[Any], unique_id: str) -> dict[str, ContextValue]:
    """`aws:ResourceTag/…` and `iam:ResourceTag/…`, where the reference has them for the resource type."""
    prefixes = _resource_tag_prefixes(kind.resource)
    return {prefix + tag.key: tag.value for tag in tx.tags.of(unique_id) for prefix in prefixes} if prefixes else {}


def request_context(call: Call, action: str, record: NamedRecord | None = None) -> dict[str, ContextValue]:
    """The keys that the request's parameters give, of those that the action has.

    `iam:PermissionsBoundary` is the boundary that the request passes, else the one that the entity has.
    """
    has, params = _action_keys(action), call.params
    context: dict[str, ContextValue] = {}
    if params.get("Tags") and "aws:RequestTag/${TagKey}" in has:
        context |= {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in params["Tags"]}
    tag_keys = _tag_keys(params)
    if tag_keys and "aws:TagKeys" in has:
        context["aws:TagKeys"] = tag_keys
    boundary = params.get("PermissionsBoundary") or getattr(record, "boundary", None)
    if boundary and "iam:PermissionsBoundary" in has:
        context["iam:PermissionsBoundary"] = boundary
    if params.get("PolicyArn") and "iam:PolicyARN" in has:
        context["iam:PolicyARN"] = params["PolicyArn"]
    return context


def _tag_keys(params: Mapping[str, Any]) -> tuple[str, ...]:
    given = (tag["Key"] for tag in params.get("Tags") or ())
    return (*given, *(params.get("TagKeys") or ()))


@cache
def _action_keys(action: str) -> frozenset[str]:
    prefix, name = action.split(":")
    service = catalog.service(prefix)
    assert service is not None
    found = service.actions.get(name)  # an action can be younger than the reference
    return frozenset() if found is None else frozenset(found.condition_keys)


@cache
def _resource_tag_prefixes(resource: str) -> tuple[str, ...]:
    service = catalog.service("iam")
    assert service is not None
    keys = service.resource_types[resource].condition_keys
    return tuple(key.removesuffix("${TagKey}") for key in keys if "ResourceTag/" in key)
