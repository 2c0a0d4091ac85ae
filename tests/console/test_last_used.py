"""Last used: what was allowed apart from what was refused, and the least policy for what was done."""

from __future__ import annotations

import json

from ostiary.authorization.context import RequestFacts
from ostiary.services.console.last_used import _resources, _statements
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.granted_services import service_name
from tests.console.people import Console
from tests.world import ACCOUNT, NOW, document


def facts() -> RequestFacts:
    return RequestFacts(
        request_id="00000000-0000-4000-8000-00000000aaaa", at=NOW, source_ip="10.0.0.1", secure=True, region="us-east-1"
    )


def worked(console: Console) -> None:
    """Ann lists groups, makes one, and is refused a user."""
    console.user("ann", document(["iam:ListGroups", "iam:CreateGroup", "sqs:SendMessage"], Sid="Work"), password=None)
    ann = console.world.user("ann")
    console.gate.perform(ann, facts(), "iam", "ListGroups", {})
    console.gate.perform(ann, facts(), "iam", "CreateGroup", {"GroupName": "eng"})
    try:
        console.gate.perform(ann, facts(), "iam", "CreateUser", {"UserName": "x"})
    except ServiceFault as fault:
        assert fault.code == "AccessDenied"
    console.audit.flush()


def test_everybody_is_listed_with_what_they_did_last(console: Console) -> None:
    worked(console)
    admin = console.administrator()
    page = admin.get("/last-used?find=an")
    assert page.rows() == [["ann", "Today", "Today", "1"]]
    assert admin.get("/last-used?kind=role").status == 200
    part = admin.get("/last-used?find=ann", **{"hx-request": "true"})
    assert "<html" not in part.text and "ann" in part.text


def test_one_principal_is_told_service_by_service_and_action_by_action(console: Console) -> None:
    worked(console)
    admin = console.administrator()
    rows = {row[0]: row[1:] for row in admin.get("/last-used?principal=ann").rows()}
    assert rows[service_name("iam")][:2] == ["Today", "Today"]
    assert rows[service_name("sqs")] == ["Never", "Never", "test of the user ann"]
    actions = {row[0]: row[1:] for row in admin.get("/last-used?principal=ann&service=iam").rows()}
    assert actions["ListGroups"] == ["Today", "Never", "test of the user ann"]
    assert actions["CreateUser"] == ["Never", "Today", "Not granted"]
    assert admin.get("/last-used?principal=nobody").status == 404


def test_a_policy_of_what_was_done_allows_that_and_no_more(console: Console) -> None:
    worked(console)
    admin = console.administrator()
    page = admin.get("/last-used/policy?principal=user/ann&days=30")
    made = json.loads(page.select("//input[@name='document']/@value")[0])
    group = f"arn:aws:iam::{ACCOUNT}:group/eng"
    told = {str(each["Action"]): each["Resource"] for each in made["Statement"]}
    assert told["iam:CreateGroup"] == group and set(told) == {"iam:CreateGroup", "iam:ListGroups"}
    editor = admin.submit("//form[@action='/policies/create']")
    assert editor.status == 200 and "iam:CreateGroup" in editor.text


def test_many_resources_become_what_they_have_in_common() -> None:
    keys = {f"arn:aws:s3:::box/logs/{number}" for number in range(30)}
    assert _resources(keys) == ("arn:aws:s3:::box/logs/*",)
    assert _resources({"arn:aws:s3:::box/a*b"}) == ("arn:aws:s3:::box/a${*}b",)
    assert _resources(keys | {"*"}) == ("*",)
    assert _resources(keys | {"arn:aws:s3:::other/k"}) == ("arn:aws:s3:::box/logs/*", "arn:aws:s3:::other/k")
    (statement,) = _statements({"s3:GetObject": {"arn:b"}, "s3:PutObject": {"arn:b"}})
    assert statement["Action"] == ["s3:GetObject", "s3:PutObject"]


def test_without_permission_it_says_so(console: Console) -> None:
    worked(console)
    eve = console.signed_in("eve")
    page = eve.get("/last-used")
    assert page.status == 403 and "You are not allowed" in page.words
    assert eve.get("/last-used?principal=ann").status == 403
    assert eve.get("/last-used/policy?principal=ann").status == 403
    report = ["iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"]
    some = console.signed_in("some", document(report))
    page = some.get("/last-used?principal=ann")
    assert page.status == 200 and "Which policies grant it" in page.words and "test of the user" not in page.words
    assert page.select("//a[@aria-disabled='true']")  # making a policy reads the record
