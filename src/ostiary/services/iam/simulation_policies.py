"""services/iam: the policies and the caller of a simulation: an entity's as they are in force, or those handed in.

Source: IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy, PolicyIdentifier; R128, R134.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ostiary import policy
from ostiary.authorization.book import AWS_MANAGED, Standing, attached, managed_text
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import principal_context
from ostiary.authorization.organization import ALONE, Levels, Membership
from ostiary.identifiers import SERVICE_LINKED, sts_arn
from ostiary.policy import Attached, ContextValue, PolicyType, Pool, Source
from ostiary.services.iam.entities_by_arn import kind_and_name
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.iam.names import GROUP, ROLE, USER, Kind
from ostiary.services.operation import Call
from ostiary.store.records import NamedRecord
from ostiary.store.transaction import Transaction

_NO_CALLER: Final = "Invalid caller - Caller cannot be null or empty."
_NOT_A_USER: Final = "Invalid caller - Caller must be an IAM user in this context."
_NO_ENTITY: Final = "Invalid caller - Caller must be an IAM user, role or group in this context."
_ONE_OF: Final = "A policy identifier must have exactly one member."
_SESSION: Final = "simulation"
"""Stands for the name of a role's session; nothing is told of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Who is simulated, and what is known of them."""

    principal: policy.Principal
    account: str
    named: bool
    """Whether it is somebody, so that a resource's policy can name them."""
    context: Mapping[str, ContextValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlay:
    """The policies of a simulation that do not depend on the resource."""

    identity: Pool
    boundary: Pool | None
    scp: Levels
    owner: Callable[[str], Membership]
    """What is known of the account of a resource."""


def nobody(account: str) -> Simulated:
    """A user of an account of whom nothing is known."""
    return Simulated(principal=policy.User(arn="", account=account), account=account, named=False)


def by_arn(arn: str) -> Simulated:
    """What the ARN of CallerArn tells.

    Raises:
        InvalidInput: it is not the ARN of a user, a role or a group.
    """
    try:
        account, kind, name = kind_and_name(arn)
    except InvalidInput:
        raise InvalidInput(_NO_ENTITY) from None
    if kind is GROUP:
        return nobody(account)
    known = _as_caller(kind, name, arn, account, unique_id="")
    return _simulated(known, {}, without=("aws:userid",))


def entity(call: Call, kind: Kind[Any], record: NamedRecord) -> Simulated:
    """A user or role of the account, as far as it is known before it makes a request; of a group's member nothing."""
    if kind is GROUP:
        return nobody(record.account)
    membership = call.house.book.membership(record.account)
    caller = _as_caller(
        kind,
        record.name,
        kind.arn(record),
        record.account,
        unique_id=record.id,
        service_linked=record.path.startswith(SERVICE_LINKED),
        management=membership.management,
    )
    standing = _standing(call, kind, record)
    tags = standing.tags if standing else {}
    unknown = ("aws:userid",) if kind is ROLE else ()
    return _simulated(caller, tags, without=unknown, more=membership.context("Principal"))


def of_entity(call: Call, tx: Transaction, kind: Kind[Any], record: NamedRecord) -> InPlay:
    """The policies in force for an entity, without those that are excluded."""
    book = call.house.book
    standing = _standing(call, kind, record)
    home = book.membership(record.account)
    identity = list(standing.identity if standing else _of_group(tx, record))
    excluded = [_exclusion(each) for each in call.params.get("PolicyExclusionList") or ()]
    types = {each for each in excluded if isinstance(each, str)}
    kept = [each for each in identity if not any(_excludes(rule, each.source) for rule in excluded)]
    boundary = None if standing is None or "permission-boundary" in types else standing.boundary

    def owner(account: str) -> Membership:
        # INVARIANT: nothing is told of accounts outside of the caller's organization
        found = home if account == record.account else book.membership(account)
        if not found.organization_id or found.organization_id != home.organization_id:
            return home if account == record.account else ALONE
        return (
            found
            if "rcp" not in types
            else Membership(
                organization_id=found.organization_id, path=found.path, management=found.management, scp=found.scp
            )
        )

    return InPlay(identity=Pool(kept), boundary=boundary, scp=None if "scp" in types else home.scp, owner=owner)


def hold_caller_of_resource_policy(simulated: Simulated) -> None:
    """Hold that a resource's policy can be asked about this caller.

    Raises:
        InvalidInput: there is no caller, or it is no user.
    """
    if not simulated.named:
        raise InvalidInput(_NO_CALLER)
    if not isinstance(simulated.principal, policy.User):
        raise InvalidInput(_NOT_A_USER)


def stands_for_setting(source: Source) -> bool:
    """Whether it stands for a setting of the account: there is no such policy."""
    return (source.owner or "").startswith("account/")


def _simulated(
    caller: Caller,
    tags: Mapping[str, str],
    *,
    without: Iterable[str],
    more: Mapping[str, ContextValue] | None = None,
) -> Simulated:
    context = {**principal_context(caller, tags), **(more or {})}
    for key in without:
        del context[key]
    return Simulated(principal=caller.principal, account=caller.account, named=True, context=context)


def _as_caller(
    kind: Kind[Any],
    name: str,
    arn: str,
    account: str,
    *,
    unique_id: str,
    service_linked: bool = False,
    management: bool = False,
) -> Caller:
    principal: policy.Principal
    if kind is USER:
        principal = policy.User(arn=arn, account=account, id=unique_id or None, management_account=management)
    else:
        principal = policy.RoleSession(
            arn=sts_arn(account, "assumed-role", f"{name}/{_SESSION}"),
            role_arn=arn,
            account=account,
            id=unique_id or None,
            service_linked=service_linked,
            management_account=management,
        )
    return Caller(
        kind=CallerKind.USER if kind is USER else CallerKind.ROLE_SESSION,
        principal=principal,
        account=account,
        arn=arn,
        user_id=unique_id,
        entity_id=unique_id,
        name=name,
    )


def _standing(call: Call, kind: Kind[Any], record: NamedRecord) -> Standing | None:
    book = call.house.book
    return book.user(record.id) if kind is USER else book.role(record.id) if kind is ROLE else None


def _of_group(tx: Transaction, group: NamedRecord) -> Iterable[Attached]:
    owner = f"group/{group.name}"
    for name, text in tx.inline_policies.of(group.id).items():
        yield attached(text, Source(type=PolicyType.IDENTITY, name=name, owner=owner))
    for arn in tx.attachments.of(group.id):
        found = managed_text(tx, group.account, arn)
        if found is not None:
            name = arn.rsplit("/", 1)[1]
            yield attached(found[2], Source(type=PolicyType.IDENTITY, name=name, arn=arn, owner=owner))


Exclusion = str | Callable[[Source], bool]
"""A type of policies, or a test of one."""

_TYPES: Final[Mapping[str, Callable[[Source], bool]]] = {
    "inline": lambda source: source.arn is None,
    "aws-managed": lambda source: source.arn is not None and source.arn.startswith(AWS_MANAGED),
    "user-managed": lambda source: source.arn is not None and not source.arn.startswith(AWS_MANAGED),
}


def _exclusion(given: Mapping[str, Any]) -> Exclusion:
    if len(given) != 1:
        raise InvalidInput(_ONE_OF)
    if "PolicyType" in given:
        return str(given["PolicyType"])
    if "PolicyArn" in given:
        return partial(_has_arn, _wild(given["PolicyArn"]))
    wanted = given["InlinePolicyIdentifier"]
    owner = _wild(f"{wanted['AttachmentType']}/{wanted['AttachmentName']}")
    return partial(_is_inline, wanted["PolicyName"], owner)


def _excludes(rule: Exclusion, source: Source) -> bool:
    test = _TYPES.get(rule) if isinstance(rule, str) else rule
    return test is not None and test(source)


def _has_arn(pattern: re.Pattern[str], source: Source) -> bool:
    return source.arn is not None and pattern.fullmatch(source.arn) is not None


def _is_inline(name: str, owner: re.Pattern[str], source: Source) -> bool:
    return source.arn is None and source.name == name and owner.fullmatch(source.owner or "") is not None


def _wild(text: str) -> re.Pattern[str]:
    """One `*` for any text, and `?` for any character. Raises `InvalidInput` for a second `*`."""
    if text.count("*") > 1:
        raise InvalidInput(f"{text} has more than one wildcard *.")
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
