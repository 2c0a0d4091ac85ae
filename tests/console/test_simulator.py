"""The policy simulator: principals and drafts, policies switched off, and the same verdicts as enforcement (S68)."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from ostiary.authorization.context import RequestFacts
from ostiary.services.faults import ServiceFault
from tests.console.people import Console, Page
from tests.world import ACCOUNT, NOW, document

ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def results(page: Page) -> dict[tuple[str, str], str]:
    return {(row[0], row[1]): row[2] for row in page.rows("//table[contains(., 'Because of')]")}


def test_actions_by_resources_are_decided_and_the_case_has_an_address(console: Console) -> None:
    console.user("ann", document("s3:GetObject", "arn:aws:s3:::box/*"))
    admin = console.administrator()
    admin.get("/simulator")
    page = admin.submit(
        principal="user/ann", actions="s3:GetObject\ns3:PutObject", resources="arn:aws:s3:::box/k\narn:aws:s3:::other/k"
    )
    assert page.status == 200 and "principal=user%2Fann" in page.path
    assert results(page) == {
        ("s3:GetObject", "arn:aws:s3:::box/k"): "Allowed",
        ("s3:GetObject", "arn:aws:s3:::other/k"): "Denied: nothing allows it",
        ("s3:PutObject", "arn:aws:s3:::box/k"): "Denied: nothing allows it",
        ("s3:PutObject", "arn:aws:s3:::other/k"): "Denied: nothing allows it",
    }
    assert results(admin.get(page.path)) == results(page)
    assert page.select("//a[starts-with(@href, '/explain?principal=user%2Fann')]")


def test_policies_are_switched_off_one_by_one(console: Console) -> None:
    console.user("ann", document("s3:GetObject"))
    deny = document("s3:GetObject", effect="Deny")
    console.world.call("iam:PutUserPolicy", UserName="ann", PolicyName="no", PolicyDocument=deny)
    admin = console.administrator()
    page = admin.get("/simulator?principal=ann&actions=s3:GetObject")
    assert list(results(page).values()) == ["Denied explicitly"]
    assert page.select("//input[@name='off']/@value") == ["user/ann/no", "user/ann/test"]
    page = admin.submit("//main//form", off=["user/ann/no"])
    assert list(results(page).values()) == ["Allowed"]
    assert list(results(admin.submit("//main//form", off=["user/ann/no", "user/ann/test"])).values()) == [
        "Denied: nothing allows it"
    ]


def test_a_pasted_policy_is_simulated_and_its_statement_shown(console: Console) -> None:
    admin = console.administrator()
    text = json.dumps(json.loads(document("ec2:*", Sid="Draft")), indent=2)
    admin.get("/simulator")
    page = admin.submit("//main//form", policy=text, actions="ec2:RunInstances iam:GetUser")
    assert list(results(page).values()) == ["Allowed", "Denied: nothing allows it"]
    shown = page.select("//td//pre")[0].text_content()
    assert json.loads(shown)["Sid"] == "Draft"


def test_the_keys_that_policies_ask_for_are_offered_and_valued(console: Console) -> None:
    console.user("ann", document("iam:DeleteUser", Condition=MFA))
    admin = console.administrator()
    page = admin.get("/simulator?principal=ann&actions=iam:DeleteUser")
    assert page.select("//input[@name='key:aws:MultiFactorAuthPresent']")
    assert list(results(page).values()) == ["Denied: nothing allows it"]
    assert "Without a value: aws:MultiFactorAuthPresent" in page.words
    page = admin.submit("//main//form", **{"key:aws:MultiFactorAuthPresent": "true"})
    assert list(results(page).values()) == ["Allowed"]
    page = admin.get("/simulator?principal=ann&actions=iam:DeleteUser&context=aws:MultiFactorAuthPresent%3Dtrue")
    assert list(results(page).values()) == ["Allowed"]


def test_a_wildcard_stands_for_its_actions_and_an_action_is_added(console: Console) -> None:
    admin = console.administrator()
    page = admin.get("/simulator?principal=admin&actions=iam:GetAcc*")
    assert {each[0] for each in results(page)} >= {"iam:GetAccountSummary", "iam:GetAccountPasswordPolicy"}
    page = admin.submit("//main//form", add="iam:ListUsers")
    assert ("iam:ListUsers", "*") in results(page)
    assert "No action is like iam:Nothing*." in admin.get("/simulator?principal=admin&actions=iam:Nothing*").words


def test_a_long_case_is_posted_and_answered_itself(console: Console) -> None:
    admin = console.administrator()
    admin.get("/simulator")
    text = document([f"s3:Get{number:04d}" for number in range(900)] + ["s3:GetObject"])
    page = admin.submit("//main//form", policy=text, actions="s3:GetObject")
    assert page.status == 200 and page.path == "/simulator" and list(results(page).values()) == ["Allowed"]


def test_what_is_wrong_is_told_beside_its_field(console: Console) -> None:
    admin = console.administrator()
    for query, field in (
        ("principal=nobody&actions=iam:GetUser", "principal"),
        ("principal=admin&actions=GetUser", "actions"),
        ("principal=admin&actions=s3:GetObject&resources=box", "resources"),
        ("principal=admin&actions=s3:GetObject&context=x", "context"),
        ("policy=%7B&actions=s3:GetObject", "policy"),
    ):
        page = admin.get(f"/simulator?{query}")
        assert page.status == 400 and page.select(f"//*[@id='{field}-error']"), (query, page.words)


def test_without_permission_the_simulator_says_so(console: Console) -> None:
    console.user("ann")
    eve = console.signed_in("eve")
    page = eve.get("/simulator?principal=ann&actions=s3:GetObject")
    assert page.status == 403 and "iam:SimulatePrincipalPolicy" in page.words and not page.rows()
    page = eve.get(f"/simulator?policy={quote(document('s3:*'))}&actions=s3:GetObject")
    assert page.status == 403 and "iam:SimulateCustomPolicy" in page.words


def test_assuming_a_role_is_said_to_be_half_of_it(console: Console) -> None:
    console.user("ann", document("sts:AssumeRole"))
    role = f"arn:aws:iam::{ACCOUNT}:role/Deploy"
    page = console.administrator().get(f"/simulator?principal=ann&actions=sts:AssumeRole&resources={role}")
    assert "the role's trust policy is not. Explain asks both." in page.words


@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        ("GetUser", {"UserName": "ann"}, "user/ann"),
        ("GetUser", {"UserName": "bob"}, "user/bob"),
        ("CreateGroup", {"GroupName": "eng"}, "group/eng"),
        ("DeleteUser", {"UserName": "bob"}, "user/bob"),
        ("ListUsers", {}, "*"),
    ],
)
def test_the_simulator_agrees_with_enforcement(
    console: Console, operation: str, params: dict[str, str], resource: str
) -> None:
    statements = [
        {"Effect": "Allow", "Action": "iam:Get*", "Resource": "arn:aws:iam::*:user/${aws:username}"},
        {"Effect": "Allow", "Action": ["iam:*Group", "iam:DeleteUser"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:DeleteUser", "Resource": "arn:aws:iam::*:user/bob"},
    ]
    console.user("ann", json.dumps({"Version": "2012-10-17", "Statement": statements}))
    console.user("bob", password=None)
    facts = RequestFacts(request_id="r", at=NOW, source_ip="10.0.0.1", secure=True, region="us-east-1")
    try:
        console.gate.perform(console.world.user("ann"), facts, "iam", operation, params)
        done = True
    except ServiceFault as fault:
        assert fault.code == "AccessDenied"
        done = False
    arn = resource if resource == "*" else f"arn:aws:iam::{ACCOUNT}:{resource}"
    admin = console.administrator()
    page = admin.get(f"/simulator?principal=ann&actions=iam:{operation}&resources={arn}")
    assert [each == "Allowed" for each in results(page).values()] == [done]
    explained = admin.get(f"/explain?principal=ann&action=iam:{operation}&resource={arn}")
    assert bool(explained.select("//section[contains(@class, 'verdict allowed')]")) is done
