"""Policies in a real browser: the editor by keyboard, a breaking change, its undoing."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any
from urllib.parse import unquote

from tests.console.chromium import Watched
from tests.live import Server

EDITOR_BUDGET = 220_000
LIVE_SECONDS = 5.0
"""On a quiet machine 0.16, of which the editor waits 0.13 for more; tests share theirs."""


def policy(live: Server, name: str, *statements: dict[str, Any]) -> str:
    made = live.client("iam").create_policy(PolicyName=name, PolicyDocument=document(*statements))
    return str(made["Policy"]["Arn"])


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def in_force(live: Server, arn: str) -> Any:
    iam = live.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return found if isinstance(found, dict) else json.loads(unquote(found))


def test_a_breaking_change_written_by_keyboard_is_warned_about_and_undone(root_window: Watched, live: Server) -> None:
    iam = live.client("iam")
    arn = policy(live, "JourneyReports", allow(["iam:ListUsers", "iam:GetUsr"]), allow("iam:PassRole"))
    iam.create_user(UserName="breaking-bob")
    iam.attach_user_policy(UserName="breaking-bob", PolicyArn=arn)
    key = iam.create_access_key(UserName="breaking-bob")["AccessKey"]
    live.client("iam", (key["AccessKeyId"], key["SecretAccessKey"])).list_users()

    page = root_window.go(f"/policies/edit?arn={arn}")
    page.wait_for_selector(".editor.live .cm-lintRange-error")  # the marks of the server's list
    _weighs(page)
    root_window.check_accessibility("the editor")

    # by keyboard alone: to the finding, out of the editor again, back, and correct what was found
    page.focus(".cm-content")
    page.keyboard.press("F8")
    assert page.evaluate("getSelection().toString()").strip('"') == "iam:GetUsr"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.cm-editor')")
    page.focus(".cm-content")
    page.keyboard.press("F8")
    page.keyboard.press("F8")  # the next one, and then the first again
    page.keyboard.insert_text('"iam:GetUse"')
    page.keyboard.press("ArrowLeft")
    _offered(page, "iam:GetUser")
    time.sleep(0.1)  # the list takes keys only once it was seen
    page.keyboard.press("Enter")
    begun = time.monotonic()
    page.wait_for_selector(".cm-lintRange-error", state="detached")
    assert time.monotonic() - begun < LIVE_SECONDS
    assert "does not exist" not in page.inner_text("#document-checked")
    assert "Security warning" in page.inner_text("#document-checked")
    assert "iam:GetUser" in page.input_value("#document")

    # the change takes away what bob has used
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(document(allow("iam:GetUser")))
    page.click("text=Review change")
    page.wait_for_selector("text=This change would deny what has been used.")
    assert "iam:ListUsers" in page.inner_text("section:has(#replay)")
    root_window.check_accessibility("the review")
    page.click("text=Save policy")  # the browser asks for the box first
    assert in_force(live, arn)["Statement"][0]["Action"] == ["iam:ListUsers", "iam:GetUsr"]
    page.check("[name=warned]")
    page.click("text=Save policy")
    page.wait_for_selector("text=Version v2 is saved and in force.")
    assert in_force(live, arn)["Statement"] == [allow("iam:GetUser")]
    root_window.check_accessibility("a policy")
    page.click("text=Undo: back to v1")
    page.wait_for_selector("text=Version v1 is in force.")
    assert in_force(live, arn)["Statement"][0]["Action"] == ["iam:ListUsers", "iam:GetUsr"]


def test_policies_are_found_while_one_types_and_written_in_a_form(root_window: Watched, live: Server) -> None:
    arn = policy(live, "JourneyForm", allow("s3:GetObject"))
    page = root_window.go("/policies")
    page.keyboard.press("/")
    page.keyboard.type("JourneyForm")
    page.wait_for_url("**q=JourneyForm&**")
    assert page.evaluate("document.activeElement.id") == "q"
    root_window.check_accessibility("the list")
    page.click("a:has-text('JourneyForm')")
    page.click("text=Edit policy")
    page.click("button[value=visual]")
    page.click("summary:has-text('Write')")
    page.check("input[value='s3:PutObject']")
    root_window.check_accessibility("the form")
    page.click("text=Review change")
    page.wait_for_selector("text=Gained")
    page.click("text=Save policy")
    page.wait_for_selector("text=Version v2 is saved and in force.")
    assert in_force(live, arn)["Statement"][0]["Action"] == ["s3:GetObject", "s3:PutObject"]
    page = root_window.go(f"/policies/compare?arn={arn}&from=v2&to=v1")
    root_window.check_accessibility("two versions")


def _offered(page: Any, text: str) -> None:
    """Ask for completions until this one is there: on a busy machine an answer may come too late to be shown."""
    from playwright.sync_api import TimeoutError

    for last in (False, False, True):
        page.keyboard.press("Control+Space")
        try:
            page.wait_for_selector(f".cm-tooltip-autocomplete li:has-text('{text}')", timeout=10_000)
            return
        except TimeoutError:
            if last:
                raise


def _weighs(page: Any) -> None:
    """What the editor's page costs, scripts and styles included, is within its budget."""
    files = page.evaluate("performance.getEntriesByType('resource').map((each) => [each.name, each.encodedBodySize])")
    names = [name.rsplit("/", 1)[-1].partition(".")[0] for name, _ in files if "/static/" in name]
    assert sorted(names) == ["console", "console", "editor"]
    html = page.evaluate("fetch(location.href).then((answer) => answer.text())")
    weight = len(gzip.compress(html.encode())) + sum(size for name, size in files if "/static/" in name)
    assert 100_000 < weight < EDITOR_BUDGET, weight
