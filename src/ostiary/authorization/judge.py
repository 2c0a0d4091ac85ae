"""Ask → Decision: the one way from a question to an answer, used by the gate and by everyone who wants to know first.

Source: IAM User Guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from ostiary import policy
from ostiary.authorization.book import Book, Standing, attached
from ostiary.authorization.caller import BY_WORD, Caller, CallerKind
from ostiary.authorization.context import (
    RequestFacts,
    caller_context,
    iso,
    moment_context,
    principal_context,
    request_context,
)
from ostiary.authorization.organization import Levels, Membership
from ostiary.credentials.sessions import Session
from ostiary.policy import Attached, ContextValue, Decision, InForce, PolicyType, Pool, Principal, Source

K = TypeVar("K")
V = TypeVar("V")


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One permission that an operation needs."""

    action: str
    """`service:Name`."""
    resource: str = "*"
    """The ARN, or `*` for actions without resource-level permissions (R23)."""
    account: str | None = None
    """Who owns the resource; None: the caller's own account."""
    container: str | None = None
    """Who owns what the resource is in (an object's bucket), if that may be another account: its RCPs bind."""
    context: Mapping[str, ContextValue] = {}
    """The keys of the service and the resource."""
    resource_policy: Pool | None = None


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for many asks of a caller, and the same object: the record keeps it once."""

    principal: Principal
    in_force: InForce
    resource_account: str | None
    resource_in_management_account: bool
    context: Mapping[str, ContextValue]


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """An ask with its answer and all that it rests on, enough to repeat it."""

    ask: Ask
    request: policy.Request
    in_force: InForce
    decision: Decision
    shared: Shared | None = None
    """What of the request is shared with others; None: nothing is."""
    told: Mapping[str, ContextValue] = {}
    """What is not, of its context, and does not follow from the facts."""
    facts: RequestFacts | None = None

    @property
    def allowed(self) -> bool:
        """Whether the verdict is to allow."""
        return self.decision.verdict is policy.Verdict.ALLOWED


class _Place(NamedTuple):
    """Whose a resource is, and where that account and the caller's stand."""

    account: str
    kept_by: str
    """Whose RCPs bind."""
    home: Membership
    owner: Membership

    def context(self) -> dict[str, ContextValue]:
        """The keys that tell."""
        context = self.home.context("Principal")
        if self.kept_by:
            context["aws:ResourceAccount"] = self.kept_by
            context.update(self.owner.context("Resource"))
        return context


def _request(caller: Caller, ask: Ask, place: _Place, context: Mapping[str, ContextValue]) -> policy.Request:
    return policy.Request(
        principal=caller.principal,
        action=ask.action,
        resource=ask.resource,
        resource_account=place.account or None,
        context=context,
        resource_in_management_account=place.owner.management,
    )


