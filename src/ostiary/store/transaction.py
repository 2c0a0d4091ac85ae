"""A transaction: the nouns of the store, bound to one connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import delete

from ostiary.store.accounts import Accounts
from ostiary.store.certificates import ServerCertificates, ServiceCredentials, SigningCertificates, SshPublicKeys
from ostiary.store.console import ConsoleSessions, SignInFailures
from ostiary.store.delegation import (
    AccountProperties,
    Delegations,
    OrganizationTrust,
    RoleDeletions,
    RoleTemplates,
)
from ostiary.store.events import Documents, Events
from ostiary.store.instances import Associations, Instances
from ostiary.store.keys import AccessKeys, LoginProfiles
from ostiary.store.link import Link, Prepared, Rowwise, given
from ostiary.store.mfa import MfaDevices
from ostiary.store.named import Groups, InstanceProfiles, Policies, Roles, Rows, Users
from ostiary.store.openid import Issuers, OpenIdProviders
from ostiary.store.organization import OrganizationPolicies, Organizations
from ostiary.store.passwords import PasswordPolicies, PasswordsSet
from ostiary.store.possessions import Attachments, Buckets, InlinePolicies, Settings, Tags
from ostiary.store.posture import Postures
from ostiary.store.reports import ReportJobs, ServiceAccesses
from ostiary.store.role_lists import InstanceLists, RoleLists
from ostiary.store.s3 import AccountPublicAccess, BucketAccess, ObjectAccess, Uploads
from ostiary.store.saml import SamlProviders, SamlRedemptions
from ostiary.store.tables import changes
from ostiary.store.user_lists import GroupLists, UserLists

_KEPT_CHANGES: Final = 10_000
_CHANGED: Final = Rowwise(changes, ("entity",))
_FORGET_CHANGES: Final = Prepared(delete(changes).where(changes.c.sequence <= given("last")))

N = TypeVar("N", bound=Rows)


def settle(link: Link, touched: Iterable[str]) -> None:
    """Write the list of touched entities; called once, before the commit."""
    rows = [(entity,) for entity in sorted(touched)]
    if rows:
        last = link.add_rows(_CHANGED, rows)
        if last % 1000 < len(rows):
            link.run(_FORGET_CHANGES, last=last - _KEPT_CHANGES)


class _Noun(Generic[N]):
    """A noun of a transaction, made when it is first asked for and kept in its place."""

    def __init__(self, kind: type[N]) -> None:
        self._kind = kind

    def __set_name__(self, _owner: type[Any], name: str) -> None:
        self._name = name

    def __get__(self, transaction: Any, _owner: type[Any]) -> N:
        made = transaction.__dict__[self._name] = self._kind(transaction._link, transaction.touch)
        return made


class Transaction:
    """Reads, or reads and writes, in one consistent view. Every write says which entity it touched."""

    def __init__(self, connect: Callable[[], Link]) -> None:
        self._connect = connect
        self._connected: Link | None = None
        self.touched: set[str] = set()

    @property
    def _link(self) -> Link:
        """The connection, from when something is first read or written."""
        if self._connected is None:
            self._connected = self._connect()
        return self._connected

    def touch(self, *entities: str) -> None:
        """Note that what others may remember of these entities no longer holds."""
        self.touched.update(entities)

    accounts = _Noun(Accounts)
    users = _Noun(Users)
    groups = _Noun(Groups)
    roles = _Noun(Roles)
    instance_profiles = _Noun(InstanceProfiles)
    role_lists = _Noun(RoleLists)
    instance_lists = _Noun(InstanceLists)
    policies = _Noun(Policies)
    attachments = _Noun(Attachments)
    inline_policies = _Noun(InlinePolicies)
    tags = _Noun(Tags)
    access_keys = _Noun(AccessKeys)
    login_profiles = _Noun(LoginProfiles)
    password_policies = _Noun(PasswordPolicies)
    passwords_set = _Noun(PasswordsSet)
    mfa_devices = _Noun(MfaDevices)
    signing_certificates = _Noun(SigningCertificates)
    ssh_public_keys = _Noun(SshPublicKeys)
    server_certificates = _Noun(ServerCertificates)
    service_credentials = _Noun(ServiceCredentials)
    openid_providers = _Noun(OpenIdProviders)
    issuers = _Noun(Issuers)
    service_accesses = _Noun(ServiceAccesses)
    report_jobs = _Noun(ReportJobs)
    buckets = _Noun(Buckets)
    bucket_access = _Noun(BucketAccess)
    object_access = _Noun(ObjectAccess)
    uploads = _Noun(Uploads)
    account_public_access = _Noun(AccountPublicAccess)
    instances = _Noun(Instances)
    associations = _Noun(Associations)
    organizations = _Noun(Organizations)
    organization_policies = _Noun(OrganizationPolicies)
    delegations = _Noun(Delegations)
    role_templates = _Noun(RoleTemplates)
    role_deletions = _Noun(RoleDeletions)
    account_properties = _Noun(AccountProperties)
    organization_trust = _Noun(OrganizationTrust)
    saml_providers = _Noun(SamlProviders)
    saml_redemptions = _Noun(SamlRedemptions)
    settings = _Noun(Settings)
    console_sessions = _Noun(ConsoleSessions)
    sign_in_failures = _Noun(SignInFailures)
    user_lists = _Noun(UserLists)
    group_lists = _Noun(GroupLists)
    postures = _Noun(Postures)
    events = _Noun(Events)
    documents = _Noun(Documents)
