"""ACLs: canned ones as in AWS's table, headers and bodies as they are written, and the policy that says the same."""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.acls import (
    ALL_USERS,
    ANONYMOUS_ID,
    AUTHENTICATED_USERS,
    LOG_DELIVERY,
    WRITES_NEW,
    WRITES_OWN,
    Acl,
    Grant,
    bucket_statements,
    canned,
    check_grantees,
    object_statements,
    of_body,
    of_headers,
    private,
    read_stored,
    sets_acl,
)
from ostiary.services.s3.requests import S3Request, read_request

OWNER, BUCKET_OWNER, STRANGER = "a" * 64, "b" * 64, "c" * 64
FULL = ("FULL_CONTROL", OWNER)


def request(**headers: str) -> S3Request:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return read_request("PUT", "127.0.0.1", "/box/k", "acl", fields)


def pairs(acl: Acl | None) -> list[tuple[str, str]]:
    assert acl is not None
    return [(each.permission, each.grantee) for each in acl.grants]


# Amazon S3 User Guide, "Access control list (ACL) overview", "Canned ACL"
CANNED: list[tuple[str, list[tuple[str, str]]]] = [
    ("private", [FULL]),
    ("public-read", [FULL, ("READ", ALL_USERS)]),
    ("public-read-write", [FULL, ("READ", ALL_USERS), ("WRITE", ALL_USERS)]),
    (
        "aws-exec-read",
        [FULL, ("READ", "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c")],
    ),
    ("authenticated-read", [FULL, ("READ", AUTHENTICATED_USERS)]),
    ("bucket-owner-read", [FULL, ("READ", BUCKET_OWNER)]),
    ("bucket-owner-full-control", [FULL, ("FULL_CONTROL", BUCKET_OWNER)]),
]


@pytest.mark.parametrize(("name", "grants"), CANNED, ids=lambda each: str(each)[:30])
def test_a_canned_acl_grants_what_the_table_says(name: str, grants: list[tuple[str, str]]) -> None:
    assert pairs(canned(name, OWNER, BUCKET_OWNER)) == grants
    assert pairs(canned(name, OWNER)) == (grants if not name.startswith("bucket-owner") else [FULL])


def test_a_bucket_lets_logs_be_delivered_and_an_object_does_not() -> None:
    group = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    assert pairs(canned("log-delivery-write", OWNER)) == [FULL, ("WRITE", group), ("READ_ACP", group)]
    with pytest.raises(ServiceFault, match="InvalidArgument"):
        canned("log-delivery-write", OWNER, BUCKET_OWNER)


def test_an_object_of_the_buckets_owner_gets_no_grant_twice() -> None:
    assert pairs(canned("bucket-owner-full-control", OWNER, OWNER)) == [FULL]


def test_grants_are_read_from_headers_as_aws_writes_them() -> None:
    told = request(x_amz_grant_read=f'id="{STRANGER}", uri="{ALL_USERS}"', x_amz_grant_write_acp=f"id={BUCKET_OWNER}")
    assert pairs(of_headers(told, OWNER)) == [
        ("READ", STRANGER),
        ("READ", ALL_USERS),
        ("WRITE_ACP", BUCKET_OWNER),
    ]
    assert sets_acl(told) and not sets_acl(request())
    assert of_headers(request(), OWNER) is None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x_amz_acl": "everybody"}, "InvalidArgument"),
        ({"x_amz_acl": "private", "x_amz_grant_read": "id=1"}, "InvalidRequest"),
        ({"x_amz_grant_read": 'emailAddress="a@example.com"'}, "MethodNotAllowed"),
        ({"x_amz_grant_read": 'uri="http://example.com/"'}, "InvalidArgument"),
        ({"x_amz_grant_read": "1"}, "InvalidArgument"),
        ({"x_amz_grant_read": ""}, "InvalidArgument"),
        ({"x_amz_grant_read": "id=1,"}, "InvalidArgument"),
        ({"x_amz_grant_read": "id=1 id=2"}, "InvalidArgument"),
        ({"x_amz_grant_read": "name=1"}, "InvalidArgument"),
    ],
)
def test_headers_that_say_no_acl_are_refused(headers: dict[str, str], code: str) -> None:
    with pytest.raises(ServiceFault) as caught:
        of_headers(request(**headers), OWNER)
    assert caught.value.code == code


