"""A suggestion names the smallest changes that turn a decision round, the narrowest first."""

from __future__ import annotations

from typing import Any

from ostiary.policy import (
    Attached,
    InForce,
    PolicyChange,
    PolicyType,
    Remedy,
    Source,
    Suggestion,
    Verdict,
    compile_policy,
    explain,
)
from tests.policy.build import ALICE, BUCKET, OBJECT, OTHER, SESSION, allow, deny, document, in_force, request

MFA = deny("*", condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
OFFICE = deny("*", condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})


def suggested(asked: Any = None, **types: Any) -> tuple[Suggestion, ...]:
    return explain(in_force(**types), asked or request()).suggestions


def one_of(found: tuple[Suggestion, ...], *remedies: Remedy) -> list[Suggestion]:
    return [one for one in found if one.remedies == remedies]


def becomes(found: tuple[Suggestion, ...], *remedies: Remedy) -> list[dict[str, Any] | None]:
    """The statements as they would stand, of the suggestions of one change of this kind."""
    return [one.as_dict()["changes"][0]["becomes"] for one in one_of(found, *remedies)]


def test_condition_values_that_would_pass_are_named_together() -> None:
    condition = {
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
        "NumericLessThan": {"s3:max-keys": "10"},
        "StringNotEquals": {"aws:username": "alice"},
    }
    asked = request(context={"aws:username": "alice", "s3:max-keys": "10"})
    found = suggested(asked, identity=[allow(condition=condition)])
    assert found[0].remedies == (Remedy.CHANGE_CONTEXT,)
    assert found[0].width == 0
    context = dict(found[0].context)
    assert context["aws:SourceIp"] == "10.0.0.0"
    assert context["s3:max-keys"] == "9"
    assert context["aws:username"] != "alice"


def test_conditions_of_several_types_are_mended_together() -> None:
    found = suggested(
        identity=[allow(condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})],
        boundary=[allow("*", condition={"Bool": {"aws:SecureTransport": "true"}})],
        scp=[[allow("*"), OFFICE]],
    )
    assert found[0].remedies == (Remedy.CHANGE_CONTEXT,)
    assert set(dict(found[0].context)) == {"aws:PrincipalTag/team", "aws:SecureTransport", "aws:SourceIp"}


def test_a_value_that_satisfies_one_statement_must_not_fail_another() -> None:
    found = suggested(
        identity=[
            allow(condition={"StringLike": {"svc:team": "r*"}}),
            deny(condition={"StringNotEquals": {"svc:team": "red"}}),
        ]
    )
    assert found[0].context == (("svc:team", "red"),)


