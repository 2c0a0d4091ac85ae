"""Whom a role trusts: kept by unique id, shown by ARN."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from ostiary.services.faults import ServiceFault
from ostiary.services.principals import UnknownPrincipal, to_shown, to_stored
from tests.iam.asking import Iam
from tests.iam.having import new_role, trust, trusted
from tests.world import ACCOUNT, OTHER

ANN = f"arn:aws:iam::{ACCOUNT}:user/team/ann"


def stored(iam: Iam, role: str = "runner") -> str:
    with iam.world.house.store.read() as tx:
        record = tx.roles.get(ACCOUNT, role)
    assert record is not None
    return record.trust


def unique_id(iam: Iam, name: str) -> str:
    found: str = iam("GetUser", UserName=name)["User"]["UserId"]
    return found


def test_a_user_is_kept_by_unique_id_and_shown_by_arn(iam: Iam) -> None:
    iam.users("ann", path="/team/")
    text = trust(ANN).replace(":", " :\n ", 1)
    new_role(iam, AssumeRolePolicyDocument=text)
    assert stored(iam) == text.replace(ANN, unique_id(iam, "ann"))
    assert unquote(iam("GetRole", RoleName="runner")["Role"]["AssumeRolePolicyDocument"]) == text
    assert unquote(iam("ListRoles")["Roles"][0]["AssumeRolePolicyDocument"]) == text


def test_a_renamed_user_is_shown_by_the_arn_it_has_now(iam: Iam) -> None:
    iam.users("ann", path="/team/")
    new_role(iam, AssumeRolePolicyDocument=trust(ANN))
    iam("UpdateUser", UserName="ann", NewUserName="anna", NewPath="/")
    assert trusted(iam, "runner") == f"arn:aws:iam::{ACCOUNT}:user/anna"


def test_a_user_that_is_deleted_and_made_again_is_somebody_else(iam: Iam) -> None:
    iam.users("ann", path="/team/")
    new_role(iam, AssumeRolePolicyDocument=trust(ANN))
    first = unique_id(iam, "ann")
    iam("DeleteUser", UserName="ann")
    iam.users("ann", path="/team/")
    assert trusted(iam, "runner") == first
    assert unique_id(iam, "ann") != first
    shown = unquote(iam("GetRole", RoleName="runner")["Role"]["AssumeRolePolicyDocument"])
    said = iam.fault("UpdateAssumeRolePolicy", RoleName="runner", PolicyDocument=shown)
    assert said == ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{first}"')


def test_only_the_user_that_was_trusted_may_assume_the_role(iam: Iam) -> None:
    iam.users("ann", path="/team/")
    arn = new_role(iam, AssumeRolePolicyDocument=trust(ANN))

    def assumes() -> bool:
        try:
            iam.world.call("sts:AssumeRole", RoleArn=arn, RoleSessionName="s1", by=iam.world.user("ann"))
        except ServiceFault as fault:
            assert fault.code == "AccessDenied"
            return False
        return True

    assert assumes()
    iam("UpdateUser", UserName="ann", NewPath="/other/")
    assert assumes()
    iam("DeleteUser", UserName="ann")
    iam.users("ann", path="/team/")
    assert not assumes()
    iam("UpdateAssumeRolePolicy", RoleName="runner", PolicyDocument=trust(ANN))
    assert assumes()


def test_roles_and_users_of_other_accounts_can_be_trusted(iam: Iam) -> None:
    iam("CreateUser", by=iam.world.root(OTHER), UserName="bob")
    new_role(iam, "first")
    both = [f"arn:aws:iam::{OTHER}:user/bob", f"arn:aws:iam::{ACCOUNT}:role/first"]
    new_role(iam, "second", AssumeRolePolicyDocument=trust(*both))
    assert trusted(iam, "second") == both
    kept = json.loads(stored(iam, "second"))["Statement"][0]["Principal"]["AWS"]
    assert [each[:4] for each in kept] == ["AIDA", "AROA"]


def test_an_account_is_shown_as_its_root(iam: Iam) -> None:
    new_role(iam, AssumeRolePolicyDocument=trust(ACCOUNT, f"arn:aws:iam::{OTHER}:root"))
    assert trusted(iam, "runner") == [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root"]


KEPT = (
    "*",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/first/session",
    f"arn:aws:sts::{OTHER}:federated-user/ann",
)


@pytest.mark.parametrize("principal", KEPT)
def test_everybody_and_sessions_are_kept_as_written(iam: Iam, principal: str) -> None:
    new_role(iam, AssumeRolePolicyDocument=trust(principal))
    assert stored(iam) == trust(principal)
    assert trusted(iam, "runner") == principal


NOBODY = (
    "123456789012",
    "arn:aws:iam::123456789012:root",
    "arn:aws:iam::123456789012:user/ann",
    f"arn:aws:iam::{ACCOUNT}:user/nobody",
    f"arn:aws:iam::{ACCOUNT}:user/ann",
    f"arn:aws:iam::{ACCOUNT}:user/team/Ann",
    f"arn:aws:iam::{ACCOUNT}:user/team/*",
    f"arn:aws:iam::{ACCOUNT}:role/ann",
    f"arn:aws:iam::{ACCOUNT}:group/crew",
    f"arn:aws:iam::{ACCOUNT}:saml-provider/x",
    f"arn:aws-cn:iam::{ACCOUNT}:root",
    "arn:aws:iam::*:root",
    "arn:aws:sts::123456789012:assumed-role/first/session",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/first/*",
    "AIDAAAAAAAAAAAAAAAAAA",
    "AROAAAAAAAAAAAAAAAAAA",
    "ann",
)


@pytest.mark.parametrize("principal", NOBODY)
@pytest.mark.parametrize("name", ["CreateRole", "UpdateAssumeRolePolicy"])
def test_whom_nobody_knows_can_not_be_trusted(iam: Iam, name: str, principal: str) -> None:
    iam.users("ann", path="/team/")
    iam("CreateGroup", GroupName="crew")
    new_role(iam)
    text = trust(ANN, principal)
    params: dict[str, Any] = (
        {"RoleName": "new", "AssumeRolePolicyDocument": text}
        if name == "CreateRole"
        else {"RoleName": "runner", "PolicyDocument": text}
    )
    said = iam.fault(name, **params)
    assert said == ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


def test_a_role_can_not_trust_itself_before_it_is_there(iam: Iam) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/runner"
    said = iam.fault("CreateRole", RoleName="runner", AssumeRolePolicyDocument=trust(arn))
    assert said == ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')
    new_role(iam)
    iam("UpdateAssumeRolePolicy", RoleName="runner", PolicyDocument=trust(arn))
    assert trusted(iam, "runner") == arn


def test_principals_of_any_document_are_treated_alike(iam: Iam) -> None:
    """Bucket policies, with NotPrincipal and several statements."""
    iam.users("ann", path="/team/")
    document = json.dumps(
        {
            "Statement": [
                {"Effect": "Deny", "NotPrincipal": {"AWS": [ANN, ACCOUNT]}, "Action": "s3:*", "Resource": ANN},
                {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::box"},
            ]
        }
    )
    with iam.world.house.store.read() as tx:
        kept = to_stored(document, tx)
        assert json.loads(kept)["Statement"][0]["NotPrincipal"]["AWS"][0].startswith("AIDA")
        assert json.loads(kept)["Statement"][0]["Resource"] == ANN
        assert to_shown(kept, tx) == document.replace(f'"{ACCOUNT}"', f'"arn:aws:iam::{ACCOUNT}:root"')
        with pytest.raises(UnknownPrincipal):
            to_stored(document.replace("ann", "bob"), tx)
