"""services/console: whom a trust policy names, in order and by kind, without judging anybody.

Source: IAM User Guide, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

_ACCOUNT: Final = re.compile(r"(?:arn:aws:iam::)?([0-9]{12})(?::root)?")
_ARN: Final = re.compile(r"arn:aws:(?:iam|sts)::([0-9]{12}):(user|role|assumed-role|federated-user)/(.+)")


class Kind(StrEnum):
    """What is trusted."""

    SERVICE = "service"
    ACCOUNT = "account"
    USER = "user"
    ROLE = "role"
    SESSION = "session"
    SAML = "saml"
    OIDC = "oidc"
    EVERYBODY = "everybody"
    GONE = "gone"
    """A user or role that was deleted: its unique id is left."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A line of a Condition element."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """One entry of a Principal element."""

    kind: Kind
    text: str
    """As it stands there."""
    name: str
    """What people call it: a service, an account, a name."""
    account: str = ""
    conditions: tuple[Condition, ...] = ()
    denied: bool = False
    """It stands in a Deny."""


def read(text: str) -> Sequence[Trusted]:
    """Whom a trust policy names; nobody where it can't be read."""
    try:
        document = json.loads(text)
    except ValueError:
        return ()
    statements = document.get("Statement") if isinstance(document, dict) else None
    return [each for one in _listed(statements) if isinstance(one, dict) for each in _of_statement(one)]


def _of_statement(statement: Mapping[str, Any]) -> Iterator[Trusted]:
    denied = statement.get("Effect") != "Allow"
    conditions = tuple(_conditions(statement.get("Condition")))
    principal = statement.get("Principal")
    entries = {"AWS": ["*"]} if principal == "*" else principal if isinstance(principal, dict) else {}
    for kind, values in entries.items():
        for value in _listed(values):
            if isinstance(value, str):
                yield _trusted(kind, value, conditions, denied)


def _trusted(kind: str, value: str, conditions: tuple[Condition, ...], denied: bool) -> Trusted:
    def made(found: Kind, name: str, account: str = "") -> Trusted:
        return Trusted(kind=found, text=value, name=name, account=account, conditions=conditions, denied=denied)

    if kind == "Service":
        return made(Kind.SERVICE, value)
    if kind == "Federated":
        if ":saml-provider/" in value:
            return made(Kind.SAML, value.rpartition("/")[2], value.split(":")[4])
        return made(Kind.OIDC, value.partition(":oidc-provider/")[2] or value)
    if kind == "AWS" and value == "*":
        return made(Kind.EVERYBODY, "*")
    account, arn = _ACCOUNT.fullmatch(value), _ARN.fullmatch(value)
    if account is not None:
        return made(Kind.ACCOUNT, account[1], account[1])
    if arn is not None:
        kinds = {"user": Kind.USER, "role": Kind.ROLE}
        name = arn[3].rpartition("/")[2] if arn[2] in kinds else arn[3]
        return made(kinds.get(arn[2], Kind.SESSION), name, arn[1])
    if re.fullmatch(r"(?:AIDA|AROA)[A-Z0-9]+", value):
        return made(Kind.GONE, value)
    return made(Kind.OTHER, value)


def _conditions(given: Any) -> Iterator[Condition]:
    for operator, keys in given.items() if isinstance(given, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield Condition(operator=operator, key=key, values=tuple(str(each) for each in _listed(values)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
