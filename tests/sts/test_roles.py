"""AssumeRole: who may (R91–R93, R97), and what the session is (R117–R124)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import SessionKind
from ostiary.gate.authenticate import session_caller
from ostiary.gate.authorize import Refused
from ostiary.policy import Verdict
from ostiary.services.faults import ServiceFault
from tests.sts.people import add_policy, add_role, add_user, assume, caller_of, judged, session_of, trust
from tests.world import ACCOUNT, ALLOW_ALL, OTHER, World, document

APP = f"arn:aws:iam::{ACCOUNT}:role/app"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
FIRST = f"arn:aws:iam::{ACCOUNT}:role/first"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/first/s1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
MAY_ASSUME = document("sts:AssumeRole")


def may(world: World, role_arn: str, by: Caller, **more: Any) -> bool:
    """Whether the call is allowed. A refusal names what was asked for, in AWS's words."""
    try:
        world.call("sts:AssumeRole", by=by, RoleArn=role_arn, RoleSessionName="s2", **more)
    except Refused as refused:
        assert refused.status == 403
        assert refused.code == "AccessDenied"
        asked = refused.judgements[-1].ask
        words = f"User: {by.arn} is not authorized to perform: {asked.action} on resource: {role_arn}"
        assert refused.message.startswith(words)
        assert asked.action != "sts:AssumeRole" or refused.message == words, "it must not tell whose policy refused"
        return False
    return True


def as_user(policy: str | None) -> Callable[[World], Caller]:
    return lambda world: add_user(world, "alice", policy)


def as_session(policy: str | None) -> Callable[[World], Caller]:
    """A session `s1` of the role `first`."""

    def make(world: World) -> Caller:
        return assume(world, add_role(world, "first", trust("*"), policy), add_user(world, "starter"))

    return make


# Who is trusted, who asks, and whether it is enough (R91, R92).
TRUST_FORMS: list[tuple[str, str, Callable[[World], Caller], bool]] = [
    ("the user; its policies are silent", ALICE, as_user(None), True),
    ("everybody; the user's policies are silent", "*", as_user(None), True),
    ("the account; the user's policies are silent", ROOT, as_user(None), False),
    ("the account; the user's policy allows", ROOT, as_user(MAY_ASSUME), True),
    ("the account's number; the user's policy allows", ACCOUNT, as_user(MAY_ASSUME), True),
    ("another account; the user is an administrator", f"arn:aws:iam::{OTHER}:root", as_user(ALLOW_ALL), False),
    ("the session; its role's policies are silent", SESSION, as_session(None), True),
    ("another session of the role", SESSION[:-1] + "9", as_session(ALLOW_ALL), False),
    ("everybody; the session's policies are silent", "*", as_session(None), True),
    ("the account; the session's policies are silent", ROOT, as_session(None), False),
    ("the account; the session's policy allows", ROOT, as_session(MAY_ASSUME), True),
]


@pytest.mark.parametrize(
    ("trusted", "caller", "allowed"), [form[1:] for form in TRUST_FORMS], ids=[form[0] for form in TRUST_FORMS]
)
def test_a_role_of_the_same_account_is_assumed_when_its_trust_policy_names(
    world: World, trusted: str, caller: Callable[[World], Caller], allowed: bool
) -> None:
    asking = caller(world)
    assert may(world, add_role(world, "app", trust(trusted)), asking) is allowed


def test_naming_the_role_behind_a_session_is_enough(world: World) -> None:
    session = as_session(None)(world)
    assert may(world, add_role(world, "app", trust(FIRST)), session)


@pytest.mark.parametrize("policy", [None, MAY_ASSUME])
@pytest.mark.parametrize("trusted", ["*", ROOT, ALICE])
def test_a_role_of_another_account_needs_the_caller_s_own_permission_too(
    world: World, trusted: str, policy: str | None
) -> None:
    alice = add_user(world, "alice", policy)
    theirs = add_role(world, "app", trust(trusted), account=OTHER)
    assert may(world, theirs, alice) is (policy is not None)


