"""Who can do this: held against the judge, principal by principal, and quick for a thousand of them."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest

from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask
from ostiary.store.records import BucketRecord, GroupRecord, UserRecord
from tests.console.people import Browser, Console
from tests.world import ACCOUNT, ALLOW_ALL, NOW, document

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def table(browser: Browser, query: str) -> dict[str, list[str]]:
    page = browser.get(f"/who-can?{query}")
    assert page.status == 200, page.words
    return {row[0]: row[1:] for row in page.rows()}


def test_the_path_of_each_right_is_told(console: Console) -> None:
    call = console.world.call
    admin = console.administrator()
    for name in ("direct", "member", "bounded", "denied", "nobody"):
        console.user(name, password=None)
    call("iam:PutUserPolicy", UserName="direct", PolicyName="p", PolicyDocument=document("s3:GetObject", Sid="Here"))
    call("iam:CreateGroup", GroupName="readers")
    call("iam:AttachGroupPolicy", GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    for name in ("member", "bounded", "denied"):
        call("iam:AddUserToGroup", GroupName="readers", UserName=name)
    call(
        "iam:PutUserPermissionsBoundary",
        UserName="bounded",
        PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess",
    )
    no = document("s3:GetObject", effect="Deny")
    call("iam:PutUserPolicy", UserName="denied", PolicyName="no", PolicyDocument=no)
    found = table(admin, "action=s3:GetObject&resource=arn:aws:s3:::box/key")
    assert set(found) == {"root user", "admin User", "direct User", "member User"}
    assert "p of the user direct, statement Here" in found["direct User"][1]
    assert "AmazonS3ReadOnlyAccess" in found["member User"][1] and "of the group readers" in found["member User"][1]
    assert found["root user"][:2] == ["Yes", "It owns the account"]


def test_rights_under_conditions_are_told_with_them(console: Console) -> None:
    admin = console.administrator()
    console.user("careful", document("iam:DeleteUser", Condition=MFA), password=None)
    console.user("kept", ALLOW_ALL, password=None)
    guard = document(
        "iam:DeleteUser", effect="Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    )
    never = {"StringEquals": {"aws:username": "somebody-else"}}
    console.world.call("iam:PutUserPolicy", UserName="kept", PolicyName="guard", PolicyDocument=guard)
    console.user("other", document("iam:DeleteUser", Condition=never), password=None)
    found = table(admin, "action=iam:DeleteUser")
    assert found["careful User"][0] == "Under conditions"
    assert "Bool aws:MultiFactorAuthPresent true" in found["careful User"][2]
    assert found["kept User"][0] == "Under conditions" and "Deny BoolIfExists" in found["kept User"][2]
    sure = table(admin, "action=iam:DeleteUser&context=aws:MultiFactorAuthPresent%3Dtrue")
    assert sure["careful User"][0] == "Under conditions"  # it is met, and still it is one
    assert "other User" not in found  # nobody has another name


def test_roles_and_the_policies_of_resources_count(console: Console) -> None:
    call = console.world.call
    admin = console.administrator()
    console.user("ann", password=None)
    ann = f"arn:aws:iam::{ACCOUNT}:user/ann"
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": ann}, "Action": "sts:AssumeRole"}}
    trust["Version"] = "2012-10-17"  # type: ignore[assignment]
    call("iam:CreateRole", RoleName="Deploy", AssumeRolePolicyDocument=json.dumps(trust))
    call("iam:PutRolePolicy", RoleName="Deploy", PolicyName="p", PolicyDocument=document("s3:GetObject"))
    bucket = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": {"AWS": ann}, "Action": "s3:GetObject", "Resource": "*"},
        }
    )
    with console.house.store.write() as tx:
        tx.buckets.add(
            BucketRecord(name="box", account=ACCOUNT, region="us-east-1", created=int(NOW.timestamp()), policy=bucket)
        )
    found = table(admin, "action=s3:GetObject&resource=arn:aws:s3:::box/key")
    assert found["Deploy Role"][0] == "Yes" and "bucket policy" in found["ann User"][1]
    role = f"arn:aws:iam::{ACCOUNT}:role/Deploy"
    assert "trust policy" in table(admin, f"action=sts:AssumeRole&resource={role}")["ann User"][1]


def test_use_in_the_last_ninety_days_is_told(console: Console) -> None:
    admin = console.administrator()
    console.user("busy", document("iam:ListGroups"), password=None)
    console.user("idle", document("iam:ListGroups"), password=None)
    facts = RequestFacts(
        request_id="00000000-0000-4000-8000-00000000aaaa",
        at=NOW,
        source_ip="10.1.2.3",
        secure=True,
        region="us-east-1",
    )
    console.gate.perform(console.world.user("busy"), facts, "iam", "ListGroups", {})
    console.audit.flush()
    found = table(admin, "action=iam:listgroups")
    assert found["busy User"][3] == "Today" and found["idle User"][3] == "Not in 90 days"


def test_a_file_has_everybody(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary.services.console.who_can.LOOKED", 3)
    admin = console.administrator()
    for number in range(7):
        console.user(f"u{number}", document("iam:ListUsers"), password=None)
    first = admin.get("/who-can?action=iam:ListUsers")
    assert len(first.rows()) == 3 and "3 were looked at" in first.words
    second = admin.get(first.select("//a[@rel='next']/@href")[0])
    assert [row[0] for row in second.rows()] == ["u1 User", "u2 User", "u3 User"]
    text = admin.http.get("/who-can/download?action=iam:ListUsers").text
    assert [row["principal"] for row in csv.DictReader(io.StringIO(text))][:3] == ["root", "admin", "u0"]
    assert text.count("\r\n") == 10


def test_what_is_wrong_or_not_allowed_is_said(console: Console) -> None:
    admin = console.administrator()
    assert admin.get("/who-can").status == 200
    assert admin.get("/who-can?action=ListUsers").select("//*[@id='action-error']")
    assert admin.get("/who-can?action=s3:GetObject&resource=box").select("//*[@id='resource-error']")
    assert admin.get("/who-can?action=s3:GetObject&context=x").select("//*[@id='context-error']")
    eve = console.signed_in("eve")
    page = eve.get("/who-can?action=iam:ListUsers")
    assert page.status == 403 and "iam:GetAccountAuthorizationDetails" in page.words
    assert eve.get("/who-can/download?action=iam:ListUsers").status == 403


def test_a_thousand_principals_agree_with_the_judge_and_take_no_second(console: Console) -> None:
    admin = console.administrator()
    with console.house.store.write() as tx:
        tx.groups.add(GroupRecord(id="AGPA1", account=ACCOUNT, name="g", path="/", created=0))
        tx.attachments.attach("AGPA1", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", ACCOUNT, 0)
        for number in range(990):
            user_id = f"AIDA{number:017d}"
            tx.users.add(UserRecord(id=user_id, account=ACCOUNT, name=f"u{number}", path="/", created=0))
            if number % 3 == 0:
                tx.inline_policies.put(user_id, "p", document("s3:*", f"arn:aws:s3:::box/{number % 6}*"))
            if number % 5 == 0:
                tx.groups.enrol("AGPA1", user_id)
            if number % 7 == 0:
                tx.inline_policies.put(user_id, "m", document("s3:GetObject", Condition=MFA))
    begun = time.process_time()
    found = table(admin, "action=s3:GetObject&resource=arn:aws:s3:::box/0")
    taken = time.process_time() - begun
    judge, facts = (
        console.house.judge,
        RequestFacts(request_id="r", at=NOW, source_ip="10.0.0.1", secure=True, region="us-east-1"),
    )
    ask = Ask(action="s3:GetObject", resource="arn:aws:s3:::box/0")
    for number in range(990):
        allowed = judge.judge(console.world.user(f"u{number}"), ask, facts).allowed
        told = found.get(f"u{number} User", ["No"])[0]
        assert told == ("Yes" if allowed else "Under conditions" if number % 7 == 0 else "No"), number
    assert taken < 1.5, taken  # half a second where nothing else runs
