"""Trusted services and delegated administrators."""

from __future__ import annotations

from tests.organizations.asking import Organizations
from tests.sts.people import add_user
from tests.world import ACCOUNT, NOW, document

IAM, SSO = "iam.amazonaws.com", "sso.amazonaws.com"
DENIED = ("AccessDeniedException", "You don't have permissions to access this resource.")


def test_a_service_is_trusted_until_it_is_not(org: Organizations) -> None:
    for service in (SSO, IAM, IAM):
        org("EnableAWSServiceAccess", ServicePrincipal=service)
    listed = org("ListAWSServiceAccessForOrganization", MaxResults=1)
    assert listed["EnabledServicePrincipals"] == [{"ServicePrincipal": IAM, "DateEnabled": NOW}]
    rest = org("ListAWSServiceAccessForOrganization", NextToken=listed["NextToken"])
    assert [each["ServicePrincipal"] for each in rest["EnabledServicePrincipals"]] == [SSO]
    org("DisableAWSServiceAccess", ServicePrincipal=SSO)
    assert len(org("ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"]) == 1


def test_an_account_administers_a_trusted_service(org: Organizations) -> None:
    dev = org.account("dev")
    asked = {"AccountId": dev, "ServicePrincipal": IAM}
    said = ("ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED")
    assert org.fault("RegisterDelegatedAdministrator", **asked) == said
    org("EnableAWSServiceAccess", ServicePrincipal=IAM)
    org("RegisterDelegatedAdministrator", **asked)
    assert org.fault("RegisterDelegatedAdministrator", **asked)[0] == "AccountAlreadyRegisteredException"
    (shown,) = org("ListDelegatedAdministrators", by=org.world.root(dev))["DelegatedAdministrators"]
    assert (shown["Id"], shown["Name"], shown["DelegationEnabledDate"]) == (dev, "dev", NOW)
    assert org("ListDelegatedAdministrators", ServicePrincipal=SSO)["DelegatedAdministrators"] == []
    services = org("ListDelegatedServicesForAccount", AccountId=dev)["DelegatedServices"]
    assert services == [{"ServicePrincipal": IAM, "DelegationEnabledDate": NOW}]
    said = ("ConstraintViolationException", "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE")
    assert org.fault("DisableAWSServiceAccess", ServicePrincipal=IAM) == said
    org("DeregisterDelegatedAdministrator", **asked)
    assert org.fault("DeregisterDelegatedAdministrator", **asked)[0] == "AccountNotRegisteredException"
    assert org.fault("ListDelegatedServicesForAccount", AccountId=dev)[0] == "AccountNotRegisteredException"
    assert org.fault("ListDelegatedAdministrators", by=org.world.root(dev)) == DENIED


def test_the_management_account_and_strangers_are_no_delegated_administrators(org: Organizations) -> None:
    org("EnableAWSServiceAccess", ServicePrincipal=IAM)
    said = ("ConstraintViolationException", "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
    assert org.fault("RegisterDelegatedAdministrator", AccountId=ACCOUNT, ServicePrincipal=IAM) == said
    none = org.fault("RegisterDelegatedAdministrator", AccountId="999999999999", ServicePrincipal=IAM)
    assert none[0] == "AccountNotFoundException"


def test_the_service_is_a_condition_key(org: Organizations) -> None:
    condition = {"StringEquals": {"organizations:ServicePrincipal": IAM}}
    only = add_user(org.world, "only", document("organizations:*", Condition=condition))
    assert org.refusal("organizations:EnableAWSServiceAccess", only, ServicePrincipal=SSO) is not None
    assert org.refusal("organizations:EnableAWSServiceAccess", only, ServicePrincipal=IAM) is None
