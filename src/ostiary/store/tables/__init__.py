"""The tables. Names and times are AWS's; times are whole seconds since 1970, UTC.

`owner_id` is the unique id of a user, group or role; for the root user it is the account id.
`name_key` is the name in lower case: IAM names are unique without regard to case (R137).
"""

from __future__ import annotations

from ostiary.store.tables.base import metadata
from ostiary.store.tables.certificates import (
    server_certificates,
    service_credentials,
    signing_certificates,
    ssh_public_keys,
)
from ostiary.store.tables.console import console_sessions, sign_in_failures
from ostiary.store.tables.delegation import (
    account_properties,
    delegated_administrators,
    delegation_requests,
    role_sources,
    role_template_versions,
    root_access_features,
    service_linked_role_deletions,
    trusted_services,
)
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
from ostiary.store.tables.openid import issuer_keys, openid_providers, outbound_federations
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
from ostiary.store.tables.reports import credential_reports, report_jobs, service_accesses
from ostiary.store.tables.s3 import account_public_access, bucket_access, object_access, uploads
from ostiary.store.tables.saml import saml_keys, saml_providers, saml_redemptions

__all__ = [
    "access_key_uses",
    "access_keys",
    "account_creations",
    "account_properties",
    "account_public_access",
    "accounts",
    "attachments",
    "bucket_access",
    "buckets",
    "changes",
    "console_sessions",
    "credential_reports",
    "delegated_administrators",
    "delegation_requests",
    "documents",
    "events",
    "groups",
    "inline_policies",
    "instance_profiles",
    "instances",
    "issuer_keys",
    "login_profiles",
    "memberships",
    "metadata",
    "mfa_devices",
    "object_access",
    "openid_providers",
    "organization_attachments",
    "organization_members",
    "organization_policies",
    "organization_policy_types",
    "organizational_units",
    "organizations",
    "outbound_federations",
    "password_policies",
    "passwords_set",
    "policies",
    "policy_versions",
    "profile_associations",
    "report_jobs",
    "role_sources",
    "role_template_versions",
    "roles",
    "root_access_features",
    "saml_keys",
    "saml_providers",
    "saml_redemptions",
    "server_certificates",
    "service_accesses",
    "service_credentials",
    "service_linked_role_deletions",
    "settings",
    "sign_in_failures",
    "signing_certificates",
    "ssh_public_keys",
    "tags",
    "trusted_services",
    "uploads",
    "users",
]
