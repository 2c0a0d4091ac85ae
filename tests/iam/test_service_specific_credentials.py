"""Service-specific credentials, and who is found by one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from ostiary.authorization.service_credentials import user_of_credential
from ostiary.credentials.service_credentials import SERVICES
from tests.iam.asking import Iam
from tests.iam.having import everything
from tests.world import ACCOUNT, NOW, OTHER

GIT, BEDROCK = "codecommit.amazonaws.com", "bedrock.amazonaws.com"
CHANGES: dict[str, dict[str, Any]] = {"Update": {"Status": "Inactive"}, "Reset": {}, "Delete": {}}
MISSING = "ACCAAAAAAAAAAAAAAAAAA"


def create(iam: Iam, user: str = "bob", service: str = GIT, **more: Any) -> dict[str, Any]:
    given = iam("CreateServiceSpecificCredential", UserName=user, ServiceName=service, **more)
    made: dict[str, Any] = given["ServiceSpecificCredential"]
    return made


def named(made: dict[str, Any]) -> dict[str, Any]:
    return {"UserName": made["UserName"], "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}


def is_known(iam: Iam, service: str, secret: str, login: str | None = None) -> str | None:
    """The name of the user whose credential it is."""
    with iam.world.house.store.read() as tx:
        at = int(iam.world.clock.now().timestamp())
        found = user_of_credential(tx, service, secret, at=at, login=login)
    return None if found is None else found.name


def test_a_password_is_answered_once_and_its_digest_kept(iam: Iam) -> None:
    iam.users("bob")
    made = create(iam)
    password = made.pop("ServicePassword")
    assert re.fullmatch(r"[A-Za-z0-9+/]{59}=", password)
    assert re.fullmatch(r"ACCA[A-Z2-7]{17}", made["ServiceSpecificCredentialId"])
    assert made == {
        "UserName": "bob",
        "Status": "Active",
        "CreateDate": NOW,
        "ServiceName": GIT,
        "ServiceUserName": f"bob-at-{ACCOUNT}",
        "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"],
    }
    listed = iam("ListServiceSpecificCredentials", UserName="bob")
    assert listed == {"ServiceSpecificCredentials": [made], "IsTruncated": False}
    with iam.world.house.store.read() as tx:
        assert not any(password in each.body for each in tx.events.latest(100))
        assert password not in repr(tx.service_credentials.of(iam("GetUser", UserName="bob")["User"]["UserId"]))


def test_an_api_key_is_answered_once_with_its_alias(iam: Iam) -> None:
    iam.users("bob")
    made = create(iam, service=BEDROCK, CredentialAgeDays=30)
    secret = made.pop("ServiceCredentialSecret")
    assert secret.startswith("ABSK")
    assert made["ServiceCredentialAlias"] == f"bob-at-{ACCOUNT}"
    assert made["ExpirationDate"] == NOW + timedelta(days=30)
    assert not {"ServiceUserName", "ServicePassword"} & set(made)
    assert iam("ListServiceSpecificCredentials", UserName="bob")["ServiceSpecificCredentials"] == [made]
    with iam.world.house.store.read() as tx:
        assert not any(secret in each.body for each in tx.events.latest(100))


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_finds_the_user_by_its_credential_and_no_other_does(iam: Iam, service: str) -> None:
    iam.users("bob")
    made = create(iam, service=service.upper().replace("AMAZONAWS", "amazonaws"))
    assert made["ServiceName"] == service
    login = made.get("ServiceUserName") or made["ServiceCredentialAlias"]
    secret = made.get("ServicePassword") or made["ServiceCredentialSecret"]
    assert is_known(iam, service, secret, login) == "bob"
    assert [each for each in SERVICES if is_known(iam, each, secret, login)] == [service]
    assert is_known(iam, service, secret, login + "x") is None
    assert is_known(iam, service, secret[:-2] + "A=", login) is None
    assert is_known(iam, service, "", login) is None
    assert is_known(iam, service, secret) == (None if SERVICES[service] is None else "bob")


def test_a_credential_that_is_off_expired_reset_or_deleted_is_nobodys(iam: Iam) -> None:
    iam.users("bob")
    made = create(iam, service=BEDROCK, CredentialAgeDays=1)
    secret = made["ServiceCredentialSecret"]
    iam("UpdateServiceSpecificCredential", **named(made), Status="Inactive")
    assert is_known(iam, BEDROCK, secret) is None
    iam("UpdateServiceSpecificCredential", **named(made), Status="Active")
    assert is_known(iam, BEDROCK, secret) == "bob"
    given = iam("ResetServiceSpecificCredential", **named(made))["ServiceSpecificCredential"]
    fresh = given.pop("ServiceCredentialSecret")
    assert given == {name: value for name, value in made.items() if name != "ServiceCredentialSecret"}
    assert (is_known(iam, BEDROCK, secret), is_known(iam, BEDROCK, fresh)) == (None, "bob")
    iam.world.clock.advance(seconds=86_399)
    assert is_known(iam, BEDROCK, fresh) == "bob"
    iam.world.clock.advance(seconds=1)
    assert is_known(iam, BEDROCK, fresh) is None
    (shown,) = iam("ListServiceSpecificCredentials", UserName="bob")["ServiceSpecificCredentials"]
    assert shown["Status"] == "Expired"
    again = iam("ResetServiceSpecificCredential", **named(made))["ServiceSpecificCredential"]
    assert is_known(iam, BEDROCK, again["ServiceCredentialSecret"]) is None
    other = create(iam)
    iam("DeleteServiceSpecificCredential", **named(other))
    assert is_known(iam, GIT, other["ServicePassword"], other["ServiceUserName"]) is None


def test_two_of_each_service_and_no_more_with_logins_of_their_own(iam: Iam) -> None:
    iam.users("bob")
    for service in (GIT, "cassandra.amazonaws.com"):
        logins = [create(iam, service=service)["ServiceUserName"] for _ in range(2)]
        assert logins == [f"bob-at-{ACCOUNT}", f"bob+1-at-{ACCOUNT}"]
        said = iam.fault("CreateServiceSpecificCredential", UserName="bob", ServiceName=service)
        assert said == ("LimitExceeded", "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2")


def test_a_renamed_user_keeps_its_login_and_the_next_of_that_name_gets_another(iam: Iam) -> None:
    iam.users("bob")
    made = create(iam)
    iam("UpdateUser", UserName="bob", NewUserName="rob")
    (shown,) = iam("ListServiceSpecificCredentials", UserName="rob")["ServiceSpecificCredentials"]
    assert (shown["UserName"], shown["ServiceUserName"]) == ("rob", f"bob-at-{ACCOUNT}")
    assert is_known(iam, GIT, made["ServicePassword"], f"bob-at-{ACCOUNT}") == "rob"
    iam.users("bob")
    assert create(iam)["ServiceUserName"] == f"bob+1-at-{ACCOUNT}"


@pytest.mark.parametrize("service", ["nonexistentservice.amazonaws.com", "o3on3n3onosneo", "lambda.amazonaws.com"])
def test_a_service_that_takes_none_is_refused(iam: Iam, service: str) -> None:
    iam.users("bob")
    text = f"No such service {service} is supported for Service Specific Credentials"
    for operation in ("CreateServiceSpecificCredential", "ListServiceSpecificCredentials"):
        assert iam.fault(operation, UserName="bob", ServiceName=service) == ("NoSuchEntity", text)
    said = iam.fault("CreateServiceSpecificCredential", UserName="nobody", ServiceName=service)
    assert said == ("NoSuchEntity", "The user with name nobody cannot be found.")
    assert iam.fault("CreateServiceSpecificCredential", UserName="bob", ServiceName="a b")[0] == "ValidationError"


def test_credentials_are_listed_by_service_and_for_all_users_page_by_page(iam: Iam) -> None:
    iam.users("bob", "eve")
    made = [create(iam, name, service) for name in ("bob", "eve") for service in (GIT, BEDROCK)]
    iam("CreateUser", UserName="bob", by=iam.world.root(OTHER))
    params: dict[str, Any] = {"UserName": "bob", "ServiceName": GIT}
    iam("CreateServiceSpecificCredential", by=iam.world.root(OTHER), **params)
    found = everything(iam, "ListServiceSpecificCredentials", "ServiceSpecificCredentials", AllUsers=True, MaxItems=3)
    ids = {each["ServiceSpecificCredentialId"] for each in made}
    assert {each["ServiceSpecificCredentialId"] for each in found} == ids and len(found) == 4
    assert not any({"ServicePassword", "ServiceCredentialSecret"} & set(each) for each in found)
    keys = iam("ListServiceSpecificCredentials", AllUsers=True, ServiceName=BEDROCK)["ServiceSpecificCredentials"]
    assert {each["UserName"] for each in keys} == {"bob", "eve"} and {each["ServiceName"] for each in keys} == {BEDROCK}
    own = iam("ListServiceSpecificCredentials", UserName="bob", ServiceName="", AllUsers=False)
    assert len(own["ServiceSpecificCredentials"]) == 2
    assert len(iam("ListServiceSpecificCredentials", **params)["ServiceSpecificCredentials"]) == 1
    assert iam.fault("ListServiceSpecificCredentials", UserName="bob", AllUsers=True)[0] == "ValidationError"


def test_a_credential_is_managed_through_its_own_user_only(iam: Iam) -> None:
    iam.users("bob", "eve")
    made = create(iam)
    iam("CreateUser", UserName="bob", by=iam.world.root(OTHER))
    for verb, more in CHANGES.items():
        operation = f"{verb}ServiceSpecificCredential"
        asked = {**named(made), **more}
        assert iam.fault(operation, **{**asked, "UserName": "eve"})[0] == "ValidationError"
        missing = {**asked, "ServiceSpecificCredentialId": MISSING}
        assert iam.fault(operation, **missing) == ("NoSuchEntity", f"No such credential {MISSING} exists")
        assert iam.fault(operation, by=iam.world.root(OTHER), **asked)[0] == "NoSuchEntity"
    said = iam.fault("UpdateServiceSpecificCredential", **named(made), Status="Expired")
    assert said[0] == "ValidationError"


def test_a_user_with_a_credential_stays(iam: Iam) -> None:
    iam.users("bob")
    made = create(iam)
    said = iam.fault("DeleteUser", UserName="bob")
    assert said == ("DeleteConflict", "Cannot delete entity, must remove referenced objects first.")
    iam("DeleteServiceSpecificCredential", **named(made))
    iam("DeleteUser", UserName="bob")


def test_the_service_and_the_age_are_condition_keys(iam: Iam) -> None:
    iam.users("bob", "asker")
    service = {"iam:ServiceSpecificCredentialServiceName": BEDROCK}
    short = {"NumericLessThanEquals": {"iam:ServiceSpecificCredentialAgeDays": "90"}}
    asker = iam.may("asker", "iam:*ServiceSpecificCredential", Condition={"StringEquals": service, **short})
    params: dict[str, Any] = {"UserName": "bob", "ServiceName": BEDROCK}
    asked: list[dict[str, Any]] = [{}, {"CredentialAgeDays": 91}, {"CredentialAgeDays": 30, "ServiceName": GIT}]
    for refused in asked:
        said = iam.fault("CreateServiceSpecificCredential", by=asker, **{**params, **refused})
        assert said[0] == "AccessDenied"
    iam("CreateServiceSpecificCredential", by=asker, **params, CredentialAgeDays=90)
    asker = iam.may("asker", "iam:*ServiceSpecificCredential", Condition={"StringEquals": service})
    key, git = create(iam, service=BEDROCK), create(iam)
    for verb, more in CHANGES.items():
        operation = f"{verb}ServiceSpecificCredential"
        assert iam.fault(operation, by=asker, **named(git), **more)[0] == "AccessDenied"
        iam(operation, by=asker, **named(key), **more)


def test_all_users_are_listed_by_who_may_list_every_user(iam: Iam) -> None:
    iam.users("bob", "asker")
    action, arn = "iam:ListServiceSpecificCredentials", f"arn:aws:iam::{ACCOUNT}:user/"
    asker = iam.may("asker", action, [f"{arn}bob", f"{arn}asker"])
    assert iam.fault("ListServiceSpecificCredentials", by=asker, AllUsers=True)[0] == "AccessDenied"
    iam("ListServiceSpecificCredentials", by=iam.may("asker", action, f"{arn}*"), AllUsers=True)
