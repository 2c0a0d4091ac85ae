"""Policies embedded in users, groups and roles."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from tests.iam.asking import Iam
from tests.iam.having import READ, everything, is_allowed, new_role
from tests.world import document

NOUNS = ("User", "Group", "Role")
SIZES = {"User": 2048, "Group": 5120, "Role": 10240}


def make(iam: Iam, noun: str) -> dict[str, Any]:
    """A new entity; the parameter that names it."""
    if noun == "Role":
        new_role(iam, "One")
    else:
        iam(f"Create{noun}", **{f"{noun}Name": "One"})
    return {f"{noun}Name": "One"}


def of_size(size: int) -> str:
    """A document of so many characters."""
    bare = document("s3:GetObject", "arn:aws:s3:::box/").replace(" ", "")
    return bare.replace("box/", "box/" + "k" * (size - len(bare)))


@pytest.mark.parametrize("noun", NOUNS)
def test_an_embedded_policy_comes_back_as_it_was_put(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    iam(f"Put{noun}Policy", PolicyName="Reads", PolicyDocument=READ, **entity)
    shown = iam(f"Get{noun}Policy", PolicyName="Reads", **entity)
    assert unquote(shown.pop("PolicyDocument")) == READ
    assert shown == {**entity, "PolicyName": "Reads"}


@pytest.mark.parametrize("noun", NOUNS)
def test_putting_again_replaces(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    for text in (READ, document("s3:*")):
        iam(f"Put{noun}Policy", PolicyName="p", PolicyDocument=text, **entity)
    assert unquote(iam(f"Get{noun}Policy", PolicyName="p", **entity)["PolicyDocument"]) == document("s3:*")
    assert iam(f"List{noun}Policies", **entity) == {"PolicyNames": ["p"], "IsTruncated": False}


@pytest.mark.parametrize("noun", NOUNS)
def test_embedded_policies_are_listed_page_by_page_until_they_are_deleted(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    for name in ("c", "a", "b"):
        iam(f"Put{noun}Policy", PolicyName=name, PolicyDocument=READ, **entity)
    assert everything(iam, f"List{noun}Policies", "PolicyNames", MaxItems=1, **entity) == ["a", "b", "c"]
    iam(f"Delete{noun}Policy", PolicyName="b", **entity)
    assert everything(iam, f"List{noun}Policies", "PolicyNames", **entity) == ["a", "c"]


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_not_there_is_not_found(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    missing = ("NoSuchEntity", f"The {noun.lower()} policy with name none cannot be found.")
    assert iam.fault(f"Get{noun}Policy", PolicyName="none", **entity) == missing
    assert iam.fault(f"Delete{noun}Policy", PolicyName="none", **entity) == missing
    nobody: dict[str, Any] = {f"{noun}Name": "nobody"}
    missing = ("NoSuchEntity", f"The {noun.lower()} with name nobody cannot be found.")
    assert iam.fault(f"Put{noun}Policy", PolicyName="p", PolicyDocument=READ, **nobody) == missing
    assert iam.fault(f"Get{noun}Policy", PolicyName="p", **nobody) == missing
    assert iam.fault(f"Delete{noun}Policy", PolicyName="p", **nobody) == missing
    assert iam.fault(f"List{noun}Policies", **nobody) == missing


@pytest.mark.parametrize("noun", NOUNS)
def test_all_embedded_policies_of_an_entity_share_one_size(iam: Iam, noun: str) -> None:
    entity, size = make(iam, noun), SIZES[noun]
    half = size // 2
    iam(f"Put{noun}Policy", PolicyName="a", PolicyDocument=of_size(half).replace(",", ", \n"), **entity)
    iam(f"Put{noun}Policy", PolicyName="b", PolicyDocument=of_size(size - half), **entity)
    over = ("LimitExceeded", f"Maximum policy size of {size} bytes exceeded for {noun.lower()} One")
    assert iam.fault(f"Put{noun}Policy", PolicyName="b", PolicyDocument=of_size(size - half + 1), **entity) == over
    assert iam.fault(f"Put{noun}Policy", PolicyName="c", PolicyDocument=READ, **entity) == over
    assert iam.fault(f"Put{noun}Policy", PolicyName="d", PolicyDocument=of_size(size + 1), **entity) == over
    iam(f"Put{noun}Policy", PolicyName="b", PolicyDocument=READ, **entity)
    assert everything(iam, f"List{noun}Policies", "PolicyNames", **entity) == ["a", "b"]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_bad_document_is_refused_in_awss_words(iam: Iam, noun: str) -> None:
    entity = make(iam, noun)
    said = iam.fault(f"Put{noun}Policy", PolicyName="p", PolicyDocument=document("s3:*", Principal="*"), **entity)
    assert said == ("MalformedPolicyDocument", "Policy document should not specify a principal.")
    assert everything(iam, f"List{noun}Policies", "PolicyNames", **entity) == []


def test_the_old_version_of_the_language_may_be_embedded(iam: Iam) -> None:
    iam.users("ann")
    text = READ.replace("2012-10-17", "2008-10-17")
    iam("PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=text)
    assert unquote(iam("GetUserPolicy", UserName="ann", PolicyName="p")["PolicyDocument"]) == text


def test_a_groups_embedded_policy_permits_its_members_the_very_next_request(iam: Iam) -> None:
    iam.users("ann")
    iam("CreateGroup", GroupName="crew")
    iam("AddUserToGroup", GroupName="crew", UserName="ann")
    ann = iam.world.user("ann")
    assert not is_allowed(iam, ann, "ListUsers")
    iam("PutGroupPolicy", GroupName="crew", PolicyName="p", PolicyDocument=document("iam:ListUsers"))
    assert is_allowed(iam, ann, "ListUsers")
    iam("DeleteGroupPolicy", GroupName="crew", PolicyName="p")
    assert not is_allowed(iam, ann, "ListUsers")
