"""The simulator and the judge of requests answer alike, whatever the policies, the action, the resource, the keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary import policy
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask, Judgement
from ostiary.authorization.organization import RCP, SCP
from ostiary.identifiers import iam_arn, sts_arn
from tests.iam.asking import Iam
from tests.iam.having import EC2
from tests.organizations.asking import Organizations
from tests.world import NOW, World, document

EVERYTHING = document("*")
PLACE = ("Line", "Column")
ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "iam:ChangePassword", "kms:Decrypt")
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"StringEquals": {"aws:username": "alice"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"Null": {"aws:MultiFactorAuthAge": "true"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*"}},
    {"NumericLessThan": {"s3:max-keys": "10"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/alice"}},
]


def either(*texts: str) -> str:
    """One document with the statements of several."""
    statements = [statement for text in texts for statement in json.loads(text)["Statement"]]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@dataclass(frozen=True)
class Fixed:
    """A member account of an organization, with a user and a role in it."""

    iam: Iam
    org: Organizations
    account: str
    alice: Caller
    role: Caller
    group_id: str
    controls: dict[str, str]

    @property
    def world(self) -> World:
        return self.iam.world


def sparing_the_simulator(text: str) -> str:
    """The same as a service control policy that lets the test's own calls through."""
    return either(text, document("iam:Simulate*"))


def of_everybody(text: str) -> str:
    """The same as a resource control policy."""
    return text.replace('"Action"', '"Principal": "*", "Action"')


def new_member(world: World) -> Fixed:
    iam, org = Iam(world), Organizations(world)
    org("CreateOrganization")
    org.enable(SCP, RCP)
    account = org.account()
    root = world.root(account)
    iam("CreateUser", by=root, UserName="alice", Tags=[{"Key": "team", "Value": "blue"}])
    role = iam("CreateRole", by=root, RoleName="app", Path="/x/", AssumeRolePolicyDocument=EC2)["Role"]
    group = iam("CreateGroup", by=root, GroupName="team")["Group"]
    iam("AddUserToGroup", by=root, GroupName="team", UserName="alice")
    session = sts_arn(account, "assumed-role", "app/s")
    principal = policy.RoleSession(arn=session, role_arn=role["Arn"], account=account, id=role["RoleId"])
    as_role = Caller(
        kind=CallerKind.ROLE_SESSION,
        principal=principal,
        account=account,
        arn=session,
        user_id=f"{role['RoleId']}:s",
        entity_id=role["RoleId"],
        name="app",
    )
    texts = {SCP: EVERYTHING, RCP: of_everybody(document("sqs:Nothing", effect="Deny"))}
    controls = {kind: org.policy(text, "c", kind, account) for kind, text in texts.items()}
    org("DetachPolicy", PolicyId="p-FullAWSAccess", TargetId=account)
    return Fixed(iam, org, account, world.user("alice", account), as_role, group["GroupId"], controls)


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fixed]:
    world = World(Path(tmp_path_factory.mktemp("world")))
    yield new_member(world)
    world.house.store.close()


def statements(resources: list[str], *, principal: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "Effect": st.just("Deny") if principal else st.sampled_from(["Allow", "Allow", "Deny"]),
            "Action": st.sampled_from(["s3:*", "s3:PutObject", "sqs:*"] if principal else [*ACTIONS, "s3:*", "*"]),
            "Resource": st.sampled_from(resources),
            "Condition": st.sampled_from(CONDITIONS),
            **({"Principal": st.just("*")} if principal else {}),
        }
    )


def documents(resources: list[str], *, principal: bool = False) -> st.SearchStrategy[str]:
    some = st.lists(statements(resources, principal=principal), min_size=1, max_size=3)
    return some.map(lambda each: json.dumps({"Version": "2012-10-17", "Statement": each}))


RESOURCES = ["*", "arn:aws:s3:::box/*", "arn:aws:s3:::box/${aws:username}/*", "arn:aws:sqs:*:*:q"]


def allowed_somehow(member: Fixed, drawn: st.DataObject, unique_id: str) -> None:
    """Policies for an entity: none, some of its own, some by a group or a managed policy."""
    own = drawn.draw(st.lists(st.just(EVERYTHING) | documents(RESOURCES), max_size=2))
    with member.world.house.store.write() as tx:
        for number in range(2):
            name = f"p{number}"
            text = own[number] if number < len(own) else document("ec2:Nothing")
            tx.inline_policies.put(unique_id, name, text)
        tx.inline_policies.put(member.group_id, "g", drawn.draw(documents(RESOURCES)))


def entries(judged: Judgement) -> list[dict[str, Any]]:
    return [
        {
            "ContextKeyName": key,
            "ContextKeyType": "stringList" if isinstance(value, tuple) else "string",
            "ContextKeyValues": list(value) if isinstance(value, tuple) else [value],
        }
        for key, value in judged.request.context.items()
    ]


