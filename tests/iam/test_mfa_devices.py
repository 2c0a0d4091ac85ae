"""MFA devices: made, enabled with two codes, put right, taken back, deleted; hardware tokens and security keys."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pyotp
import pytest
import zxingcpp

from ostiary.authorization.context import RequestFacts
from ostiary.credentials.totp import read_seed
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.access_keys import Owner
from ostiary.services.iam.hardware_tokens import CannotImport, import_tokens, read_tokens
from ostiary.services.iam.security_keys import register
from ostiary.services.operation import Call
from tests.credentials.test_totp import pixels
from tests.iam.asking import Iam
from tests.iam.devices import Phone, arn
from tests.world import ACCOUNT, NOW, OTHER

NOT_VALID = ("InvalidAuthenticationCode", "Authentication code for device is not valid.")
NOT_THEIRS = ("NoSuchEntity", "MFA Device invalid for user.")


@pytest.fixture
def bob(iam: Iam) -> Iam:
    iam.users("bob")
    return iam


def serials(iam: Iam, **params: Any) -> list[str]:
    return [each["SerialNumber"] for each in iam("ListMFADevices", without={"UserName"}, **params)["MFADevices"]]


def virtual(iam: Iam, **params: Any) -> list[str]:
    return [each["SerialNumber"] for each in iam("ListVirtualMFADevices", **params)["VirtualMFADevices"]]


def test_a_new_device_tells_its_seed_once_in_letters_and_as_an_image(iam: Iam) -> None:
    made = iam("CreateVirtualMFADevice", VirtualMFADeviceName="bob", Path="/phones/")["VirtualMFADevice"]
    assert set(made) == {"SerialNumber", "Base32StringSeed", "QRCodePNG"}
    assert made["SerialNumber"] == arn("phones/bob")
    seed = made["Base32StringSeed"].decode()
    assert len(seed) == 64 and read_seed(seed) == seed
    (code,) = zxingcpp.read_barcodes(pixels(made["QRCodePNG"]))
    issuer = "Amazon%20Web%20Services"
    assert code.text == f"otpauth://totp/{issuer}:bob@{ACCOUNT}?secret={seed}&issuer={issuer}"
    assert "Base32StringSeed" not in iam("ListVirtualMFADevices")["VirtualMFADevices"][0]


def test_the_image_names_the_accounts_alias(iam: Iam) -> None:
    iam("CreateAccountAlias", AccountAlias="acme")
    made = iam("CreateVirtualMFADevice", VirtualMFADeviceName="bob")["VirtualMFADevice"]
    (code,) = zxingcpp.read_barcodes(pixels(made["QRCodePNG"]))
    assert "Services:bob@acme?" in code.text


def test_a_seed_is_kept_sealed_and_bound_to_its_device(iam: Iam) -> None:
    phone = Phone(iam)
    with iam.world.house.store.read() as tx:
        device = tx.mfa_devices.by_serial(phone.serial)
        events = json.dumps([event.body for event in tx.events.latest(9)])
    assert device is not None and device.seed is not None
    assert phone.seed.encode() not in device.seed
    assert phone.seed not in events
    assert phone.seed not in repr(device) and repr(device.seed) not in repr(device)


def test_two_devices_of_a_name_need_two_paths(iam: Iam) -> None:
    Phone(iam)
    Phone(iam, Path="/a/")
    said = iam.fault("CreateVirtualMFADevice", VirtualMFADeviceName="phone")
    assert said == ("EntityAlreadyExists", "MFA device already exists.")
    iam("CreateVirtualMFADevice", VirtualMFADeviceName="phone", by=iam.world.root(OTHER))


@pytest.mark.parametrize("given", [{"VirtualMFADeviceName": "x" * 227}, {"VirtualMFADeviceName": "x", "Path": "/a!b/"}])
def test_a_device_that_no_serial_number_could_name_is_not_made(iam: Iam, given: dict[str, str]) -> None:
    assert iam.fault("CreateVirtualMFADevice", **given)[0] == "ValidationError"
    assert virtual(iam) == []


def test_a_name_as_long_as_can_be_has_its_place_in_the_pages(iam: Iam) -> None:
    names = ["x" * 225 + letter for letter in "ab"]
    for name in names:
        Phone(iam, name)
    first = iam("ListVirtualMFADevices", MaxItems=1)
    assert len(first["Marker"]) <= 320
    assert virtual(iam, MaxItems=1, Marker=first["Marker"]) == [arn(names[1])]


def test_two_consecutive_codes_make_a_device_its_users(bob: Iam) -> None:
    phone = Phone(bob)
    assert serials(bob, UserName="bob") == []
    phone.enable("bob")
    expected = {"UserName": "bob", "SerialNumber": phone.serial, "EnableDate": NOW}
    assert bob("ListMFADevices", UserName="bob")["MFADevices"] == [expected]
    assert bob("GetMFADevice", UserName="bob", SerialNumber=phone.serial) == expected
    (listed,) = bob("ListVirtualMFADevices")["VirtualMFADevices"]
    assert (listed["SerialNumber"], listed["EnableDate"], listed["User"]["UserName"]) == (phone.serial, NOW, "bob")


@pytest.mark.parametrize("pair", [(0, 0), (0, -1), (-2, 0), (30, 31), (-31, -30)])
def test_other_codes_do_not(bob: Iam, pair: tuple[int, int]) -> None:
    phone = Phone(bob)
    codes = {"AuthenticationCode1": phone.code(pair[0]), "AuthenticationCode2": phone.code(pair[1])}
    assert bob.fault("EnableMFADevice", UserName="bob", SerialNumber=phone.serial, **codes) == NOT_VALID
    codes = {"AuthenticationCode1": "000000", "AuthenticationCode2": "111111"}
    assert bob.fault("EnableMFADevice", UserName="bob", SerialNumber=phone.serial, **codes) == NOT_VALID
    assert serials(bob, UserName="bob") == []


def test_a_device_has_one_owner(bob: Iam) -> None:
    bob.users("eve")
    phone = Phone(bob)
    phone.enable("bob")
    phone.wait()
    for user in ("bob", "eve"):
        said = bob.fault("EnableMFADevice", UserName=user, SerialNumber=phone.serial, **phone.codes())
        assert said == ("EntityAlreadyExists", "MFA Device is already in use.")


def test_what_does_not_exist_is_not_enabled(bob: Iam) -> None:
    phone = Phone(bob)
    elsewhere = Phone(bob, by=bob.world.root(OTHER))
    said = bob.fault("EnableMFADevice", UserName="nobody", SerialNumber=phone.serial, **phone.codes())
    assert said == ("NoSuchEntity", "The user with name nobody cannot be found.")
    for serial in (arn("none"), elsewhere.serial, "GAHT12345678"):
        said = bob.fault("EnableMFADevice", UserName="bob", SerialNumber=serial, **elsewhere.codes())
        assert said == ("NoSuchEntity", f"MFA Device with serial number {serial} does not exist.")


def test_eight_devices_and_no_more(bob: Iam) -> None:
    phones = [Phone(bob, f"phone{number}") for number in range(9)]
    for phone in phones[:8]:
        phone.enable("bob")
    last = phones[8]
    said = bob.fault("EnableMFADevice", UserName="bob", SerialNumber=last.serial, **last.codes())
    assert said == ("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 8")
    assert sorted(serials(bob, UserName="bob")) == [phone.serial for phone in phones[:8]]


def test_an_account_has_as_many_virtual_devices_as_it_may(iam: Iam) -> None:
    iam.quota("MFADevicesPerAccount", 1)
    Phone(iam)
    assert iam.fault("CreateVirtualMFADevice", VirtualMFADeviceName="second")[0] == "LimitExceeded"
    assert virtual(iam) == [arn("phone")]


def test_the_root_user_enables_its_device_under_the_accounts_id(iam: Iam) -> None:
    phone = Phone(iam, "root-account-mfa-device")
    assert iam("GetAccountSummary")["SummaryMap"]["AccountMFAEnabled"] == 0
    phone.enable(ACCOUNT)
    assert iam("ListMFADevices", without={"UserName"})["MFADevices"] == [
        {"SerialNumber": phone.serial, "EnableDate": NOW}
    ]
    (listed,) = iam("ListVirtualMFADevices", without={"UserName", "Path"})["VirtualMFADevices"]
    assert listed["User"] == {"UserId": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root", "CreateDate": NOW}
    assert iam("GetAccountSummary")["SummaryMap"]["AccountMFAEnabled"] == 1
    phone.wait()
    iam("ResyncMFADevice", UserName=ACCOUNT, SerialNumber=phone.serial, **{**phone.codes(), **shifted(phone, 1)})
    iam("DeactivateMFADevice", SerialNumber=phone.serial)
    assert serials(iam) == []


def shifted(phone: Phone, steps: int) -> dict[str, str]:
    """Two consecutive codes of later."""
    return {"AuthenticationCode1": phone.code(steps), "AuthenticationCode2": phone.code(steps + 1)}


def test_nobody_else_names_the_root_user(iam: Iam) -> None:
    iam.users("eve")
    phone = Phone(iam)
    eve = iam.may("eve", "*")
    said = iam.fault("EnableMFADevice", by=eve, UserName=ACCOUNT, SerialNumber=phone.serial, **phone.codes())
    assert said == ("NoSuchEntity", f"The user with name {ACCOUNT} cannot be found.")
    iam.users(ACCOUNT)
    phone.enable(ACCOUNT)
    assert serials(iam, UserName=ACCOUNT) == [phone.serial]
    assert iam("GetAccountSummary")["SummaryMap"]["AccountMFAEnabled"] == 0


def test_a_clock_that_is_off_is_learnt_with_the_two_codes(bob: Iam) -> None:
    phone = Phone(bob, ahead=20)
    phone.enable("bob")
    with bob.world.house.store.read() as tx:
        device = tx.mfa_devices.by_serial(phone.serial)
    assert device is not None and device.drift == 20


def test_a_clock_that_went_wrong_is_put_right(bob: Iam) -> None:
    phone = Phone(bob)
    phone.enable("bob")
    bob.world.clock.advance(days=200)
    phone.ahead = -100
    wrong = {"AuthenticationCode1": "000000", "AuthenticationCode2": "111111"}
    assert bob.fault("ResyncMFADevice", UserName="bob", SerialNumber=phone.serial, **wrong) == NOT_VALID
    bob("ResyncMFADevice", UserName="bob", SerialNumber=phone.serial, **phone.codes())
    assert bob.fault("ResyncMFADevice", UserName="bob", SerialNumber=phone.serial, **phone.codes()) == NOT_VALID
    with bob.world.house.store.read() as tx:
        device = tx.mfa_devices.by_serial(phone.serial)
    assert device is not None and device.drift == -100


def test_a_deactivated_device_is_nobodys_and_its_old_codes_stay_taken(bob: Iam) -> None:
    phone = Phone(bob)
    phone.enable("bob")
    assert virtual(bob, AssignmentStatus="Assigned") == [phone.serial]
    bob("DeactivateMFADevice", UserName="bob", SerialNumber=phone.serial)
    assert (serials(bob, UserName="bob"), virtual(bob, AssignmentStatus="Unassigned")) == ([], [phone.serial])
    assert bob.fault("EnableMFADevice", UserName="bob", SerialNumber=phone.serial, **phone.codes()) == NOT_VALID
    phone.wait()
    phone.wait()
    phone.enable("bob")


@pytest.mark.parametrize("name", ["DeactivateMFADevice", "ResyncMFADevice"])
def test_only_ones_own_device_is_deactivated_or_resynchronized(bob: Iam, name: str) -> None:
    bob.users("eve")
    phone, spare = Phone(bob), Phone(bob, "spare")
    phone.enable("bob")
    phone.wait()
    codes = phone.codes() if name == "ResyncMFADevice" else {}
    assert bob.fault(name, UserName="eve", SerialNumber=phone.serial, **codes) == NOT_THEIRS
    assert bob.fault(name, UserName="bob", SerialNumber=spare.serial, **codes) == NOT_THEIRS
    missing = ("NoSuchEntity", f"MFA Device with serial number {arn('none')} does not exist.")
    assert bob.fault(name, UserName="bob", SerialNumber=arn("none"), **codes) == missing
    assert bob.fault(name, UserName="nobody", SerialNumber=phone.serial, **codes)[0] == "NoSuchEntity"


def test_a_device_is_deleted_once_it_is_nobodys(bob: Iam) -> None:
    phone = Phone(bob, Tags=[{"Key": "team", "Value": "blue"}])
    phone.enable("bob")
    said = bob.fault("DeleteVirtualMFADevice", SerialNumber=phone.serial)
    assert said == ("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
    bob("DeactivateMFADevice", UserName="bob", SerialNumber=phone.serial)
    bob("DeleteVirtualMFADevice", SerialNumber=phone.serial)
    said = bob.fault("DeleteVirtualMFADevice", SerialNumber=phone.serial)
    assert said == ("NoSuchEntity", f"MFA Device with serial number {phone.serial} does not exist.")
    again = Phone(bob)
    assert (again.serial, again.seed == phone.seed) == (phone.serial, False)
    assert bob("ListMFADeviceTags", SerialNumber=again.serial)["Tags"] == []


@pytest.mark.parametrize("serial", ["GAHT12345678", f"arn:aws:iam::{ACCOUNT}:user/bob", "arn:aws:s3:::mfa/x"])
def test_what_is_no_arn_of_a_device_is_not_deleted(iam: Iam, serial: str) -> None:
    assert iam.fault("DeleteVirtualMFADevice", SerialNumber=serial) == (
        "ValidationError",
        f"ARN {serial} is not valid.",
    )


def test_a_user_with_a_device_is_not_deleted(bob: Iam) -> None:
    phone = Phone(bob)
    phone.enable("bob")
    said = bob.fault("DeleteUser", UserName="bob")
    assert said == ("DeleteConflict", "Cannot delete entity, must delete MFA device first.")
    bob("DeactivateMFADevice", UserName="bob", SerialNumber=phone.serial)
    bob("DeleteUser", UserName="bob")


def test_a_device_has_tags(iam: Iam) -> None:
    phone = Phone(iam, Tags=[{"Key": "team", "Value": "blue"}])
    iam("TagMFADevice", SerialNumber=phone.serial, Tags=[{"Key": "Team", "Value": "red"}, {"Key": "a", "Value": ""}])
    listed = iam("ListMFADeviceTags", SerialNumber=phone.serial)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in listed} == {"team": "blue", "Team": "red", "a": ""}
    iam("UntagMFADevice", SerialNumber=phone.serial, TagKeys=["team", "a", "none"])
    assert iam("ListMFADeviceTags", SerialNumber=phone.serial)["Tags"] == [{"Key": "Team", "Value": "red"}]
    for name, more in (("TagMFADevice", {"Tags": []}), ("UntagMFADevice", {"TagKeys": []}), ("ListMFADeviceTags", {})):
        assert iam.fault(name, SerialNumber=arn("none"), **more)[0] == "NoSuchEntity"
        assert iam.fault(name, SerialNumber="GAHT12345678", **more)[0] == "ValidationError"


def test_the_summary_counts_devices(bob: Iam) -> None:
    first, second = Phone(bob, "a"), Phone(bob, "b")
    first.enable("bob")
    second.enable(ACCOUNT)
    Phone(bob, "c")
    Phone(bob, "d", by=bob.world.root(OTHER))
    import_tokens(bob.world.house, ACCOUNT, read_tokens(["GAHT12345678," + "A" * 32]))
    summary = bob("GetAccountSummary")["SummaryMap"]
    assert (summary["MFADevices"], summary["MFADevicesInUse"], summary["AccountMFAEnabled"]) == (3, 2, 1)


def test_listings_come_in_pages(bob: Iam) -> None:
    phones = [Phone(bob, f"p{number}") for number in range(5)]
    for phone in phones:
        phone.enable("bob")
        bob.world.clock.advance(seconds=1)
    for name, listed, params in (
        ("ListMFADevices", "MFADevices", {"UserName": "bob"}),
        ("ListVirtualMFADevices", "VirtualMFADevices", {}),
    ):
        found: list[str] = []
        marker: dict[str, str] = {}
        while marker is not None:
            page = bob(name, MaxItems=2, **params, **marker)
            found += [each["SerialNumber"] for each in page[listed]]
            marker = {"Marker": page["Marker"]} if page["IsTruncated"] else None  # type: ignore[assignment]
        assert found == [phone.serial for phone in phones]


TOKENS = f"""serial number,seed,period
# the seeds of a delivery