def grant(permission: str = "READ", **grantee: str) -> dict[str, Any]:
    return {"Permission": permission, "Grantee": grantee}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"Grants": []}, "MalformedACLError"),
        ({"Owner": {"ID": OWNER}}, "MalformedACLError"),
        ({"Owner": {"ID": STRANGER}, "Grants": []}, "AccessDenied"),
        ({"Owner": {"ID": OWNER}, "Grants": [grant("ALL", Type="CanonicalUser", ID="1")]}, "MalformedACLError"),
        ({"Owner": {"ID": OWNER}, "Grants": [grant(Type="CanonicalUser")]}, "MalformedACLError"),
        ({"Owner": {"ID": OWNER}, "Grants": [grant(Type="Group", URI="x")]}, "InvalidArgument"),
        ({"Owner": {"ID": OWNER}, "Grants": [grant(Type="AmazonCustomerByEmail")]}, "MethodNotAllowed"),
        ({"Owner": {"ID": OWNER}, "Grants": [{"Permission": "READ"}]}, "MalformedACLError"),
    ],
)
def test_a_body_that_says_no_acl_is_refused(document: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceFault) as caught:
        of_body(document, OWNER)
    assert caught.value.code == code


def test_explicit_grants_are_kept_and_told_as_they_were_written() -> None:
    told = [grant("WRITE", Type="Group", URI=LOG_DELIVERY), grant("READ", Type="CanonicalUser", ID=STRANGER)]
    acl = of_body({"Owner": {"ID": OWNER}, "Grants": told}, OWNER)
    assert read_stored(acl.stored(OWNER), OWNER) == acl
    assert [(each["Permission"], each["Grantee"]) for each in acl.shown()] == [
        (each["Permission"], each["Grantee"]) for each in told
    ]
    assert private(OWNER).stored(OWNER) is None
    assert read_stored(None, OWNER) == private(OWNER)
    assert Acl(()).stored(OWNER) is not None  # nothing granted to anybody is not the usual


def test_ids_must_be_somebodys_and_grants_few() -> None:
    acl = Acl((Grant("READ", STRANGER), Grant("READ", ALL_USERS)))
    assert check_grantees(acl, [STRANGER]) is acl
    with pytest.raises(ServiceFault, match="Invalid id"):
        check_grantees(acl, [OWNER])
    with pytest.raises(ServiceFault, match="not well-formed"):
        check_grantees(Acl((Grant("READ", ALL_USERS),) * 101), [])


@pytest.mark.parametrize(("grantee", "public"), [(ALL_USERS, True), (AUTHENTICATED_USERS, True), (LOG_DELIVERY, False)])
def test_public_is_what_everybody_or_every_account_has(grantee: str, public: bool) -> None:
    assert Acl((Grant("WRITE_ACP", grantee),)).public is public


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for each in statements for action in each["Action"]}


# Amazon S3 User Guide, "Mapping of ACL permissions and access policy permissions"
@pytest.mark.parametrize(
    ("permission", "on_bucket", "on_object"),
    [
        (
            "READ",
            {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"},
            {"s3:GetObject", "s3:GetObjectVersion"},
        ),
        ("WRITE", {"s3:PutObject"}, set()),
        ("READ_ACP", {"s3:GetBucketAcl"}, {"s3:GetObjectAcl", "s3:GetObjectVersionAcl"}),
        ("WRITE_ACP", {"s3:PutBucketAcl"}, {"s3:PutObjectAcl", "s3:PutObjectVersionAcl"}),
    ],
)
def test_a_grant_is_the_policy_that_the_mapping_says(permission: str, on_bucket: set[str], on_object: set[str]) -> None:
    acl = Acl((Grant(permission, STRANGER),))
    box = "arn:aws:s3:::box"
    assert actions(bucket_statements(acl, STRANGER, box, WRITES_NEW)) == on_bucket
    assert actions(object_statements(acl, STRANGER, box)) == on_object
    assert bucket_statements(acl, OWNER, box, WRITES_NEW) == object_statements(acl, OWNER, box) == []
    full = Acl((Grant("FULL_CONTROL", STRANGER),))
    assert actions(bucket_statements(full, STRANGER, box, WRITES_NEW)) >= on_bucket
    assert actions(object_statements(full, STRANGER, box)) >= on_object


def test_writing_what_is_ones_own_includes_deleting_it_and_writing_what_is_anothers_is_nothing() -> None:
    acl, box = Acl((Grant("WRITE", STRANGER),)), "arn:aws:s3:::box"
    assert actions(bucket_statements(acl, STRANGER, box, WRITES_OWN)) == {"s3:PutObject", "s3:DeleteObject"}
    assert bucket_statements(acl, STRANGER, box, ()) == []


def test_a_group_reaches_accounts_by_their_id_and_the_anonymous_caller_by_a_star() -> None:
    everybody, accounts = Acl((Grant("READ", ALL_USERS),)), Acl((Grant("READ", AUTHENTICATED_USERS),))
    box = "arn:aws:s3:::box"
    assert object_statements(everybody, STRANGER, box)[0]["Principal"] == {"CanonicalUser": STRANGER}
    assert object_statements(everybody, ANONYMOUS_ID, box)[0]["Principal"] == "*"
    assert object_statements(accounts, STRANGER, box)[0]["Principal"] == {"CanonicalUser": STRANGER}
    assert object_statements(accounts, ANONYMOUS_ID, box) == []
