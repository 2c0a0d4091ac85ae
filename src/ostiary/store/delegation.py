"""Delegation requests, role templates, deleted service-linked roles, account properties, trust in an organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store import tables
from ostiary.store.link import IntegrityError, Prepared, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import AlreadyExists


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationRecord:
    """A request of one account to act in another for a time."""

    id: str
    requestor: str
    workflow_id: str
    state: str
    """As it was last set; that it has expired follows from `updated`."""
    created: int
    updated: int
    owner_account: str | None = None
    owner_id: str | None = None
    """ARN of the owner."""
    approver_id: str | None = None
    """ARN of who accepted it."""
    approver: str | None = None
    """JSON: the identity that accepted it, as a session needs it."""
    session_seconds: int
    policy: str = field(repr=False)
    """The permissions that are asked for."""
    facts: str = field(repr=False)
    """JSON: the rest of the request, as the API names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTemplateRecord:
    """A version of a role template."""

    arn: str
    minor: int
    created: int
    updated: int
    is_default: bool
    facts: str = field(repr=False)
    """JSON: the version, as the API names its members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSourceRecord:
    """The template that a role was made from."""

    role_id: str
    template_arn: str
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDeletionRecord:
    """A service-linked role that was deleted."""

    id: str
    account: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegatedAdministratorRecord:
    """A member account that stands in for the management account before a service."""

    organization_id: str
    account: str
    service: str
    at: int


_d: Final = tables.delegation_requests.c
_ADD: Final = adding(tables.delegation_requests, DelegationRecord)
_GET: Final = records(tables.delegation_requests, DelegationRecord, _d.id == given("id"))
_OWNED: Final = records(
    tables.delegation_requests,
    DelegationRecord,
    _d.owner_account == given("account"),
    _d.owner_id.is_not(None),
    order_by=(_d.id,),
)
_REQUESTED: Final = records(
    tables.delegation_requests, DelegationRecord, _d.requestor == given("account"), order_by=(_d.created, _d.id)
)


class Delegations(Rows):
    """Delegation requests."""

    def add(self, record: DelegationRecord) -> None:
        """Raises `AlreadyExists` when the requestor has used the workflow id."""
        try:
            self._link.run(_ADD, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.workflow_id) from None
        self._touch("delegation:" + record.id)

    def get(self, request_id: str) -> DelegationRecord | None:
        """By id."""
        return self._link.one(_GET, id=request_id)

    def owned_in(self, account: str) -> Sequence[DelegationRecord]:
        """Those that somebody of an account owns, by id."""
        return self._link.all(_OWNED, account=account)

    def requested_by(self, account: str) -> Sequence[DelegationRecord]:
        """Those that an account made, the oldest first."""
        return self._link.all(_REQUESTED, account=account)

    def change(self, request_id: str, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(tables.delegation_requests, tuple(values)), row=request_id, **values)
        self._touch("delegation:" + request_id)


_v: Final = tables.role_template_versions.c
_version: Final = upsert(tables.role_template_versions)
_PUT_VERSION: Final = Prepared(
    _version.on_conflict_do_update(
        index_elements=["arn", "minor"],
        set_={name: _version.excluded[name] for name in ("updated", "is_default", "facts")},
    ),
    tuple(RoleTemplateRecord.__dataclass_fields__),
)
_VERSION: Final = records(
    tables.role_template_versions, RoleTemplateRecord, _v.arn == given("arn"), _v.minor == given("minor")
)
_VERSIONS: Final = records(
    tables.role_template_versions, RoleTemplateRecord, _v.arn == given("arn"), order_by=(_v.minor,)
)
_TEMPLATES: Final = records(tables.role_template_versions, RoleTemplateRecord, order_by=(_v.arn, _v.minor))
_s: Final = tables.role_sources.c
_ADD_SOURCE: Final = adding(tables.role_sources, RoleSourceRecord)
_SOURCE: Final = records(tables.role_sources, RoleSourceRecord, _s.role_id == given("role_id"))
_REMOVE_SOURCE: Final = Prepared(delete(tables.role_sources).where(_s.role_id == given("of_role")))


class RoleTemplates(Rows):
    """Role templates, and which role was made from which."""

    def put(self, record: RoleTemplateRecord) -> None:
        """Add or replace a version."""
        self._link.run(_PUT_VERSION, **values_of(record))
        self._touch(record.arn)

    def get(self, arn: str, minor: int) -> RoleTemplateRecord | None:
        """A version."""
        return self._link.one(_VERSION, arn=arn, minor=minor)

    def versions(self, arn: str) -> Sequence[RoleTemplateRecord]:
        """All versions of a template, the oldest first."""
        return self._link.all(_VERSIONS, arn=arn)

    def all(self) -> Sequence[RoleTemplateRecord]:
        """Every version of every template."""
        return self._link.all(_TEMPLATES)

    def note_source(self, record: RoleSourceRecord) -> None:
        """Keep what a role was made from."""
        self._link.run(_ADD_SOURCE, **values_of(record))
        self._touch(record.role_id)

    def source_of(self, role_id: str) -> RoleSourceRecord | None:
        """What a role was made from."""
        return self._link.one(_SOURCE, role_id=role_id)

    def forget_source(self, role_id: str) -> None:
        """The role goes."""
        self._link.run(_REMOVE_SOURCE, of_role=role_id)


_n: Final = tables.service_linked_role_deletions.c
_NOTE_DELETION: Final = adding(tables.service_linked_role_deletions, RoleDeletionRecord)
_DELETION: Final = records(tables.service_linked_role_deletions, RoleDeletionRecord, _n.id == given("id"))


class RoleDeletions(Rows):
    """Service-linked roles that were deleted, by the id of the task."""

    def add(self, record: RoleDeletionRecord) -> None:
        """Keep one."""
        self._link.run(_NOTE_DELETION, **values_of(record))
        self._touch(record.id)

    def get(self, task_id: str) -> RoleDeletionRecord | None:
        """By id."""
        return self._link.one(_DELETION, id=task_id)


_a: Final = tables.account_properties.c
_PROPERTIES: Final = Prepared(
    select(_a.name, _a.value).where(_a.account == given("account")).order_by(_a.name),
)
_property: Final = upsert(tables.account_properties)
_PUT_PROPERTY: Final = Prepared(
    _property.on_conflict_do_update(index_elements=["account", "name"], set_={"value": _property.excluded.value}),
    ("account", "name", "value"),
)


class AccountProperties(Rows):
    """Properties of accounts, named `Namespace/Property`."""

    def of(self, account: str) -> Mapping[str, str]:
        """An account's, by name."""
        return dict(self._link.rows(_PROPERTIES, account=account))

    def put(self, account: str, properties: Mapping[str, str]) -> None:
        """Set some."""
        rows = ({"account": account, "name": name, "value": value} for name, value in properties.items())
        self._link.run_each(_PUT_PROPERTY, rows)
        self._touch(account)


