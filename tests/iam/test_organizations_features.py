"""Central root access: who enables it, and where it can't be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.iam.asking import Iam
from tests.iam.having import is_allowed
from tests.organizations.asking import Organizations
from tests.world import ACCOUNT, OTHER

IAM = "iam.amazonaws.com"
FEATURES = ("RootCredentialsManagement", "RootSessions")
ALL = [f"{verb}Organizations{feature}" for verb in ("Enable", "Disable") for feature in FEATURES]
ALL.append("ListOrganizationsFeatures")


@pytest.fixture
def org(iam: Iam) -> Organizations:
    """An organization that trusts IAM."""
    made = Organizations(iam.world)
    made("CreateOrganization")
    made("EnableAWSServiceAccess", ServicePrincipal=IAM)
    return made


def test_features_are_enabled_and_disabled_one_by_one(iam: Iam, org: Organizations) -> None:
    known = org("DescribeOrganization")["Organization"]["Id"]
    for number, feature in enumerate(FEATURES, 1):
        enabled = iam(f"EnableOrganizations{feature}")
        assert enabled == {"OrganizationId": known, "EnabledFeatures": list(FEATURES[:number])}
    assert iam("EnableOrganizationsRootSessions") == iam("ListOrganizationsFeatures")
    assert iam("DisableOrganizationsRootCredentialsManagement")["EnabledFeatures"] == ["RootSessions"]
    assert iam("DisableOrganizationsRootSessions")["EnabledFeatures"] == []


@pytest.mark.parametrize("name", ALL)
def test_an_account_without_an_organization_has_none(iam: Iam, org: Organizations, name: str) -> None:
    assert iam.fault(name, by=iam.world.root(OTHER))[0] == "OrganizationNotFoundException"


@pytest.mark.parametrize("name", ALL)
def test_a_member_is_neither_management_nor_administrator(iam: Iam, org: Organizations, name: str) -> None:
    member = iam.world.root(org.account())
    assert iam.fault(name, by=member)[0] == "AccountNotManagementOrDelegatedAdministratorException"


@pytest.mark.parametrize("name", ALL)
def test_an_organization_that_does_not_trust_iam_has_no_features(iam: Iam, org: Organizations, name: str) -> None:
    org("DisableAWSServiceAccess", ServicePrincipal=IAM)
    assert iam.fault(name)[0] == "ServiceAccessNotEnabledException"


def test_a_delegated_administrator_lists_and_disables_and_does_not_enable(iam: Iam, org: Organizations) -> None:
    account = org.account()
    org("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal=IAM)
    iam("EnableOrganizationsRootSessions")
    admin = iam.world.root(account)
    assert iam("ListOrganizationsFeatures", by=admin)["EnabledFeatures"] == ["RootSessions"]
    for feature in FEATURES:
        said = iam.fault(f"EnableOrganizations{feature}", by=admin)
        assert said[0] == "CallerIsNotManagementAccountException"
    assert iam("DisableOrganizationsRootSessions", by=admin)["EnabledFeatures"] == []


def test_an_administrator_of_another_service_is_none_for_iam(iam: Iam, org: Organizations) -> None:
    account = org.account()
    org("EnableAWSServiceAccess", ServicePrincipal="sso.amazonaws.com")
    org("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal="sso.amazonaws.com")
    said = iam.fault("ListOrganizationsFeatures", by=iam.world.root(account))
    assert said[0] == "AccountNotManagementOrDelegatedAdministratorException"


@pytest.mark.parametrize("name", ALL)
def test_each_operation_needs_its_action(iam: Iam, org: Organizations, name: str) -> None:
    iam.users("asker")
    params: dict[str, Any] = {}
    assert not is_allowed(iam, iam.may("asker", "iam:Other"), name, **params)
    assert not is_allowed(iam, iam.may("asker", f"iam:{name}", f"arn:aws:iam::{ACCOUNT}:root"), name, **params)
    assert is_allowed(iam, iam.may("asker", f"iam:{name}"), name, **params)