def test_an_administrator_does_not_get_past_a_trust_policy(world: World) -> None:
    admin = add_user(world, "admin", ALLOW_ALL)
    add_user(world, "alice")
    assert not may(world, add_role(world, "app", trust(ALICE)), admin)


def test_a_deny_in_the_caller_s_policy_wins_over_the_trust(world: World) -> None:
    alice = add_user(world, "alice", document("sts:AssumeRole", effect="Deny"))
    assert not may(world, add_role(world, "app", trust(ALICE)), alice)


def test_a_role_does_not_trust_itself(world: World) -> None:
    session = assume(world, add_role(world, "app", trust(ROOT), None), add_user(world, "starter"))
    assert not may(world, APP, session)


def test_a_role_that_does_not_exist_is_refused_in_the_words_of_one_that_does_not_trust(world: World) -> None:
    alice = add_user(world, "alice")
    assert not may(world, f"arn:aws:iam::{ACCOUNT}:role/nobody", alice)
    add_role(world, "app", trust(ALICE), path="/team/")
    for wrong in (APP, f"arn:aws:iam::{ACCOUNT}:role/team/APP", f"arn:aws:iam::{OTHER}:role/team/app"):
        assert not may(world, wrong, alice)
    assert may(world, f"arn:aws:iam::{ACCOUNT}:role/team/app", alice)


def test_the_root_user_assumes_no_role(world: World) -> None:
    add_role(world, "app", trust("*"))
    for root in (world.root(), caller_of(world, world.call("sts:GetSessionToken", by=world.root()))):
        with pytest.raises(ServiceFault, match=r"Roles may not be assumed by root accounts\.") as refused:
            world.call("sts:AssumeRole", by=root, RoleArn=APP, RoleSessionName="s1")
        assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)


def test_an_external_id_is_present_only_when_it_was_passed(world: World) -> None:
    alice = add_user(world, "alice")
    wants = {"StringEquals": {"sts:ExternalId": "12345"}}
    add_role(world, "app", trust(ALICE, Condition=wants))
    assert may(world, APP, alice, ExternalId="12345")
    assert not may(world, APP, alice, ExternalId="12346")
    assert not may(world, APP, alice)
    other = add_role(world, "other", trust(ALICE, Condition={"Null": {"sts:ExternalId": "true"}}))
    assert may(world, other, alice)
    assert not may(world, other, alice, ExternalId="12345")


def test_a_condition_on_the_session_name_is_held_against_the_name(world: World) -> None:
    alice = add_user(world, "alice")
    add_role(world, "app", trust(ALICE, Condition={"StringEquals": {"sts:RoleSessionName": "s2"}}))
    assert may(world, APP, alice)
    with pytest.raises(Refused):
        world.call("sts:AssumeRole", by=alice, RoleArn=APP, RoleSessionName="s3")


