"""The provider over the store: whose credentials, for how long, and when they end."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import text

from ostiary.audit.writer import AuditWriter
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import Session
from ostiary.doors.metadata import Failure, Profile, RoleCredentials, StoredInstances
from ostiary.gate.authenticate import session_caller
from ostiary.services.ec2.role_delivery import REFRESH_SECONDS, SESSION_SECONDS, RoleDelivery, session_seconds
from ostiary.store.link import Prepared
from tests.ec2.calling import INSTANCES, TRUST_EC2, Ec2
from tests.world import ACCOUNT, NOW, World, document


@dataclass
class Metadata:
    """An instance with the profile `web`, and what its metadata says."""

    ec2: Ec2
    audit: AuditWriter
    provider: StoredInstances
    instance_id: str

    def held(self, delivery: Literal["1.0", "2.0"] = "2.0") -> RoleCredentials:
        found = self.provider.credentials(self.instance_id, delivery)
        assert isinstance(found, RoleCredentials)
        return found

    def session(self, credentials: RoleCredentials) -> Session:
        session, secret = self.ec2.world.house.seal.read(credentials.token)
        assert secret == credentials.secret_access_key
        assert session.access_key_id == credentials.access_key_id
        return session

    def association(self) -> str:
        (held,) = self.ec2("DescribeIamInstanceProfileAssociations")["IamInstanceProfileAssociations"]
        found: str = held["AssociationId"]
        return found

    def events(self) -> list[dict[str, Any]]:
        """The assumptions of roles that are on record."""
        self.audit.flush()
        with self.ec2.world.house.store.read() as tx:
            rows = tx._link.column(Prepared(text("SELECT body FROM events ORDER BY sequence")))
            return [body for body in map(json.loads, rows) if body["eventName"] == "AssumeRole"]


@pytest.fixture
def metadata(world: World) -> Iterator[Metadata]:
    ec2 = Ec2(world)
    ec2.profile()
    audit = AuditWriter(world.house.store, 60)
    provider = StoredInstances(world.house, RoleDelivery(world.house, audit))
    yield Metadata(ec2, audit, provider, ec2.run(IamInstanceProfile={"Name": "web"}, InstanceType="t3.micro"))
    audit.close()


def test_an_instance_is_shown_as_it_was_launched(metadata: Metadata) -> None:
    ec2 = metadata.ec2
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "x"}]}]
    data = base64.b64encode(b"#!/bin/sh\n").decode()
    instance_id = ec2.run(TagSpecifications=tags, UserData=data, MetadataOptions={"HttpTokens": "required"})
    shown, view = ec2.shown(instance_id), metadata.provider.instance(instance_id)
    assert view is not None
    interface = shown["NetworkInterfaces"][0]
    assert (view.private_ipv4, view.mac) == (shown["PrivateIpAddress"], interface["MacAddress"])
    assert (view.private_hostname, view.vpc_id) == (shown["PrivateDnsName"], shown["VpcId"])
    assert (view.region, view.account_id, view.profile) == ("us-east-1", ACCOUNT, None)
    assert (view.user_data, view.tags, view.options.http_tokens) == (b"#!/bin/sh\n", {"Name": "x"}, "required")


def test_credentials_are_those_of_a_session_named_after_the_instance(metadata: Metadata) -> None:
    world, credentials = metadata.ec2.world, metadata.held()
    session = metadata.session(credentials)
    world.house.book.refresh()
    caller = session_caller(world.house.book, session)
    assert caller is not None
    assert caller.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/web-role/{metadata.instance_id}"
    assert credentials.expiration == NOW + timedelta(hours=6)
    assert dict(session.context)["ec2:SourceInstanceARN"] == INSTANCES + metadata.instance_id


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ({"ArnLike": {"ec2:SourceInstanceARN": INSTANCES + "i-0123456789abcdef0"}}, False),
        ({"ArnLike": {"ec2:SourceInstanceARN": INSTANCES + "i-*"}}, True),
        ({"NumericEquals": {"ec2:RoleDelivery": "2.0"}}, True),
        ({"NumericEquals": {"ec2:RoleDelivery": "1.0"}}, False),
    ],
)
def test_policies_can_ask_where_the_credentials_come_from(
    metadata: Metadata, condition: dict[str, Any], may: bool
) -> None:
    world = metadata.ec2.world
    text = document("s3:ListAllMyBuckets", Condition=condition)
    world.call("iam:PutRolePolicy", RoleName="web-role", PolicyName="p", PolicyDocument=text)
    world.house.book.refresh()
    caller = session_caller(world.house.book, metadata.session(metadata.held()))
    assert caller is not None
    facts = RequestFacts(request_id="1", at=NOW, source_ip="127.0.0.1", secure=True, region="us-east-1")
    assert world.house.judge.judge(caller, Ask(action="s3:ListAllMyBuckets"), facts).allowed is may


def test_credentials_stay_until_they_are_near_their_end_and_the_old_ones_still_work_then(metadata: Metadata) -> None:
    clock, first = metadata.ec2.world.clock, metadata.held()
    clock.advance(seconds=SESSION_SECONDS - REFRESH_SECONDS - 1)
    assert metadata.held() == first
    clock.advance(seconds=1)
    second = metadata.held()
    assert second.access_key_id != first.access_key_id
    assert first.expiration - clock.now() == timedelta(seconds=REFRESH_SECONDS) >= timedelta(minutes=5)
    assert second.expiration - clock.now() == timedelta(seconds=SESSION_SECONDS)
    assert metadata.held() == second


def test_a_session_knows_which_version_of_the_service_delivered_it(metadata: Metadata) -> None:
    one, two = (metadata.session(metadata.held(version)) for version in ("1.0", "2.0"))
    assert (dict(one.context)["ec2:RoleDelivery"], dict(two.context)["ec2:RoleDelivery"]) == ("1.0", "2.0")
    assert one.access_key_id != two.access_key_id


def test_many_that_ask_at_once_get_the_same_session(metadata: Metadata) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: metadata.held().access_key_id, range(40)))
    assert len(found) == 1


@pytest.mark.parametrize(
    "trust",
    [
        TRUST_EC2.replace("ec2.amazonaws.com", "lambda.amazonaws.com"),
        TRUST_EC2.replace('{"Service": "ec2.amazonaws.com"}', f'{{"AWS": "{ACCOUNT}"}}'),
        TRUST_EC2.replace("sts:AssumeRole", "sts:TagSession"),
        TRUST_EC2.replace(
            '"sts:AssumeRole"}', '"sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}'
        ),
    ],
)
def test_a_role_that_does_not_trust_ec2_is_not_delivered(metadata: Metadata, trust: str) -> None:
    metadata.ec2.world.call("iam:UpdateAssumeRolePolicy", RoleName="web-role", PolicyDocument=trust)
    failure = metadata.provider.credentials(metadata.instance_id, "2.0")
    assert isinstance(failure, Failure)
    assert failure.code == "AssumeRoleUnauthorizedAccess"
    assert failure.message.startswith("EC2 cannot assume the role web-role.")
    (event,) = metadata.events()
    assert event["errorCode"] == "AccessDenied"
    metadata.ec2.world.call("iam:UpdateAssumeRolePolicy", RoleName="web-role", PolicyDocument=TRUST_EC2)
    assert metadata.held()


def test_a_trust_policy_may_name_the_instance(metadata: Metadata) -> None:
    condition = f', "Condition": {{"StringEquals": {{"sts:RoleSessionName": "{metadata.instance_id}"}}}}}}'
    trust = TRUST_EC2.replace('"sts:AssumeRole"}', '"sts:AssumeRole"' + condition)
    metadata.ec2.world.call("iam:UpdateAssumeRolePolicy", RoleName="web-role", PolicyDocument=trust)
    assert metadata.held()
    other = metadata.ec2.run(IamInstanceProfile={"Name": "web"})
    assert isinstance(metadata.provider.credentials(other, "2.0"), Failure)


def test_disassociating_ends_the_delivery_at_once(metadata: Metadata) -> None:
    assert metadata.held()
    metadata.ec2("DisassociateIamInstanceProfile", AssociationId=metadata.association())
    assert metadata.provider.credentials(metadata.instance_id, "2.0") is None
    view = metadata.provider.instance(metadata.instance_id)
    assert view is not None and view.profile is None


def test_another_profile_brings_another_role_at_once(metadata: Metadata) -> None:
    before = metadata.session(metadata.held())
    metadata.ec2.profile("admin", "admin-role")
    asked = {"AssociationId": metadata.association(), "IamInstanceProfile": {"Name": "admin"}}
    metadata.ec2("ReplaceIamInstanceProfileAssociation", **asked)
    assert metadata.session(metadata.held()).principal_id != before.principal_id
    view = metadata.provider.instance(metadata.instance_id)
    assert view is not None and isinstance(view.profile, Profile) and view.profile.role_name == "admin-role"


def test_termination_ends_everything(metadata: Metadata) -> None:
    assert metadata.held()
    metadata.ec2("TerminateInstances", InstanceIds=[metadata.instance_id])
    assert metadata.provider.instance(metadata.instance_id) is None
    assert metadata.provider.credentials(metadata.instance_id, "2.0") is None
    assert metadata.provider.instance("i-0123456789abcdef0") is None
    assert metadata.provider.credentials("i-0123456789abcdef0", "2.0") is None


def test_a_profile_can_be_emptied_filled_and_deleted_under_an_instance(metadata: Metadata) -> None:
    call, both = metadata.ec2.world.call, {"InstanceProfileName": "web", "RoleName": "web-role"}
    first = metadata.held()
    call("iam:RemoveRoleFromInstanceProfile", both)
    view = metadata.provider.instance(metadata.instance_id)
    assert view is not None and isinstance(view.profile, Profile) and view.profile.role_name is None
    assert metadata.provider.credentials(metadata.instance_id, "2.0") is None
    call("iam:AddRoleToInstanceProfile", both)
    assert metadata.held() == first
    call("iam:RemoveRoleFromInstanceProfile", both)
    call("iam:DeleteInstanceProfile", InstanceProfileName="web")
    view = metadata.provider.instance(metadata.instance_id)
    assert view is not None and isinstance(view.profile, Failure) and view.profile.code == "InstanceProfileNotFound"
    assert metadata.provider.credentials(metadata.instance_id, "2.0") is None


def test_a_role_that_is_made_again_is_another(metadata: Metadata) -> None:
    call, both = metadata.ec2.world.call, {"InstanceProfileName": "web", "RoleName": "web-role"}
    before = metadata.session(metadata.held())
    call("iam:RemoveRoleFromInstanceProfile", both)
    call("iam:DeleteRole", RoleName="web-role")
    call("iam:CreateRole", RoleName="web-role", AssumeRolePolicyDocument=TRUST_EC2)
    call("iam:AddRoleToInstanceProfile", both)
    assert metadata.session(metadata.held()).principal_id != before.principal_id


def test_every_session_is_on_record_without_its_secrets(metadata: Metadata) -> None:
    credentials = metadata.held()
    assert metadata.held() == credentials
    (event,) = metadata.events()
    assert event["userIdentity"]["type"] == "AWSService"
    assert (event["eventSource"], event["sourceIPAddress"]) == ("sts.amazonaws.com", "ec2.amazonaws.com")
    arn = f"arn:aws:iam::{ACCOUNT}:role/web-role"
    assert event["requestParameters"] == {"roleArn": arn, "roleSessionName": metadata.instance_id}
    assert event["responseElements"]["credentials"]["accessKeyId"] == credentials.access_key_id
    assert event["recipientAccountId"] == ACCOUNT and "errorCode" not in event
    text = json.dumps(event)
    assert credentials.secret_access_key not in text and credentials.token not in text


def test_the_length_of_sessions_can_be_set_for_trials() -> None:
    assert session_seconds({}) == 21_600
    assert session_seconds({"OSTIARY_INSTANCE_SESSION_SECONDS": "60"}) == 60
    for wrong in ("", "0", "3", "21601", "1e3", "-60", "٦٠", " 60"):
        with pytest.raises(ValueError, match="OSTIARY_INSTANCE_SESSION_SECONDS"):
            session_seconds({"OSTIARY_INSTANCE_SESSION_SECONDS": wrong})
