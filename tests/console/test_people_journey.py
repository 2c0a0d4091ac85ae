"""The tutorial's part in the console (S20-S25), in a real browser: a user is made, and its key does what S23 says."""

from __future__ import annotations

import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import expect

from tests.console.chromium import Watched
from tests.live import Server

NAME = "tutorial-user"


def test_a_user_is_created_and_the_key_reads_s3_alone(root_window: Watched, live: Server) -> None:
    page, window = root_window.page, root_window
    window.go("/users")
    window.check_accessibility("the users")
    page.click("text=Create user")
    page.fill("#names", NAME)
    page.click("text=Next: access type")
    assert not page.is_visible("#password")  # S20: hidden until console access is chosen
    page.check("[name=console]")
    assert page.is_visible("#password")
    page.uncheck("[name=console]")
    page.check("[name=programmatic]")
    page.click("text=Next: permissions")
    window.check_accessibility("groups")
    page.check("[name=way][value=attach]")
    assert re.search(r"of 1,\d{3} policies", page.inner_text("#picker .count"))  # AWS's, and those of other journeys
    page.fill("#find", "AmazonS3Read")
    count = page.locator("#picker .count")
    expect(count).to_have_text(re.compile(r"^1 of 1,\d{3} policies$"))
    assert page.evaluate("document.activeElement.id") == "find"
    page.check("#picker tbody [name=policy]")
    page.wait_for_selector("aside >> text=Selected (1)")
    page.fill("#find", "lambda")
    expect(count).not_to_have_text(re.compile(r"^1 of "))
    assert "AmazonS3ReadOnlyAccess" in page.inner_text("aside")  # picks stay while one searches on
    window.check_accessibility("policies")
    page.click("text=Next: review")
    iam = live.client("iam")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_user(UserName=NAME)
    window.check_accessibility("the review")
    page.click("main button.primary")
    page.wait_for_selector("text=is created")
    assert "•" in page.inner_text("[data-secret]")
    window.check_accessibility("the key")
    secret = page.get_attribute("[data-secret]", "data-secret")
    key = page.inner_text("#key-id1")
    page.click("[data-reveal]")
    assert page.inner_text("[data-secret]") == secret
    window.go(f"/users/{NAME}/credentials")
    assert secret not in page.content() and key in page.content()
    window.check_accessibility("credentials")

    assert (
        iam.list_attached_user_policies(UserName=NAME)["AttachedPolicies"][0]["PolicyName"] == "AmazonS3ReadOnlyAccess"
    )
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret, "region_name": "us-east-1"}
    plain = Config(retries={"max_attempts": 0})
    theirs = boto3.client("iam", endpoint_url=live.endpoint, config=plain, **keys)
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.create_user(UserName="another")
    found = iam.simulate_principal_policy(
        PolicySourceArn=iam.get_user(UserName=NAME)["User"]["Arn"],
        ActionNames=["s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject", "ec2:StartInstances"],
    )["EvaluationResults"]
    assert [each["EvalDecision"] == "allowed" for each in found] == [True, True, False, False, False]
    assert (
        boto3.client("sts", endpoint_url=live.endpoint, config=plain, **keys)
        .get_caller_identity()["Arn"]
        .endswith(NAME)
    )


def test_the_list_filters_in_place_and_the_api_sees_what_was_done(root_window: Watched, live: Server) -> None:
    iam, page, window = live.client("iam"), root_window.page, root_window
    iam.create_group(GroupName="journey-readers")
    for name in ("journey-ann", "journey-bob"):
        iam.create_user(UserName=name)
    window.go("/users")
    page.fill("#find", "journey")
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    page.wait_for_url("**find=journey**")
    assert page.evaluate("document.activeElement.id") == "find"
    page.click("#rows th >> text=User name")
    expect(page.locator("#rows tbody a.name").first).to_have_text("journey-bob")
    page.check("[data-check-all]")
    page.click("summary >> text=With the chosen users")
    page.select_option("#to-group", "journey-readers")
    window.check_accessibility("what is done to several")
    page.click("button >> text=Add to group")
    page.wait_for_selector("text=2 users are added")
    assert len(iam.get_group(GroupName="journey-readers")["Users"]) == 2
    for path in ("/groups", "/groups/journey-readers", "/groups/journey-readers/permissions"):
        window.go(path)
        window.check_accessibility(path)
    for tab in ("permissions", "audit"):
        window.go(f"/users/journey-ann/{tab}")
        window.check_accessibility(tab)
