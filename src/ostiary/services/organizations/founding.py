"""services/organizations: how an organization comes to be, and how accounts and units come into it.

Source: Organizations User Guide, "Creating an organization", "Service control policies": with a type of policy enabled,
everything that is new has the policy that allows all.
"""

from __future__ import annotations

from typing import Final

from ostiary.authorization.organization import FULL_ACCESS
from ostiary.entropy import BASE32, Entropy, letters
from ostiary.store.records import MemberRecord, OrganizationRecord
from ostiary.store.transaction import Transaction

_LETTERS: Final = BASE32.lower()


def new_id(entropy: Entropy, prefix: str, length: int) -> str:
    """`new_id(entropy, "car-", 8)` is like `car-a2b3c4d5`."""
    return prefix + letters(entropy, length, _LETTERS)


def found_organization(tx: Transaction, entropy: Entropy, management_account: str, now: int) -> OrganizationRecord:
    """Make an organization of one account."""
    record = OrganizationRecord(
        id=new_id(entropy, "o-", 10),
        root_id=new_id(entropy, "r-", 4),
        management_account=management_account,
        created=now,
    )
    tx.organizations.add(record)
    join(tx, record, management_account, now)
    return record


def join(tx: Transaction, organization: OrganizationRecord, account: str, now: int) -> None:
    """Bring an account into an organization, right under the root."""
    member = MemberRecord(account=account, organization_id=organization.id, parent_id=organization.root_id, joined=now)
    tx.organizations.join(member)
    attach_defaults(tx, organization.id, account)


def attach_defaults(tx: Transaction, organization_id: str, target_id: str) -> None:
    """Attach the policies that allow everything to what is new, for every type that is enabled."""
    for policy_type in tx.organizations.enabled(organization_id):
        tx.organization_policies.attach(organization_id, FULL_ACCESS[policy_type].id, policy_type, target_id)


def of_installation(tx: Transaction, entropy: Entropy, now: int) -> OrganizationRecord | None:
    """The organization of the installation's management account.

    Where it has none yet (the installation is new, or from before there were organizations), it is made now, of all
    accounts that stand alone. None: there is no management account.
    """
    accounts = tx.accounts.all()
    management = next((each.id for each in accounts if each.management), None)
    if management is None:
        return None
    known = tx.organizations.managed_by(management)
    if known is not None:
        return known
    organization = found_organization(tx, entropy, management, now)
    for each in accounts:
        if tx.organizations.member(each.id) is None:
            join(tx, organization, each.id, now)
    return organization
