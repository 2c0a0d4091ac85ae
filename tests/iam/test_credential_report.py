"""The credential report: its columns are AWS's, its rows are the credentials as they are."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ostiary.services.iam.credential_report import COLUMNS
from ostiary.store.certificates import SigningCertificateRecord
from ostiary.store.mfa import MfaDeviceRecord
from ostiary.store.records import AccessKeyUse
from tests.iam.asking import Iam
from tests.world import ACCOUNT, NOW, OTHER

DOCUMENTED = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated,additional_credentials_info"
)
"""As the IAM User Guide lists them."""
NOON = "2026-11-23T12:00:00+00:00"


def rows(iam: Iam) -> dict[str, dict[str, str]]:
    content = iam("GetCredentialReport")["Content"].decode()
    assert content.splitlines()[0] == DOCUMENTED
    return {row["user"]: row for row in csv.DictReader(io.StringIO(content))}


@pytest.fixture
def reported(iam: Iam) -> Iam:
    iam("GenerateCredentialReport")
    return iam


def test_the_columns_are_the_documented_ones() -> None:
    assert ",".join(COLUMNS) == DOCUMENTED


def test_a_report_is_started_once_in_four_hours_and_must_have_been_asked_for(iam: Iam) -> None:
    assert iam.fault("GetCredentialReport")[0] == "ReportNotPresent"
    started = iam("GenerateCredentialReport")
    assert started["State"] == "STARTED"
    assert started["Description"] == "No report exists. Starting a new report generation task"
    assert iam("GenerateCredentialReport") == {"State": "COMPLETE"}
    iam.world.clock.advance(seconds=4 * 3600 - 1)
    assert iam("GenerateCredentialReport") == {"State": "COMPLETE"}
    assert iam("GetCredentialReport")["GeneratedTime"] == iam.world.clock.now()
    iam.world.clock.advance(seconds=1)
    assert iam.fault("GetCredentialReport")[0] == "ReportExpired"
    assert iam("GenerateCredentialReport")["State"] == "STARTED"
    iam("GetCredentialReport")


def test_another_account_s_report_is_another(reported: Iam) -> None:
    other = reported.world.root(OTHER)
    assert reported.fault("GetCredentialReport", by=other)[0] == "ReportNotPresent"


def test_who_has_nothing_has_a_row_of_nothing(reported: Iam) -> None:
    reported.users("bare", path="/team/")
    found = rows(reported)
    assert list(found) == ["<root_account>", "bare"]
    nothing = dict.fromkeys(COLUMNS[4:], "N/A") | {name: "false" for name in COLUMNS if name.endswith("_active")}
    who = {"user": "bare", "arn": f"arn:aws:iam::{ACCOUNT}:user/team/bare", "user_creation_time": NOON}
    assert found["bare"] == {**nothing, **who, "password_enabled": "false"}
    assert found["<root_account>"] == {
        **nothing,
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "user_creation_time": NOON,
        "password_enabled": "false",
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
    }


def test_keys_stand_in_the_order_of_their_making_with_their_use(reported: Iam) -> None:
    reported.users("a,b")  # a comma is a letter of names, and must not be one of the table
    first, second = (reported("CreateAccessKey", UserName="a,b")["AccessKey"]["AccessKeyId"] for _ in range(2))
    first, second = sorted((first, second))
    reported("UpdateAccessKey", UserName="a,b", AccessKeyId=second, Status="Inactive")
    with reported.world.house.store.write() as tx:
        at = int(NOW.timestamp()) + 60
        tx.access_keys.note_uses([AccessKeyUse(key_id=first, at=at, service="s3", region="eu-west-1")])
    row = rows(reported)["a,b"]
    assert {name: value for name, value in row.items() if name.startswith("access_key")} == {
        "access_key_1_active": "true",
        "access_key_1_last_rotated": NOON,
        "access_key_1_last_used_date": "2026-11-23T12:01:00+00:00",
        "access_key_1_last_used_region": "eu-west-1",
        "access_key_1_last_used_service": "s3",
        "access_key_2_active": "false",
        "access_key_2_last_rotated": NOON,
        "access_key_2_last_used_date": "N/A",
        "access_key_2_last_used_region": "N/A",
        "access_key_2_last_used_service": "N/A",
    }


def test_passwords_show_when_they_were_set_and_when_they_expire(reported: Iam) -> None:
    reported.users("alice")
    reported("CreateLoginProfile", UserName="alice", Password="Correct-horse-7")
    row = rows(reported)["alice"]
    assert (row["password_enabled"], row["password_last_used"]) == ("true", "no_information")
    assert (row["password_last_changed"], row["password_next_rotation"]) == (NOON, "N/A")
    reported("UpdateAccountPasswordPolicy", MaxPasswordAge=10)
    reported.world.clock.advance(hours=1)
    assert rows(reported)["alice"]["password_next_rotation"] == "2026-12-03T12:00:00+00:00"
    reported("UpdateLoginProfile", UserName="alice", Password="Correct-horse-8")
    row = rows(reported)["alice"]
    assert row["password_last_changed"] == "2026-11-23T13:00:00+00:00"
    assert row["password_next_rotation"] == "2026-12-03T13:00:00+00:00"


def test_mfa_is_active_once_a_device_is_enabled(reported: Iam) -> None:
    reported.users("alice")
    with reported.world.house.store.write() as tx:
        user = tx.users.get(ACCOUNT, "alice")
        assert user is not None
        made: dict[str, Any] = {"account": ACCOUNT, "kind": "virtual", "created": 0}
        tx.mfa_devices.add(MfaDeviceRecord(id="d1", serial="s1", **made))
        tx.mfa_devices.add(MfaDeviceRecord(id="d2", serial="s2", owner_id=ACCOUNT, enabled=1, **made))
    assert {name: row["mfa_active"] for name, row in rows(reported).items()} == {
        "<root_account>": "true",
        "alice": "false",
    }


@pytest.mark.parametrize("name", ["GenerateCredentialReport", "GetCredentialReport"])
def test_exactly_the_action_is_asked(reported: Iam, name: str) -> None:
    reported.users("asker")
    reported(name, by=reported.may("asker", f"iam:{name}"))
    code, message = reported.fault(name, by=reported.may("asker", ["iam:Get*User*", "s3:*"]))
    assert (code, f"to perform: iam:{name} " in message) == ("AccessDenied", True)


def test_certificates_stand_in_the_order_of_their_making(reported: Iam) -> None:
    reported.users("alice")
    with reported.world.house.store.write() as tx:
        user = tx.users.get(ACCOUNT, "alice")
        assert user is not None
        for number, active in ((1, False), (2, True), (3, True)):
            tx.signing_certificates.add(
                SigningCertificateRecord(
                    id=f"C{number}",
                    account=ACCOUNT,
                    owner_id=user.id,
                    fingerprint=str(number),
                    body="",
                    active=active,
                    created=int(NOW.timestamp()) + number,
                )
            )
    row = rows(reported)["alice"]
    assert (row["cert_1_active"], row["cert_1_last_rotated"]) == ("false", "2026-11-23T12:00:01+00:00")
    assert (row["cert_2_active"], row["cert_2_last_rotated"]) == ("true", "2026-11-23T12:00:02+00:00")
    assert row["additional_credentials_info"] == "1 additional certificates: iam:ListSigningCertificates"