def test_mfa_in_a_trust_policy_keeps_long_term_keys_out(world: World) -> None:
    alice = add_user(world, "alice")
    add_role(world, "app", trust(ALICE, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    token = world.call("sts:GetSessionToken", by=alice)
    assert not may(world, APP, alice)
    assert not may(world, APP, caller_of(world, token))
    assert may(world, APP, caller_of(world, token, mfa_at=session_of(world, token).issued))


TAGS = [{"Key": "Team", "Value": "blue"}]


@pytest.mark.parametrize(
    ("passed", "needed"), [({"Tags": TAGS}, "sts:TagSession"), ({"SourceIdentity": "alice"}, "sts:SetSourceIdentity")]
)
def test_tags_and_a_source_identity_need_a_permission_of_their_own(
    world: World, passed: dict[str, Any], needed: str
) -> None:
    alice = add_user(world, "alice")
    add_role(world, "app", trust(ALICE, actions="sts:AssumeRole"))
    assert may(world, APP, alice)
    with pytest.raises(Refused, match=f"not authorized to perform: {needed} on resource: {APP}"):
        world.call("sts:AssumeRole", by=alice, RoleArn=APP, RoleSessionName="s1", **passed)
    both = add_role(world, "both", trust(ALICE, actions=["sts:AssumeRole", needed]))
    assert may(world, both, alice, **passed)


@pytest.mark.parametrize("passed", [{"Tags": TAGS}, {"SourceIdentity": "alice"}])
def test_a_refusal_to_tag_a_session_tells_no_more_than_a_refusal_to_assume(
    world: World, passed: dict[str, Any]
) -> None:
    """As AWS was seen to answer: configure-aws-credentials issues 54, 465, 600; stratus-red-team issue 462."""
    alice = add_user(world, "alice")
    add_role(world, "app", trust(ALICE, actions="sts:AssumeRole"))
    with pytest.raises(Refused, match=f"on resource: {APP}$"):
        world.call("sts:AssumeRole", by=alice, RoleArn=APP, RoleSessionName="s1", **passed)


@pytest.mark.parametrize("allowed", ["sts:AssumeRole", "sts:*"])
def test_where_an_identity_policy_is_needed_it_must_allow_tagging_too(world: World, allowed: str) -> None:
    alice = add_user(world, "alice", document(allowed))
    add_role(world, "app", trust(ROOT))
    assert may(world, APP, alice)
    assert may(world, APP, alice, Tags=TAGS) is (allowed == "sts:*")


def test_the_tags_that_are_passed_are_condition_keys(world: World) -> None:
    alice = add_user(world, "alice")
    wants = {
        "StringEquals": {"aws:RequestTag/Team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Team"], "sts:TransitiveTagKeys": ["Team"]},
    }
    add_role(world, "app", trust(ALICE, Condition=wants))
    assert may(world, APP, alice, Tags=TAGS)
    assert may(world, APP, alice, Tags=TAGS, TransitiveTagKeys=["Team"])
    assert not may(world, APP, alice, Tags=[{"Key": "Team", "Value": "red"}])
    assert not may(world, APP, alice, Tags=[*TAGS, {"Key": "Cost", "Value": "1"}])
    assert not may(world, APP, alice)


def test_a_wrong_source_identity_is_refused_at_the_check_of_its_own(world: World) -> None:
    alice = add_user(world, "alice")
    statement = trust(ALICE, actions="sts:AssumeRole")
    wants = trust(ALICE, actions="sts:SetSourceIdentity", Condition={"StringEquals": {"sts:SourceIdentity": "alice"}})
    add_role(world, "app", statement[:-2] + ", " + wants.split('"Statement": [', 1)[1])
    assert may(world, APP, alice, SourceIdentity="alice")
    with pytest.raises(Refused, match="sts:SetSourceIdentity"):
        world.call("sts:AssumeRole", by=alice, RoleArn=APP, RoleSessionName="s1", SourceIdentity="eve")


def test_an_inherited_source_identity_needs_the_permission_at_every_step_of_the_chain(world: World) -> None:
    alice = add_user(world, "alice")
    session = assume(world, add_role(world, "first", trust(ALICE)), alice, SourceIdentity="alice")
    plain = add_role(world, "plain", trust(FIRST, actions="sts:AssumeRole"))
    assert not may(world, plain, session)
    app = add_role(world, "app", trust(FIRST))
    answer = world.call("sts:AssumeRole", by=session, RoleArn=app, RoleSessionName="s2")
    assert answer["SourceIdentity"] == "alice"
    context = judged(world, caller_of(world, answer), Ask(action="s3:ListAllMyBuckets")).request.context
    assert context["aws:SourceIdentity"] == "alice"


def test_inherited_transitive_tags_need_the_permission_to_tag(world: World) -> None:
    alice = add_user(world, "alice")
    first = add_role(world, "first", trust(ALICE))
    session = assume(world, first, alice, Tags=TAGS, TransitiveTagKeys=["Team"])
    plain = add_role(world, "plain", trust(FIRST, actions="sts:AssumeRole"))
    assert not may(world, plain, session)
    assert may(world, add_role(world, "app", trust(FIRST)), session)


def test_transitive_tags_go_down_a_chain_of_any_length_and_others_only_one_step(world: World) -> None:
    session = add_user(world, "alice")
    for number in range(3):
        more: dict[str, Any] = {}
        if number == 0:
            more = {"Tags": [*TAGS, {"Key": "Cost", "Value": "1"}], "TransitiveTagKeys": ["Team"]}
        session = assume(world, add_role(world, f"r{number}", trust("*")), session, **more)
        assert session.session is not None
        expected = {"Team": "blue", "Cost": "1"} if number == 0 else {"Team": "blue"}
        assert dict(session.session.tags) == expected
        assert session.session.transitive_tag_keys == ("Team",)
        assert session.session.chained is (number > 0)


def test_the_trust_policy_sees_the_role_s_own_tag_although_a_session_tag_will_override_it(world: World) -> None:
    alice = add_user(world, "alice")
    wants = {"StringEquals": {"aws:ResourceTag/Team": "red", "iam:ResourceTag/Team": "red"}}
    arn = add_role(world, "app", trust(ALICE, Condition=wants), tags={"Team": "red"})
    session = assume(world, arn, alice, Tags=TAGS)
    assert judged(world, session, Ask(action="x:y")).request.context["aws:PrincipalTag/Team"] == "blue"


def test_the_answer_names_the_session_and_its_secret_is_derived_from_its_token(world: World) -> None:
    alice = add_user(world, "alice")
    add_role(world, "app", trust(ALICE), path="/team/")
    arn = f"arn:aws:iam::{ACCOUNT}:role/team/app"
    answer = world.call("sts:AssumeRole", by=alice, RoleArn=arn, RoleSessionName="s1")
    session = session_of(world, answer)
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{session.principal_id}:s1",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1",
    }
    assert (session.kind, session.account, session.chained) == (SessionKind.ROLE, ACCOUNT, False)
    told = world.call("sts:GetCallerIdentity", by=caller_of(world, answer))
    assert told == {
        "Account": ACCOUNT,
        "Arn": answer["AssumedRoleUser"]["Arn"],
        "UserId": answer["AssumedRoleUser"]["AssumedRoleId"],
    }
    assert world.call("sts:GetAccessKeyInfo", AccessKeyId=session.access_key_id) == {"Account": ACCOUNT}


