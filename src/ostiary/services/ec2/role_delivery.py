"""services/ec2: EC2 assumes the role of an instance's profile and hands the instance the session's credentials.

Credentials stay the same until they are near their end; then new ones are made while the old ones still work,
so that a program that read them a moment ago can go on. Every process keeps its own: with several workers an instance
may have several sessions at a time.

Source: IAM User Guide, "Use an IAM role to grant permissions to applications running on Amazon EC2 instances";
Amazon EC2 User Guide, "IAM roles for Amazon EC2" (new credentials at least five minutes before the old expire);
Service Authorization Reference, `ec2:RoleDelivery`, `ec2:SourceInstanceARN`.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from ostiary import policy
from ostiary.audit.record import Happening
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import RequestFacts, iso
from ostiary.authorization.judge import Ask, Judgement
from ostiary.credentials.sessions import Session, SessionKind, TemporaryCredentials
from ostiary.identifiers import AccountId, iam_arn, sts_arn
from ostiary.policy import ContextValue, InForce
from ostiary.services.ec2.instances import Instance, association_of, note_served, read
from ostiary.services.ec2.profiles import EC2
from ostiary.services.operation import House
from ostiary.services.sts.role_sessions import trust_pool
from ostiary.store.records import RoleRecord
from ostiary.store.transaction import Transaction

SESSION_SECONDS: Final = 6 * 3600
"""How long the credentials of an instance are good for."""
REFRESH_SECONDS: Final = 15 * 60
"""So long before their end they are replaced; SDKs ask again from about then on."""
SERVED_SECONDS: Final = 60
"""So seldom it is written down that an instance asked."""
SESSION_VARIABLE: Final = "OSTIARY_INSTANCE_SESSION_SECONDS"
_SHORTEST: Final = 4
_MOST_KEPT: Final = 10_000
_EC2_ITSELF: Final = Caller(
    kind=CallerKind.SERVICE, principal=policy.Service(arn=EC2), account="", arn="", user_id="", name=EC2
)


class RoleRefused(Exception):
    """The role's trust policy does not let EC2 assume it."""

    def __init__(self, role_name: str) -> None:
        super().__init__(role_name)
        self.role_name = role_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Credentials, and when they were made."""

    credentials: TemporaryCredentials
    made: int


def session_seconds(environment: Mapping[str, str]) -> int:
    """How long instances' sessions last: six hours, or what `OSTIARY_INSTANCE_SESSION_SECONDS` says.

    Raises:
        ValueError: it is no whole number from 4 to 21600.
    """
    given = environment.get(SESSION_VARIABLE)
    if given is None:
        return SESSION_SECONDS
    if not given.isascii() or not given.isdigit() or not _SHORTEST <= int(given) <= SESSION_SECONDS:
        raise ValueError(f"{SESSION_VARIABLE} must be a whole number of seconds from {_SHORTEST} to {SESSION_SECONDS}")
    return int(given)


class RoleDelivery:
    """Makes and remembers the credentials of instances. Safe to use from many threads.

    Args:
        house: the collaborators.
        audit: every assumption of a role is recorded there, refusals too.
        seconds: how long a session lasts.
    """

    def __init__(self, house: House, audit: AuditWriter, seconds: int = SESSION_SECONDS) -> None:
        self._house, self._audit, self._seconds = house, audit, seconds
        self._early = min(REFRESH_SECONDS, seconds // 4)
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str, str], Delivered] = {}
        self._served: dict[str, float] = {}

    def deliver(self, instance_id: str, delivery: str) -> Delivered | None:
        """The credentials of a running instance's role; None when it has no profile, or the profile no role.

        Args:
            instance_id: which instance.
            delivery: `1.0` or `2.0`, the version of the metadata service that is asked.

        Raises:
            RoleRefused: EC2 may not assume the role.
        """
        with self._house.store.read() as tx:
            found = _instance_and_role(tx, instance_id)
        if found is None:
            return None
        instance, role = found
        key = (instance_id, role.id, delivery)
        with self._lock:
            now = self._house.clock.now()
            held = self._held.get(key)
            if held is None or held.credentials.expires - now.timestamp() <= self._early:
                held = self._assume(instance, role, delivery, now)
                self._keep(key, held, now)
            late = now.timestamp() - self._served.get(instance_id, 0) >= SERVED_SECONDS
            if late:
                if len(self._served) >= _MOST_KEPT:
                    self._served.clear()
                self._served[instance_id] = now.timestamp()
        if late:
            with self._house.store.write() as tx:
                note_served(tx, instance_id, int(now.timestamp()))
        return held

    def _keep(self, key: tuple[str, str, str], made: Delivered, now: datetime) -> None:
        if len(self._held) >= _MOST_KEPT:
            at = now.timestamp()
            alive = {k: each for k, each in self._held.items() if each.credentials.expires > at}
            self._held = alive if len(alive) < _MOST_KEPT else {}
        self._held[key] = made

    def _assume(self, instance: Instance, role: RoleRecord, delivery: str, now: datetime) -> Delivered:
        facts = RequestFacts(
            request_id=str(uuid.UUID(bytes=self._house.entropy.draw(16), version=4)),
            at=now,
            source_ip=EC2,
            secure=True,
            region=instance.facts.region,
            user_agent=EC2,
        )
        judgement = judge_trust(instance, role, facts)
        happening = Happening(
            facts=facts,
            caller=_EC2_ITSELF,
            event_source="sts.amazonaws.com",
            event_name="AssumeRole",
            account=role.account,
            parameters={"roleArn": judgement.request.resource, "roleSessionName": instance.id},
            judgements=(judgement,),
        )
        if not judgement.allowed:
            told = f"{EC2} is not authorized to perform: sts:AssumeRole on resource: {judgement.request.resource}"
            self._audit.note(replace(happening, error=("AccessDenied", told)))
            raise RoleRefused(role.name)
        made = Delivered(credentials=self._issue(instance, role, delivery, now), made=int(now.timestamp()))
        self._audit.note(replace(happening, answer=_recorded(instance, role, made.credentials)))
        return made

    def _issue(self, instance: Instance, role: RoleRecord, delivery: str, now: datetime) -> TemporaryCredentials:
        seal, issued = self._house.seal, int(now.timestamp())
        return seal.issue(
            Session(
                kind=SessionKind.ROLE,
                account=role.account,
                principal_id=role.id,
                access_key_id=seal.new_access_key_id(AccountId(role.account)),
                issued=issued,
                expires=issued + self._seconds,
                name=instance.id,
                context=(
                    ("ec2:SourceInstanceARN", instance.arn),
                    ("ec2:RoleDelivery", delivery),
                    ("aws:Ec2InstanceSourcePrivateIPv4", instance.facts.private_ip),
                    ("aws:Ec2InstanceSourceVpc", instance.facts.vpc_id),
                ),
            )
        )


def judge_trust(instance: Instance, role: RoleRecord, facts: RequestFacts) -> Judgement:
    """May EC2 assume the role for the instance? The role's trust policy alone decides."""
    arn = iam_arn(role.account, "role", role.name, role.path)
    epoch = int(facts.at.timestamp())
    context: dict[str, ContextValue] = {
        "aws:CurrentTime": iso(epoch),
        "aws:EpochTime": str(epoch),
        "aws:SecureTransport": "true",
        "aws:RequestedRegion": facts.region,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": EC2,
        "aws:PrincipalServiceNamesList": (EC2,),
        "aws:ResourceAccount": role.account,
        "sts:RoleSessionName": instance.id,
    }
    request = policy.Request(
        principal=_EC2_ITSELF.principal,
        action="sts:AssumeRole",
        resource=arn,
        resource_account=role.account,
        context=context,
    )
    trust = trust_pool(role)
    in_force = InForce(resource=trust)
    ask = Ask(action=request.action, resource=arn, account=role.account, context=context, resource_policy=trust)
    return Judgement(ask=ask, request=request, in_force=in_force, decision=policy.decide(in_force, request))


def _instance_and_role(tx: Transaction, instance_id: str) -> tuple[Instance, RoleRecord] | None:
    record = tx.instances.get(instance_id)
    if record is None:
        return None
    instance = read(record)
    association = association_of(tx, instance_id) if instance.running else None
    profile = None if association is None else tx.instance_profiles.by_id(association.profile_id)
    role = None if profile is None or profile.role_id is None else tx.roles.by_id(profile.role_id)
    return None if role is None else (instance, role)


def _recorded(instance: Instance, role: RoleRecord, credentials: TemporaryCredentials) -> Mapping[str, object]:
    """What the record keeps of the answer: no secret, no token."""
    return {
        "credentials": {"accessKeyId": credentials.access_key_id, "expiration": iso(credentials.expires)},
        "assumedRoleUser": {
            "assumedRoleId": f"{role.id}:{instance.id}",
            "arn": sts_arn(role.account, "assumed-role", f"{role.name}/{instance.id}"),
        },
    }
