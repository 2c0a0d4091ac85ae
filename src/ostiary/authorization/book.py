"""What requests need to know of keys, users, roles and buckets, remembered until it changes.

INVARIANT: nothing here is older than the last commit of any process. `refresh` is called once at the start of every
request; what changed since is forgotten, and what was read while something changed is used once but not kept.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from ostiary import catalog
from ostiary.authorization.organization import ALONE, OF_AWS, PART, RCP, SCP, Membership, policy_arn
from ostiary.credentials.vault import Vault
from ostiary.identifiers import iam_arn
from ostiary.policy import Attached, MalformedPolicy, PolicyType, Pool, Source, compile_policy
from ostiary.store.database import Store
from ostiary.store.organization import entity_of
from ostiary.store.passwords import entity_of as password_policy_of
from ostiary.store.records import AccountRecord, BucketRecord, OrganizationRecord, RoleRecord, UserRecord
from ostiary.store.s3 import BucketAccessRecord, public_access_of
from ostiary.store.transaction import Transaction

_BOUND: Final = 20_000
AWS_MANAGED: Final = "arn:aws:iam::aws:policy/"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A long-term access key, its secret open."""

    id: str
    account: str
    owner_id: str
    secret: str = field(repr=False)
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A user or a role with all that its own account says of it."""

    entity: UserRecord | RoleRecord
    arn: str
    identity: Pool
    boundary: Pool | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFacts:
    """A bucket with its policy compiled, and what else it says of access."""

    record: BucketRecord
    policy: Pool | None
    access: BucketAccessRecord
    account_block: int = 0
    """The switches of its account's public access block, a bit each."""
    owner: str = ""
    """The canonical id of its account."""


def attached(text: str, source: Source) -> Attached:
    """A stored document, compiled.

    A document that can't be read at all (it was accepted once, so this is damage) becomes a Deny of everything.
    """
    try:
        return Attached(compile_policy(text), source)
    except MalformedPolicy:
        return Attached(compile_policy(_DENY_ALL), source)


_DENY_ALL: Final = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'


def managed_text(tx: Transaction, account: str, arn: str) -> tuple[str, str, str] | None:
    """Unique id (empty for AWS's own), version and default document of a managed policy usable in an account."""
    if arn.startswith(AWS_MANAGED):
        known = catalog.managed_policy(arn)
        text = catalog.document(arn, known.default_version) if known else None
        return None if known is None or text is None else ("", known.default_version, text)
    prefix = f"arn:aws:iam::{account}:policy/"
    if not arn.startswith(prefix):
        return None
    record = tx.policies.get(account, arn.rsplit("/", 1)[1])
    if record is None or iam_arn(account, "policy", record.name, record.path) != arn:
        return None
    version = tx.policies.version(record.id, record.default_version)
    return None if version is None else (record.id, f"v{version.number}", version.document)


