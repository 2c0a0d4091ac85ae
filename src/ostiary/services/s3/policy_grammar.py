"""Service S3: what S3 refuses to keep as a bucket policy, in its own words, beyond the grammar of all policies.

Source: Amazon S3 User Guide, "Bucket policies for Amazon S3", "Policies and permissions in Amazon S3"; the texts are
those of published answers; which action has which resources and keys: Service Authorization Reference.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

from ostiary import catalog
from ostiary.policy import MalformedPolicy, PolicyKind, check
from ostiary.services.faults import ServiceFault

_FIELDS: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT_FIELDS: Final = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_VERSIONS: Final = frozenset({"2008-10-17", "2012-10-17"})
_REQUIRED: Final = (
    ("Effect",),
    ("Principal", "NotPrincipal"),
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
)
_OF_EVERY_ACTION: Final = frozenset(
    {"s3:authtype", "s3:signatureversion", "s3:signatureage", "s3:tlsversion", "s3:resourceaccount"}
    | {"s3:x-amz-content-sha256", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"}
    | {"s3:accesspointnetworkorigin", "s3:accessgrantsinstancearn"}
)
_MOST: Final = 20 * 1024
Statement = Mapping[str, Any]


def check_policy(text: str, bucket: str, has_account: Callable[[str], bool]) -> None:
    """Hold a text against S3's rules. `has_account`: whether a canonical id is an account's.

    Raises:
        ServiceFault: MalformedPolicy.
    """
    statements = _statements(text)
    for statement in statements:
        _check_fields(statement)
    try:
        check(text, PolicyKind.RESOURCE, size_limit=_MOST)
    except MalformedPolicy as found:
        raise malformed(_in_s3s_words(found)) from None
    for statement in statements:
        _check_principal(statement, has_account)
        actions = _check_actions(statement)
        _check_resources(statement, bucket)
        _check_applies(statement, actions)
        _check_conditions(statement, actions)


def _in_s3s_words(found: MalformedPolicy) -> str:
    if found.finding == "INVALID_CONDITION_OPERATOR":
        return f"Invalid Condition type : {found.pointer.rsplit('/', 1)[-1]}"
    shortest = "Invalid principal in policy"
    return shortest if found.message.startswith(shortest) else found.message


def malformed(message: str) -> ServiceFault:
    """The refusal of a policy."""
    return ServiceFault("MalformedPolicy", message, 400)


def _statements(text: str) -> list[Statement]:
    try:
        document = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise malformed("Policies must be valid JSON and the first byte must be '{'")
    for name in document.keys() - _FIELDS:
        raise malformed(f"Unknown field {name}")
    if str(document.get("Version", "2008-10-17")) not in _VERSIONS:
        raise malformed("The policy must contain a valid version string")
    if "Statement" not in document:
        raise malformed("Missing required field Statement")
    found = _list(document["Statement"])
    if not found:
        raise malformed("Could not parse the policy: Statement is empty!")
    if not all(isinstance(each, dict) for each in found):
        raise malformed("Invalid policy syntax.")
    return found


def _check_fields(statement: Statement) -> None:
    for name in statement:
        if name not in _STATEMENT_FIELDS:
            raise malformed(f"Unknown field {name}")
    for either in _REQUIRED:
        if not any(name in statement for name in either):
            raise malformed(f"Missing required field {either[0]}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise malformed(f"Invalid effect: {statement['Effect']}")


def _check_principal(statement: Statement, has_account: Callable[[str], bool]) -> None:
    named = statement.get("Principal", statement.get("NotPrincipal"))
    if isinstance(named, dict) and not all(has_account(str(each)) for each in _list(named.get("CanonicalUser"))):
        raise malformed("Invalid principal in policy")


def _check_actions(statement: Statement) -> list[tuple[str, ...]]:
    """What each pattern of `Action` covers; nothing of `NotAction`."""
    found: dict[tuple[str, ...], None] = {}
    for pattern in _list(statement.get("Action", statement.get("NotAction"))):
        asked = "s3:*" if pattern == "*" else pattern
        covered = catalog.expand(asked) if asked.lower().startswith("s3:") else ()
        if not covered:
            raise malformed("Policy has invalid action")
        found[covered] = None
    return list(found) if "Action" in statement else []


def _check_resources(statement: Statement, bucket: str) -> None:
    own = f"arn:aws:s3:::{bucket}"
    for resource in map(str, _list(statement.get("Resource", statement.get("NotResource")))):
        if resource != own and not resource.startswith(own + "/") and not _covers(resource, own):
            raise malformed("Policy has invalid resource")


def _check_applies(statement: Statement, actions: Iterable[tuple[str, ...]]) -> None:
    """Each action must have a resource in the statement that it can be asked on."""
    if "Resource" not in statement:
        return
    resources = list(map(str, _list(statement["Resource"])))
    of_bucket = any("/" not in each for each in resources)
    of_object = any("/" in each or each.endswith("*") for each in resources)
    for covered in actions:
        kinds = {kind for name in covered for kind in _facts(name)[0]}
        if not ((of_bucket and "bucket" in kinds) or (of_object and "object" in kinds)):
            raise malformed("Action does not apply to any resource(s) in statement")


def _check_conditions(statement: Statement, actions: list[tuple[str, ...]]) -> None:
    conditions: Mapping[str, Mapping[str, Any]] = statement.get("Condition") or {}
    for operator, keys in conditions.items():
        for key, values in keys.items():
            lower = key.lower()
            if lower == "aws:sourceip" and "ipaddress" in operator.lower():
                _check_addresses(values)
            if not lower.startswith("s3:"):
                continue
            known = _reference().condition_key(key)
            if known is None:
                raise malformed("Policy has an invalid condition key")
            if lower not in _OF_EVERY_ACTION and not all(_has_key(covered, known.name) for covered in actions):
                raise malformed("Conditions do not apply to combination of actions and resources in statement")


def _has_key(covered: Iterable[str], key: str) -> bool:
    return any(key in _facts(name)[1] for name in covered)


def _check_addresses(values: Any) -> None:
    for value in map(str, _list(values)):
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise malformed("Invalid IP address in Conditions") from None


@cache
def _reference() -> catalog.Service:
    found = catalog.service("s3")
    assert found is not None
    return found


@cache
def _facts(action: str) -> tuple[frozenset[str], frozenset[str]]:
    """The resource types and the condition keys of an action."""
    known = _reference().actions[action.removeprefix("s3:")]
    keys = {key for resource in known.resources for key in resource.condition_keys} | set(known.condition_keys)
    return frozenset(resource.name for resource in known.resources), frozenset(keys)


def _covers(pattern: str, own: str) -> bool:
    """Whether a pattern with wildcards before the bucket's end can speak of this bucket."""
    head = pattern.split("*", 1)[0].split("?", 1)[0]
    return head != pattern and own.startswith(head)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
