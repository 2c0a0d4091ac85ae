"""Constraints of the models, in AWS's words. The expected texts are recorded AWS answers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from ostiary.wire.faults import WireFault
from ostiary.wire.models import service
from ostiary.wire.parse import read_input

KEYS_OF_A_HASH_MAP = (9, 13, 4, 7, 15, 18, 2, 10, 16, 20, 12, 8, 14, 1, 5, 3, 19, 6, 17, 11)
"""What OpenJDK prints of a `HashMap` with the keys `tags.1.member.key` to `tags.20.member.key`."""
ROLE = "arn:aws:iam::111122223333:role/team/app"


def refused(service_name: str, operation: str, **given: Any) -> WireFault:
    with pytest.raises(WireFault) as caught:
        read_input(service(service_name).operation(operation), **given)
    return caught.value


def form(**params: str) -> bytes:
    return urlencode(params).encode()


def test_a_name_too_long_is_told_its_limit() -> None:
    fault = refused("iam", "CreateUser", body=form(UserName="x" * 65))
    assert (fault.code, fault.status) == ("ValidationError", 400)
    assert fault.message == (
        "1 validation error detected: Value at 'userName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64"
    )


def test_a_missing_parameter_is_null() -> None:
    assert refused("iam", "CreateUser").message == (
        "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null"
    )


def test_several_errors_are_joined() -> None:
    fault = refused("sts", "AssumeRole", body=form(RoleSessionName="Session1:2"))
    assert fault.message == (
        "2 validation errors detected: "
        "Value null at 'roleArn' failed to satisfy constraint: Member must not be null; "
        "Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
    )


def test_errors_come_in_the_order_of_a_hash_map_of_java() -> None:
    """The second is how AWS answered a user's test of CreateUser; the others are in `iam/recorded`."""
    numbers = form(MaxPasswordAge="9999", PasswordReusePrevention="50")
    fault = refused("iam", "UpdateAccountPasswordPolicy", body=numbers)
    assert re.findall(r"at '([^']+)'", fault.message) == ["passwordReusePrevention", "maxPasswordAge"]
    tag = {"Tags.member.1.Value": "@#$%^&*", "Tags.member.1.Key": "#%&*"}
    fault = refused("iam", "CreateUser", body=form(UserName="bob", **tag))
    assert re.findall(r"at '([^']+)'", fault.message) == ["tags.1.member.key", "tags.1.member.value"]


def test_many_errors_are_told_in_the_order_of_a_larger_map() -> None:
    body = b"UserName=a&" + b"&".join(b"Tags.member.%d.Key=&Tags.member.%d.Value=" % (n, n) for n in range(1, 21))
    fault = refused("iam", "TagUser", body=body)
    told = re.findall(r"at '([^']+)'", fault.message)
    assert sorted(set(told)) == sorted(f"tags.{n}.member.key" for n in range(1, 21))
    assert list(dict.fromkeys(told)) == [f"tags.{n}.member.key" for n in KEYS_OF_A_HASH_MAP]


def test_iam_says_in_its_own_words_what_a_name_may_hold() -> None:
    fault = refused("iam", "GetRole", body=form(RoleName="a role"))
    assert fault.message == (
        "The specified value for roleName is invalid. "
        "It must contain only alphanumeric characters and/or the following: +=,.@_-"
    )


def test_a_tag_is_named_by_its_place_in_the_list() -> None:
    body = form(UserName="u", **{"Tags.member.1.Key": "k", "Tags.member.1.Value": "v"})
    body += b"&Tags.member.9.Key=k2&Tags.member.9.Value=D%26T"
    assert refused("iam", "CreateUser", body=body).message == (
        "1 validation error detected: Value at 'tags.2.member.value' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"
    )


def test_strings_in_a_list_are_reported_together() -> None:
    fault = refused("iam", "UntagUser", body=form(UserName="u", **{"TagKeys.member.1": "", "TagKeys.member.2": "ok"}))
    assert fault.message == (
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must have length less than or equal to 128, "
        "Member must have length greater than or equal to 1, "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]"
    )


def test_an_unknown_word_is_told_the_known_ones() -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    fault = refused("iam", "UpdateAccessKey", body=form(AccessKeyId=key, Status="On"))
    assert "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, In" in str(
        fault
    )


@pytest.mark.parametrize(("text", "seconds"), [("900", 900), ("+900", 900), ("0900", 900), ("43200", 43200)])
def test_a_number_may_have_a_sign_and_leading_zeros(text: str, seconds: int) -> None:
    body = form(RoleArn=ROLE, RoleSessionName="s1", DurationSeconds=text)
    assert read_input(service("sts").operation("AssumeRole"), body=body)["DurationSeconds"] == seconds


@pytest.mark.parametrize("text", ["", "900.0", "long", "2147483648", " 900", "9_00", "٩٠٠", "9" * 5000, "0x10", "-"])
def test_what_is_no_32_bit_number_is_malformed_input(text: str) -> None:
    fault = refused("sts", "AssumeRole", body=form(RoleArn=ROLE, RoleSessionName="s1", DurationSeconds=text))
    assert (fault.code, fault.status) == ("MalformedInput", 400)


