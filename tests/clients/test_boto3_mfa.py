"""MFA devices and password policies through boto3: a life for each, every documented error, sessions that prove MFA."""

from __future__ import annotations

import json
import time
from typing import Any

import pyotp
import pytest

from tests.clients.called import names, refused, remember, tags
from tests.clients.conftest import Account

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

PASSWORD, SECOND, THIRD = "Str0ng-enough!", "An0ther-one!!", "Th1rd-of-them!"
EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


class App:
    """An authenticator app. Enabled with the codes of two steps ago it has two more to show without waiting."""

    def __init__(self, seed: bytes) -> None:
        self.totp, self.now = pyotp.TOTP(seed.decode()), time.time()

    def code(self, step: int) -> str:
        return self.totp.at(int(self.now), counter_offset=step)

    def codes(self) -> dict[str, str]:
        return {"AuthenticationCode1": self.code(-2), "AuthenticationCode2": self.code(-1)}


def new_device(iam: Any, name: str, **more: Any) -> tuple[str, App]:
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name, **more)["VirtualMFADevice"]
    assert made["QRCodePNG"].startswith(b"\x89PNG\r\n")
    return made["SerialNumber"], App(made["Base32StringSeed"])


def test_a_virtual_device(iam: Any, account: Account) -> None:
    iam.create_user(UserName="holder")
    serial, app = new_device(iam, "phone", Path="/p/", Tags=[{"Key": "team", "Value": "가게"}])
    assert serial == f"arn:aws:iam::{account.id}:mfa/p/phone"
    refused("EntityAlreadyExists", iam.create_virtual_mfa_device, VirtualMFADeviceName="phone", Path="/p/")
    who = {"UserName": "holder", "SerialNumber": serial}
    wrong = {"AuthenticationCode1": "000000", "AuthenticationCode2": "111111"}
    refused("InvalidAuthenticationCode", iam.enable_mfa_device, **who, **wrong)
    refused("NoSuchEntity", iam.enable_mfa_device, **{**who, "SerialNumber": serial + "x"}, **wrong)
    iam.enable_mfa_device(**who, **app.codes())
    refused("EntityAlreadyExists", iam.enable_mfa_device, **who, **app.codes())
    assert names(iam.list_mfa_devices(UserName="holder")["MFADevices"], "SerialNumber") == [serial]
    assert iam.get_mfa_device(**who)["EnableDate"].timestamp() == pytest.approx(time.time(), abs=60)
    listed = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert [each["User"]["UserName"] for each in listed] == ["holder"]
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["MFADevices"], summary["MFADevicesInUse"]) == (1, 1)
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "n", "Value": "1"}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["team"])
    assert tags(iam.list_mfa_device_tags(SerialNumber=serial)["Tags"]) == {"n": "1"}
    refused("InvalidAuthenticationCode", iam.resync_mfa_device, **who, **app.codes())
    later = {"AuthenticationCode1": app.code(0), "AuthenticationCode2": app.code(1)}
    iam.resync_mfa_device(**who, **later)
    refused("DeleteConflict", iam.delete_user, UserName="holder")
    refused("DeleteConflict", iam.delete_virtual_mfa_device, SerialNumber=serial)
    iam.deactivate_mfa_device(**who)
    refused("NoSuchEntity", iam.deactivate_mfa_device, **who)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    refused("NoSuchEntity", iam.delete_virtual_mfa_device, SerialNumber=serial)
    refused("ValidationError", iam.delete_virtual_mfa_device, SerialNumber="GAHT12345678")
    iam.delete_user(UserName="holder")


def test_sessions_prove_mfa(iam: Any, account: Account) -> None:
    iam.create_user(UserName="prover")
    iam.put_user_policy(UserName="prover", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    key = iam.create_access_key(UserName="prover")["AccessKey"]
    serial, app = new_device(iam, "prover")
    iam.enable_mfa_device(UserName="prover", SerialNumber=serial, **app.codes())
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": account.id},
            "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        },
    }
    arn = iam.create_role(RoleName="proven", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    role = {"RoleArn": arn, "RoleSessionName": "night"}
    sts = account.client("sts", (key["AccessKeyId"], key["SecretAccessKey"]))
    sts.meta.events.register("after-call.sts", remember)
    refused("AccessDenied", sts.assume_role, **role)
    refused("AccessDenied", sts.assume_role, **role, SerialNumber=serial, TokenCode="000000")
    assert sts.assume_role(**role, SerialNumber=serial, TokenCode=app.code(0))["Credentials"]
    refused("AccessDenied", sts.assume_role, **role, SerialNumber=serial, TokenCode=app.code(0))
    refused("AccessDenied", sts.get_session_token, SerialNumber=serial + "x", TokenCode=app.code(1))
    refused("InvalidClientTokenId", session(account, sts.get_session_token(), "iam").list_users)
    proven = sts.get_session_token(SerialNumber=serial, TokenCode=app.code(1))
    assert session(account, proven, "iam").list_users()["Users"]
    assert session(account, proven, "sts").assume_role(**role)["Credentials"]


def session(account: Account, given: dict[str, Any], service: str) -> Any:
    made = given["Credentials"]
    return account.client(service, (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))


def test_a_password_policy(iam: Any) -> None:
    refused("NoSuchEntity", iam.get_account_password_policy)
    refused("NoSuchEntity", iam.delete_account_password_policy)
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True, MaxPasswordAge=90)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"], policy["MaxPasswordAge"]) == (14, True, 90)
    iam.create_user(UserName="weak")
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName="weak", Password="short-one!")
    iam.delete_account_password_policy()
    iam.delete_user(UserName="weak")


def test_users_change_their_password(iam: Any, account: Account) -> None:
    iam.update_account_password_policy(AllowUsersToChangePassword=True, PasswordReusePrevention=3)
    iam.create_user(UserName="changer")
    key = iam.create_access_key(UserName="changer")["AccessKey"]
    own = account.client("iam", (key["AccessKeyId"], key["SecretAccessKey"]))
    own.meta.events.register("after-call.iam", remember)
    refused("NoSuchEntity", own.change_password, OldPassword=PASSWORD, NewPassword=SECOND)
    iam.create_login_profile(UserName="changer", Password=PASSWORD, PasswordResetRequired=True)
    refused("AccessDenied", own.change_password, OldPassword=SECOND, NewPassword=THIRD)
    refused("PasswordPolicyViolation", own.change_password, OldPassword=PASSWORD, NewPassword="short")
    own.change_password(OldPassword=PASSWORD, NewPassword=SECOND)
    assert iam.get_login_profile(UserName="changer")["LoginProfile"]["PasswordResetRequired"] is False
    refused("PasswordPolicyViolation", own.change_password, OldPassword=SECOND, NewPassword=PASSWORD)
    refused("InvalidUserType", iam.change_password, OldPassword=PASSWORD, NewPassword=SECOND)
    iam.delete_account_password_policy()
    refused("AccessDenied", own.change_password, OldPassword=SECOND, NewPassword=THIRD)
