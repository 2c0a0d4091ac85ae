"""SSH public keys."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.credentials.certs import rsa_key, ssh_line, ssh_pem
from tests.iam.asking import Iam
from tests.world import NOW

MISSING = "APKAXXXXXXXXXXXXXXXXX"


def upload(iam: Iam, user: str = "bob", body: str = "") -> dict[str, Any]:
    given = iam("UploadSSHPublicKey", UserName=user, SSHPublicKeyBody=body or ssh_line())
    made: dict[str, Any] = given["SSHPublicKey"]
    return made


def test_a_key_is_uploaded_shown_listed_switched_off_and_deleted(iam: Iam) -> None:
    iam.users("bob")
    made = upload(iam, body=f"{ssh_line()} bob@example.com\n")
    assert re.fullmatch(r"APKA[A-Z2-7]{17}", str(made["SSHPublicKeyId"]))
    assert re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){15}", str(made["Fingerprint"]))
    assert made["SSHPublicKeyBody"] == f"{ssh_line()} bob@example.com"
    assert (made["Status"], made["UploadDate"], made["UserName"]) == ("Active", NOW, "bob")
    listed = iam("ListSSHPublicKeys", UserName="bob")
    without = {name: value for name, value in made.items() if name not in ("Fingerprint", "SSHPublicKeyBody")}
    assert listed == {"SSHPublicKeys": [without], "IsTruncated": False}
    named: dict[str, Any] = {"UserName": "bob", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    iam("UpdateSSHPublicKey", **named, Status="Inactive")
    assert iam("GetSSHPublicKey", **named, Encoding="SSH")["SSHPublicKey"]["Status"] == "Inactive"
    assert iam.fault("UpdateSSHPublicKey", **named, Status="Expired")[0] == "ValidationError"
    iam("DeleteSSHPublicKey", **named)
    assert iam("ListSSHPublicKeys", UserName="bob")["SSHPublicKeys"] == []


@pytest.mark.parametrize("body", [ssh_line, ssh_pem], ids=["OpenSSH", "PEM"])
def test_a_key_is_shown_in_either_encoding_however_it_came(iam: Iam, body: object) -> None:
    iam.users("bob")
    assert callable(body)
    named: dict[str, Any] = {"UserName": "bob", "SSHPublicKeyId": upload(iam, body=body())["SSHPublicKeyId"]}
    shown = {each: iam("GetSSHPublicKey", **named, Encoding=each)["SSHPublicKey"] for each in ("SSH", "PEM")}
    assert shown["SSH"]["SSHPublicKeyBody"] == ssh_line()
    assert load_pem_public_key(shown["PEM"]["SSHPublicKeyBody"].encode()) == rsa_key(0, 2048).public_key()
    assert shown["SSH"]["Fingerprint"] == shown["PEM"]["Fingerprint"]


def test_a_user_has_a_key_once_in_whichever_encoding_and_others_may_have_it(iam: Iam) -> None:
    iam.users("bob", "eve")
    upload(iam)
    for body in (ssh_line(), f"{ssh_line()} comment", ssh_pem()):
        assert iam.fault("UploadSSHPublicKey", UserName="bob", SSHPublicKeyBody=body)[0] == "DuplicateSSHPublicKey"
    upload(iam, "eve")


def test_keys_that_are_weak_damaged_or_unreadable_are_refused(iam: Iam) -> None:
    iam.users("bob")
    refused = {
        ssh_line(bits=1024): "InvalidPublicKey",
        ssh_line()[:-8]: "InvalidPublicKey",
        "not a key": "UnrecognizedPublicKeyEncoding",
    }
    for body, code in refused.items():
        assert iam.fault("UploadSSHPublicKey", UserName="bob", SSHPublicKeyBody=body)[0] == code


def test_a_key_of_somebody_else_cannot_be_found(iam: Iam) -> None:
    iam.users("bob", "eve")
    found = str(upload(iam)["SSHPublicKeyId"])
    asked: dict[str, dict[str, Any]] = {
        "GetSSHPublicKey": {"Encoding": "SSH"},
        "UpdateSSHPublicKey": {"Status": "Inactive"},
        "DeleteSSHPublicKey": {},
    }
    for operation, more in asked.items():
        for name, wanted in (("eve", found), ("bob", MISSING)):
            said = iam.fault(operation, UserName=name, SSHPublicKeyId=wanted, **more)
            assert said == ("NoSuchEntity", f"The Public Key with id {wanted} cannot be found.")


def test_a_user_lists_its_own_keys_and_the_root_user_must_name_one(iam: Iam) -> None:
    iam.users("bob")
    upload(iam)
    assert len(iam("ListSSHPublicKeys", by=iam.may("bob", "iam:ListSSHPublicKeys"))["SSHPublicKeys"]) == 1
    said = iam.fault("ListSSHPublicKeys")
    assert said == ("ValidationError", "Must specify userName when calling with non-User credentials")


def test_a_user_with_a_key_stays(iam: Iam) -> None:
    iam.users("bob")
    made = upload(iam)
    said = iam.fault("DeleteUser", UserName="bob")
    assert said == ("DeleteConflict", "Cannot delete entity, must remove referenced objects first.")
    iam("DeleteSSHPublicKey", UserName="bob", SSHPublicKeyId=made["SSHPublicKeyId"])
    iam("DeleteUser", UserName="bob")
