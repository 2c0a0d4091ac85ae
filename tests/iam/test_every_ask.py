"""What each operation of IAM and STS asks is what AWS asks by its reference, and nothing less will do.

Over the whole table of operations, with the calls of tests/iam/calls.py about the account of tests/iam/furnished.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from ostiary import catalog, policy
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask
from ostiary.gate.authorize import Refused, authorize
from ostiary.services.catalogue import load_operations
from ostiary.services.operation import OPERATIONS, Call
from tests.iam.calls import GIVEN, call, model
from tests.iam.furnished import furnish
from tests.iam.wired import Wired
from tests.world import ACCOUNT, NOW

load_operations()
ALL = sorted((service, name) for service, name in OPERATIONS if service in ("iam", "sts"))
ARN = f"arn:aws:iam::{ACCOUNT}:user/asker"
VOUCHED = {("sts", "AssumeRoleWithSAML"), ("sts", "AssumeRoleWithWebIdentity")}
"""Whoever calls these has no permissions: the role's trust policy decides (tests/sts)."""
BY_SESSION = {("sts", "GetScopedCredentials")}
"""Only a session can call these: tests/sts/test_scoped.py."""
ASKS_NOTHING = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
UNLISTED = {"iam:UpdateDelegationRequest", "iam:UpdateOpenIDConnectProvider", "sts:GetScopedCredentials"}
"""Actions that the reference does not have: the IAM User Guide names the first, the others are younger."""
MADE_OF: Mapping[str, tuple[str, ...]] = {
    "iam:AcquireRole": tuple(f"iam:{name}" for name in ("CreateRole", "AttachRolePolicy")),
}
"""An operation that is no action: it asks for what it does."""
ALSO: Mapping[str, tuple[str, ...]] = {
    "sts:AssumeRole": ("sts:TagSession", "sts:SetSourceIdentity"),
    "sts:GetFederationToken": ("sts:TagSession",),
    "sts:GetWebIdentityToken": ("sts:TagGetWebIdentityToken",),
}
"""What the IAM User Guide has beyond the actions that the reference says an action depends on."""
WHOLE = {"organizations:DescribePolicy", "organizations:ListPoliciesForTarget", "organizations:ListTargetsForPolicy"}
WHOLE |= {"organizations:ListChildren", "organizations:ListParents"}
"""Asked on everything, though the action has types: the report is about a path of the organization."""
FURTHER = {("sts:TagSession", f"arn:aws:sts::{ACCOUNT}:federated-user/new")}
"""Of GetFederationToken; the reference has roles alone."""
GLOBAL = {"aws:ResourceAccount"}
VALUES = {"Partition": "aws", "Account": ACCOUNT}
IN_FEWER_WORDS = {("sts", "AssumeRole")}
"""AWS does not say why: the role's trust policy has a say too."""


@dataclass
class Asker:
    """A user of the furnished account, with the permissions of the moment."""

    wired: Wired
    names: Mapping[str, Any]
    caller: Caller
    iam: Any
    clients: Mapping[str, Any]

    def call(self, service: str, name: str, **more: Any) -> Call:
        facts = RequestFacts(request_id="r", at=NOW, source_ip="127.0.0.1", secure=False, region="us-east-1")
        params = call(service, name, self.names, **more)
        return Call(
            service=service, operation=name, caller=self.caller, params=params, facts=facts, house=self.wired.house
        )

    def asks(self, service: str, name: str, **more: Any) -> list[Ask]:
        with self.wired.house.store.read() as tx:
            return list(OPERATIONS[service, name].asks(self.call(service, name, **more), tx))

    def may(self, asks: list[Ask]) -> None:
        """Exactly this, and nothing else."""
        statements = [{"Effect": "Allow", "Action": ask.action, "Resource": ask.resource} for ask in asks]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_user_policy(UserName="asker", PolicyName="only", PolicyDocument=document)
        self.wired.house.book.refresh()

    def may_nothing(self) -> None:
        self.may([Ask(action="s3:GetObject")])

    def refused(self, service: str, name: str) -> str:
        """The action that is missing; empty when none is."""
        with self.wired.house.store.read() as tx:
            try:
                authorize(OPERATIONS[service, name], self.call(service, name), tx)
            except Refused as refused:
                return refused.judgements[-1].ask.action
        return ""


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    wired = Wired(tmp_path_factory.mktemp("asks") / "data")
    with wired.its_time():
        names = furnish(wired)
        key = wired.key_of("asker")
        iam = wired.client("iam")
        unique_id = iam.get_user(UserName="asker")["User"]["UserId"]
        caller = Caller(
            kind=CallerKind.USER,
            principal=policy.User(arn=ARN, account=ACCOUNT, id=unique_id),
            account=ACCOUNT,
            arn=ARN,
            user_id=unique_id,
            entity_id=unique_id,
            name="asker",
        )
        clients = {service: wired.client(service, key) for service in ("iam", "sts")}
        yield Asker(wired, names, caller, iam, clients)
    wired.close()