def test_a_session_follows_its_role_s_policies_and_ends_with_it(world: World) -> None:
    alice = add_user(world, "alice")
    arn = add_role(world, "app", trust(ALICE), document("s3:ListAllMyBuckets"))
    answer = world.call("sts:AssumeRole", by=alice, RoleArn=arn, RoleSessionName="s1")
    session, ask = caller_of(world, answer), Ask(action="s3:ListAllMyBuckets")
    assert judged(world, session, ask).allowed
    with world.house.store.write() as tx:
        tx.roles.change(session.entity_id, trust=trust("*", effect="Deny"))
    assert judged(world, session, ask).allowed, "a changed trust policy does not touch running sessions"
    with world.house.store.write() as tx:
        tx.inline_policies.put(session.entity_id, "own", document("s3:ListAllMyBuckets", effect="Deny"))
    assert judged(world, session, ask).decision.verdict is Verdict.EXPLICIT_DENY
    with world.house.store.write() as tx:
        tx.inline_policies.remove(session.entity_id, "own")
        tx.roles.remove(session.entity_id)
    world.house.book.refresh()
    assert session_caller(world.house.book, session_of(world, answer)) is None
    assert not judged(world, session, ask).allowed
    with world.house.store.write() as tx:
        assert tx.roles.get(ACCOUNT, "app") is None
    again = add_role(world, "app2", trust("*"))
    with world.house.store.write() as tx:
        tx.roles.change(f"AROA{'APP2':A<17}", name="app")
    world.house.book.refresh()
    assert again
    assert session_caller(world.house.book, session_of(world, answer)) is None, "the new role revives nothing"


def test_a_session_policy_limits_and_grants_nothing(world: World) -> None:
    alice = add_user(world, "alice")
    arn = add_role(world, "app", trust(ALICE), document(["s3:GetObject", "s3:PutObject"]))
    narrow = document(["s3:GetObject", "s3:DeleteObject"])
    session = assume(world, arn, alice, Policy=narrow)
    resource = "arn:aws:s3:::box/key"
    verdicts = {
        action: judged(world, session, Ask(action=f"s3:{action}", resource=resource)).allowed
        for action in ("GetObject", "PutObject", "DeleteObject")
    }
    assert verdicts == {"GetObject": True, "PutObject": False, "DeleteObject": False}