def test_mfa_is_suggested_when_it_would_help_alone_or_with_others() -> None:
    (first, *_) = suggested(identity=[allow("*"), MFA])
    assert first.remedies == (Remedy.USE_MFA,)
    assert dict(first.context) == {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}
    age = allow(condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}})
    asked = request(context={"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "9000"})
    assert suggested(asked, identity=[age])[0].remedies == (Remedy.USE_MFA,)
    (both, *_) = suggested(identity=[allow("*"), MFA, OFFICE])
    assert both.remedies == (Remedy.USE_MFA, Remedy.CHANGE_CONTEXT)
    assert all(Remedy.USE_MFA not in one.remedies for one in suggested(identity=[]))


def test_the_missing_allows_are_named_with_their_types_and_levels() -> None:
    found = suggested(identity=[], boundary=[allow("ec2:*")], scp=[[allow("*")], [allow("ec2:*")]])
    changes = [change for change in found[0].changes if isinstance(change, PolicyChange)]
    kinds = [(change.type, change.level) for change in changes]
    assert kinds == [(PolicyType.SCP, 1), (PolicyType.IDENTITY, 0), (PolicyType.BOUNDARY, 0)]
    assert {change.remedy for change in changes} == {Remedy.ADD_ALLOW}


def test_another_account_needs_an_allow_on_both_sides() -> None:
    (add,) = suggested(request(owner=OTHER), identity=[])
    kinds = [change.type for change in add.changes if isinstance(change, PolicyChange)]
    assert kinds == [PolicyType.RESOURCE, PolicyType.IDENTITY]


def test_what_is_added_stands_for_the_resource_alone() -> None:
    asked = request(resource=f"{BUCKET}/a*b/${{aws:username}}")
    (add,) = suggested(asked, identity=[])
    (change,) = add.as_dict()["changes"]
    assert change["becomes"]["Resource"] == f"{BUCKET}/a${{*}}b/${{$}}{{aws:username}}"


def test_a_near_allow_is_widened_by_what_it_lacks() -> None:
    context = {"svc:team": "blue", "svc:size": "12"}
    near: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "Action": (allow("s3:PutObject"), {"Action": ["s3:PutObject", "s3:GetObject"]}),
        "Resource": (allow(resource=f"{BUCKET}/other"), {"Resource": [f"{BUCKET}/other", OBJECT]}),
        "condition": (
            allow(condition={"StringEquals": {"svc:team": "red"}}),
            {"Condition": {"StringEquals": {"svc:team": ["red", "blue"]}}},
        ),
        "bound": (
            allow(condition={"NumericLessThan": {"svc:size": "10"}}),
            {"Condition": {"NumericLessThan": {"svc:size": "13"}}},
        ),
        "missing": (
            allow(condition={"StringEquals": {"svc:none": "1"}, "StringLike": {"svc:team": "b*"}}),
            {"Condition": {"StringLike": {"svc:team": "b*"}}},
        ),
    }
    for statement, change in near.values():
        found = suggested(request(context=context), identity=[statement])
        assert becomes(found, Remedy.WIDEN_ALLOW) == [{**statement, **change}]
    trust = allow(principal={"AWS": ["arn:aws:iam::111122223333:user/bob"]})
    found = suggested(request(owner=OTHER), identity=[allow()], resource=[trust])
    (told,) = becomes(found, Remedy.WIDEN_ALLOW)
    assert told is not None
    assert told["Principal"] == {"AWS": ["arn:aws:iam::111122223333:user/bob", ALICE.arn]}


def test_a_deny_is_narrowed_by_resource_action_caller_or_condition_before_it_is_removed() -> None:
    barred = deny("*", condition={"StringNotEquals": {"svc:team": "red"}})
    context = {"svc:team": "blue", "aws:PrincipalArn": ALICE.arn}
    found = suggested(request(context=context), identity=[allow("*"), barred])
    told = becomes(found, Remedy.NARROW_DENY)
    bare = {name: value for name, value in barred.items() if name != "Action"}
    assert {**bare, "NotAction": "s3:GetObject"} in told
    bare = {name: value for name, value in barred.items() if name != "Resource"}
    assert {**bare, "NotResource": OBJECT} in told
    assert {**barred, "Condition": {"StringNotEquals": {"svc:team": ["red", "blue"]}}} in told
    condition = {"StringNotEquals": {"svc:team": "red"}, "ArnNotEquals": {"aws:PrincipalArn": ALICE.arn}}
    assert {**barred, "Condition": condition} in told
    assert found[0].remedies == (Remedy.CHANGE_CONTEXT,)
    assert found[-1].remedies == (Remedy.REMOVE_DENY,)


def test_a_deny_of_one_service_is_not_turned_into_a_deny_of_all_others() -> None:
    found = suggested(identity=[allow("*"), deny("s3:*")])
    assert all("NotAction" not in (told or {}) for told in becomes(found, Remedy.NARROW_DENY))
    found = suggested(identity=[allow("*"), deny(["s3:Get*", "s3:Put*"])])
    assert deny("s3:Put*") in becomes(found, Remedy.NARROW_DENY)


def test_a_deny_and_what_would_still_be_missing_are_told_together() -> None:
    found = suggested(identity=[deny("s3:*")])
    assert one_of(found, Remedy.REMOVE_DENY, Remedy.ADD_ALLOW)
    assert all(Remedy.ADD_ALLOW in one.remedies for one in found)


def test_an_allowed_request_tells_which_allow_carries_it_alone() -> None:
    found = suggested(identity=[allow("s3:Get*")], boundary=[allow("*"), allow("s3:*")], scp=[[allow("*")]])
    single = [one.changes[0] for one in one_of(found, Remedy.REMOVE_ALLOW)]
    assert {change.type for change in single if isinstance(change, PolicyChange)} == {
        PolicyType.IDENTITY,
        PolicyType.SCP,
    }
    assert one_of(found, Remedy.REMOVE_ALLOW, Remedy.REMOVE_ALLOW)  # The boundary's two.
    assert one_of(found, Remedy.ADD_DENY)[0].verdict is Verdict.EXPLICIT_DENY
    assert all(one.verdict is not Verdict.ALLOWED for one in found)


def test_an_allowed_request_tells_which_circumstances_would_deny_it() -> None:
    held = allow(condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    asked = request(context={"aws:SourceIp": "10.0.0.1", "aws:SecureTransport": "true"})
    found = suggested(asked, identity=[held, deny(condition={"Bool": {"aws:SecureTransport": "false"}})])
    context = [dict(one.context) for one in one_of(found, Remedy.CHANGE_CONTEXT)]
    assert {"aws:SecureTransport": "false"} in context
    assert any("aws:SourceIp" in one for one in context)


def test_the_narrower_change_has_the_smaller_width() -> None:
    found = suggested(identity=[allow("s3:Put*"), allow(resource=f"{BUCKET}/other")])
    widths = {one.text: one.width for one in found}
    (exact,) = one_of(found, Remedy.ADD_ALLOW)
    assert exact.width == min(widths.values())
    assert [one.width for one in found] == sorted(widths.values())
    assert all(0 < one.width < one.among for one in found)


def test_a_change_of_what_binds_many_is_wider_than_one_of_the_callers_own() -> None:
    def width(**types: Any) -> int:
        found = suggested(request(principal=SESSION), **{"identity": [allow("*")], **types})
        (change,) = one_of(found, Remedy.REMOVE_DENY)
        return change.width

    own = width(identity=[allow("*"), deny()])
    account = width(scp=[[allow("*"), deny()]])
    everybody = width(resource=[deny(principal="*")])
    assert own < account < everybody


def test_a_managed_policy_of_aws_is_not_to_be_rewritten() -> None:
    source = Source(type=PolicyType.IDENTITY, name="ReadOnly", arn="arn:aws:iam::aws:policy/ReadOnly")
    held = [Attached(compile_policy(document(allow("s3:PutObject"))), source)]
    (only,) = explain(InForce(identity=held), request()).suggestions
    assert only.remedies == (Remedy.ADD_ALLOW,)


def test_the_root_user_assumes_no_role_whatever_is_changed() -> None:
    from ostiary.policy import Root

    root = Root(arn="arn:aws:iam::111122223333:root", account="111122223333")
    asked = request("sts:AssumeRole", "arn:aws:iam::111122223333:role/app", principal=root)
    assert suggested(asked, identity=[]) == ()
