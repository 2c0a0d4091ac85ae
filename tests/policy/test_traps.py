"""Traps that other implementations of the policy language fell into, each a real bug somewhere.

The numbers are names only; `test_trap_index.py` says what each trap is. T31 stands with the properties; those that
a service can fall into by itself (T5, T30, T33, T37, T38, T39) have tests in the rooms of authorization, STS, IAM and
the record too.
"""

from __future__ import annotations

import pytest

from ostiary.policy import (
    FederatedUser,
    MalformedPolicy,
    PolicyKind,
    PolicyType,
    RoleSession,
    User,
    check,
    compile_policy,
    decide,
)
from tests.policy.build import (
    ACCOUNT,
    ALICE,
    BUCKET,
    OBJECT,
    OTHER,
    ROLE,
    SESSION,
    allow,
    deny,
    document,
    holds,
    in_force,
    request,
    verdict,
)

FEDERATED = FederatedUser(
    arn=f"arn:aws:sts::{ACCOUNT}:federated-user/bob", issuer_arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT
)


def to(arn: str) -> dict[str, str]:
    return {"AWS": arn}


def test_t1_an_identity_deny_is_read_although_the_bucket_policy_allows() -> None:
    types = {"identity": [deny()], "resource": [allow(principal="*")]}
    assert verdict(request(), **types) == "explicitDeny"


@pytest.mark.parametrize("operator", ["StringMatches", "ForAnyValues:StringEquals", "NullIfExists", "stringequals", ""])
def test_t2_an_unknown_operator_does_not_make_an_allow_unconditional(operator: str) -> None:
    types = {"identity": [allow(condition={operator: {"aws:username": "alice"}})]}
    assert verdict(request(context={"aws:username": "alice"}), **types) == "implicitDeny"


def test_t3_no_element_of_a_statement_is_ignored() -> None:
    everything = allow("*", "*")
    assert verdict(request(), identity=[everything, deny(not_action="iam:*")]) == "explicitDeny"
    assert verdict(request(), identity=[everything, deny("s3:*", not_resource=OBJECT)]) == "allowed"
    assert verdict(request(), identity=[everything, deny("s3:*", not_resource=f"{BUCKET}/other")]) == "explicitDeny"
    listed = {"AWS": [f"arn:aws:iam::{OTHER}:user/bob", OTHER]}
    assert verdict(request(), identity=[everything], resource=[deny(not_principal=listed)]) == "explicitDeny"


def test_t4_an_unknown_operator_in_a_deny_is_refused_when_the_policy_is_saved() -> None:
    text = document(deny("*", "*", condition={"StringMatches": {"aws:username": "x"}}))
    with pytest.raises(MalformedPolicy):
        check(text, PolicyKind.MANAGED)


def test_t5_a_session_policy_limits_what_the_role_allows() -> None:
    everything = allow("*", "*")
    asked = request("sts:AssumeRole", f"arn:aws:iam::{OTHER}:role/admin", SESSION, OTHER)
    trust = [allow("sts:AssumeRole", None, principal=to(ACCOUNT))]
    assert verdict(asked, identity=[everything], resource=trust) == "allowed"
    assert verdict(asked, identity=[everything], session=[allow("s3:*")], resource=trust) == "implicitDeny"


def test_t6_a_session_policy_does_not_limit_a_grant_to_the_session_itself() -> None:
    granted = {"identity": [], "session": [allow("ec2:*")]}
    assert verdict(request(principal=SESSION), **granted, resource=[allow(principal=to(SESSION.arn))]) == "allowed"
    assert verdict(request(principal=SESSION), identity=[allow("s3:*")], session=[allow("ec2:*")]) == "implicitDeny"


def test_t7_a_boundary_limits_a_direct_grant_only_across_accounts() -> None:
    types = {
        "identity": [allow("s3:*")],
        "boundary": [allow("ec2:*")],
        "resource": [allow(principal=to(ALICE.arn))],
    }
    assert verdict(request(), **types) == "allowed"
    assert verdict(request(owner=OTHER), **types) == "implicitDeny"


def test_t8_a_deny_in_the_boundary_beats_a_direct_grant() -> None:
    types = {"identity": [], "boundary": [allow("*"), deny()], "resource": [allow(principal=to(ALICE.arn))]}
    assert verdict(request(), **types) == "explicitDeny"