class Book:
    """The remembered facts. Safe to use from many threads."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault
        self._watch = store.watch()
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Any] = {}
        self._rests_on: dict[str, set[tuple[str, str]]] = {}
        self._generation = 0

    @property
    def generation(self) -> int:
        """A number that grows when anything changes."""
        return self._generation

    def refresh(self) -> None:
        """Forget what has changed."""
        # the lock holds back whoever asks a moment later: the news is told once, and must be acted on before they read
        with self._lock:
            news = self._watch.news()
            if news is None or news:
                self._generation += 1
                if news is None:
                    self._known.clear()
                    self._rests_on.clear()
                else:
                    for entity in news:
                        for key in self._rests_on.pop(entity, ()):
                            self._known.pop(key, None)

    def key(self, key_id: str) -> KeyFacts | None:
        """A long-term access key."""
        return self._recall("key", key_id, self._read_key)

    def user(self, user_id: str) -> Standing | None:
        """A user by unique id."""
        return self._recall("user", user_id, self._read_user)

    def role(self, role_id: str) -> Standing | None:
        """A role by unique id."""
        return self._recall("role", role_id, self._read_role)

    def account(self, account: str) -> AccountRecord | None:
        """An account."""
        return self._recall("account", account, self._read_account)

    def membership(self, account: str) -> Membership:
        """An account's place in an organization. The empty account, nobody's, has none."""
        if not account:
            return ALONE
        return self._recall("membership", account, _read_membership) or ALONE

    def bucket(self, name: str) -> BucketFacts | None:
        """A bucket."""
        return self._recall("bucket", name, self._read_bucket)

    def session_policy(self, account: str, arn: str) -> Attached | None:
        """A managed policy used as a session policy."""
        return self._recall("session", f"{account} {arn}", self._read_session_policy)

    def _recall(self, kind: str, name: str, read: Callable[[Transaction, str, set[str]], T | None]) -> T | None:
        key = (kind, name)
        found: T | None = self._known.get(key)
        if found is not None:
            return found
        generation = self._generation
        rests_on: set[str] = set()
        with self._store.read() as tx:
            found = read(tx, name, rests_on)
        if found is None:
            return None
        with self._lock:
            if generation == self._generation:
                if len(self._known) >= _BOUND:
                    self._known.clear()
                    self._rests_on.clear()
                self._known[key] = found
                for entity in rests_on:
                    self._rests_on.setdefault(entity, set()).add(key)
        return found

    def _read_key(self, tx: Transaction, key_id: str, rests_on: set[str]) -> KeyFacts | None:
        record = tx.access_keys.get(key_id)
        account = tx.accounts.get(record.account) if record else None
        if record is None or account is None:
            return None
        rests_on.add(key_id)
        return KeyFacts(
            id=key_id,
            account=record.account,
            owner_id=record.owner_id,
            secret=self._vault.unseal(record.account, account.data_key, record.secret, key_id),
            active=record.active,
        )

    def _read_account(self, tx: Transaction, account: str, rests_on: set[str]) -> AccountRecord | None:
        rests_on.add(account)
        return tx.accounts.get(account)

    def _read_user(self, tx: Transaction, user_id: str, rests_on: set[str]) -> Standing | None:
        user = tx.users.by_id(user_id)
        if user is None:
            return None
        rests_on.add(user_id)
        pool = list(_own_policies(tx, user.account, user_id, f"user/{user.name}", rests_on))
        for group in tx.groups.of_user(user_id):
            rests_on.add(group.id)
            pool += _own_policies(tx, user.account, group.id, f"group/{group.name}", rests_on)
        pool += _of_account(tx, user, rests_on)
        return Standing(
            entity=user,
            arn=iam_arn(user.account, "user", user.name, user.path),
            identity=Pool(pool),
            boundary=_boundary(tx, user, rests_on),
            tags={tag.key: tag.value for tag in tx.tags.of(user_id)},
        )

    def _read_role(self, tx: Transaction, role_id: str, rests_on: set[str]) -> Standing | None:
        role = tx.roles.by_id(role_id)
        if role is None:
            return None
        rests_on.add(role_id)
        return Standing(
            entity=role,
            arn=iam_arn(role.account, "role", role.name, role.path),
            identity=Pool(_own_policies(tx, role.account, role_id, f"role/{role.name}", rests_on)),
            boundary=_boundary(tx, role, rests_on),
            tags={tag.key: tag.value for tag in tx.tags.of(role_id)},
        )

    def _read_bucket(self, tx: Transaction, name: str, rests_on: set[str]) -> BucketFacts | None:
        record = tx.buckets.get(name)
        if record is None:
            return None
        rests_on.update(("bucket:" + name, public_access_of(record.account), record.account))
        owner = tx.accounts.get(record.account)
        source = Source(type=PolicyType.RESOURCE, name="bucket policy", owner=f"arn:aws:s3:::{name}")
        return BucketFacts(
            record=record,
            policy=None if record.policy is None else Pool((attached(record.policy, source),)),
            access=tx.bucket_access.get(name),
            account_block=tx.account_public_access.get(record.account) or 0,
            owner=owner.canonical_id if owner else "",
        )

    def _read_session_policy(self, tx: Transaction, name: str, rests_on: set[str]) -> Attached | None:
        account, arn = name.split(" ", 1)
        return _managed(tx, account, arn, PolicyType.SESSION, "session", rests_on)


def _read_membership(tx: Transaction, account: str, rests_on: set[str]) -> Membership:
    rests_on.add(entity_of(account))
    member = tx.organizations.member(account)
    organization = None if member is None else tx.organizations.get(member.organization_id)
    if member is None or organization is None:
        return ALONE
    rests_on.add(entity_of(organization.id))
    lineage = tx.organizations.lineage(member.parent_id)
    path = "/".join((organization.id, *lineage, ""))
    if account == organization.management_account:
        return Membership(organization_id=organization.id, path=path, management=True)
    enabled = tx.organizations.enabled(organization.id)
    scp, rcp = (
        tuple(_level(tx, organization, kind, target) for target in (*lineage, account)) if kind in enabled else None
        for kind in (SCP, RCP)
    )
    return Membership(organization_id=organization.id, path=path, scp=scp, rcp=rcp)


def _level(tx: Transaction, organization: OrganizationRecord, kind: str, target: str) -> Pool:
    """The policies of a type that are attached to a root, a unit or an account."""
    found = []
    for policy_id in tx.organization_policies.attached_to(target, kind):
        record = OF_AWS.get(policy_id) or tx.organization_policies.get(policy_id)
        if record is not None:
            arn = policy_arn(organization, kind, policy_id)
            found.append(attached(record.document, Source(type=PART[kind], name=record.name, arn=arn, owner=target)))
    return Pool(found)


def _managed(
    tx: Transaction, account: str, arn: str, part: PolicyType, owner: str, rests_on: set[str]
) -> Attached | None:
    found = managed_text(tx, account, arn)
    if found is None:
        return None
    unique_id, version, text = found
    rests_on.add(unique_id)
    return attached(text, Source(type=part, name=arn.rsplit("/", 1)[1], arn=arn, owner=owner, version=version))


def _own_policies(tx: Transaction, account: str, owner_id: str, owner: str, rests_on: set[str]) -> Iterable[Attached]:
    for name, text in tx.inline_policies.of(owner_id).items():
        yield attached(text, Source(type=PolicyType.IDENTITY, name=name, owner=owner))
    for arn in tx.attachments.of(owner_id):
        found = _managed(tx, account, arn, PolicyType.IDENTITY, owner, rests_on)
        if found is not None:
            yield found


def _of_account(tx: Transaction, user: UserRecord, rests_on: set[str]) -> Iterable[Attached]:
    """What the account's password policy gives its users, by `AllowUsersToChangePassword`: their own password."""
    rests_on.add(password_policy_of(user.account))
    policy = tx.password_policies.get(user.account)
    if policy is not None and policy.users_may_change:
        own = re.sub(r"[*?$]", r"${\g<0>}", iam_arn(user.account, "user", user.name, user.path))
        source = Source(type=PolicyType.IDENTITY, name="password policy", owner=f"account/{user.account}")
        yield attached(_MAY_CHANGE_PASSWORD % json.dumps(own), source)


_MAY_CHANGE_PASSWORD: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ChangePassword","Resource":%s},'
    '{"Effect":"Allow","Action":"iam:GetAccountPasswordPolicy","Resource":"*"}]}'
)


def _boundary(tx: Transaction, entity: UserRecord | RoleRecord, rests_on: set[str]) -> Pool | None:
    """The boundary's pool; a boundary whose policy can't be found allows nothing."""
    if entity.boundary is None:
        return None
    found = _managed(tx, entity.account, entity.boundary, PolicyType.BOUNDARY, entity.name, rests_on)
    return Pool() if found is None else Pool((found,))
