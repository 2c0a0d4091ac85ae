"""Understanding access in a real browser: from a refusal of boto3's to the statement that is missing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.console.chromium import Watched
from tests.live import Server
from tests.world import document


def employee(live: Server, name: str) -> Any:
    """A user with a policy and a key; boto3's client with that key."""
    iam = live.client("iam")
    iam.create_user(UserName=name)
    text = document("iam:ListGroups", Sid="GroupsAlone")
    iam.put_user_policy(UserName=name, PolicyName="small", PolicyDocument=text)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return live.client("iam", key=(key["AccessKeyId"], key["SecretAccessKey"]))


def test_a_refusal_is_found_in_the_trail_explained_and_tried_otherwise(root_window: Watched, live: Server) -> None:
    ann = employee(live, "watched-ann")
    ann.list_groups()
    with pytest.raises(ClientError, match="AccessDenied"):
        ann.list_users()
    page = root_window.go("/audit?who=user/watched-ann&verdict=denied")
    assert page.inner_text("tbody tr td:nth-child(3)") == "iam:ListUsers"
    root_window.check_accessibility()
    page.click("tbody >> text=Explain")
    assert "no policy of the one who asks allows it" in page.inner_text("section.verdict")
    assert "iam:ListUsers" in page.inner_text(".advice pre >> nth=0")
    root_window.check_accessibility()

    page = root_window.go("/simulator")
    page.fill("#principal", "watched-a")
    page.wait_for_selector("#principals option[value='user/watched-ann']", state="attached")
    page.fill("#principal", "user/watched-ann")
    page.fill("#actions", "iam:ListUsers\niam:ListGroups")
    page.click("main form button.primary")
    verdicts = page.locator("section table tbody tr td:nth-child(3)").all_inner_texts()
    assert [each.strip() for each in verdicts] == ["Denied: nothing allows it", "Allowed"]
    root_window.check_accessibility()


def test_the_screens_that_watch_are_accessible_and_alive(root_window: Watched, live: Server) -> None:
    bob = employee(live, "watched-bob")
    live.client("iam").generate_credential_report()
    for path in ("/", "/report", "/last-used", "/last-used?principal=watched-bob", "/who-can?action=iam:ListGroups"):
        root_window.go(path)
        root_window.check_accessibility()
    page = root_window.go("/audit?who=user/watched-bob&action=ListGroups&live=1")
    assert page.locator("tbody tr").count() == 0
    bob.list_groups()
    page.wait_for_selector("tbody tr", timeout=8000)  # it came by itself
    assert "iam:ListGroups" in page.inner_text("tbody tr")