def test_t9_a_role_arn_is_limited_by_the_boundary_and_a_session_arn_is_not() -> None:
    types = {"identity": [], "boundary": [allow("ec2:*")]}
    assert verdict(request(principal=SESSION), **types, resource=[allow(principal=to(ROLE))]) == "implicitDeny"
    assert verdict(request(principal=SESSION), **types, resource=[allow(principal=to(SESSION.arn))]) == "allowed"


def test_t10_a_resource_policy_is_read_with_its_principal() -> None:
    bob = to(f"arn:aws:iam::{ACCOUNT}:user/bob")
    assert verdict(request(), identity=[], resource=[allow(principal=bob)]) == "implicitDeny"


@pytest.mark.parametrize("account", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_t11_not_principal_knows_both_spellings_of_an_account_and_never_allows(account: str) -> None:
    spared = {"AWS": [OTHER, account, f"arn:aws:iam::{OTHER}:root", ALICE.arn]}
    assert verdict(request(), identity=[allow()], resource=[deny(not_principal=spared)]) == "allowed"
    nobody = {"AWS": [f"arn:aws:iam::{OTHER}:user/eve", OTHER]}
    assert verdict(request(), identity=[], resource=[allow(not_principal=nobody)]) == "implicitDeny"


@pytest.mark.parametrize(
    ("operator", "wanted", "equal", "other"),
    [
        ("StringNotEquals", "a", "a", "b"),
        ("StringNotEqualsIgnoreCase", "A", "a", "b"),
        ("StringNotLike", "a*", "ab", "b"),
        ("NumericNotEquals", "1", "1.0", "2"),
        ("DateNotEquals", "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-02"),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", "11.0.0.1"),
        ("ArnNotEquals", "arn:aws:s3:::b", "arn:aws:s3:::b", "arn:aws:s3:::c"),
        ("ArnNotLike", "arn:aws:s3:::b*", "arn:aws:s3:::bb", "arn:aws:s3:::c"),
    ],
)
def test_t12_a_negated_operator_is_the_opposite(operator: str, wanted: str, equal: str, other: str) -> None:
    assert not holds({operator: {"svc:k": wanted}}, {"svc:k": equal})
    assert holds({operator: {"svc:k": wanted}}, {"svc:k": other})
    assert holds({operator: {"svc:k": wanted}}, {})


def test_t13_for_all_values_is_true_for_an_absent_key() -> None:
    assert holds({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, {})
    assert holds({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["a"]}}, {})


def test_t14_for_any_value_is_found_by_its_own_name() -> None:
    assert holds({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, {"aws:TagKeys": ("b", "a")})


def test_t15_an_absent_key_and_an_empty_string_are_two_things() -> None:
    assert not holds({"StringEquals": {"s3:prefix": ""}}, {})
    assert holds({"StringEquals": {"s3:prefix": ""}}, {"s3:prefix": ""})
    assert not holds({"StringLike": {"s3:prefix": ""}}, {"s3:prefix": "a"})
    assert holds({"Null": {"s3:prefix": "false"}}, {"s3:prefix": ""})


def test_t16_a_variable_without_a_value_is_not_the_empty_string() -> None:
    home = allow(resource=f"{BUCKET}/${{aws:username}}/*")
    assert verdict(request(resource=f"{BUCKET}//x"), identity=[home]) == "implicitDeny"
    assert not holds({"StringEquals": {"svc:k": "${aws:username}"}}, {"svc:k": ""})
    assert holds({"StringNotEquals": {"svc:k": "${aws:username}"}}, {"svc:k": "x"})


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_t17_a_2008_policy_has_no_variables(version: str | None) -> None:
    context = {"aws:username": "alice", "svc:k": "alice", "svc:l": "${aws:username}"}
    assert not holds({"StringEquals": {"svc:k": "${aws:username}"}}, context, version)
    assert holds({"StringEquals": {"svc:l": "${aws:username}"}}, context, version)


def test_t18_an_arn_is_split_after_its_variables_are_known() -> None:
    home = allow(resource=f"{BUCKET}/${{aws:username}}/*")
    asked = request(resource=f"{BUCKET}/alice/x", context={"aws:username": "alice"})
    assert verdict(asked, identity=[home]) == "allowed"


def test_t19_a_slash_in_a_variable_name_ends_nothing() -> None:
    user = allow("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/${{aws:PrincipalTag/Team}}-*")
    arn = f"arn:aws:iam::{ACCOUNT}:user/blue-1"
    assert verdict(request("iam:GetUser", arn, context={"aws:PrincipalTag/team": "blue"}), identity=[user]) == "allowed"


def test_t20_defaults_and_escapes_are_understood() -> None:
    shared = allow(resource=f"{BUCKET}/${{aws:PrincipalTag/team, 'all'}}/*")
    assert verdict(request(resource=f"{BUCKET}/all/x"), identity=[shared]) == "allowed"
    star = allow(resource=f"{BUCKET}/a${{*}}b")
    assert verdict(request(resource=f"{BUCKET}/a*b"), identity=[star]) == "allowed"
    assert verdict(request(resource=f"{BUCKET}/axb"), identity=[star]) == "implicitDeny"


def test_t21_epoch_seconds_years_and_offsets_are_one_time_line() -> None:
    assert holds({"DateEquals": {"aws:CurrentTime": "1767225600"}}, {"aws:CurrentTime": "2026-01-01T00:00:00Z"})
    assert holds({"DateEquals": {"aws:CurrentTime": "2026"}}, {"aws:CurrentTime": "2026-01-01T01:00:00+01:00"})
    assert holds({"DateGreaterThan": {"aws:CurrentTime": "2025"}}, {"aws:CurrentTime": "1767225600"})


def test_t22_addresses_are_numbers() -> None:
    def within(network: str, address: str) -> bool:
        return holds({"IpAddress": {"aws:SourceIp": network}}, {"aws:SourceIp": address})

    assert within("0.0.0.0/0", "203.0.113.9")
    assert within("203.0.113.9", "203.0.113.9")
    assert within("203.0.113.77/24", "203.0.113.9")
    assert within("2001:DB8:0:0::/64", "2001:db8::1")
    assert not within("::/0", "203.0.113.9")


def test_t23_numbers_are_exact_and_may_have_decimals() -> None:
    assert holds({"NumericLessThan": {"svc:n": "0.3"}}, {"svc:n": "0.29"})
    assert not holds({"NumericEquals": {"svc:n": "9007199254740993"}}, {"svc:n": "9007199254740992"})


def test_t24_resource_names_have_case() -> None:
    assert verdict(request(resource=f"{BUCKET}/A"), identity=[allow(resource=f"{BUCKET}/a")]) == "implicitDeny"


def test_t25_arn_like_compares_component_by_component() -> None:
    def like(pattern: str, arn: str) -> bool:
        return holds({"ArnLike": {"aws:SourceArn": pattern}}, {"aws:SourceArn": arn})

    assert not like("arn:aws:sns:*:topic", "arn:aws:sns:eu-west-1:111122223333:topic")
    assert like("arn:aws:sns:*:1111*:topic", "arn:aws:sns:eu-west-1:111122223333:topic")
    assert not like("arn:aws:sns:*", "arn:aws:sns:eu-west-1:111122223333:topic")


@pytest.mark.parametrize("character", list(".+[]()^$|\\{}"))
def test_t26_only_star_and_question_mark_are_special(character: str) -> None:
    pattern = allow(resource=f"{BUCKET}/a{character}b*")
    assert verdict(request(resource=f"{BUCKET}/a{character}bc"), identity=[pattern]) == "allowed"
    assert verdict(request(resource=f"{BUCKET}/axbc"), identity=[pattern]) == "implicitDeny"
    assert verdict(request("s3:GetxObject"), identity=[allow("s3:Get.*")]) == "implicitDeny"


def test_t27_a_line_feed_is_a_character_like_any_other() -> None:
    asked = request(resource=f"{BUCKET}/a\nb/c\n")
    assert verdict(asked, identity=[allow(resource=f"{BUCKET}/a?b/*")]) == "allowed"
    assert verdict(asked, identity=[allow(resource=f"{BUCKET}/a?b/c")]) == "implicitDeny"


def test_t28_the_last_component_keeps_its_colons() -> None:
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:*"
    stream = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:app:log-stream:1"
    assert verdict(request("logs:PutLogEvents", stream), identity=[allow("logs:*", group)]) == "allowed"


def test_t29_a_federated_user_is_not_the_user_of_that_name() -> None:
    bob = to(f"arn:aws:iam::{ACCOUNT}:user/bob")
    asked = request(principal=FEDERATED)
    assert verdict(asked, identity=[], session=[allow("*")], resource=[allow(principal=bob)]) == "implicitDeny"
    assert verdict(asked, identity=[], resource=[allow(principal=to(FEDERATED.arn))]) == "allowed"


def test_t30_the_owner_counts_although_the_resource_has_no_policy() -> None:
    assert verdict(request(owner=OTHER), identity=[allow("*")]) == "implicitDeny"
    assert verdict(request(owner=None), identity=[allow("*")]) == "implicitDeny"


def test_t32_a_failed_condition_is_no_deny() -> None:
    failing = {"StringEquals": {"aws:username": "bob"}}
    assert verdict(request(), identity=[allow(condition=failing)]) == "implicitDeny"
    assert verdict(request(), identity=[allow(), deny(condition=failing)]) == "allowed"


def test_t33_a_role_is_not_assumed_without_its_trust_policy_whatever_a_simulator_says() -> None:
    everything = allow("*", "*")
    asked = request("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/next", SESSION)
    assert verdict(asked, identity=[everything]) == "implicitDeny"
    assert (
        verdict(asked, identity=[everything], resource=[allow("sts:TagSession", None, principal="*")]) == "implicitDeny"
    )
    assert verdict(asked, identity=[], resource=[allow("sts:AssumeRole", None, principal=to(ROLE))]) == "allowed"


def test_t34_the_caller_may_always_learn_who_they_are() -> None:
    asked = request("sts:GetCallerIdentity", "*")
    assert verdict(asked, identity=[deny("*")], scp=[[deny("*")]]) == "allowed"


def test_t35_each_level_of_scps_needs_its_own_allow() -> None:
    everything = [allow("*")]
    assert verdict(request(), identity=everything, scp=[everything, [allow("ec2:*")], everything]) == "implicitDeny"
    assert verdict(request(), identity=everything, scp=[everything, [allow("s3:*")], everything]) == "allowed"


def test_t36_one_callers_variables_do_not_stay_in_the_policy() -> None:
    types = in_force(identity=[allow(resource=f"{BUCKET}/${{aws:username}}/*")])
    text = types.identity.policies[0].policy.text
    for name in ("alice", "bob", "alice", "carol"):
        for folder in ("alice", "bob"):
            asked = request(resource=f"{BUCKET}/{folder}/x", context={"aws:username": name})
            assert (decide(types, asked).verdict.value == "allowed") == (folder == name)
    assert compile_policy(text) is types.identity.policies[0].policy


def test_t37_the_unique_id_of_a_deleted_user_names_nobody() -> None:
    old, new = "AIDAAAAAAAAAAAAAAAAA1", "AIDAAAAAAAAAAAAAAAAA2"
    again = User(arn=ALICE.arn, account=ACCOUNT, id=new)
    assert verdict(request(principal=again), identity=[], resource=[allow(principal=to(old))]) == "implicitDeny"
    assert verdict(request(principal=again), identity=[], resource=[allow(principal=to(new))]) == "allowed"
    role = RoleSession(arn=SESSION.arn, role_arn=ROLE, account=ACCOUNT, id="AROAAAAAAAAAAAAAAAAA1")
    trust = [allow("sts:AssumeRole", None, principal=to("AROAAAAAAAAAAAAAAAAA1"))]
    asked = request("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/next", role)
    assert verdict(asked, identity=[], resource=trust) == "allowed"


def test_t38_a_matched_statement_is_told_with_its_place() -> None:
    text = '{"Version":"2012-10-17","Statement":[\n {"Effect":"Allow","Action":"*","Resource":"*"}\n]}'
    types = in_force(identity=[])
    types = type(types)(identity=[type(one)(compile_policy(text), one.source) for one in types.identity])
    (found,) = decide(types, request()).matched
    assert (found.start.line, found.start.column) == (1, text.index("[") + 2)
    assert (found.end.line, found.end.column) == (2, 48)
    assert found.source.type is PolicyType.IDENTITY