GAHT12345678,{"A" * 32}
"GAKT000000001","{bytes(range(20)).hex()}",60
"""


def test_a_hardware_token_is_enabled_by_the_number_on_it(bob: Iam) -> None:
    assert import_tokens(bob.world.house, ACCOUNT, read_tokens(TOKENS.splitlines())) == 2
    for serial, seed, period in (
        ("GAHT12345678", "A" * 32, 30),
        ("GAKT000000001", "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT", 60),
    ):
        totp = pyotp.TOTP(seed, interval=period)
        codes = [totp.at(bob.world.clock.now(), counter_offset=step) for step in (-1, 0)]
        both = {"AuthenticationCode1": codes[0], "AuthenticationCode2": codes[1]}
        bob("EnableMFADevice", UserName="bob", SerialNumber=serial, **both)
    assert sorted(serials(bob, UserName="bob")) == ["GAHT12345678", "GAKT000000001"]
    assert virtual(bob) == []
    bob("DeactivateMFADevice", UserName="bob", SerialNumber="GAHT12345678")
    assert bob.fault("DeleteVirtualMFADevice", SerialNumber="GAHT12345678")[0] == "ValidationError"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("GAHT12345678", "line 1: it must hold"),
        ("short,GEHEIM", "line 1: a serial number"),
        (f"arn:aws:iam::{ACCOUNT}:mfa/x,{'A' * 32}", "line 1: a serial number"),
        ("GAHT12345678,GEHEIM!", "line 1: a seed is written"),
        ("GAHT12345678,GEHEIMGE", "line 1: a seed has at least"),
        (f"GAHT12345678,{'A' * 32},45", "line 1: a period"),
        (f"GAHT12345678,{'A' * 32}\nGAHT12345678,{'A' * 32}", "line 2: the serial number `GAHT12345678` is known"),
    ],
)
def test_a_file_of_seeds_is_taken_as_a_whole_or_not_at_all(iam: Iam, line: str, told: str) -> None:
    with pytest.raises(CannotImport) as refused:
        import_tokens(iam.world.house, ACCOUNT, read_tokens(line.splitlines()))
    assert str(refused.value).startswith(told)
    assert "GEHEIM" not in str(refused.value) and "A" * 32 not in str(refused.value)
    with iam.world.house.store.read() as tx:
        assert tx.mfa_devices.by_serial("GAHT12345678") is None


def test_tokens_belong_to_an_account_that_exists(iam: Iam) -> None:
    with pytest.raises(CannotImport, match="there is no account"):
        import_tokens(iam.world.house, "000000000000", read_tokens(TOKENS.splitlines()))


def registered(iam: Iam, owner: Owner, key: bytes = b"key") -> str:
    facts = RequestFacts(request_id="r", at=NOW, source_ip="127.0.0.1", secure=True, region="us-east-1")
    call = Call(
        service="iam",
        operation="EnableMFADevice",
        caller=iam.world.root(),
        params={},
        facts=facts,
        house=iam.world.house,
    )
    with iam.world.house.store.write() as tx:
        known = {"publicKey": "x", "certifications": {"FIDO": "L1"}}
        return register(call, tx, owner, "laptop", key, known, counter=3).serial


def test_a_security_key_is_listed_told_and_taken_away(bob: Iam) -> None:
    owner = Owner(bob.world.user("bob").entity_id, "bob")
    serial = registered(bob, owner)
    assert serial.startswith(f"arn:aws:iam::{ACCOUNT}:u2f/user/bob/laptop-")
    assert serials(bob, UserName="bob") == [serial]
    assert bob("GetMFADevice", UserName="bob", SerialNumber=serial)["Certifications"] == {"FIDO": "L1"}
    assert virtual(bob) == []
    codes = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000001"}
    assert bob.fault("ResyncMFADevice", UserName="bob", SerialNumber=serial, **codes) == NOT_VALID
    with pytest.raises(ServiceFault, match="registered already"):
        registered(bob, replace(owner))
    bob("DeactivateMFADevice", UserName="bob", SerialNumber=serial)
    assert serials(bob, UserName="bob") == []
    assert registered(bob, Owner(ACCOUNT, None)).startswith(f"arn:aws:iam::{ACCOUNT}:u2f/root-account/laptop-")
    assert bob("GetAccountSummary")["SummaryMap"]["AccountMFAEnabled"] == 1


def test_get_mfa_device_knows_the_users_devices_only(bob: Iam) -> None:
    phone = Phone(bob)
    for serial in (phone.serial, arn("none")):
        said = bob.fault("GetMFADevice", UserName="bob", SerialNumber=serial)
        assert said == ("NoSuchEntity", f"MFA Device with serial number {serial} does not exist.")
