"""Who is named by a Principal or NotPrincipal element: R27 to R40."""

from __future__ import annotations

import re
from typing import Any

from tests.reference.conditions import as_list

Caller = dict[str, Any]

NOBODY, ACCOUNT, LIMITED, DIRECT = 0, 1, 2, 3
"""How an entry names the caller; the last column of R27's table. LIMITED is its "role" and "user"."""


def entries(element: Any) -> list[tuple[str, str]]:
    """R27: `"*"` is `{"AWS": "*"}`."""
    if element == "*":
        return [("AWS", "*")]
    if isinstance(element, list):  # R10: an empty list
        return []
    return [(key, entry) for key, values in element.items() for entry in as_list(values)]


def strength(element: Any, caller: Caller) -> int:
    """R27, R85: when several entries match, the strongest counts."""
    return max((entry_names(key, entry, caller) for key, entry in entries(element)), default=NOBODY)


def entry_names(key: str, entry: str, caller: Caller) -> int:
    """One row of R27's table."""
    kind = caller["type"]
    if (key, entry) == ("AWS", "*"):  # R35, R100
        return DIRECT
    if key == "Service":  # R33: exactly
        return DIRECT if kind == "service" and entry == caller["arn"] else NOBODY
    if key == "Federated":  # R34
        return DIRECT if kind == "federated" and entry == caller["arn"] else NOBODY
    if kind not in ("user", "assumed-role", "federated-user", "root"):
        return NOBODY
    if key == "CanonicalUser":  # R40: stands for the account
        return ACCOUNT if entry == caller.get("canonical_id") else NOBODY
    if names_account(entry):  # R28
        return ACCOUNT if names_account(entry) == caller["account"] else NOBODY
    if entry in itself(caller):  # R29, R31, R32, R36: exactly, no patterns
        return DIRECT
    return LIMITED if entry in behind(caller) else NOBODY  # R30, R32


def names_account(entry: str) -> str | None:
    """`123456789012` or `arn:…:root`."""
    found = re.fullmatch(r"([0-9]{12})|arn:[^:]+:iam::([0-9]{12}):root", entry)
    return (found[1] or found[2]) if found else None


def itself(caller: Caller) -> list[str]:
    """R29, R31, R37: the caller's ARN; a user's unique id."""
    return [caller["arn"], *([caller["id"]] if caller["type"] == "user" and caller.get("id") else [])]


def behind(caller: Caller) -> list[str]:
    """R30, R32, R37: the role of a session (ARN with path, or id), the issuer of a GetFederationToken session."""
    if caller["type"] == "assumed-role":
        return [caller["role_arn"], *([caller["id"]] if caller.get("id") else [])]
    if caller["type"] == "federated-user":
        return [caller["issuer_arn"], *([caller["issuer_id"]] if caller.get("issuer_id") else [])]
    return []


def spared(element: Any, caller: Caller) -> bool:
    """R38: whether a NotPrincipal with Deny leaves the caller alone. A partial list spares nobody."""
    listed = entries(element)
    if ("AWS", "*") in listed:
        return True
    account = any(entry_names(key, entry, caller) == ACCOUNT for key, entry in listed)
    own = any(key == "AWS" and entry in itself(caller) for key, entry in listed)
    role = any(key == "AWS" and entry in behind(caller) for key, entry in listed)
    match caller["type"]:
        case "user":
            return own and account
        case "assumed-role" | "federated-user":
            return own and role and account
        case "root":
            return account
        case _:
            return strength(element, caller) == DIRECT
