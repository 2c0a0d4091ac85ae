"""The tables. Names and times are AWS's; times are whole seconds since 1970, UTC.

`owner_id` is the unique id of a user, group or role; for the root user it is the account id.
`name_key` is the name in lower case: IAM names are unique without regard to case (R137).
"""

from __future__ import annotations

from ostiary.store.tables.base import metadata
from ostiary.store.tables.identities import (
    access_key_uses,
    access_keys,
    accounts,
    attachments,
    groups,
    inline_policies,
    instance_profiles,
    login_profiles,
    memberships,
    policies,
    policy_versions,
    roles,
    tags,
    users,
)
from ostiary.store.tables.mfa import mfa_devices, password_policies, passwords_set
from ostiary.store.tables.organizations import (
    account_creations,
    organization_attachments,
    organization_members,
    organization_policies,
    organization_policy_types,
    organizational_units,
    organizations,
)
from ostiary.store.tables.platform import buckets, changes, documents, events, instances, profile_associations, settings

__all__ = [
    "access_key_uses",
    "access_keys",
    "account_creations",
    "accounts",
    "attachments",
    "buckets",
    "changes",
    "documents",
    "events",
    "groups",
    "inline_policies",
    "instance_profiles",
    "instances",
    "login_profiles",
    "memberships",
    "metadata",
    "mfa_devices",
    "organization_attachments",
    "organization_members",
    "organization_policies",
    "organization_policy_types",
    "organizational_units",
    "organizations",
    "password_policies",
    "passwords_set",
    "policies",
    "policy_versions",
    "profile_associations",
    "roles",
    "settings",
    "tags",
    "users",
]
