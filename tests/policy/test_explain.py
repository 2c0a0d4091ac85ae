"""An explanation names what failed and what would help."""

from __future__ import annotations

from ostiary.policy import Explanation, PolicyType, Verdict, explain
from ostiary.policy.suggest import Remedy
from tests.policy.build import ACCOUNT, BUCKET, OTHER, SESSION, allow, deny, in_force, request


def reports(explanation: Explanation, kind: PolicyType) -> list[tuple[str, ...]]:
    (found,) = [report for report in explanation.types if report.type is kind]
    return [one.failed for one in found.statements]


def remedies(explanation: Explanation) -> list[Remedy]:
    return [one.remedy for one in explanation.suggestions]


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


def test_a_condition_value_that_would_pass_is_named() -> None:
    policies = in_force(
        identity=[
            allow(
                condition={
                    "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
                    "NumericLessThan": {"s3:max-keys": "10"},
                    "StringNotEquals": {"aws:username": "alice"},
                }
            )
        ]
    )
    explanation = explain(policies, request(context={"aws:username": "alice", "s3:max-keys": "10"}))
    (change,) = [one for one in explanation.suggestions if one.remedy is Remedy.CHANGE_CONTEXT]
    context = dict(change.context)
    assert context["aws:SourceIp"] == "10.0.0.0"
    assert context["s3:max-keys"] == "9"
    assert context["aws:username"] != "alice"


def test_mfa_is_suggested_when_it_would_help() -> None:
    guard = deny("*", condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    explanation = explain(in_force(identity=[allow("*"), guard]), request())
    assert remedies(explanation)[0] is Remedy.USE_MFA
    assert Remedy.USE_MFA not in remedies(explain(in_force(identity=[]), request()))


def test_the_missing_allows_are_named_with_their_types() -> None:
    policies = in_force(identity=[], boundary=[allow("ec2:*")], scp=[[allow("*")], [allow("ec2:*")]])
    (add,) = explain(policies, request()).suggestions
    assert [kind for kind, _ in add.add] == [PolicyType.SCP, PolicyType.IDENTITY, PolicyType.BOUNDARY]


def test_another_account_needs_an_allow_on_both_sides() -> None:
    (add,) = explain(in_force(identity=[]), request(owner=OTHER)).suggestions
    assert [kind for kind, _ in add.add] == [PolicyType.RESOURCE, PolicyType.IDENTITY]


def test_the_blocking_deny_is_named_and_what_would_still_be_missing() -> None:
    explanation = explain(in_force(identity=[deny("s3:*")]), request())
    (change,) = explanation.suggestions
    assert change.remedy is Remedy.ADD_ALLOW
    assert [index for _, index in change.remove] == [0]
    (only,) = explain(in_force(identity=[allow("*"), deny("s3:*")]), request()).suggestions
    assert only.remedy is Remedy.REMOVE_DENY
    assert [index for _, index in only.remove] == [1]


def test_policies_that_do_not_bind_the_caller_are_told_apart() -> None:
    from ostiary.policy import RoleSession

    linked = RoleSession(arn=SESSION.arn, role_arn=SESSION.role_arn, account=ACCOUNT, service_linked=True)
    explanation = explain(in_force(identity=[allow()], scp=[[deny("*")]]), request(principal=linked))
    assert explanation.decision.verdict is Verdict.ALLOWED
    assert {report.type: report.applies for report in explanation.types} == {
        PolicyType.IDENTITY: True,
        PolicyType.SCP: False,
    }