_t: Final = tables.trusted_services.c
_TRUSTED: Final = Prepared(
    select(_t.service, _t.at).where(_t.organization_id == given("organization")).order_by(_t.service)
)
_TRUST: Final = Prepared(upsert(tables.trusted_services).on_conflict_do_nothing(), ("organization_id", "service", "at"))
_DISTRUST: Final = Prepared(
    delete(tables.trusted_services).where(_t.organization_id == given("organization"), _t.service == given("principal"))
)
_g: Final = tables.delegated_administrators.c
_ADD_ADMINISTRATOR: Final = adding(tables.delegated_administrators, DelegatedAdministratorRecord)
_ADMINISTRATORS: Final = records(
    tables.delegated_administrators,
    DelegatedAdministratorRecord,
    _g.organization_id == given("organization"),
    order_by=(_g.account, _g.service),
)
_REMOVE_ADMINISTRATOR: Final = Prepared(
    delete(tables.delegated_administrators).where(
        _g.organization_id == given("organization"), _g.account == given("member"), _g.service == given("principal")
    )
)
_f: Final = tables.root_access_features.c
_FEATURES: Final = Prepared(select(_f.feature).where(_f.organization_id == given("organization")).order_by(_f.feature))
_ENABLE: Final = Prepared(upsert(tables.root_access_features).on_conflict_do_nothing(), ("organization_id", "feature"))
_DISABLE: Final = Prepared(
    delete(tables.root_access_features).where(_f.organization_id == given("organization"), _f.feature == given("named"))
)


class OrganizationTrust(Rows):
    """Which services an organization trusts, who administers them for it, and what IAM may do in its accounts."""

    def services(self, organization_id: str) -> Mapping[str, int]:
        """The trusted services, and since when."""
        return dict(self._link.rows(_TRUSTED, organization=organization_id))

    def trust(self, organization_id: str, service: str, at: int) -> None:
        """Trust a service; a second time changes nothing."""
        self._link.run(_TRUST, organization_id=organization_id, service=service, at=at)
        self._touch("organization:" + organization_id)

    def distrust(self, organization_id: str, service: str) -> None:
        """Trust it no more."""
        self._link.run(_DISTRUST, organization=organization_id, principal=service)
        self._touch("organization:" + organization_id)

    def add_administrator(self, record: DelegatedAdministratorRecord) -> None:
        """Raises `AlreadyExists`."""
        try:
            self._link.run(_ADD_ADMINISTRATOR, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.account) from None
        self._touch("organization:" + record.organization_id)

    def administrators(self, organization_id: str) -> Sequence[DelegatedAdministratorRecord]:
        """All of an organization, by account and service."""
        return self._link.all(_ADMINISTRATORS, organization=organization_id)

    def remove_administrator(self, organization_id: str, account: str, service: str) -> bool:
        """False when it was none."""
        done = self._link.run(_REMOVE_ADMINISTRATOR, organization=organization_id, member=account, principal=service)
        self._touch("organization:" + organization_id)
        return done == 1

    def features(self, organization_id: str) -> Sequence[str]:
        """The features of central root access that are enabled, by name."""
        return self._link.column(_FEATURES, organization=organization_id)

    def enable(self, organization_id: str, feature: str) -> None:
        """Enable one; a second time changes nothing."""
        self._link.run(_ENABLE, organization_id=organization_id, feature=feature)
        self._touch("organization:" + organization_id)

    def disable(self, organization_id: str, feature: str) -> None:
        """Disable one."""
        self._link.run(_DISABLE, organization=organization_id, named=feature)
        self._touch("organization:" + organization_id)
