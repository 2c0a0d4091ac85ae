"""Callers for tests, made as the server makes them; and calls that go the gate's way below the signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from ostiary.authorization.caller import Caller
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask, Judgement
from ostiary.authorization.temporary import refusal
from ostiary.credentials.sessions import Session
from ostiary.gate.authenticate import session_caller
from ostiary.identifiers import iam_arn
from ostiary.services.faults import ServiceFault
from ostiary.services.principals import to_stored
from ostiary.store.records import PolicyRecord, PolicyVersionRecord, RoleRecord, TagRecord, UserRecord
from ostiary.wire.models import service
from ostiary.wire.parse import read_input
from tests.world import ACCOUNT, ALLOW_ALL, World

MADE = 1_700_000_000
EVERY_TRUST_ACTION = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


def trust(*arns: str, actions: list[str] | str = EVERY_TRUST_ACTION, effect: str = "Allow", **more: Any) -> str:
    """A trust policy of one statement."""
    principal = {"AWS": list(arns)}
    statement = {"Effect": effect, "Principal": principal, "Action": actions, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def add_user(
    world: World, name: str, policy: str | None = ALLOW_ALL, account: str = ACCOUNT, path: str = "/"
) -> Caller:
    """A user with an inline policy."""
    with world.house.store.write() as tx:
        unique_id = f"AIDA{name.upper():A<17}"
        tx.users.add(UserRecord(id=unique_id, account=account, name=name, path=path, created=MADE))
        if policy is not None:
            tx.inline_policies.put(unique_id, "own", policy)
    return world.user(name, account)


def add_role(
    world: World,
    name: str,
    trusted: str,
    policy: str | None = ALLOW_ALL,
    *,
    account: str = ACCOUNT,
    path: str = "/",
    tags: Mapping[str, str] | None = None,
    **more: Any,
) -> str:
    """A role with an inline policy; its ARN. Principals of the trust policy are stored as CreateRole stores them."""
    unique_id = f"AROA{name.upper():A<17}"
    with world.house.store.write() as tx:
        stored = to_stored(trusted, tx)
        tx.roles.add(
            RoleRecord(id=unique_id, account=account, name=name, path=path, created=MADE, trust=stored, **more)
        )
        tx.tags.put(unique_id, [TagRecord(key=key, value=value) for key, value in (tags or {}).items()])
        if policy is not None:
            tx.inline_policies.put(unique_id, "own", policy)
    return iam_arn(account, "role", name, path)


def add_policy(world: World, name: str, text: str = ALLOW_ALL, account: str = ACCOUNT) -> str:
    """A customer-managed policy; its ARN."""
    unique_id = f"ANPA{name.upper():A<17}"
    with world.house.store.write() as tx:
        tx.policies.add(PolicyRecord(id=unique_id, account=account, name=name, path="/", created=MADE, updated=MADE))
        tx.policies.add_version(PolicyVersionRecord(policy_id=unique_id, number=1, document=text, created=MADE))
    return iam_arn(account, "policy", name)


def session_of(world: World, answer: Mapping[str, Any]) -> Session:
    """What a session token in an answer says; its secret must be the one in the answer."""
    given = answer["Credentials"]
    session, secret = world.house.seal.read(given["SessionToken"])
    assert secret == given["SecretAccessKey"]
    assert session.access_key_id == given["AccessKeyId"]
    assert session.expires == int(given["Expiration"].timestamp())
    return session


def caller_of(world: World, answer: Mapping[str, Any], **changed: Any) -> Caller:
    """Who calls with the credentials of an answer."""
    world.house.book.refresh()
    session = msgspec.structs.replace(session_of(world, answer), **changed)
    found = session_caller(world.house.book, session)
    assert found is not None
    return found


def assume(world: World, role_arn: str, by: Caller, name: str = "s1", **more: Any) -> Caller:
    """The session of a role."""
    return caller_of(world, world.call("sts:AssumeRole", by=by, RoleArn=role_arn, RoleSessionName=name, **more))


def facts(world: World, **more: Any) -> RequestFacts:
    """What a request says of itself."""
    given = {"request_id": "r", "source_ip": "127.0.0.1", "secure": False, "region": "us-east-1", **more}
    return RequestFacts(at=world.clock.now(), **given)


def judged(world: World, caller: Caller, ask: Ask, **more: Any) -> Judgement:
    """An ask decided with what is in force now."""
    world.house.book.refresh()
    return world.house.judge.judge(caller, ask, facts(world, **more))


def sent(world: World, operation: str, text: Mapping[str, Any], by: Caller) -> Any:
    """A query call as the gate takes it: the limits of temporary credentials, the parameters' text, then the call.

    Raises:
        ServiceFault: or wire's `WireFault`.
    """
    service_name, name = operation.split(":")
    told = refusal(by, service_name, name)
    if told is not None:
        raise ServiceFault(*told, 403)
    params = read_input(service(service_name).operation(name), query=urlencode(_flat(text)))
    return world.call(operation, params, by=by)


def _flat(value: Any, prefix: str = "") -> dict[str, str]:
    """The query protocol's names."""
    if isinstance(value, Mapping):
        pairs = [(f"{prefix}.{key}" if prefix else key, each) for key, each in value.items()]
    elif isinstance(value, list):
        pairs = [(f"{prefix}.member.{number}", each) for number, each in enumerate(value, 1)]
    else:
        return {prefix: value}
    return {name: text for key, each in pairs for name, text in _flat(each, key).items()}
