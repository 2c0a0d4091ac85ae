"""services/iam: central root access: Enable…, Disable… and ListOrganizationsFeatures.

The management account enables and disables; an account that administers IAM for the organization may disable and list.

Source: IAM API Reference, EnableOrganizationsRootCredentialsManagement, EnableOrganizationsRootSessions,
DisableOrganizationsRootCredentialsManagement, DisableOrganizationsRootSessions, ListOrganizationsFeatures; IAM User
Guide, "Centrally manage root access for member accounts".
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.services.iam.faults import (
    AccountNotManagementOrDelegatedAdministrator,
    CallerIsNotManagementAccount,
    OrganizationNotFound,
    ServiceAccessNotEnabled,
)
from ostiary.services.operation import Call, Deed, on_everything, operation
from ostiary.store.records import OrganizationRecord
from ostiary.store.transaction import Transaction

IAM: Final = "iam.amazonaws.com"
CREDENTIALS, SESSIONS = "RootCredentialsManagement", "RootSessions"
_NOT_FOUND: Final = "The request was rejected because no organization is associated with your account."
_NEITHER: Final = (
    "The request was rejected because the account making the request is not the management account or delegated "
    "administrator account for centralized root access."
)
_NOT_MANAGEMENT: Final = (
    "The request was rejected because the account making the request is not the management account for the "
    "organization."
)
_UNTRUSTED: Final = (
    "The request was rejected because trusted access is not enabled for IAM in Organizations. For details, see IAM "
    "and Organizations in the Organizations User Guide."
)


def administered_by(tx: Transaction, account: str) -> OrganizationRecord | None:
    """The organization that an account manages, or administers IAM for; None when it does neither."""
    member = tx.organizations.member(account)
    organization = None if member is None else tx.organizations.get(member.organization_id)
    if organization is None or organization.management_account == account:
        return organization
    administrators = tx.organization_trust.administrators(organization.id)
    named = any(each.account == account and each.service == IAM for each in administrators)
    return organization if named else None


def _organization(call: Call, tx: Transaction) -> OrganizationRecord:
    if tx.organizations.member(call.account) is None:
        raise OrganizationNotFound(_NOT_FOUND)
    organization = administered_by(tx, call.account)
    if organization is None:
        raise AccountNotManagementOrDelegatedAdministrator(_NEITHER)
    if IAM not in tx.organization_trust.services(organization.id):
        raise ServiceAccessNotEnabled(_UNTRUSTED)
    return organization


def _answer(tx: Transaction, organization: OrganizationRecord) -> dict[str, Any]:
    features = list(tx.organization_trust.features(organization.id))
    return {"OrganizationId": organization.id, "EnabledFeatures": features}


def _enable(feature: str) -> Deed:
    def enable(call: Call, tx: Transaction) -> dict[str, Any]:
        """Enable a feature; a second time changes nothing."""
        organization = _organization(call, tx)
        if organization.management_account != call.account:
            raise CallerIsNotManagementAccount(_NOT_MANAGEMENT)
        tx.organization_trust.enable(organization.id, feature)
        return _answer(tx, organization)

    return enable


def _disable(feature: str) -> Deed:
    def disable(call: Call, tx: Transaction) -> dict[str, Any]:
        """Disable a feature; sessions that were given last to their end."""
        organization = _organization(call, tx)
        tx.organization_trust.disable(organization.id, feature)
        return _answer(tx, organization)

    return disable


@operation("iam", "ListOrganizationsFeatures", asks=on_everything("iam:ListOrganizationsFeatures"))
def list_organizations_features(call: Call, tx: Transaction) -> dict[str, Any]:
    """The features that are enabled."""
    return _answer(tx, _organization(call, tx))


for _feature in (CREDENTIALS, SESSIONS):
    for _verb, _deed in (("Enable", _enable(_feature)), ("Disable", _disable(_feature))):
        _name = f"{_verb}Organizations{_feature}"
        operation("iam", _name, asks=on_everything(f"iam:{_name}"), changes=True)(_deed)