@pytest.mark.parametrize(
    ("text", "word", "limit"), [("899", "greater", 900), ("-1", "greater", 900), ("43201", "less", 43200)]
)
def test_a_number_out_of_range_is_told_the_range(text: str, word: str, limit: int) -> None:
    fault = refused("sts", "AssumeRole", body=form(RoleArn=ROLE, RoleSessionName="s1", DurationSeconds=text))
    assert fault.message == (
        f"1 validation error detected: Value '{text}' at 'durationSeconds' failed to satisfy constraint: "
        f"Member must have value {word} than or equal to {limit}"
    )


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("ChangePassword", {"OldPassword": "hunter2\x01", "NewPassword": "hunter2\x01" * 40}),
        ("CreateLoginProfile", {"UserName": "u", "Password": "hunter2" * 40}),
        ("UploadServerCertificate", {"ServerCertificateName": "c", "PrivateKey": "hunter2\x01"}),
        ("EnableMFADevice", {"UserName": "u", "AuthenticationCode1": "hunter2", "AuthenticationCode2": "hunter2"}),
    ],
)
def test_a_secret_is_never_said_back(operation: str, params: dict[str, str]) -> None:
    fault = refused("iam", operation, body=form(**params))
    assert "hunter2" not in fault.message
    assert "Value at '" in fault.message


def test_ec2_names_the_missing_parameter_as_it_is_sent() -> None:
    fault = refused("ec2", "StopInstances")
    assert (fault.code, fault.message) == ("MissingParameter", "The request must contain the parameter InstanceId")


def test_json_services_call_it_an_exception() -> None:
    fault = refused("organizations", "DescribeAccount", body=b'{"AccountId":"12"}')
    assert (fault.code, fault.status) == ("ValidationException", 400)
    assert fault.message.startswith("1 validation error detected: Value '12' at 'accountId' failed to satisfy")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"AccountId":12}', "NUMBER_VALUE cannot be converted to String"),
        (b'{"AccountId":["12"]}', "Start of list found where not expected"),
        (b'{"AccountId":{}}', "Start of structure or map found where not expected."),
        (b'{"AccountId":true}', "TRUE_VALUE cannot be converted to String"),
        (b'{"AccountId"', "the body is not JSON"),
        (b'"AccountId"', "STRING_VALUE cannot be converted to DescribeAccountRequest"),
    ],
)
def test_json_of_the_wrong_type_is_a_serialization_exception(body: bytes, reason: str) -> None:
    fault = refused("organizations", "DescribeAccount", body=body)
    assert (fault.code, fault.message) == ("SerializationException", reason)


def test_null_is_absent_and_unknown_members_are_ignored() -> None:
    operation = service("organizations").operation("ListAccounts")
    assert read_input(operation, body=b'{"NextToken":null,"MaxResults":5,"Nope":{}}') == {"MaxResults": 5}


def test_the_first_of_two_equal_parameters_counts_and_unknown_ones_are_ignored() -> None:
    operation = service("iam").operation("GetUser")
    assert read_input(operation, query="UserName=a&Nope=1&UserName=b", body=b"UserName=c") == {"UserName": "a"}


def test_numbers_of_a_list_may_have_gaps_and_any_order() -> None:
    body = b"UserName=u&TagKeys.member.10=c&TagKeys.member.2=a&TagKeys.member.07=b&TagKeys.member.x=d&TagKeys.y=e"
    assert read_input(service("iam").operation("UntagUser"), body=body)["TagKeys"] == ["a", "b", "c"]


def test_an_empty_list_is_not_an_absent_one() -> None:
    operation = service("iam").operation("UntagUser")
    assert read_input(operation, body=b"UserName=u&TagKeys=") == {"UserName": "u", "TagKeys": []}
    assert "Value null at 'tagKeys'" in refused("iam", "UntagUser", body=b"UserName=u").message


def test_s3_tells_a_bad_document_from_a_bad_argument() -> None:
    def fault(operation: str, **given: Any) -> tuple[str, str]:
        found = refused("s3", operation, path_params={"Bucket": "b", "Key": "k"}, **given)
        return found.code, found.message

    assert fault("PutBucketVersioning", body=b"<VersioningConfiguration><Status>On</Status>")[0] == "MalformedXML"
    whole = b"<VersioningConfiguration><Status>On</Status></VersioningConfiguration>"
    assert fault("PutBucketVersioning", body=whole)[0] == "MalformedXML"
    assert fault("PutBucketVersioning", body=b"<Other/>")[0] == "MalformedXML"
    assert fault("PutBucketVersioning", body=b"")[0] == "MalformedXML"
    assert fault("ListObjectsV2", query="list-type=2&max-keys=x") == (
        "InvalidArgument",
        "Provided max-keys not an integer or within integer range",
    )
    assert fault("PutObject", headers={"x-amz-storage-class": "SHELF"})[0] == "InvalidStorageClass"
    assert fault("CopyObject", headers={})[0] == "InvalidRequest"
    assert fault("ListParts", query="")[0] == "InvalidArgument"


def test_a_date_that_s3_would_ignore_is_left_out() -> None:
    operation = service("s3").operation("GetObject")
    given = {"Bucket": "b", "Key": "k"}
    read = read_input(operation, path_params=given, headers={"if-modified-since": "yesterday", "range": "bytes=0-1"})
    assert read == {**given, "Range": "bytes=0-1"}


def test_the_body_of_an_object_is_left_to_the_door() -> None:
    operation = service("s3").operation("PutObject")
    given = {"Bucket": "b", "Key": "k"}
    headers = {"x-amz-meta-color": "red", "content-type": "text/plain"}
    read = read_input(operation, path_params=given, headers=headers, body=b"content")
    assert read == {**given, "Metadata": {"color": "red"}, "ContentType": "text/plain"}


def test_a_flood_of_errors_makes_no_flood_of_an_answer() -> None:
    body = b"UserName=a&" + b"&".join(b"Tags.member.%d.Key=" % n for n in range(1, 5_000))
    fault = refused("iam", "TagUser", body=body)
    assert fault.message.startswith("50 validation errors detected: ")
    assert len(fault.message) < len(body)
