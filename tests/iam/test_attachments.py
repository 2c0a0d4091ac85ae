"""Managed policies on users, groups and roles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.iam.asking import Iam
from tests.iam.having import S3_READ_ONLY, everything, is_allowed, new_policy, new_role
from tests.world import ACCOUNT, OTHER, document

NOUNS = ("User", "Group", "Role")


def make(iam: Iam, noun: str) -> dict[str, Any]:
    """A new entity; the parameter that names it."""
    if noun == "Role":
        new_role(iam, "one")
    else:
        iam(f"Create{noun}", **{f"{noun}Name": "one"})
    return {f"{noun}Name": "one"}


def names(iam: Iam, noun: str, entity: dict[str, Any], **params: Any) -> list[str]:
    found = everything(iam, f"ListAttached{noun}Policies", "AttachedPolicies", **entity, **params)
    assert all(each["PolicyArn"].endswith("/" + each["PolicyName"]) for each in found)
    return [each["PolicyArn"] for each in found]


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_attached_is_listed_by_name_until_it_is_detached(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    own = new_policy(iam, "Beta", Path="/app/")
    twin = new_policy(iam, "AmazonS3ReadOnlyAccess")
    assert names(iam, noun, entity) == []
    for arn in (own, S3_READ_ONLY, twin):
        iam(f"Attach{noun}Policy", PolicyArn=arn, **entity)
    assert set(names(iam, noun, entity)[:2]) == {twin, S3_READ_ONLY}
    assert names(iam, noun, entity)[2:] == [own]
    assert names(iam, noun, entity, MaxItems=1) == names(iam, noun, entity)
    assert names(iam, noun, entity, PathPrefix="/app/") == [own]
    iam(f"Detach{noun}Policy", PolicyArn=S3_READ_ONLY, **entity)
    assert names(iam, noun, entity) == [twin, own]


@pytest.mark.parametrize("noun", NOUNS)
def test_attaching_twice_changes_nothing_even_at_the_limit(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    arns = [new_policy(iam, f"p{number}") for number in range(11)]
    for arn in arns[:10]:
        iam(f"Attach{noun}Policy", PolicyArn=arn, **entity)
    iam(f"Attach{noun}Policy", PolicyArn=arns[0], **entity)
    said = iam.fault(f"Attach{noun}Policy", PolicyArn=arns[10], **entity)
    assert said == ("LimitExceeded", f"Cannot exceed quota for PoliciesPer{noun}: 10")
    assert len(names(iam, noun, entity)) == 10


@pytest.mark.parametrize("noun", NOUNS)
def test_only_policies_that_the_account_may_use_can_be_attached(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    theirs = f"arn:aws:iam::{OTHER}:policy/theirs"
    iam(
        "CreatePolicy",
        by=iam.world.root(OTHER),
        PolicyName="theirs",
        PolicyDocument=document("s3:*"),
    )
    for arn in (theirs, "arn:aws:iam::aws:policy/Nonexistent", f"arn:aws:iam::{ACCOUNT}:policy/none"):
        said = iam.fault(f"Attach{noun}Policy", PolicyArn=arn, **entity)
        assert said == ("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    said = iam.fault(f"Attach{noun}Policy", PolicyArn="longpolicynamebutnoarn", **entity)
    assert said == ("ValidationError", "ARN longpolicynamebutnoarn is not valid.")
    assert names(iam, noun, entity) == []


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_not_attached_is_not_found(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    for arn in (new_policy(iam), "arn:aws:iam::aws:policy/Nonexistent"):
        said = iam.fault(f"Detach{noun}Policy", PolicyArn=arn, **entity)
        assert said == ("NoSuchEntity", f"Policy {arn} was not found.")


@pytest.mark.parametrize("noun", NOUNS)
def test_an_entity_that_is_not_there_is_not_found(iam: Iam, noun: str) -> None:
    missing = ("NoSuchEntity", f"The {noun.lower()} with name none cannot be found.")
    name: dict[str, Any] = {f"{noun}Name": "none"}
    assert iam.fault(f"Attach{noun}Policy", PolicyArn=S3_READ_ONLY, **name) == missing
    assert iam.fault(f"Detach{noun}Policy", PolicyArn=S3_READ_ONLY, **name) == missing
    assert iam.fault(f"ListAttached{noun}Policies", **name) == missing


def test_an_attached_policy_permits_the_very_next_request(iam: Iam) -> None:
    arn = new_policy(iam, PolicyDocument=document("iam:ListUsers"))
    iam.users("ann")
    ann = iam.world.user("ann")
    assert not is_allowed(iam, ann, "ListUsers")
    iam("AttachUserPolicy", UserName="ann", PolicyArn=arn)
    assert is_allowed(iam, ann, "ListUsers")
    iam("DetachUserPolicy", UserName="ann", PolicyArn=arn)
    assert not is_allowed(iam, ann, "ListUsers")


def test_the_policy_that_may_be_attached_can_be_limited(iam: Iam) -> None:
    good, bad = new_policy(iam, "good"), new_policy(iam, "bad")
    iam.users("boss", "ann")
    boss = iam.may("boss", "iam:*", Condition={"ArnEquals": {"iam:PolicyARN": good}})
    assert is_allowed(iam, boss, "AttachUserPolicy", UserName="ann", PolicyArn=good)
    assert is_allowed(iam, boss, "DetachUserPolicy", UserName="ann", PolicyArn=good)
    assert not is_allowed(iam, boss, "AttachUserPolicy", UserName="ann", PolicyArn=bad)


def test_only_entities_with_a_boundary_can_be_given_policies_where_that_is_demanded(iam: Iam) -> None:
    arn, bound = new_policy(iam), new_policy(iam, "bound")
    iam.users("boss", "free", "bounded")
    iam("PutUserPermissionsBoundary", UserName="bounded", PermissionsBoundary=bound)
    boss = iam.may("boss", "iam:*", Condition={"StringEquals": {"iam:PermissionsBoundary": bound}})
    for name in ("AttachUserPolicy", "DetachUserPolicy"):
        assert is_allowed(iam, boss, name, UserName="bounded", PolicyArn=arn)
        assert not is_allowed(iam, boss, name, UserName="free", PolicyArn=arn)
    put: dict[str, Any] = {"PolicyName": "p", "PolicyDocument": document("s3:*")}
    assert is_allowed(iam, boss, "PutUserPolicy", UserName="bounded", **put)
    assert not is_allowed(iam, boss, "PutUserPolicy", UserName="free", **put)