class Judge:
    """Knows which policies are in force for a caller."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._joined: dict[tuple[int, ...], tuple[object, InForce]] = {}
        self._sessions: dict[tuple[object, ...], tuple[object, Pool]] = {}
        self._scopes: dict[tuple[object, ...], tuple[object, InForce]] = {}
        self._shared: dict[tuple[object, ...], tuple[object, Shared]] = {}

    def judge(self, caller: Caller, ask: Ask, facts: RequestFacts) -> Judgement:
        """Decide one ask."""
        standing = self._standing(caller)
        place = self._place(caller, ask)
        in_force = self._in_force(caller, standing, ask.resource_policy, place.home.scp, place.owner.rcp)
        shared = self._shared_by(caller, standing, place, in_force, facts.secure)
        told = request_context(caller, facts)
        told.update(ask.context)
        second = facts.second
        context = moment_context(iso(second), second, facts.region, facts.source_ip, facts.user_agent)
        context.update(shared.context)
        context.update(told)
        request = _request(caller, ask, place, context)
        judgement = Judgement(
            ask=ask,
            request=request,
            in_force=in_force,
            decision=policy.decide(in_force, request),
            shared=None if caller.kind in BY_WORD else shared,
            told=told,
            facts=facts,
        )
        return judgement if caller.session is None else self._scoped(judgement, caller.session.scopes)

    def suppose(self, caller: Caller, ask: Ask) -> Judgement:
        """The same for a request that nobody makes: nothing is known of how it would be made but what the ask says."""
        standing = self._standing(caller)
        place = self._place(caller, ask)
        said = {key.lower() for key in ask.context}
        known = principal_context(caller, standing.tags if standing else {})
        context = {key: value for key, value in known.items() if key.lower() not in said}
        context |= {**place.context(), **ask.context}
        in_force = self._in_force(caller, standing, ask.resource_policy, place.home.scp, place.owner.rcp)
        request = _request(caller, ask, place, context)
        judgement = Judgement(ask=ask, request=request, in_force=in_force, decision=policy.decide(in_force, request))
        return judgement if caller.session is None else self._scoped(judgement, caller.session.scopes)

    def _place(self, caller: Caller, ask: Ask) -> _Place:
        account = caller.account if ask.account is None else ask.account
        kept_by = account if ask.container is None else ask.container
        home = self._book.membership(caller.account)
        owner = home if kept_by == caller.account else self._book.membership(kept_by)
        return _Place(account, kept_by, home, owner)

    def _shared_by(
        self, caller: Caller, standing: Standing | None, place: _Place, in_force: InForce, secure: bool
    ) -> Shared:
        parts = (caller, standing, place.home, place.owner, in_force)
        key = (place.account, place.kept_by, secure, *map(id, parts))
        known = self._shared.get(key)
        if known is None:
            context = caller_context(caller, secure, standing.tags if standing else {})
            context |= place.context()
            made = Shared(
                principal=caller.principal,
                in_force=in_force,
                resource_account=place.account or None,
                resource_in_management_account=place.owner.management,
                context=context,
            )
            if caller.kind in BY_WORD:  # made for this one request
                return made
            known = _keep(self._shared, key, (parts, made))
        return known[1]

    def _scoped(self, judgement: Judgement, scopes: tuple[str, ...]) -> Judgement:
        """The same under each scope-down policy too, as under a session policy: the first that does not allow decides.

        Source: IAM User Guide, "Permissions for GetScopedCredentials": an intersection.
        """
        for number, text in enumerate(scopes):
            if not judgement.allowed:
                break
            in_force = self._under(judgement.in_force, text, number)
            decision = policy.decide(in_force, judgement.request)
            judgement = replace(judgement, in_force=in_force, decision=decision, shared=None)
        return judgement

    def _under(self, in_force: InForce, text: str, number: int) -> InForce:
        key = (id(in_force), text, number)
        known = self._scopes.get(key)
        if known is None:
            source = Source(type=PolicyType.SESSION, name=f"scope-down policy {number + 1}", owner="session")
            made = InForce(
                identity=in_force.identity,
                resource=in_force.resource,
                boundary=in_force.boundary,
                session=Pool((attached(text, source),)),
                scp=in_force.scp,
                rcp=in_force.rcp,
            )
            known = _keep(self._scopes, key, (in_force, made))
        return known[1]

    def in_force(self, caller: Caller, resource_policy: Pool | None, account: str | None = None) -> InForce:
        """The policies that bear on a caller's requests to a resource.

        Args:
            caller: who asks.
            resource_policy: of the resource.
            account: who owns the resource; None: the caller's own account.
        """
        home = self._book.membership(caller.account)
        owner = home if account is None else self._book.membership(account)
        return self._in_force(caller, self._standing(caller), resource_policy, home.scp, owner.rcp)

    def _in_force(
        self, caller: Caller, standing: Standing | None, resource_policy: Pool | None, scp: Levels, rcp: Levels
    ) -> InForce:
        identity = standing.identity if standing else self._of_root_issuer(caller)
        boundary = standing.boundary if standing else None
        parts = (identity, resource_policy, boundary, self._session_policies(caller), scp, rcp)
        key = tuple(map(id, parts))
        known = self._joined.get(key)
        if known is None:
            made = InForce(
                identity=identity, resource=resource_policy, boundary=boundary, session=parts[3], scp=scp, rcp=rcp
            )
            # INVARIANT: the parts are held as long as their ids are the key, so that no other object has these ids
            known = _keep(self._joined, key, (parts, made))
        return known[1]

    def _standing(self, caller: Caller) -> Standing | None:
        if caller.kind in (CallerKind.USER, CallerKind.FEDERATED_USER):
            return self._book.user(caller.entity_id)
        if caller.kind is CallerKind.ROLE_SESSION:
            return self._book.role(caller.entity_id)
        return None

    def _of_root_issuer(self, caller: Caller) -> Pool:
        """A federated user of the root user may do what its session policies leave of everything (R105)."""
        issued_by_root = caller.kind is CallerKind.FEDERATED_USER and caller.entity_id == caller.account
        return _ALL if issued_by_root else _NONE

    def _session_policies(self, caller: Caller) -> Pool | None:
        session = caller.session
        if session is None or (session.policies is None and not session.policy_arns):
            return None
        managed = self._managed(session)
        key = (session.policies, *map(id, managed))
        known = self._sessions.get(key)
        if known is None:
            inline = [_inline(text, number) for number, text in enumerate(session.policies or ())]
            known = _keep(self._sessions, key, (managed, Pool([*inline, *managed])))
        return known[1]

    def _managed(self, session: Session) -> list[Attached]:
        found = (self._book.session_policy(session.account, arn) for arn in session.policy_arns)
        return [each for each in found if each is not None]


def _keep(memo: dict[K, V], key: K, value: V) -> V:
    """Remember, within a bound: what the engine has learnt of a set of policies stays with that set."""
    if len(memo) >= _REMEMBERED:
        memo.clear()
    memo[key] = value
    return value


def _inline(text: str, number: int) -> Attached:
    return attached(text, Source(type=PolicyType.SESSION, name=f"session policy {number + 1}", owner="session"))


_EVERYTHING: Final = Attached(
    policy.compile_policy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'),
    Source(type=PolicyType.IDENTITY, name="root user", owner="root"),
)
_ALL: Final = Pool((_EVERYTHING,))
_NONE: Final = Pool()
_REMEMBERED: Final = 4096
