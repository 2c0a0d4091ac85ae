"""services/organizations: the services that an organization trusts, and the accounts that administer them for it.

Source: Organizations API Reference, EnableAWSServiceAccess, DisableAWSServiceAccess,
ListAWSServiceAccessForOrganization, RegisterDelegatedAdministrator, DeregisterDelegatedAdministrator,
ListDelegatedAdministrators, ListDelegatedServicesForAccount.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from ostiary.authorization.organization import organization_arn
from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import Context, on, on_all
from ostiary.services.organizations.faults import (
    AccountAlreadyRegistered,
    AccountNotFound,
    AccountNotRegistered,
    ConstraintViolation,
)
from ostiary.services.organizations.members import ACCOUNT, administered, get, managed
from ostiary.services.organizations.paging import page
from ostiary.store.delegation import DelegatedAdministratorRecord
from ostiary.store.records import AlreadyExists, OrganizationRecord
from ostiary.store.transaction import Transaction

_UNTRUSTED: Final = "The service principal {} is not trusted in the organization: enable its access first."
_OF_MANAGEMENT: Final = "You can't register the management account of your organization as a delegated administrator."
_IN_USE: Final = "The service principal {} has delegated administrators: deregister them first."


def _principal(call: Call, _tx: Transaction) -> Context:
    """`organizations:ServicePrincipal`."""
    named: str | None = call.params.get("ServicePrincipal")
    return {} if named is None else {"organizations:ServicePrincipal": named}


@operation(
    "organizations", "EnableAWSServiceAccess", asks=on_all("EnableAWSServiceAccess", context=_principal), changes=True
)
def enable_aws_service_access(call: Call, tx: Transaction) -> dict[str, Any]:
    """Trust a service; a second time changes nothing."""
    tx.organization_trust.trust(managed(call, tx).id, call.params["ServicePrincipal"], call.now)
    return {}


@operation(
    "organizations", "DisableAWSServiceAccess", asks=on_all("DisableAWSServiceAccess", context=_principal), changes=True
)
def disable_aws_service_access(call: Call, tx: Transaction) -> dict[str, Any]:
    """Trust it no more; nobody may administer it then."""
    organization, service = managed(call, tx), call.params["ServicePrincipal"]
    if any(each.service == service for each in tx.organization_trust.administrators(organization.id)):
        raise ConstraintViolation("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", _IN_USE.format(service))
    tx.organization_trust.distrust(organization.id, service)
    return {}


@operation("organizations", "ListAWSServiceAccessForOrganization", asks=on_all("ListAWSServiceAccessForOrganization"))
def list_aws_service_access_for_organization(call: Call, tx: Transaction) -> dict[str, Any]:
    """The trusted services, and since when."""
    trusted = tx.organization_trust.services(administered(call, tx).id)
    found, rest = page(call, trusted.items(), lambda each: each[0])
    shown = [{"ServicePrincipal": service, "DateEnabled": _moment(at)} for service, at in found]
    return {"EnabledServicePrincipals": shown, **rest}


@operation(
    "organizations",
    "RegisterDelegatedAdministrator",
    asks=on("RegisterDelegatedAdministrator", "AccountId", context=_principal),
    changes=True,
)
def register_delegated_administrator(call: Call, tx: Transaction) -> dict[str, Any]:
    """Let a member account administer a trusted service for the organization."""
    organization = managed(call, tx)
    account, service = _member(call, tx, organization), call.params["ServicePrincipal"]
    if account == organization.management_account:
        raise ConstraintViolation("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", _OF_MANAGEMENT)
    if service not in tx.organization_trust.services(organization.id):
        raise ConstraintViolation("SERVICE_ACCESS_NOT_ENABLED", _UNTRUSTED.format(service))
    try:
        tx.organization_trust.add_administrator(
            DelegatedAdministratorRecord(organization_id=organization.id, account=account, service=service, at=call.now)
        )
    except AlreadyExists:
        raise AccountAlreadyRegistered from None
    return {}


@operation(
    "organizations",
    "DeregisterDelegatedAdministrator",
    asks=on("DeregisterDelegatedAdministrator", "AccountId", context=_principal),
    changes=True,
)
def deregister_delegated_administrator(call: Call, tx: Transaction) -> dict[str, Any]:
    """From now on the account is a member like any other to the service."""
    organization = managed(call, tx)
    account = _member(call, tx, organization)
    if not tx.organization_trust.remove_administrator(organization.id, account, call.params["ServicePrincipal"]):
        raise AccountNotRegistered
    return {}


@operation(
    "organizations",
    "ListDelegatedAdministrators",
    asks=on_all("ListDelegatedAdministrators", context=_principal),
)
def list_delegated_administrators(call: Call, tx: Transaction) -> dict[str, Any]:
    """The accounts that administer a service, or any."""
    organization, service = administered(call, tx), call.params.get("ServicePrincipal")
    since: dict[str, int] = {}
    for each in tx.organization_trust.administrators(organization.id):
        if service in (None, each.service):
            since[each.account] = min(each.at, since.get(each.account, each.at))
    found, rest = page(call, since.items(), lambda each: each[0])
    shown = [_shown(tx, organization, account, at) for account, at in found]
    return {"DelegatedAdministrators": shown, **rest}


@operation("organizations", "ListDelegatedServicesForAccount", asks=on("ListDelegatedServicesForAccount", "AccountId"))
def list_delegated_services_for_account(call: Call, tx: Transaction) -> dict[str, Any]:
    """The services that an account administers."""
    organization = administered(call, tx)
    account = _member(call, tx, organization)
    of = [each for each in tx.organization_trust.administrators(organization.id) if each.account == account]
    if not of:
        raise AccountNotRegistered
    found, rest = page(call, of, lambda each: each.service)
    shown = [{"ServicePrincipal": each.service, "DelegationEnabledDate": _moment(each.at)} for each in found]
    return {"DelegatedServices": shown, **rest}


def _member(call: Call, tx: Transaction, organization: OrganizationRecord) -> str:
    return get(tx, organization, call.params["AccountId"], AccountNotFound, (ACCOUNT,)).id


def _shown(tx: Transaction, organization: OrganizationRecord, account: str, at: int) -> dict[str, Any]:
    record, member = tx.accounts.get(account), tx.organizations.member(account)
    assert record is not None and member is not None  # an account that has joined stays
    return {
        "Id": account,
        "Arn": organization_arn(organization, "account", account),
        "Email": record.email,
        "Name": record.name,
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": _moment(member.joined),
        "DelegationEnabledDate": _moment(at),
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
