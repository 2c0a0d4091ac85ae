"""services/console: what is known of an account that IAM's API does not say.

Source: Account Management API Reference, GetAccountInformation; Amazon S3 User Guide, "Finding the canonical user ID".
"""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.passwords import SYMBOLS
from ostiary.services.operation import Call
from ostiary.services.view import on, view
from ostiary.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """An account."""

    name: str
    email: str
    created: int
    canonical_id: str
    management: bool


@view("account", "GetAccountInformation", asks=on("account:GetAccountInformation"))
def about(call: Call, tx: Transaction) -> About:
    """The caller's account."""
    found = tx.accounts.get(call.account)
    if found is None:
        raise NoSuchEntity(f"Account {call.account} does not exist.")
    return About(
        name=found.name,
        email=found.email,
        created=found.created,
        canonical_id=found.canonical_id,
        management=found.management,
    )


def example(length: int, *, symbols: bool, numbers: bool, uppercase: bool, lowercase: bool) -> str:
    """The shape of a shortest password that a policy takes; nobody should take this one."""
    letters = "abcdefghijkmnpqrstuvwxyz"
    lower = lowercase or not uppercase
    made = ("A" if uppercase else "") + ("1" if numbers else "") + (SYMBOLS[0] if symbols else "")
    fill = letters if lower else letters.upper()
    return (made + fill * (1 + length // len(fill)))[: max(length, len(made) + (1 if lower else 0))]
