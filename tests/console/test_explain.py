"""Explain: a request of the record, or one that is typed, and who is told what."""

from __future__ import annotations

import json
import time

from tests.console.people import Console
from tests.world import ACCOUNT, document

ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
READ = document("iam:GetRequestAuthorizationDetails")


def denied(console: Console, name: str = "ann") -> str:
    """A refusal of the console's own, by its request id."""
    browser = console.signed_in(name, document("iam:DeleteUser", Condition=MFA, Sid="OnlyWithMfa"))
    page = browser.get("/groups-that-are-not")
    assert page.status == 404
    browser.get("/explain?principal=user/nobody&action=iam:GetUser")  # asks iam:SimulatePrincipalPolicy: refused
    return str(next(each for each in console.events() if each.get("errorCode") == "AccessDenied")["requestID"])


def test_a_recorded_refusal_is_explained_policy_by_policy(console: Console) -> None:
    request_id = denied(console)
    page = console.administrator().get(f"/explain?id={request_id}")
    assert page.status == 200
    assert "Denied, because no policy of the one who asks allows it." in page.words
    assert "iam:SimulatePrincipalPolicy on" in page.words
    assert "What would allow it" in page.words and '"iam:SimulatePrincipalPolicy"' in page.text.replace("&#34;", '"')
    assert [each.text_content().strip() for each in page.select("//h3")][:2] == [
        "Service control policies",
        "Resource control policies",
    ]
    assert "There is none" in page.words


def test_one_who_may_not_ask_for_details_sees_what_became_of_the_own_request_alone(console: Console) -> None:
    request_id = denied(console)
    browser = console.browser()
    browser.sign_in("ann")
    page = browser.get(f"/explain?id={request_id}")
    assert "You are not allowed to see this." in page.words and "iam:GetRequestAuthorizationDetails" in page.words
    assert "AccessDenied" in page.words and "This is your own request" in page.words
    assert "Policy by policy" not in page.words
    other = console.signed_in("eve").get(f"/explain?id={request_id}")
    assert "You are not allowed to see this." in other.words
    assert "AccessDenied" not in other.words and "This is your own request" not in other.words


def test_policies_that_one_may_not_read_are_counted_and_not_told(console: Console) -> None:
    console.user("ann", document("s3:*", Sid="Secret"))
    both = document(["iam:SimulatePrincipalPolicy", "iam:GetRequestAuthorizationDetails"])
    url = "/explain?principal=user/ann&action=s3:GetObject&resource=arn:aws:s3:::b/k"
    page = console.signed_in("auditor", both).get(url)
    assert "Allowed" in page.words and "1 statement stands in policies that you may not read." in page.words
    assert "Secret" not in page.text
    full = console.administrator().get(url)
    assert "Secret" in full.words and "This decided" in full.words and "of the user ann" in full.words


def test_a_typed_request_compares_conditions_and_names_missing_keys(console: Console) -> None:
    console.user("ann", document("iam:DeleteUser", Condition=MFA, Sid="OnlyWithMfa"))
    browser = console.administrator()
    page = browser.get("/explain?principal=ann&action=iam:DeleteUser")
    assert "Denied, because no policy of the one who asks allows it." in page.words
    assert "aws:MultiFactorAuthPresent" in page.words and "the request has no such key" in page.words
    assert "Sign in with MFA." in page.words
    again = browser.submit("(//main//form)[2]", context="aws:MultiFactorAuthPresent=true")
    assert "Allowed, because a statement says so and nothing denies it." in again.words
    assert "context=aws" in again.path  # an address to share


def test_a_typed_request_asks_the_role_and_the_bucket(console: Console) -> None:
    console.user("ann", document("sts:AssumeRole"))
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
    console.world.call("iam:CreateRole", RoleName="Closed", AssumeRolePolicyDocument=json.dumps(trust))
    role = f"arn:aws:iam::{ACCOUNT}:role/Closed"
    page = console.administrator().get(f"/explain?principal=ann&action=sts:AssumeRole&resource={role}")
    assert "Denied explicitly" in page.words and "Trust policy of the role" in page.words


def test_the_root_user_is_explained(console: Console) -> None:
    page = console.administrator().get("/explain?principal=root&action=iam:CreateUser")
    assert "Allowed: the root user may do everything in its own account." in page.words


def test_what_is_wrong_is_told_beside_its_field(console: Console) -> None:
    browser = console.administrator()
    for query, field, words in (
        ("principal=nobody&action=iam:GetUser", "principal", "The user with name nobody cannot be found."),
        ("principal=group/g&action=iam:GetUser", "principal", "A group makes no requests"),
        ("principal=admin&action=GetUser", "action", "is not an action"),
        ("principal=admin&action=s3:GetObject&resource=bucket", "resource", "is not a valid ARN"),
        ("principal=admin&action=s3:GetObject&context=hm", "context", "Write a key and a value: hm"),
    ):
        page = browser.get(f"/explain?{query}")
        assert page.status in (400, 404), query
        assert words in page.select(f"//*[@id='{field}-error']")[0].text_content(), query


def test_a_request_that_is_not_there_is_not_found(console: Console) -> None:
    assert console.administrator().get("/explain?id=no-such-request").status == 404
    assert console.signed_in("eve").get("/explain?id=no-such-request").status == 200  # nothing is told, not even that


def test_a_typed_request_under_a_thousand_policies_is_explained_in_time(console: Console) -> None:
    user = console.user("ann")
    with console.house.store.write() as tx:
        for number in range(1000):
            action = "s3:GetObject" if number % 10 == 0 else f"sqs:Send{number}"
            text = document(action, f"arn:aws:s3:::bucket{number}/*")
            tx.inline_policies.put(user.entity_id, f"p{number}", text)
    browser = console.administrator()
    url = "/explain?principal=ann&action=s3:GetObject&resource=arn:aws:s3:::bucket990/k"
    browser.get(url)
    begun = time.process_time()
    page = browser.get(url)
    taken = time.process_time() - begun
    assert "Allowed" in page.words and "p990" in page.words
    assert taken < 0.5, taken  # 0.2 where nothing else runs


def test_actions_and_principals_complete_as_one_types(console: Console) -> None:
    console.user("annabel")
    browser = console.administrator()
    assert 'value="s3:GetObject"' in browser.get("/complete/actions?action=S3:getobj").text
    assert 'value="iam:"' in browser.get("/complete/actions?action=ia").text
    assert 'value="user/annabel"' in browser.get("/complete/principals?principal=anna").text
    assert "annabel" not in console.signed_in("eve").get("/complete/principals?principal=anna").text