def test_managed_session_policies_are_pooled_followed_and_must_exist_in_the_role_s_account(world: World) -> None:
    alice = add_user(world, "alice")
    arn = add_role(world, "app", trust(ALICE))
    mine = add_policy(world, "reads", document("s3:GetObject"))
    theirs = add_policy(world, "theirs", account=OTHER)
    for wrong in (theirs, f"arn:aws:iam::{ACCOUNT}:policy/nothing", "arn:aws:iam::aws:policy/NoSuchPolicyAtAll"):
        with pytest.raises(ServiceFault) as refused:
            assume(world, arn, alice, PolicyArns=[{"arn": wrong}])
        assert refused.value.code == "ValidationError"
    aws = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    session = assume(world, arn, alice, PolicyArns=[{"arn": mine}, {"arn": aws}])
    asks = [Ask(action="s3:GetObject", resource="arn:aws:s3:::b/k"), Ask(action="sqs:ListQueues")]
    assert [judged(world, session, ask).allowed for ask in asks] == [True, True]
    assert not judged(world, session, Ask(action="s3:PutObject", resource="arn:aws:s3:::b/k")).allowed
    with world.house.store.write() as tx:
        # a policy that is gone grants nothing
        tx.policies.change(f"ANPA{'READS':A<17}", name="renamed")
    assert [judged(world, session, ask).allowed for ask in asks] == [False, True], (
        "a policy that is gone grants nothing"
    )


def test_a_session_without_mfa_tells_so_and_never_how_old_it_is(world: World) -> None:
    session = assume(world, add_role(world, "app", trust("*")), add_user(world, "alice"))
    context = judged(world, session, Ask(action="x:y")).request.context
    assert context["aws:MultiFactorAuthPresent"] == "false"
    assert "aws:MultiFactorAuthAge" not in context


def test_the_packed_size_grows_with_what_is_passed_and_has_an_end(world: World) -> None:
    alice = add_user(world, "alice")
    arn = add_role(world, "app", trust(ALICE))

    def percent(count: int, size: int) -> int:
        noise = (world.house.entropy.draw(128).hex() for _ in range(count))
        tags = [{"Key": f"k{n}", "Value": value[:size]} for n, value in enumerate(noise)]
        answer = world.call("sts:AssumeRole", by=alice, RoleArn=arn, RoleSessionName="s1", Tags=tags)
        return int(answer["PackedPolicySize"])

    small, large = percent(1, 10), percent(20, 200)
    assert 0 < small < large <= 100
    with pytest.raises(ServiceFault, match=r"Packed size of session tags consumes 1\d\d% of allotted space\.") as told:
        percent(50, 256)
    assert told.value.code == "PackedPolicyTooLarge"


@pytest.mark.parametrize("passed", [{"TokenCode": "123456", "SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/alice"}])
def test_a_code_that_nobody_could_check_is_refused(world: World, passed: dict[str, Any]) -> None:
    alice = add_user(world, "alice")
    add_role(world, "app", trust(ALICE))
    with pytest.raises(ServiceFault) as refused:
        world.call("sts:AssumeRole", by=alice, RoleArn=APP, RoleSessionName="s1", **passed)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)


def test_tag_keys_of_aws_are_reserved(world: World) -> None:
    alice = add_user(world, "alice")
    add_role(world, "app", trust(ALICE))
    for key in ("aws:PrincipalTag", "AWS:x"):
        with pytest.raises(ServiceFault) as refused:
            assume(world, APP, alice, Tags=[{"Key": key, "Value": "x"}])
        assert refused.value.status == 400


def test_contexts_that_nobody_can_provide_are_not_passed_over(world: World) -> None:
    """Who passes one relies on it; at AWS it needs `sts:SetContext` in the trust policy."""
    alice, role = add_user(world, "alice"), add_role(world, "app", trust(ALICE))
    context = {"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "x"}
    with pytest.raises(ServiceFault) as refused:
        world.call("sts:AssumeRole", by=alice, RoleArn=role, RoleSessionName="s2", ProvidedContexts=[context])
    assert refused.value.code == "InvalidContextAssertion"
