"""Which permission each operation on MFA devices and password policies needs, on what, with which condition keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary import catalog
from ostiary.services.iam import mfa_devices, mfa_listings, mfa_tags, password_policy
from ostiary.services.iam.mfa_asks import security_key_context
from ostiary.services.operation import OPERATIONS
from tests.iam.asking import Iam
from tests.iam.devices import Phone, arn
from tests.world import ACCOUNT

BOB = f"arn:aws:iam::{ACCOUNT}:user/dev/bob"
TAGS = [{"Key": "team", "Value": "blue"}]
MODULES = {module.__name__ for module in (mfa_devices, mfa_listings, mfa_tags, password_policy)}


@dataclass(frozen=True)
class Case:
    """An operation that succeeds with exactly this permission, besides what the fixture made."""

    name: str
    on: str = "*"
    params: Mapping[str, Any] = field(default_factory=dict)
    phone: str | None = None
    """Whose two codes are passed."""


CASES = [
    Case("CreateVirtualMFADevice", arn("x/new"), {"VirtualMFADeviceName": "new", "Path": "/x/", "Tags": TAGS}),
    Case("EnableMFADevice", BOB, {"UserName": "bob", "SerialNumber": arn("spare")}, "spare"),
    Case("ResyncMFADevice", BOB, {"UserName": "bob", "SerialNumber": arn("p/bobs")}, "bobs"),
    Case("DeactivateMFADevice", BOB, {"UserName": "bob", "SerialNumber": arn("p/bobs")}),
    Case("DeleteVirtualMFADevice", arn("spare"), {"SerialNumber": arn("spare")}),
    Case("ListMFADevices", BOB, {"UserName": "bob"}),
    Case("GetMFADevice", BOB, {"UserName": "bob", "SerialNumber": arn("p/bobs")}),
    Case("ListVirtualMFADevices"),
    Case("TagMFADevice", arn("p/bobs"), {"SerialNumber": arn("p/bobs"), "Tags": TAGS}),
    Case("UntagMFADevice", arn("p/bobs"), {"SerialNumber": arn("p/bobs"), "TagKeys": ["team"]}),
    Case("ListMFADeviceTags", arn("p/bobs"), {"SerialNumber": arn("p/bobs")}),
    Case("GetAccountPasswordPolicy"),
    Case("UpdateAccountPasswordPolicy"),
    Case("DeleteAccountPasswordPolicy"),
]


@pytest.fixture
def phones(iam: Iam) -> dict[str, Phone]:
    iam.users("asker")
    iam.users("bob", path="/dev/")
    made = {"bobs": Phone(iam, "bobs", Path="/p/"), "spare": Phone(iam, "spare")}
    made["bobs"].enable("bob")
    iam.world.clock.advance(minutes=5)
    iam("UpdateAccountPasswordPolicy")
    return made


def params(case: Case, phones: dict[str, Phone]) -> dict[str, Any]:
    return {**case.params, **(phones[case.phone].codes() if case.phone else {})}


def test_no_operation_is_left_out_of_the_cases() -> None:
    mine = {name for (service, name), row in OPERATIONS.items() if service == "iam" and row.do.__module__ in MODULES}
    assert mine == {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exactly_the_action_on_exactly_the_resource_is_enough(iam: Iam, phones: dict[str, Phone], case: Case) -> None:
    iam(case.name, by=iam.may("asker", f"iam:{case.name}", case.on), **params(case, phones))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_else_is(iam: Iam, phones: dict[str, Phone], case: Case) -> None:
    where = "" if case.on == "*" else f" on resource: {case.on}"
    given = params(case, phones)
    assert iam.fault(case.name, by=iam.may("asker", "s3:*"), **given) == (
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/asker is not authorized to perform: iam:{case.name}{where} "
        f"because no identity-based policy allows the iam:{case.name} action",
    )
    elsewhere = [f"arn:aws:iam::{ACCOUNT}:user/*b", f"arn:aws:iam::{ACCOUNT}:mfa/other", "arn:aws:iam::444455556666:*"]
    if case.on != BOB:
        assert iam.fault(case.name, by=iam.may("asker", f"iam:{case.name}", elsewhere), **given)[0] == "AccessDenied"
    assert iam.fault(case.name, by=iam.may("asker", "iam:GetUser"), **given)[0] == "AccessDenied"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_resource_type_is_one_of_the_reference(case: Case) -> None:
    service = catalog.service("iam")
    assert service is not None
    types = {resource.name for resource in service.actions[case.name].resources} - {"sms-mfa"}
    assert types == (set() if case.on == "*" else {case.on.split(":")[-1].split("/")[0]})


def test_the_tags_of_a_device_are_a_condition_key_as_the_reference_says(iam: Iam, phones: dict[str, Phone]) -> None:
    service = catalog.service("iam")
    assert service is not None
    assert service.resource_types["mfa"].condition_keys == ("aws:ResourceTag/${TagKey}",)
    asker = iam.may("asker", "iam:DeleteVirtualMFADevice", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    assert iam.fault("DeleteVirtualMFADevice", by=asker, SerialNumber=arn("spare"))[0] == "AccessDenied"
    iam("TagMFADevice", SerialNumber=arn("spare"), Tags=TAGS)
    iam("DeleteVirtualMFADevice", by=asker, SerialNumber=arn("spare"))


def test_tags_of_the_request_are_condition_keys(iam: Iam, phones: dict[str, Phone]) -> None:
    asker = iam.may(
        "asker",
        ["iam:CreateVirtualMFADevice", "iam:TagMFADevice", "iam:UntagMFADevice"],
        Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}, "Null": {"aws:TagKeys": "false"}},
    )
    red = [{"Key": "colour", "Value": "red"}]
    for name, given in (
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "new"}),
        ("TagMFADevice", {"SerialNumber": arn("spare")}),
    ):
        assert iam.fault(name, by=asker, **given, Tags=red)[0] == "AccessDenied"
        iam(name, by=asker, **given, Tags=TAGS)
    assert iam.fault("UntagMFADevice", by=asker, SerialNumber=arn("spare"), TagKeys=["colour"])[0] == "AccessDenied"
    iam("UntagMFADevice", by=asker, SerialNumber=arn("spare"), TagKeys=["team"])


def test_users_manage_their_own_devices_with_the_policy_that_aws_recommends(iam: Iam) -> None:
    """IAM User Guide, "Allows MFA-authenticated IAM users to manage their own MFA device"."""
    iam.users("bob", "eve")
    own = f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"
    mfa = f"arn:aws:iam::{ACCOUNT}:mfa/*"
    names = ["CreateVirtualMFADevice", "EnableMFADevice", "ListMFADevices", "ResyncMFADevice", "DeactivateMFADevice"]
    bob = iam.may("bob", [f"iam:{name}" for name in names], [own, mfa])
    phone = Phone(iam, "bob", by=bob)
    said = iam.fault("EnableMFADevice", by=bob, UserName="eve", SerialNumber=phone.serial, **phone.codes())
    assert said[0] == "AccessDenied"
    phone.enable("bob", by=bob)
    assert iam("ListMFADevices", by=bob)["MFADevices"][0]["SerialNumber"] == phone.serial
    iam("DeactivateMFADevice", by=bob, SerialNumber=phone.serial)


def test_the_keys_of_security_keys_are_those_of_the_reference() -> None:
    service = catalog.service("iam")
    assert service is not None
    known = {"FIDO": "L1", "FIPS-140-2": "L2", "FIPS-140-3": "L2", "other": "x"}
    given = security_key_context("Activate", known)
    assert set(given) == set(service.actions["EnableMFADevice"].condition_keys)
    assert (given["iam:RegisterSecurityKey"], given["iam:FIDO-certification"]) == ("Activate", "L1")
    assert security_key_context("Create", {}) == {"iam:RegisterSecurityKey": "Create"}
