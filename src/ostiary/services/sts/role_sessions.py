"""What every way to assume a role shares: the role and its trust, who is vouched for, the session and the answer.

Source: STS API Reference, AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity; R91, R93, R97, R116–R124.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from msgspec.structs import replace

from ostiary.authorization.book import attached
from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.identifiers import AccountId, Arn, NotAnArn, iam_arn, sts_arn
from ostiary.policy import ContextValue, PolicyType, Pool, Source
from ostiary.services.operation import Call
from ostiary.services.sts.session_parameters import (
    SessionParameters,
    credentials,
    read_session_parameters,
    read_tags,
    tag_context,
    validation_error,
)
from ostiary.store.records import RoleRecord
from ostiary.store.transaction import Transaction

DEFAULT_SECONDS: Final = 3600
CHAINED_SECONDS: Final = 3600
_ROLE: Final = re.compile(r"role/(?:[\x21-\x7e]+/)?([\w+=,.@-]{1,64})")


class Identity(Protocol):
    """What an identity provider says of a subject, in AWS's terms."""

    @property
    def tags(self) -> Sequence[Mapping[str, str]]:
        """As the API would pass them."""

    @property
    def transitive(self) -> tuple[str, ...]:
        """The keys of tags that pass to further sessions."""

    @property
    def source_identity(self) -> str | None:
        """The source identity that the provider sets."""

    @property
    def keys(self) -> Mapping[str, ContextValue]:
        """The condition keys of the request."""

    @property
    def session_keys(self) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
        """Those that stay with the session."""


def find_role(tx: Transaction, arn: str) -> RoleRecord | None:
    """The role that has exactly this ARN, path and letter case included."""
    account, name = read_role_arn(arn)
    role = tx.roles.get(account, name)
    return role if role is not None and iam_arn(account, "role", role.name, role.path) == arn else None


def trust_pool(role: RoleRecord | None) -> Pool:
    """The trust policy as the resource's policy; a role that does not exist trusts nobody, in the same words."""
    if role is None:
        return Pool()
    return _trust(role.trust, iam_arn(role.account, "role", role.name, role.path))


@lru_cache(maxsize=4096)
def _trust(text: str, owner: str) -> Pool:
    """The same pool for the same text, so that what the engine learns of it lasts."""
    return Pool((attached(text, Source(type=PolicyType.TRUST, name="trust policy", owner=owner)),))


def role_tag_context(tx: Transaction, role: RoleRecord | None) -> dict[str, ContextValue]:
    """The condition keys of a role's tags."""
    tags = () if role is None else tx.tags.of(role.id)
    return {f"{prefix}:ResourceTag/{tag.key}": tag.value for tag in tags for prefix in ("aws", "iam")}


def asks_of_identity(
    call: Call, tx: Transaction, action: str, identity: Identity, further: Mapping[str, ContextValue]
) -> Iterable[Ask]:
    """What a role's trust policy must allow whom a provider vouches for.

    Args:
        call: its `RoleArn` names the role.
        tx: to read in.
        action: `sts:AssumeRoleWith…`.
        identity: what the provider says.
        further: the operation's own condition keys.
    """
    arn: str = call.params["RoleArn"]
    role = find_role(tx, arn)
    tags = read_tags(identity.tags)
    context: dict[str, ContextValue] = {
        **identity.keys,
        **further,
        **role_tag_context(tx, role),
        **tag_context(tags, identity.transitive),
    }
    actions = [action]
    if tags:
        actions.append("sts:TagSession")
    if identity.source_identity is not None:
        context["sts:SourceIdentity"] = identity.source_identity
        actions.append("sts:SetSourceIdentity")
    account, trust = Arn.parse(arn).account, trust_pool(role)
    return [Ask(action=each, resource=arn, account=account, context=context, resource_policy=trust) for each in actions]


def parameters_of_identity(call: Call, tx: Transaction, role: RoleRecord, identity: Identity) -> SessionParameters:
    """Session policies come from the request, tags from the provider. Raises as `read_session_parameters`."""
    if not identity.tags and not identity.transitive:
        return read_session_parameters(call, tx, role.account)
    params = {**call.params, "Tags": identity.tags, "TransitiveTagKeys": identity.transitive}
    return read_session_parameters(replace(call, params=params), tx, role.account)


def start_session(
    call: Call,
    role: RoleRecord,
    name: str,
    asked: SessionParameters,
    *,
    expires: int,
    source_identity: str | None,
    provider: str | None = None,
    context: tuple[tuple[str, str | tuple[str, ...]], ...] = (),
) -> dict[str, Any]:
    """Issue credentials of a role; the members that every answer with such credentials has."""
    session = Session(
        kind=SessionKind.ROLE,
        account=role.account,
        principal_id=role.id,
        access_key_id=call.house.seal.new_access_key_id(AccountId(role.account)),
        issued=call.now,
        expires=expires,
        name=name,
        policies=asked.policies,
        policy_arns=asked.policy_arns,
        tags=asked.tags,
        transitive_tag_keys=asked.transitive,
        source_identity=source_identity,
        provider=provider,
        chained=call.caller.session is not None,
        context=context,
    )
    answer: dict[str, Any] = {
        "Credentials": credentials(call.house.seal.issue(session)),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.id}:{name}",
            "Arn": sts_arn(role.account, "assumed-role", f"{role.name}/{name}"),
        },
    }
    if asked.packed_percent is not None:
        answer["PackedPolicySize"] = asked.packed_percent
    if source_identity is not None:
        answer["SourceIdentity"] = source_identity
    return answer


def role_seconds(call: Call, role: RoleRecord) -> int:
    """The duration, checked in AWS's order (R116, R117); the fixed range was checked with the model."""
    asked: int | None = call.params.get("DurationSeconds")
    if asked is None:
        return DEFAULT_SECONDS
    if asked > role.max_session:
        raise validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if call.caller.session is not None and asked > CHAINED_SECONDS:
        raise validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    return asked


@lru_cache(maxsize=1024)
def read_role_arn(text: str) -> tuple[str, str]:
    """Account and name."""
    try:
        arn = Arn.parse(text)
    except NotAnArn:
        raise validation_error(f"{text} is invalid") from None
    found = _ROLE.fullmatch(arn.resource)
    if arn.service != "iam" or arn.region or not re.fullmatch(r"\d{12}", arn.account) or not found:
        raise validation_error(f"{text} is invalid")
    return arn.account, found[1]
