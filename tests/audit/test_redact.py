"""The record holds no secret, in whatever shape it comes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from ostiary.audit.redact import redacted
from ostiary.wire.models import HIDDEN, service

SERVICES = ("iam", "sts", "s3", "ec2")


def operation(service_name: str, name: str) -> Any:
    return service(service_name).operation(name)


def test_names_are_spelled_as_cloudtrail_spells_them_and_values_are_json() -> None:
    node = operation("iam", "CreateUser").output
    made = {"User": {"UserName": "bob", "CreateDate": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "Tags": ()}}
    assert redacted(made, node) == {"user": {"userName": "bob", "createDate": "2026-01-02T03:04:05Z", "tags": []}}


@pytest.mark.parametrize("with_model", [True, False])
@pytest.mark.parametrize(
    ("service_name", "name", "part", "value", "secrets"),
    [
        ("iam", "CreateLoginProfile", "input", {"UserName": "bob", "Password": "GEHEIM"}, 1),
        (
            "sts",
            "AssumeRole",
            "input",
            {"RoleArn": "arn:aws:iam::1:role/r", "ProvidedContexts": [{"ContextAssertion": "GEHEIM"}]},
            1,
        ),
        ("iam", "ChangePassword", "input", {"OldPassword": "GEHEIM", "NewPassword": "GEHEIM"}, 2),
        ("iam", "UpdateLoginProfile", "input", {"UserName": "bob", "Password": "GEHEIM"}, 1),
        ("iam", "UploadServerCertificate", "input", {"ServerCertificateName": "w", "PrivateKey": "GEHEIM"}, 1),
        (
            "iam",
            "UploadSigningCertificate",
            "input",
            {"CertificateBody": "-----BEGIN PRIVATE KEY-----\nGEHEIM\n-----END PRIVATE KEY-----"},
            1,
        ),
        (
            "iam",
            "ResetServiceSpecificCredential",
            "output",
            {"ServiceSpecificCredential": {"ServicePassword": "GEHEIM", "ServiceCredentialSecret": "GEHEIM"}},
            2,
        ),
        ("iam", "CreateAccessKey", "output", {"AccessKey": {"UserName": "b", "SecretAccessKey": "GEHEIM"}}, 1),
        ("sts", "AssumeRole", "input", {"RoleArn": "a", "TokenCode": "GEHEIM"}, 1),
        ("sts", "GetSessionToken", "input", {"SerialNumber": "a", "TokenCode": "GEHEIM"}, 1),
        ("iam", "EnableMFADevice", "input", {"AuthenticationCode1": "GEHEIM", "AuthenticationCode2": "GEHEIM"}, 2),
        (
            "iam",
            "CreateVirtualMFADevice",
            "output",
            {"VirtualMFADevice": {"SerialNumber": "a", "Base32StringSeed": b"GEHEIM", "QRCodePNG": b"GEHEIM"}},
            2,
        ),
        (
            "sts",
            "AssumeRole",
            "output",
            {"Credentials": {"AccessKeyId": "ASIA1", "SecretAccessKey": "GEHEIM", "SessionToken": "GEHEIM"}},
            2,
        ),
    ],
)
def test_secrets_are_hidden_with_a_model_and_without(
    service_name: str, name: str, part: str, value: dict[str, Any], secrets: int, with_model: bool
) -> None:
    node = getattr(operation(service_name, name), part) if with_model else None
    text = json.dumps(redacted(value, node))
    assert "GEHEIM" not in text
    assert text.count(HIDDEN) == secrets


def sensitive_members(shape: Shape, path: tuple[str, ...] = (), depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Where botocore's model says `sensitive`."""
    if shape.metadata.get("sensitive"):
        yield path
    elif depth < 6 and isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from sensitive_members(member, (*path, name), depth + 1)
    elif depth < 6 and isinstance(shape, ListShape):
        yield from sensitive_members(shape.member, (*path, "[]"), depth + 1)
    elif depth < 6 and isinstance(shape, MapShape):
        yield from sensitive_members(shape.value, (*path, "{}"), depth + 1)


