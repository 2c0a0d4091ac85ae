"""A transaction: the nouns of the store, bound to one connection."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

from sqlalchemy import delete, insert

from ostiary.store.accounts import Accounts
from ostiary.store.events import Documents, Events
from ostiary.store.instances import Associations, Instances
from ostiary.store.keys import AccessKeys, LoginProfiles
from ostiary.store.link import Link, Prepared, given
from ostiary.store.named import Groups, InstanceProfiles, Policies, Roles, Users
from ostiary.store.organization import OrganizationPolicies, Organizations
from ostiary.store.possessions import Attachments, Buckets, InlinePolicies, Settings, Tags
from ostiary.store.tables import changes

_KEPT_CHANGES: Final = 10_000
_CHANGED: Final = Prepared(insert(changes), ("entity",))
_FORGET_CHANGES: Final = Prepared(delete(changes).where(changes.c.sequence <= given("last")))


class Transaction:
    """Reads, or reads and writes, in one consistent view. Every write says which entity it touched."""

    def __init__(self, connect: Callable[[], Link]) -> None:
        self._connect = connect
        self._touched: set[str] = set()

    @cached_property
    def _link(self) -> Link:
        """The connection, when something is first read or written."""
        return self._connect()

    def touch(self, *entities: str) -> None:
        """Note that what others may remember of these entities no longer holds."""
        self._touched.update(entities)

    def settle(self) -> None:
        """Write the list of touched entities; called once, before the commit."""
        if not self._touched:
            return
        for entity in sorted(self._touched):
            last = self._link.add(_CHANGED, entity=entity)
        if last % 1000 < len(self._touched):
            self._link.run(_FORGET_CHANGES, last=last - _KEPT_CHANGES)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self._link, self.touch)

    @cached_property
    def users(self) -> Users:
        return Users(self._link, self.touch)

    @cached_property
    def groups(self) -> Groups:
        return Groups(self._link, self.touch)

    @cached_property
    def roles(self) -> Roles:
        return Roles(self._link, self.touch)

    @cached_property
    def instance_profiles(self) -> InstanceProfiles:
        return InstanceProfiles(self._link, self.touch)

    @cached_property
    def policies(self) -> Policies:
        return Policies(self._link, self.touch)

    @cached_property
    def attachments(self) -> Attachments:
        return Attachments(self._link, self.touch)

    @cached_property
    def inline_policies(self) -> InlinePolicies:
        return InlinePolicies(self._link, self.touch)

    @cached_property
    def tags(self) -> Tags:
        return Tags(self._link, self.touch)

    @cached_property
    def access_keys(self) -> AccessKeys:
        return AccessKeys(self._link, self.touch)

    @cached_property
    def login_profiles(self) -> LoginProfiles:
        return LoginProfiles(self._link, self.touch)

    @cached_property
    def buckets(self) -> Buckets:
        return Buckets(self._link, self.touch)

    @cached_property
    def instances(self) -> Instances:
        return Instances(self._link, self.touch)

    @cached_property
    def associations(self) -> Associations:
        return Associations(self._link, self.touch)

    @cached_property
    def organizations(self) -> Organizations:
        return Organizations(self._link, self.touch)

    @cached_property
    def organization_policies(self) -> OrganizationPolicies:
        return OrganizationPolicies(self._link, self.touch)

    @cached_property
    def settings(self) -> Settings:
        return Settings(self._link, self.touch)

    @cached_property
    def events(self) -> Events:
        return Events(self._link, self.touch)

    @cached_property
    def documents(self) -> Documents:
        return Documents(self._link, self.touch)
