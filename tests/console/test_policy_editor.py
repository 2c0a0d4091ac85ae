"""Writing policies in the console: text and form, review, saving; without a browser and without JavaScript."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from ostiary.services.iam import quotas
from tests.console.people import Console, Page
from tests.world import ACCOUNT, ALLOW_ALL, document

ARN = f"arn:aws:iam::{ACCOUNT}:policy/Readers"
EDIT = f"/policies/edit?arn={ARN}"
FORM = "//main//form"


def readers(console: Console, text: str = "") -> None:
    console.world.call("iam:CreatePolicy", PolicyName="Readers", PolicyDocument=text or document(["iam:ListUsers"]))


def in_force(console: Console) -> Any:
    version = console.world.call("iam:GetPolicy", PolicyArn=ARN)["Policy"]["DefaultVersionId"]
    found = console.world.call("iam:GetPolicyVersion", PolicyArn=ARN, VersionId=version)["PolicyVersion"]
    return json.loads(unquote(found["Document"]))


def field(page: Page, name: str = "document") -> str:
    return str(page.select(f"//textarea[@name='{name}']")[0].text or "")


def test_a_policy_is_made_step_by_step_and_not_before_the_last(console: Console) -> None:
    browser = console.administrator()
    browser.get("/policies/create")
    text = document("s3:GetObject", "arn:aws:s3:::box/*")
    wrong = browser.submit(FORM, button="review", document=text)
    assert wrong.status == 400 and "A policy needs a name." in wrong.words and field(wrong)
    page = browser.submit(FORM, button="review", document=text, policy_name="Box", description="d", tags="a=b")
    assert page.heading == "Review: Create policy" and "aws iam create-policy --policy-name Box" in page.words
    assert not console.world.call("iam:ListPolicies", Scope="Local")["Policies"]
    back = browser.submit(FORM, button="json")
    assert back.select("//input[@id='policy_name']")[0].get("value") == "Box" and "s3:GetObject" in field(back)
    browser.submit(FORM, button="review")
    page = browser.submit(FORM, button="Create policy")
    assert page.heading == "Box" and "Policy Box is there." in page.words
    made = console.world.call("iam:GetPolicy", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/Box")["Policy"]
    assert made["Description"] == "d" and made["Tags"] == [{"Key": "a", "Value": "b"}]
    browser.get("/policies/create")
    browser.submit(FORM, button="review", document=text, policy_name="box")
    taken = browser.submit(FORM, button="Create policy")
    assert taken.status == 400 and "A policy called box already exists. Duplicate names are not allowed." in taken.words


def test_findings_stand_beside_the_text_with_their_lines(console: Console) -> None:
    browser = console.administrator()
    browser.get("/policies/create")
    text = json.dumps(json.loads(document(["s3:GetObjct", "iam:PassRole"])), indent=2)
    page = browser.submit(FORM, button="check", document=text)
    assert "The action s3:GetObjct does not exist. Did you mean s3:GetObject?" in page.words
    assert "Security warning" in page.words and "2 findings" in page.words
    lines = [int(each.split()[-1]) for each in page.select("//*[@data-mark]//*[contains(@class, 'plain-only')]/text()")]
    assert lines == [
        text.split("\n").index('        "s3:GetObjct",') + 1,
        text.split("\n").index('        "iam:PassRole"') + 1,
    ]
    marks = [(int(each.get("data-start")), int(each.get("data-end"))) for each in page.select("//*[@data-mark]")]
    assert text[marks[0][0] : marks[0][1]] == '"s3:GetObjct"'


def test_what_cant_be_saved_is_said_in_awss_words_with_the_line(console: Console) -> None:
    browser = console.administrator()
    readers(console)
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document='{\n  "Version": "2012-10-17",\n  "Statement": [}\n')
    assert page.status == 400
    assert page.select("//*[@role='alert' and contains(@class, 'error')]")[0].text_content().split() == [
        "Syntax", "errors", "in", "policy.", "(Line", "3)",
    ]  # fmt: skip
    assert page.select("//textarea[@aria-invalid='true']")
    page = browser.submit(FORM, button="review", document=document("s3:GetObject", "not-an-arn"))
    assert page.status == 400 and "Resource not-an-arn must be in ARN format" in page.words
    page = browser.submit(FORM, button="review", document="  ")
    assert page.status == 400 and "There is no text yet." in page.words
    long = document([f"s3:Get{number:04d}{'x' * 60}" for number in range(100)])
    page = browser.submit(FORM, button="review", document=long)
    assert page.status == 400 and "Cannot exceed quota for PolicySize: 6144" in page.words
    assert len(console.world.call("iam:ListPolicyVersions", PolicyArn=ARN)["Versions"]) == 1


def test_the_size_is_counted_as_iam_counts_it(console: Console) -> None:
    browser = console.administrator()
    text = json.dumps(json.loads(ALLOW_ALL), indent=4)
    page = browser.post("/editor/check?kind=user&name=document", {"document": text.replace("\n", "\r\n")})
    assert page.select("//meter")[0].get("value") == str(len(json.dumps(json.loads(text), separators=(",", ":"))))
    assert page.select("//meter")[0].get("max") == "2048"
    page = browser.post("/editor/check?kind=user&name=document&limit=50", {"document": text})
    assert "of 50 characters" in page.words and "Maximum policy size of 50 bytes exceeded for user" in page.words
    assert browser.post("/editor/check?kind=x&name=document").status == 400
    assert browser.post('/editor/check?kind=user&name=a"b').status == 400


def test_a_quota_of_the_account_is_the_one_that_counts(console: Console) -> None:
    browser = console.administrator()
    readers(console)
    with console.house.store.write() as tx:
        quotas.override(tx, ACCOUNT, "PolicySize", 8000)
        quotas.override(tx, ACCOUNT, "VersionsPerPolicy", 2)
    page = browser.get(EDIT)
    assert "of 8,000 characters" in page.words and "limit=8000" in page.text
    long = document([f"s3:Get{number:04d}{'x' * 55}" for number in range(100)])
    assert browser.submit(FORM, button="review", document=long).status == 200
    assert "Version v2 is saved and in force." in browser.submit(FORM, button="Save policy").words
    browser.get(EDIT)
    assert "as many versions as it can" in browser.submit(FORM, button="review").words


def test_completion_is_asked_for_by_what_stands_there(console: Console) -> None:
    browser = console.administrator()
    found = json.loads(browser.get("/editor/complete?what=action&text=s3:GetObjectA").text)
    assert [each["text"] for each in found][:1] == ["s3:GetObjectAcl"]
    assert json.loads(browser.get("/editor/complete?what=nonsense&text=x").text) == []


def test_a_saved_change_is_in_force_and_can_be_undone(console: Console) -> None:
    browser = console.administrator()
    readers(console)
    browser.get(EDIT)
    browser.submit(FORM, button="review", document=document(["iam:ListUsers", "iam:GetUser"]))
    assert "Gained" in browser.page.words and "GetUser" in browser.page.words  # type: ignore[union-attr]
    page = browser.submit(FORM, button="Save policy")
    assert "Version v2 is saved and in force." in page.words
    assert in_force(console)["Statement"][0]["Action"] == ["iam:ListUsers", "iam:GetUser"]
    page = browser.submit("//div[@role='status']//form")
    assert "Version v1 is in force." in page.words
    assert in_force(console)["Statement"][0]["Action"] == ["iam:ListUsers"]
    assert not browser.get(f"/policies/detail?arn={ARN}&undo=v1&saved=v2").select("//div[@role='status']//form")
    hostile = browser.get(f"/policies/detail?arn={ARN}&undo=%3Cscript%3E&saved=v1")
    assert "<script>" not in hostile.text and not hostile.select("//div[@role='status']//form")


def test_a_change_that_grants_nothing_new_is_told_so(console: Console) -> None:
    browser = console.administrator()
    readers(console, document("iam:List*"))
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document=document("iam:ListUsers"))
    assert "This grants nothing new." in page.words and "Lost" in page.words
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document=document("iam:*"))
    assert "This grants nothing new." not in page.words


def test_a_breaking_change_is_warned_about_before_it_is_saved(console: Console) -> None:
    browser = console.administrator()
    readers(console)
    console.user("bob")
    console.world.call("iam:AttachUserPolicy", UserName="bob", PolicyArn=ARN)
    other = console.browser()
    other.sign_in("bob")
    other.get("/policies")  # not allowed
    console.gate.perform(console.world.user("bob"), _facts(console), "iam", "ListUsers", {})
    console.audit.flush()
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document=document("iam:ListPolicies"))
    assert "This change would deny what has been used." in page.words
    assert "1 request of the last days would be denied." in page.words
    assert [row[1] for row in page.rows("//section[.//h2[@id='replay']]//table")] == ["iam:ListUsers"]
    assert page.select("//a[starts-with(@href, '/explain?id=20000000-')]")
    assert "Now allowed 1" in page.words
    refused = browser.submit(FORM, button="Save policy")  # the box is not checked
    assert "Confirm that you have read the warning." in refused.words
    assert in_force(console)["Statement"][0]["Action"] == ["iam:ListUsers"]
    saved = browser.submit(FORM, button="Save policy", warned="on")
    assert "Version v2 is saved and in force." in saved.words


def _facts(console: Console) -> Any:
    from ostiary.authorization.context import RequestFacts

    return RequestFacts(
        request_id="20000000-0000-4000-8000-000000000001",
        at=console.house.clock.now(),
        source_ip="127.0.0.1",
        secure=False,
        region="us-east-1",
    )


def test_who_would_lock_themselves_out_is_warned(console: Console) -> None:
    console.world.call("iam:CreatePolicy", PolicyName="Readers", PolicyDocument=ALLOW_ALL)
    console.user("admin")
    console.world.call("iam:AttachUserPolicy", UserName="admin", PolicyArn=ARN)
    browser = console.browser()
    browser.sign_in("admin")
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document=document("s3:*"))
    assert "You would take from yourself what you need to undo this." in page.words
    assert "iam:SetDefaultPolicyVersion" in page.words
    assert "Confirm that you have read the warning." in browser.submit(FORM, button="Save policy").words
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document=document("iam:*"))
    assert "You would take from yourself" not in page.words


def test_where_the_record_may_not_be_read_the_rest_still_works(console: Console) -> None:
    readers(console)
    browser = console.signed_in("editor", document(["iam:Get*", "iam:List*", "iam:CreatePolicyVersion"]))
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document=document("iam:GetUser"))
    assert "cloudtrail:LookupEvents" in page.words and "What changes" in page.words
    assert "Version v2 is saved and in force." in browser.submit(FORM, button="Save policy").words


def test_the_sixth_version_says_which_one_goes(console: Console) -> None:
    browser = console.administrator()
    readers(console)
    for number in range(4):
        console.world.call("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=document(f"iam:Get{number}*"))
    browser.get(EDIT)
    page = browser.submit(FORM, button="review", document=document("iam:List*"))
    assert "as many versions as it can" in page.words
    assert [each.get("value") for each in page.select("//select[@name='make_room']/option")] == ["v2", "v3", "v4", "v5"]
    page = browser.submit(FORM, button="Save policy")
    assert "Version v6 is saved and in force." in page.words
    kept = console.world.call("iam:ListPolicyVersions", PolicyArn=ARN)["Versions"]
    assert [each["VersionId"] for each in kept] == ["v6", "v5", "v4", "v3", "v1"]


def test_the_form_writes_the_same_document(console: Console) -> None:
    browser = console.administrator()
    mine = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::box/*"},
            {"Effect": "Deny", "NotAction": ["iam:*"], "NotResource": "arn:aws:s3:::box",
             "Condition": {"NumericLessThan": {"s3:max-keys": 10}}},
        ],
    }  # fmt: skip
    readers(console, json.dumps(mine))
    browser.get(EDIT)
    page = browser.submit(FORM, button="visual")
    assert json.loads(field(page)) == mine
    page = browser.submit(FORM, button="json")
    assert json.loads(field(page)) == mine
    browser.submit(FORM, button="visual")
    page = browser.submit(
        FORM,
        button="check",
        **{"s0.action": ["s3:GetObject", "s3:PutObject"], "s0.resources": "arn:aws:s3:::box/*\narn:aws:s3:::b2/*"},
    )
    wanted = json.loads(json.dumps(mine))
    wanted["Statement"][0]["Action"] = ["s3:GetObject", "s3:PutObject"]
    wanted["Statement"][0]["Resource"] = ["arn:aws:s3:::box/*", "arn:aws:s3:::b2/*"]
    assert json.loads(field(page)) == wanted
    page = browser.submit(FORM, button="add")
    assert len(json.loads(field(page))["Statement"]) == 3
    page = browser.submit(
        FORM,
        button="check",
        **{
            "s2.add": "iam:List* iam:GetUser",
            "s2.resources": "*",
            "s2.c0.operator": "IpAddress",
            "s2.c0.key": "aws:SourceIp",
            "s2.c0.values": "10.0.0.0/8\n192.0.2.0/24",
        },
    )
    assert json.loads(field(page))["Statement"][2] == {
        "Effect": "Allow",
        "Action": ["iam:List*", "iam:GetUser"],
        "Resource": ["*"],
        "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
    }
    page = browser.submit(FORM, button="remove-0")
    assert [each["Effect"] for each in json.loads(field(page))["Statement"]] == ["Deny", "Allow"]
    page = browser.submit(FORM, button="review")
    assert page.heading == "Review: Edit Readers" and "s3:max-keys" in page.words


def test_actions_are_chosen_by_service_and_access_level(console: Console) -> None:
    browser = console.administrator()
    readers(console, document("s3:GetObject"))
    browser.get(EDIT)
    browser.submit(FORM, button="visual")
    page = browser.submit(FORM, button="check", **{"s0.service": "iam"})
    assert page.select("//input[@value='iam:CreateUser' and not(@checked)]")
    assert page.select("//input[@value='s3:GetObject' and @checked]")
    page = browser.submit(FORM, button="check", **{"s0.service": "nonsense"})
    assert "There is no service with the prefix nonsense." in page.words


def test_what_no_form_can_show_is_kept(console: Console) -> None:
    browser = console.administrator()
    text = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:Get*"],"Resource":"*"}]}'
    readers(console, text)
    browser.get(EDIT)
    page = browser.submit(FORM, button="visual")
    assert "it is kept as it stands" in page.words
    page = browser.submit(FORM, button="add")
    assert json.loads(field(page))["Statement"][0] == json.loads(text)["Statement"][0]
    browser.get(EDIT)
    page = browser.submit(FORM, button="visual", document="{")
    assert "can't be shown as a form" in page.words and field(page) == "{"


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_embedded_policies_are_written_with_the_same_editor(console: Console, kind: str) -> None:
    browser = console.administrator()
    noun = kind.title()
    more = {"AssumeRolePolicyDocument": _trust("111122223333")} if kind == "role" else {}
    console.world.call(f"iam:Create{noun}", **{f"{noun}Name": "x", **more})
    page = browser.get(f"/inline/edit?kind={kind}&name=x&policy=")
    assert page.heading == "Create inline policy for x"
    assert browser.submit(FORM, button="review", document=document("s3:*")).status == 400
    browser.submit(FORM, button="review", policy_name="mine")
    browser.http.follow_redirects = False
    saved = browser.submit(FORM, button="Create policy")
    assert saved.status == 303 and saved.headers["location"] == f"/{kind}s/x"
    browser.http.follow_redirects = True
    put = console.world.call(f"iam:Get{noun}Policy", **{f"{noun}Name": "x", "PolicyName": "mine"})
    assert json.loads(unquote(put["PolicyDocument"])) == json.loads(document("s3:*"))
    page = browser.get(f"/inline/edit?kind={kind}&name=x&policy=mine")
    assert page.heading == "Edit mine" and "s3:*" in field(page)
    page = browser.submit(FORM, button="review", document=document("s3:Get*"))
    assert "This grants nothing new." in page.words
    assert browser.get(f"/inline/edit?kind={kind}&name=nobody&policy=x").status == 404
    assert browser.get("/inline/edit?kind=dog&name=x&policy=x").status == 404


def _trust(account: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_trust_policy_is_written_with_the_same_editor(console: Console) -> None:
    browser = console.administrator()
    console.world.call("iam:CreateRole", RoleName="door", AssumeRolePolicyDocument=_trust("111122223333"))
    page = browser.get("/inline/edit?kind=trust&name=door")
    assert page.heading == "Edit trust policy of door"
    nobody = _trust(f"arn:aws:iam::{ACCOUNT}:user/nobody")
    browser.submit(FORM, button="review", document=nobody)
    page = browser.submit(FORM, button="Save policy")
    assert page.status == 400 and "Invalid principal in policy" in page.words and "nobody" in field(page)
    page = browser.submit(FORM, button="review", document=_trust("444455556666"))
    assert "444455556666" in page.words and "Gained" in page.words
    browser.http.follow_redirects = False
    assert browser.submit(FORM, button="Save policy").status == 303
    found = console.world.call("iam:GetRole", RoleName="door")["Role"]["AssumeRolePolicyDocument"]
    assert "444455556666" in unquote(found)


def test_a_preview_changes_nothing_and_goes_on_in_the_editor(console: Console) -> None:
    browser = console.administrator()
    readers(console)
    console.user("bob")
    console.world.call("iam:AttachUserPolicy", UserName="bob", PolicyArn=ARN)
    console.gate.perform(console.world.user("bob"), _facts(console), "iam", "ListUsers", {})
    console.audit.flush()
    page = browser.get("/preview")
    assert [row[0] for row in page.rows()] == ["Readers"]
    browser.get(f"/preview?arn={ARN}")
    page = browser.submit(FORM, button="Preview change", document=document("iam:GetUser"))
    assert "1 request of the last days would be denied." in page.words
    assert len(console.world.call("iam:ListPolicyVersions", PolicyArn=ARN)["Versions"]) == 1
    assert browser.submit(FORM, button="Preview change", document="{").status == 400
    page = browser.get("/preview?arn=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    assert "Go on in the editor" not in page.words
    assert browser.post("/preview", {"document": "{}"}).path == "/preview"
    assert "Change preview" in browser.get("/").words


def test_saving_asks_for_the_password_when_it_is_a_while_ago(console: Console) -> None:
    browser = console.administrator()
    readers(console)
    browser.get(EDIT)
    console.world.clock.advance(minutes=6)
    browser.submit(FORM, button="review", document=document("iam:Get*"))
    page = browser.submit(FORM, button="Save policy")
    assert page.heading == "Confirm that it is you"
    assert in_force(console)["Statement"][0]["Action"] == ["iam:ListUsers"]
    page = browser.submit(FORM, confirm_password="Correct-Horse-9-battery")
    assert "Version v2 is saved and in force." in page.words
