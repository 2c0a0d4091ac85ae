"""When permissions were last used: reports of entities and policies, of the organization; and what grants a service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostiary import catalog
from ostiary.authorization.organization import SCP
from ostiary.policy import compile_policy
from ostiary.services.iam.granted_services import Granted
from ostiary.store.reports import ServiceAccess
from tests.iam.asking import Iam
from tests.iam.having import S3_READ_ONLY, everything, new_policy, new_role
from tests.organizations.asking import Organizations
from tests.world import ACCOUNT, NOW, OTHER, World, document

ARN = f"arn:aws:iam::{ACCOUNT}:"
NOON = int(NOW.timestamp())
DAY = 86_400


def used(world: World, principal_id: str, *actions: str, at: int = NOON, account: str = ACCOUNT) -> None:
    """Attempts, as the record has them."""
    with world.house.store.write() as tx:
        tx.service_accesses.note(
            ServiceAccess(
                principal_id=principal_id,
                service=action.partition(":")[0],
                action=action.partition(":")[2],
                account=account,
                at=at,
                region="eu-west-1",
            )
            for action in actions
        )


def report(iam: Iam, arn: str, granularity: str = "SERVICE_LEVEL") -> dict[str, dict[str, Any]]:
    """The services of a report by their namespace."""
    job = iam("GenerateServiceLastAccessedDetails", Arn=arn, Granularity=granularity)["JobId"]
    answer = iam("GetServiceLastAccessedDetails", JobId=job)
    assert (answer["JobStatus"], answer["JobType"]) == ("COMPLETED", granularity)
    listed = everything(iam, "GetServiceLastAccessedDetails", "ServicesLastAccessed", JobId=job)
    names = [each["ServiceNamespace"] for each in listed]
    assert names == sorted(names)
    return {each["ServiceNamespace"]: each for each in listed}


@pytest.fixture
def team(iam: Iam) -> Iam:
    """Alice and bob are in a group that may read S3; bob has a policy on queues."""
    iam.users("alice", "bob")
    iam("CreateGroup", GroupName="team")
    iam("AttachGroupPolicy", GroupName="team", PolicyArn=S3_READ_ONLY)
    for user in ("alice", "bob"):
        iam("AddUserToGroup", GroupName="team", UserName=user)
    iam("PutUserPolicy", UserName="bob", PolicyName="queues", PolicyDocument=document(["sqs:*", "iam:GetUser"]))
    return iam


def id_of(iam: Iam, user: str) -> str:
    found: str = iam.world.user(user).entity_id
    return found


def test_a_user_s_report_has_what_its_policies_and_its_groups_grant(team: Iam) -> None:
    used(team.world, id_of(team, "bob"), "sqs:SendMessage", at=NOON - 60)
    used(team.world, id_of(team, "bob"), "sqs:ReceiveMessage", at=NOON - 30)
    used(team.world, id_of(team, "bob"), "dynamodb:GetItem")
    found = report(team, f"{ARN}user/bob")
    assert {"iam", "s3", "sqs"} <= set(found) and "dynamodb" not in found
    assert found["sqs"] == {
        "ServiceName": "Amazon SQS",
        "ServiceNamespace": "sqs",
        "TotalAuthenticatedEntities": 1,
        "LastAuthenticated": NOW.fromtimestamp(NOON - 30, NOW.tzinfo),
        "LastAuthenticatedEntity": f"{ARN}user/bob",
        "LastAuthenticatedRegion": "eu-west-1",
    }
    assert found["s3"] == {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0}
    assert "sqs" not in report(team, f"{ARN}user/alice")


def test_actions_are_listed_for_the_services_that_are_here(team: Iam) -> None:
    used(team.world, id_of(team, "bob"), "iam:GetUser", at=NOON - 5)
    used(team.world, id_of(team, "bob"), "iam:ListUsers", "sqs:SendMessage")
    found = report(team, f"{ARN}user/bob", "ACTION_LEVEL")
    assert found["iam"]["TrackedActionsLastAccessed"] == [
        {
            "ActionName": "GetUser",
            "LastAccessedEntity": f"{ARN}user/bob",
            "LastAccessedTime": NOW.fromtimestamp(NOON - 5, NOW.tzinfo),
            "LastAccessedRegion": "eu-west-1",
        }
    ]
    names = {each["ActionName"] for each in found["s3"]["TrackedActionsLastAccessed"]}
    assert "GetObject" in names and "PutObject" not in names
    assert "TrackedActionsLastAccessed" not in found["sqs"]
    assert "TrackedActionsLastAccessed" not in report(team, f"{ARN}user/bob")["iam"]


def test_a_group_s_and_a_policy_s_report_name_who_used_them_last(team: Iam) -> None:
    used(team.world, id_of(team, "alice"), "s3:GetObject", at=NOON - 50)
    used(team.world, id_of(team, "bob"), "s3:GetObject", at=NOON - 90)
    role = new_role(team)
    team("AttachRolePolicy", RoleName="runner", PolicyArn=S3_READ_ONLY)
    for arn, idle in ((f"{ARN}group/team", []), (S3_READ_ONLY, [role])):
        found = report(team, arn)["s3"]
        assert (found["LastAuthenticatedEntity"], found["TotalAuthenticatedEntities"]) == (f"{ARN}user/alice", 2)
        job = team("GenerateServiceLastAccessedDetails", Arn=arn)["JobId"]
        asked = {"JobId": job, "ServiceNamespace": "s3"}
        entities = everything(
            team, "GetServiceLastAccessedDetailsWithEntities", "EntityDetailsList", MaxItems=1, **asked
        )
        order = [each["EntityInfo"]["Arn"] for each in entities]
        assert order == [f"{ARN}user/alice", f"{ARN}user/bob", *idle]
        assert [each.get("LastAuthenticated") is None for each in entities] == [False, False, *(True for _ in idle)]
        assert entities[0]["EntityInfo"]["Type"] == "USER"


def test_what_was_more_than_400_days_ago_is_not_told_and_is_forgotten(team: Iam) -> None:
    bob = id_of(team, "bob")
    used(team.world, bob, "sqs:SendMessage", at=NOON - 400 * DAY)
    assert report(team, f"{ARN}user/bob")["sqs"]["TotalAuthenticatedEntities"] == 1
    team.world.clock.advance(seconds=1)
    assert report(team, f"{ARN}user/bob")["sqs"]["TotalAuthenticatedEntities"] == 0
    with team.world.house.store.read() as tx:
        assert [one.action for one in tx.service_accesses.of(bob, 0)] == []


def test_a_job_is_its_owner_s_and_is_kept_for_a_week(team: Iam) -> None:
    job = team("GenerateServiceLastAccessedDetails", Arn=f"{ARN}user/bob")["JobId"]
    alice = team.may("alice", "iam:*")
    asked: dict[str, Any] = {"JobId": job}
    assert team.fault("GetServiceLastAccessedDetails", by=alice, **asked)[0] == "NoSuchEntity"
    assert team.fault("GetOrganizationsAccessReport", **asked)[0] == "NoSuchEntity"
    assert team.fault("GetServiceLastAccessedDetails", JobId="0" * 36)[0] == "NoSuchEntity"
    team.world.clock.advance(days=8)
    team("GetServiceLastAccessedDetails", **asked)
    team("GenerateServiceLastAccessedDetails", Arn=f"{ARN}user/bob")
    assert team.fault("GetServiceLastAccessedDetails", **asked)[0] == "NoSuchEntity"


def test_a_report_on_what_was_deleted_meanwhile_has_failed(team: Iam) -> None:
    team.users("gone")
    job = team("GenerateServiceLastAccessedDetails", Arn=f"{ARN}user/gone")["JobId"]
    team("DeleteUser", UserName="gone")
    for name, more in (
        ("GetServiceLastAccessedDetails", {}),
        ("GetServiceLastAccessedDetailsWithEntities", {"ServiceNamespace": "s3"}),
    ):
        answer = team(name, JobId=job, **more)
        assert (answer["JobStatus"], answer["Error"]["Code"]) == ("FAILED", "NoSuchEntity")


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"{ARN}user/nobody", "NoSuchEntity"),
        (f"arn:aws:iam::{OTHER}:user/bob", "NoSuchEntity"),
        (f"{ARN}policy/nothing", "NoSuchEntity"),
        (f"{ARN}root", "InvalidInput"),
        (f"{ARN}instance-profile/x", "InvalidInput"),
    ],
)
def test_only_entities_and_policies_are_reported(team: Iam, arn: str, code: str) -> None:
    assert team.fault("GenerateServiceLastAccessedDetails", Arn=arn)[0] == code
    if ":policy/" not in arn:
        said = team.fault("ListPoliciesGrantingServiceAccess", Arn=arn, ServiceNamespaces=["s3"])
        assert said[0] == code


def test_the_policies_that_grant_a_service_are_listed_with_their_holders(team: Iam) -> None:
    team("PutGroupPolicy", GroupName="team", PolicyName="more", PolicyDocument=document("sqs:SendMessage"))
    never = new_policy(team, "never", PolicyDocument=document("s3:*", effect="Deny"))
    team("AttachUserPolicy", UserName="bob", PolicyArn=never)
    listed = team("ListPoliciesGrantingServiceAccess", Arn=f"{ARN}user/bob", ServiceNamespaces=["sqs", "s3", "ec2"])
    found = {each["ServiceNamespace"]: each["Policies"] for each in listed["PoliciesGrantingServiceAccess"]}
    queues = {"PolicyName": "queues", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "bob"}
    more = {"PolicyName": "more", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "team"}
    s3 = {"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyType": "MANAGED", "PolicyArn": S3_READ_ONLY}
    assert sorted(found["sqs"], key=str) == sorted([queues, more], key=str)
    assert (found["s3"], found["ec2"]) == ([s3], [])
    unknown = {"Arn": f"{ARN}user/bob", "ServiceNamespaces": ["nothing-like-it"]}
    assert team.fault("ListPoliciesGrantingServiceAccess", **unknown)[0] == "InvalidInput"


def granted(*statements: dict[str, Any]) -> Granted:
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Resource": "*", **each} for each in statements]})
    return Granted([[compile_policy(text)]])


def test_a_service_is_granted_unless_all_that_is_allowed_is_denied_without_a_condition() -> None:
    allow, deny = {"Effect": "Allow"}, {"Effect": "Deny"}
    assert granted({**allow, "Action": "s3:*"}).services() == ("s3",)
    assert granted({**allow, "Action": "s3:Get*"}, {**deny, "Action": "s3:*"}).services() == ()
    spared = {**deny, "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert granted({**allow, "Action": "s3:Get*"}, spared).includes("s3")
    assert granted({**allow, "Action": "s3:Get*"}, {**deny, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}).includes(
        "s3"
    )
    assert not granted({**allow, "Action": "s3:Get*"}, {**deny, "NotAction": "iam:*"}).includes("s3")
    everywhere = granted({**allow, "NotAction": ["iam:*", "s3:*"]}).services()
    assert set(everywhere) == set(catalog.services()) - {"iam", "s3"} - _without_actions()
    assert set(granted({**allow, "Action": "*"}).services()) == set(catalog.services()) - _without_actions()


def _without_actions() -> set[str]:
    return {service for service in catalog.services() if not catalog.expand(f"{service}:*")}


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("GenerateServiceLastAccessedDetails", {"Arn": f"{ARN}user/bob"}),
        ("ListPoliciesGrantingServiceAccess", {"Arn": f"{ARN}user/bob", "ServiceNamespaces": ["s3"]}),
        ("GetServiceLastAccessedDetails", {"JobId": "?"}),
        ("GetServiceLastAccessedDetailsWithEntities", {"JobId": "?", "ServiceNamespace": "s3"}),
    ],
)
def test_the_permission_is_on_the_entity_or_on_everything(team: Iam, name: str, params: dict[str, Any]) -> None:
    team.users("asker")
    on = params.get("Arn", "*")
    if params.get("JobId"):
        asker = team.may("asker", "iam:GenerateServiceLastAccessedDetails", f"{ARN}user/bob")
        job = team("GenerateServiceLastAccessedDetails", by=asker, Arn=f"{ARN}user/bob")["JobId"]
        params = {**params, "JobId": job}
    team(name, by=team.may("asker", f"iam:{name}", on), **params)
    assert team.fault(name, by=team.may("asker", "iam:ListUsers"), **params)[0] == "AccessDenied"
    assert team.fault(name, by=team.may("asker", f"iam:{name}", f"{ARN}user/other"), **params)[0] == "AccessDenied"


@pytest.fixture
def tree(world: World) -> tuple[Iam, Organizations, str, str, str]:
    """An organization: a unit with the account `dev`, and the account `ops` under the root."""
    org = Organizations(world)
    org("CreateOrganization")
    org.enable()
    dev, ops = org.account("dev"), org.account("ops")
    unit = org.unit("team")
    org("MoveAccount", AccountId=dev, SourceParentId=org.root, DestinationParentId=unit)
    return Iam(world), org, unit, dev, ops


def organization_report(iam: Iam, path: str, policy: str | None = None, **more: Any) -> dict[str, Any]:
    params = {"EntityPath": path, **({"OrganizationsPolicyId": policy} if policy else {})}
    job = iam("GenerateOrganizationsAccessReport", **params)["JobId"]
    answer: dict[str, Any] = iam("GetOrganizationsAccessReport", JobId=job, **more)
    return answer


def test_an_organization_s_report_has_the_services_that_scps_leave_and_who_used_them(
    tree: tuple[Iam, Organizations, str, str, str],
) -> None:
    iam, org, unit, dev, ops = tree
    world, root = iam.world, org.root
    organization = org("DescribeOrganization")["Organization"]["Id"]
    org.only(document(["s3:*", "sqs:*"]), unit, "some")
    for account, action, at in ((dev, "s3:GetObject", 5), (ops, "s3:GetObject", 9), (ACCOUNT, "s3:GetObject", 99)):
        used(world, f"AIDA{account}", action, at=NOON - 100 + at, account=account)
    top = organization_report(iam, f"{organization}/{root}", MaxItems=1000)
    assert top["NumberOfServicesAccessible"] > 300
    assert top["NumberOfServicesNotAccessed"] == top["NumberOfServicesAccessible"] - 1
    s3 = next(each for each in top["AccessDetails"] if each["ServiceNamespace"] == "s3")
    assert (s3["TotalAuthenticatedEntities"], s3["EntityPath"]) == (2, f"{organization}/{root}/{ops}")
    assert s3["LastAuthenticatedTime"].timestamp() == NOON - 91
    for path in (f"{organization}/{root}/{unit}", f"{organization}/{root}/{unit}/{dev}"):
        below = organization_report(iam, path)
        assert [each["ServiceNamespace"] for each in below["AccessDetails"]] == ["s3", "sqs"]
        assert below["NumberOfServicesAccessible"] == len(below["AccessDetails"])
        found = next(each for each in below["AccessDetails"] if each["ServiceNamespace"] == "s3")
        assert found["EntityPath"] == f"{organization}/{root}/{unit}/{dev}"
    own = organization_report(iam, f"{organization}/{root}/{ACCOUNT}", MaxItems=1000)
    assert own["NumberOfServicesNotAccessed"] < own["NumberOfServicesAccessible"]


def test_a_policy_s_report_counts_the_accounts_that_it_binds(tree: tuple[Iam, Organizations, str, str, str]) -> None:
    iam, org, unit, dev, ops = tree
    organization = org("DescribeOrganization")["Organization"]["Id"]
    policy = org.policy(document(["s3:*", "sqs:*"]), "p", SCP, unit)
    for account in (dev, ops):
        used(iam.world, f"AIDA{account}", "s3:GetObject", account=account)
    found = organization_report(iam, f"{organization}/{org.root}", policy, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING")
    assert [each["TotalAuthenticatedEntities"] for each in found["AccessDetails"]][:2] == [1, 0]
    assert found["AccessDetails"][0]["ServiceNamespace"] == "s3"
    backwards = organization_report(iam, f"{organization}/{org.root}", policy, SortKey="SERVICE_NAMESPACE_DESCENDING")
    names = [each["ServiceNamespace"] for each in backwards["AccessDetails"]]
    assert names == sorted(names, reverse=True) and {"s3", "sqs"} <= set(names)


def test_an_organization_s_report_that_can_t_be_made_has_failed(tree: tuple[Iam, Organizations, str, str, str]) -> None:
    iam, org, unit, dev, _ = tree
    organization = org("DescribeOrganization")["Organization"]["Id"]
    for path in (
        f"{organization}/{org.root}/{dev}",
        f"o-aaaaaaaaaa/{org.root}",
        f"{organization}/{unit}".replace("ou-", "r-"),
    ):
        answer = organization_report(iam, path)
        assert (answer["JobStatus"], answer["ErrorDetails"]["Code"]) == ("FAILED", "EntityPathNotFound")
    answer = organization_report(iam, f"{organization}/{org.root}", "p-00000000")
    assert answer["ErrorDetails"]["Code"] == "PolicyNotFound"
    path = f"{organization}/{org.root}"
    assert iam.fault("GenerateOrganizationsAccessReport", by=iam.world.root(dev), EntityPath=path)[0] == "AccessDenied"


def test_an_organization_s_report_asks_for_what_the_reference_says(
    tree: tuple[Iam, Organizations, str, str, str],
) -> None:
    iam, org, _, _, _ = tree
    iam.users("asker")
    path = org("DescribeOrganization")["Organization"]["Id"] + "/" + org.root
    service = catalog.service("iam")
    assert service is not None
    needed = service.actions["GenerateOrganizationsAccessReport"].dependent_actions
    report_arn = f"{ARN}access-report/{path}"
    own = {"Effect": "Allow", "Action": "iam:GenerateOrganizationsAccessReport", "Resource": report_arn}

    def asker(*statements: dict[str, Any]) -> Any:
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        with iam.world.house.store.write() as tx:
            record = tx.users.get(ACCOUNT, "asker")
            assert record is not None
            tx.inline_policies.put(record.id, "only", text)
        return iam.world.user("asker")

    others = {"Effect": "Allow", "Action": list(needed), "Resource": "*"}
    iam("GenerateOrganizationsAccessReport", by=asker(own, others), EntityPath=path)
    for missing in needed:
        fewer = {**others, "Action": [each for each in needed if each != missing]}
        code, message = iam.fault("GenerateOrganizationsAccessReport", by=asker(own, fewer), EntityPath=path)
        assert (code, missing in message) == ("AccessDenied", True)
    elsewhere = {**own, "Resource": report_arn + "/x"}
    assert (
        iam.fault("GenerateOrganizationsAccessReport", by=asker(elsewhere, others), EntityPath=path)[0]
        == "AccessDenied"
    )