def holding(path: tuple[str, ...]) -> Any:
    """A value with a secret at that place."""
    if not path:
        return "GEHEIM"
    inner = holding(path[1:])
    return {"[]": [inner], "{}": {"k": inner}}.get(path[0], {path[0]: inner})


@pytest.mark.parametrize("service_name", SERVICES)
def test_everything_that_botocore_calls_sensitive_is_hidden(service_name: str) -> None:
    model = botocore.session.get_session().get_service_model(service_name)
    count = 0
    for name in model.operation_names:
        for part in ("input", "output"):
            shape = getattr(model.operation_model(name), f"{part}_shape")
            for path in sensitive_members(shape) if shape is not None else ():
                count += 1
                value = redacted(holding(path), getattr(operation(service_name, name), part))
                assert "GEHEIM" not in json.dumps(value), (name, path)
                assert HIDDEN in json.dumps(value), (name, path)
    assert count > 0


SOUNDS_SECRET = re.compile(r"(?i)pass|secret|token|code|private|assert|seed|credential|png")
KNOWN_TO_BE_NONE = re.compile(
    r".*Password(ResetRequired|LastUsed|Length|Age|s|ToChangePassword|ReusePrevention)|AllowUsersToChangePassword"
    r"|.*(Id|Enabled|Mode|Version|Size|Utilization|Alias|AgeDays|UserName|ServiceName)|Code|.*ErrorCode"
    r"|EncodedMessage|DecodedMessage|SubjectFromWebIdentityToken|RemovePrivateKey|AssertionEncryptionMode"
)
"""The ids of credentials, their settings, and what was sealed for everybody to see."""


def leaves(shape: Shape, depth: int = 0, name: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every place for a text or for bytes, with its name."""
    if depth > 6:
        return
    if isinstance(shape, StructureShape):
        for member, inner in shape.members.items():
            for found, path in leaves(inner, depth + 1, member):
                yield found, (member, *path)
    elif isinstance(shape, ListShape):
        yield from ((found, ("[]", *path)) for found, path in leaves(shape.member, depth + 1, name))
    elif isinstance(shape, MapShape):
        yield from ((found, ("{}", *path)) for found, path in leaves(shape.value, depth + 1, name))
    elif shape.type_name in ("string", "blob"):
        yield name, ()


@pytest.mark.parametrize("service_name", ["iam", "sts"])
def test_what_sounds_secret_is_hidden_or_known_to_be_none(service_name: str) -> None:
    """For the secrets that the models forget, and for those of operations that are to come."""
    model = botocore.session.get_session().get_service_model(service_name)
    shown = set()
    for name in model.operation_names:
        for part in ("input", "output"):
            shape = getattr(model.operation_model(name), f"{part}_shape")
            for member, path in leaves(shape) if shape is not None else ():
                if SOUNDS_SECRET.search(member) and not KNOWN_TO_BE_NONE.fullmatch(member):
                    value = redacted(holding(path), getattr(operation(service_name, name), part))
                    if "GEHEIM" in json.dumps(value):
                        shown.add((name, "/".join(path)))
    assert shown == set()


def test_absent_and_null_secrets_show_that_they_are() -> None:
    assert redacted({"Password": None, "UserName": "b"}) == {"password": None, "userName": "b"}


def test_what_json_does_not_have_is_told_and_long_texts_are_cut() -> None:
    found = redacted({"Body": b"\x00" * 7, "Text": "x" * 30_000, "Odd": object(), "Number": 5, "Yes": True, "No": None})
    assert found["body"] == "(7 bytes)"
    assert len(found["text"]) == 20_001
    assert (found["odd"], found["number"], found["yes"], found["no"]) == ("(object)", 5, True, None)
    json.dumps(found)


def test_what_the_model_does_not_describe_is_left_out_or_told_as_it_is() -> None:
    node = operation("iam", "CreateUser").output
    assert redacted({"User": {"UserName": "bob", "Shoe": 43}, "Weather": "fine"}, node) == {"user": {"userName": "bob"}}
    assert redacted({"User": ["bob", None, b"12"]}, node) == {"user": ["bob", None, "(2 bytes)"]}
    assert redacted({"User": None}, node) == {"user": None}
