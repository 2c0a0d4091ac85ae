"""An explanation names what failed and what would help."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from ostiary.policy import Explanation, PolicyType, Verdict, explain
from tests.policy.build import ACCOUNT, BUCKET, OTHER, SESSION, allow, deny, document, in_force, request


def reports(explanation: Explanation, kind: PolicyType) -> list[tuple[str, ...]]:
    (found,) = [report for report in explanation.types if report.type is kind]
    return [one.failed for one in found.statements]


def test_each_statement_says_what_did_not_match() -> None:
    policies = in_force(
        identity=[
            allow("s3:PutObject"),
            allow(resource=f"{BUCKET}/other"),
            allow(condition={"StringEquals": {"aws:username": "bob"}}),
        ],
        resource=[allow(principal={"AWS": OTHER})],
    )
    explanation = explain(policies, request(context={"aws:username": "alice"}))
    assert reports(explanation, PolicyType.IDENTITY) == [("action",), ("resource",), ("condition",)]
    assert reports(explanation, PolicyType.RESOURCE) == [("principal",)]


def test_a_failed_condition_shows_both_sides() -> None:
    policies = in_force(identity=[allow(condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}})])
    (report,) = explain(policies, request(context={"AWS:sourceip": "192.0.2.1"})).types
    (test,) = report.statements[0].tests
    assert (test.operator, test.key, test.wanted, test.found, test.holds) == (
        "IpAddress",
        "aws:SourceIp",
        ("10.0.0.0/8",),
        "192.0.2.1",
        False,
    )
    missing = explain(policies, request())
    assert missing.types[0].statements[0].tests[0].found is None
    assert missing.missing_keys == ("aws:SourceIp",)


def test_only_keys_that_statements_about_the_request_ask_for_are_missing() -> None:
    wants = {"StringEquals": {"svc:one": "1"}}
    policies = in_force(
        identity=[
            allow("s3:PutObject", condition={"StringEquals": {"svc:action": "1"}}),
            allow(resource=f"{BUCKET}/other", condition={"StringEquals": {"svc:resource": "1"}}),
            allow(condition=wants),
            allow(resource=f"{BUCKET}/${{svc:variable}}/*"),
            allow(resource=f"{BUCKET}-2/${{svc:elsewhere}}/*"),
            allow(condition={"StringEquals": {"aws:username": "${svc:value}"}}),
        ],
        resource=[allow(principal={"AWS": OTHER}, condition={"StringEquals": {"svc:principal": "1"}})],
    )
    explanation = explain(policies, request(context={"aws:username": "alice"}))
    assert explanation.missing_keys == ("svc:one", "svc:value", "svc:variable")


def test_places_are_told_with_line_column_and_offset() -> None:
    text = document(allow())
    (told,) = explain(in_force(identity=[allow()]), request()).as_dict()["because"]
    at = text.index("[") + 1
    assert told["start"] == {"line": 1, "column": at + 1, "offset": at}
    assert json.loads(text[at : told["end"]["offset"]]) == allow()


def test_nothing_is_worked_out_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(name: str) -> None:
        module = importlib.import_module("ostiary.policy.explain")
        real = getattr(module, name)

        def called(*given: Any) -> Any:
            asked.append(name)
            return real(*given)

        monkeypatch.setattr(module, name, called)

    for name in ("type_reports", "missing_keys", "suggestions"):
        noted(name)
    explanation = explain(in_force(identity=[]), request())
    assert asked == []
    assert explanation.missing_keys == ()
    assert explanation.missing_keys == ()
    assert asked == ["type_reports", "missing_keys"]
    assert explanation.suggestions is explanation.suggestions
    assert asked == ["type_reports", "missing_keys", "suggestions"]


def test_policies_that_do_not_bind_the_caller_are_told_apart() -> None:
    from ostiary.policy import RoleSession

    linked = RoleSession(arn=SESSION.arn, role_arn=SESSION.role_arn, account=ACCOUNT, service_linked=True)
    explanation = explain(in_force(identity=[allow()], scp=[[deny("*")]]), request(principal=linked))
    assert explanation.decision.verdict is Verdict.ALLOWED
    assert {report.type: report.applies for report in explanation.types} == {
        PolicyType.IDENTITY: True,
        PolicyType.SCP: False,
    }
