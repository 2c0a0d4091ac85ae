"""services/iam: the permissions that a delegation request asks for: a template with its parameters filled in.

AWS keeps the templates that its partners register. Here a template is a managed policy of the requestor's account, or
one of AWS's, in which `@{name}` stands for a parameter.

Source: IAM API Reference, DelegationPermission, PolicyParameter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ostiary.policy import MalformedPolicy, PolicyKind, check
from ostiary.services.iam import managed
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.iam.template_parameters import fill
from ostiary.store.transaction import Transaction

_BOUNDARY: Final = "iam:permissionsboundary"


def filled_in(tx: Transaction, account: str, permissions: Mapping[str, Any]) -> str:
    """The policy of a request of this account. Raises `InvalidInput`."""
    arn: str | None = permissions.get("PolicyTemplateArn")
    if arn is None:
        raise InvalidInput("PolicyTemplateArn must be specified.")
    found = managed.find(tx, account, arn)
    text = (
        None
        if found is None
        else next((each.document for each in managed.versions(tx, found) if each.id == found.default_version), None)
    )
    if text is None:
        raise InvalidInput(f"Policy template {arn} was not found.")
    values = _values(permissions.get("Parameters") or ())
    used: set[str] = set()
    document = json.dumps(fill(json.loads(text), values, used), ensure_ascii=False)
    if set(values) - used:
        raise InvalidInput(f"The policy template has no parameter {min(set(values) - used)}.")
    try:
        check(document, PolicyKind.SESSION)
    except MalformedPolicy as malformed:
        raise InvalidInput(malformed.message) from None
    return document


def _values(given: Iterable[Mapping[str, Any]]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for each in given:
        name, values = each.get("Name"), list(each.get("Values") or ())
        if name is None or name in found:
            raise InvalidInput("Each policy parameter must have a name, and names must differ.")
        if each.get("Type", "string") == "stringList":
            found[name] = values
        elif len(values) == 1:
            found[name] = values[0]
        else:
            raise InvalidInput(f"The policy parameter {name} must have one value.")
    return found


def boundaries(text: str) -> list[str]:
    """The permissions boundaries that the policy binds the making of roles to."""
    statements = json.loads(text)["Statement"]
    found: list[str] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        for tests in (statement.get("Condition") or {}).values():
            for key, value in tests.items():
                if key.lower() == _BOUNDARY:
                    found += value if isinstance(value, list) else [value]
    return found