def further(service: str, name: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Every member of the input that there is a value for."""
    shape = model(service).operation_model(name).input_shape
    known = {**GIVEN, **names}
    return {member: known[member] for member in (shape.members if shape else ()) if member in known}


def reference(action: str) -> tuple[catalog.Service, catalog.Action]:
    prefix, name = action.split(":")
    service = catalog.service(prefix)
    assert service is not None
    return service, service.actions[name]


def test_every_operation_of_the_models_is_in_the_table() -> None:
    assert sorted((service, name) for service in ("iam", "sts") for name in model(service).operation_names) == ALL


@pytest.mark.parametrize("operation", ALL, ids=":".join)
def test_asks_are_those_of_the_reference(asker: Asker, operation: tuple[str, str]) -> None:
    """The action's resource type, or none where it has none; and no condition key that it does not have."""
    if operation in VOUCHED | BY_SESSION:
        return
    for more in ({}, further(*operation, asker.names)):
        asks = asker.asks(*operation, **more)
        assert {ask.action for ask in asks} <= expected_actions(":".join(operation))
        listed = [ask for ask in asks if ask.action not in UNLISTED]
        keys = {key for ask in listed for key in keys_of(ask)}
        for ask in listed:
            everything = ask.resource == "*" and not (reference(ask.action)[1].resources and ask.action not in WHOLE)
            assert everything or types_of(ask) or (ask.action, ask.resource) in FURTHER, f"{ask.action} {ask.resource}"
            assert {template(key) for key in ask.context} <= keys | GLOBAL


def expected_actions(operation: str) -> set[str]:
    """The action of the operation's name, and those that the reference says it depends on."""
    if operation in MADE_OF:
        return set(MADE_OF[operation])
    if operation in UNLISTED:
        return {operation}
    return {operation, *reference(operation)[1].dependent_actions, *ALSO.get(operation, ())}


def types_of(ask: Ask) -> list[catalog.ResourceType]:
    """The types of the action that the resource is of."""
    service, action = reference(ask.action)
    types = [service.resource_types[each.name] for each in action.resources]
    return [each for each in types if pattern(each.arn).fullmatch(ask.resource)]


def keys_of(ask: Ask) -> set[str]:
    """The condition keys of the action, and of the resource's type."""
    action = reference(ask.action)[1]
    return {*action.condition_keys, *(key for each in types_of(ask) for key in each.condition_keys)}


def pattern(arn: str) -> re.Pattern[str]:
    """What an ARN of the reference matches: variables stand for names, with or without a path."""
    parts = re.split(r"(\$\{\w+\})", arn)
    return re.compile("".join(".+" if part.startswith("${") else re.escape(part) for part in parts))


def template(key: str) -> str:
    return key.partition("/")[0] + "/${TagKey}" if "/" in key else key


@pytest.mark.parametrize("operation", ALL, ids=":".join)
def test_without_permissions_it_is_denied_in_awss_words(asker: Asker, operation: tuple[str, str]) -> None:
    if operation in VOUCHED | BY_SESSION:
        return
    service, name = operation
    asker.may_nothing()
    asks = asker.asks(service, name)
    assert bool(asks) != (operation in ASKS_NOTHING)
    if not asks:
        return
    with pytest.raises(ClientError) as caught:
        getattr(asker.clients[service], xform_name(name))(**call(service, name, asker.names))
    said = caught.value.response
    where = "" if asks[0].resource == "*" else f" on resource: {asks[0].resource}"
    action = asks[0].action
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDenied", 403)
    why = "" if operation in IN_FEWER_WORDS else f" because no identity-based policy allows the {action} action"
    assert said["Error"]["Message"] == f"User: {ARN} is not authorized to perform: {action}{where}{why}"


@pytest.mark.parametrize("operation", ALL, ids=":".join)
def test_each_permission_is_needed_and_all_are_enough(asker: Asker, operation: tuple[str, str]) -> None:
    if operation in VOUCHED | BY_SESSION | ASKS_NOTHING:
        return
    asks = asker.asks(*operation)
    asker.may(asks)
    assert asker.refused(*operation) == ""
    for number, ask in enumerate(asks):
        asker.may([*asks[:number], *asks[number + 1 :], Ask(action="s3:GetObject")])
        assert asker.refused(*operation) == ask.action


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_a_policy_may_name_every_type_of_resource_of_the_reference(asker: Asker, service: str) -> None:
    found = catalog.service(service)
    assert found is not None
    for each in found.resource_types.values():
        arn = re.sub(r"\$\{(\w+)\}", lambda name: VALUES.get(name[1], "x"), each.arn)
        asker.may([Ask(action=f"{service}:*", resource=arn)])