FACTS = st.builds(
    RequestFacts,
    request_id=st.just("r"),
    at=st.just(NOW),
    source_ip=st.sampled_from(["10.1.2.3", "192.0.2.1"]),
    secure=st.booleans(),
    region=st.just("us-east-1"),
)
CONTEXT = st.fixed_dictionaries(
    {}, optional={"aws:TagKeys": st.sampled_from([("a",), ("a", "z"), ()]), "s3:max-keys": st.sampled_from(["5", "50"])}
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_the_simulator_says_what_enforcement_does(member: Fixed, drawn: st.DataObject) -> None:
    caller = drawn.draw(st.sampled_from([member.alice, member.role]))
    is_user = caller.kind is CallerKind.USER
    kind, name, path = ("user", "alice", "/") if is_user else ("role", "app", "/x/")
    allowed_somehow(member, drawn, caller.entity_id)
    controlling = st.just(EVERYTHING) | documents(RESOURCES).filter(lambda text: '"Action": "*"' not in text)
    for policy_id, texts in (
        (member.controls[SCP], controlling.map(sparing_the_simulator)),
        (member.controls[RCP], documents(["*"], principal=True)),
    ):
        member.org("UpdatePolicy", PolicyId=policy_id, Content=drawn.draw(texts))
    boundary = drawn.draw(st.sampled_from([None, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]))
    with member.world.house.store.write() as tx:
        rows = tx.users if is_user else tx.roles
        rows.change(caller.entity_id, boundary=boundary)
    action = drawn.draw(st.sampled_from(ACTIONS))
    box, queue = "arn:aws:s3:::box/alice/x", f"arn:aws:sqs:us-east-1:{member.account}:q"
    resource = drawn.draw(st.sampled_from(["*", box, queue]))
    house = member.world.house
    house.book.refresh()
    ask = Ask(action=action, resource=resource, context=drawn.draw(CONTEXT))
    judged = house.judge.judge(caller, ask, drawn.draw(FACTS))
    answer = member.iam(
        "SimulatePrincipalPolicy",
        by=member.world.root(member.account),
        PolicySourceArn=iam_arn(member.account, kind, name, path),
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=entries(judged),
    )
    result = answer["EvaluationResults"][0]
    assert result["EvalDecision"] == judged.decision.verdict.value
    shown = {"identity": "IAM Policy", "boundary": "Permissions Boundary Policy"}
    places = sorted(
        (shown[one.source.type.value], one.start.line, one.start.column, one.end.line, one.end.column)
        for one in judged.decision.matched
        if one.source.type.value in shown
    )
    assert places == sorted(
        (one["SourcePolicyType"], *(one[at][part] for at in ("StartPosition", "EndPosition") for part in PLACE))
        for one in result["MatchedStatements"]
    )


def test_an_organization_s_policies_are_told_as_a_whole_and_never_listed(member: Fixed) -> None:
    root = member.world.root(member.account)
    with member.world.house.store.write() as tx:
        tx.inline_policies.put(member.alice.entity_id, "p0", EVERYTHING)
        tx.users.change(member.alice.entity_id, boundary=None)
        tx.inline_policies.put(member.alice.entity_id, "p1", EVERYTHING)
        tx.inline_policies.put(member.group_id, "g", EVERYTHING)

    def asked(**more: Any) -> dict[str, Any]:
        answer = member.iam(
            "SimulatePrincipalPolicy",
            by=root,
            PolicySourceArn=iam_arn(member.account, "user", "alice"),
            ActionNames=["s3:GetObject"],
            ResourceArns=["arn:aws:s3:::box/a"],
            **more,
        )
        result: dict[str, Any] = answer["EvaluationResults"][0]
        return result

    harmless = document("sqs:*", effect="Deny")
    member.org("UpdatePolicy", PolicyId=member.controls[SCP], Content=EVERYTHING)
    member.org("UpdatePolicy", PolicyId=member.controls[RCP], Content=of_everybody(harmless))
    for kind in (SCP, RCP):
        for text in (document("sqs:*", effect="Deny"), document("s3:*", effect="Deny")):
            content = either(text, EVERYTHING) if kind == SCP else of_everybody(text)
            member.org("UpdatePolicy", PolicyId=member.controls[kind], Content=content)
            told = asked()
            allowed = "sqs" in text
            assert told["EvalDecision"] == ("allowed" if allowed else "explicitDeny")
            assert told["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allowed}
            assert bool(told["MatchedStatements"]) is allowed
            assert ("ResourceSpecificResults" in told) is allowed
            excluded = asked(PolicyExclusionList=[{"PolicyType": "scp"}, {"PolicyType": "rcp"}])
            assert excluded["EvalDecision"] == "allowed"
            assert "OrganizationsDecisionDetail" not in excluded
        member.org("UpdatePolicy", PolicyId=member.controls[kind], Content=content.replace("s3:", "sqs:"))
