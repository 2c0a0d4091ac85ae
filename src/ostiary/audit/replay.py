"""audit: recorded requests, judged again with another text in the place of a policy: what a change would have done.

A request is judged twice by the same engine, under the identity policies and the boundary that its principal has
today, and what else was in force when it was made (resource, session, organization). The only difference between the
two is the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ostiary import policy
from ostiary.audit.explanation import DocumentGone, recorded_in_force, recorded_request
from ostiary.audit.reading import Reading
from ostiary.authorization.book import Book, Standing
from ostiary.authorization.caller import Caller
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask, Judge
from ostiary.policy import Attached, CompiledPolicy, InForce, PolicyType, Pool, Request, Source, Verdict
from ostiary.store.transaction import Transaction

DAYS: Final = 30
MOST_EVENTS: Final = 10_000
MOST_REQUESTS: Final = 2_000
_BATCH: Final = 2_000
_MOST_HOLDERS: Final = 500
_LEAST_EVENTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A policy, and the text that takes the place of the present one."""

    draft: CompiledPolicy
    present: CompiledPolicy | None = None
    """None: there is no such policy yet."""
    arn: str | None = None
    """Of a managed policy."""
    owner: str = ""
    """Of an embedded one `user/name`, `group/name`, `role/name`; of a trust policy the role's ARN."""
    name: str = ""
    """Of an embedded one; a trust policy is called `trust policy`."""
    type: PolicyType = PolicyType.IDENTITY
    holders: frozenset[str] = frozenset()
    """Unique ids of the users and roles that have it, or will; of a trust policy, which anybody may ask, none."""

    def concerns(self, source: Source) -> bool:
        """Whether this is the policy."""
        if self.arn is not None:
            return source.arn == self.arn
        return source.arn is None and source.owner == self.owner and source.name == self.name

    def before(self, in_force: InForce, principal_id: str) -> InForce | None:
        """With the present text; None: the policy does not bear on it."""
        if self.present is None:
            return in_force if principal_id in self.holders else None
        return self._with(in_force, self.present)

    def after(self, in_force: InForce, principal_id: str) -> InForce:
        """With the draft."""
        if self.present is None and principal_id in self.holders:
            new = Attached(self.draft, Source(type=self.type, name=self.name, owner=self.owner))
            return _rebuilt(in_force, identity=Pool((*in_force.identity, new)))
        return self._with(in_force, self.draft) or in_force

    def _with(self, in_force: InForce, text: CompiledPolicy) -> InForce | None:
        changed: dict[str, Pool] = {}
        for part in ("identity", "boundary", "session", "resource"):
            pool: Pool | None = getattr(in_force, part)
            if pool is not None and any(self.concerns(each.source) for each in pool):
                changed[part] = Pool(
                    Attached(text, each.source) if self.concerns(each.source) else each for each in pool
                )
        return _rebuilt(in_force, **changed) if changed else None


@dataclass(slots=True, kw_only=True)
class Replayed:
    """A recorded request, and the others that are like it for these policies."""

    action: str
    resource: str
    principal: str
    request_id: str
    """The latest."""
    at: int
    count: int
    before: Verdict
    after: Verdict
    recorded: str


@dataclass(slots=True, kw_only=True)
class Replay:
    """What came of it. Requests are counted once for each permission that they asked for."""

    requests: int = 0
    same: int = 0
    now_denied: list[Replayed] = field(default_factory=list)
    now_allowed: list[Replayed] = field(default_factory=list)
    principals: set[str] = field(default_factory=set)
    events: int = 0
    """Events that were looked at."""
    since: int = 0
    """The moment from which on they were looked at."""
    bounded: bool = False
    """There are more in the record: the latest were taken."""
    gone: int = 0
    """Requests whose policy texts are not in the record any more."""

    @property
    def denied(self) -> int:
        """How many requests would be refused."""
        return sum(each.count for each in self.now_denied)

    @property
    def allowed(self) -> int:
        """How many refused requests would be allowed."""
        return sum(each.count for each in self.now_allowed)


_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def replay(tx: Transaction, book: Book, account: str, swap: Swap, now: int) -> Replay:
    """Judge the requests of an account's last days again, the latest first, within a bound."""
    return _Replaying(tx, book, swap, now - DAYS * 86_400).run(account)


def would_lose(judge: Judge, caller: Caller, facts: RequestFacts, asks: Iterable[Ask], swap: Swap) -> list[str]:
    """Which of these permissions the caller has, and would not have with the draft."""
    lost = []
    for ask in asks:
        now = judge.judge(caller, ask, facts)
        if now.allowed:
            then = policy.decide(swap.after(now.in_force, caller.entity_id), now.request)
            if then.verdict is not Verdict.ALLOWED:
                lost.append(ask.action)
    return lost


@dataclass(slots=True)
class _Pair:
    """The policies with the present text and with the draft."""

    before: InForce
    after: InForce
    keys: frozenset[str]
    """The condition keys that any of them looks at."""


class _Replaying:
    def __init__(self, tx: Transaction, book: Book, swap: Swap, since: int) -> None:
        self._tx, self._book, self._swap = tx, book, swap
        self._reading = Reading(tx)
        self._pairs: dict[object, _Pair | None] = {}
        self._found: dict[object, Replayed] = {}
        self._result = Replay(since=since)

    def run(self, account: str) -> Replay:
        result, holders = self._result, sorted(self._swap.holders)
        if self._swap.type is PolicyType.TRUST or len(holders) > _MOST_HOLDERS:
            self._read(account, None, MOST_EVENTS)
        else:
            for holder in holders:
                self._read(account, holder, max(_LEAST_EVENTS, MOST_EVENTS // len(holders)))
        for one in self._found.values():
            allowed, then = one.before is Verdict.ALLOWED, one.after is Verdict.ALLOWED
            if allowed == then:
                result.same += one.count
            else:
                (result.now_denied if allowed else result.now_allowed).append(one)
        return result

    def _read(self, account: str, principal: str | None, most: int) -> None:
        """Take the latest events, of one principal or of all."""
        place: tuple[int, int] | None = None
        left = most
        while left > 0:
            limit = min(_BATCH, left)
            batch = self._tx.events.before(account, place, since=self._result.since, limit=limit, principal=principal)
            for sequence, at, request_id, body in batch:
                place = (at, sequence)
                for ask in self._reading.asks(body):
                    self._take(ask, at, request_id)
            self._result.events += len(batch)
            left -= len(batch)
            if len(batch) < limit:
                return
            if len(self._found) >= MOST_REQUESTS:
                break
        self._result.bounded = True

    def _take(self, ask: Mapping[str, Any], at: int, request_id: str) -> None:
        principal_id = ask["principal"].get("id") or ask["principal"].get("issuer_id") or ""
        pair = self._pair(ask, principal_id)
        if pair is None:
            return
        self._result.requests += 1
        seen = tuple(sorted((k.lower(), _hashable(v)) for k, v in ask["context"].items() if k.lower() in pair.keys))
        principal = ask["principal"].get("arn") or ""
        key = (id(pair), principal, ask["action"], ask["resource"], seen)
        known = self._found.get(key)
        if known is not None:
            known.count += 1
            return
        self._result.principals.add(ask["principal"].get("role_arn") or principal)
        request = recorded_request(ask)
        self._found[key] = Replayed(
            action=ask["action"],
            resource=ask["resource"],
            principal=principal,
            request_id=request_id,
            at=at,
            count=1,
            before=_verdict(pair.before, request),
            after=_verdict(pair.after, request),
            recorded=ask["decision"],
        )

    def _pair(self, ask: Mapping[str, Any], principal_id: str) -> _Pair | None:
        others = {name: each for name, each in ask["inForce"].items() if name not in ("identity", "boundary")}
        key = (principal_id, _encode(others))
        if key not in self._pairs:
            try:
                self._pairs[key] = self._make(ask["inForce"], principal_id)
            except DocumentGone:
                self._pairs[key] = None
                self._result.gone += 1
        return self._pairs[key]

    def _make(self, recorded: Mapping[str, Any], principal_id: str) -> _Pair | None:
        standing: Standing | None = None
        if principal_id:
            standing = self._book.user(principal_id) or self._book.role(principal_id)
            if standing is None:
                return None  # there is nobody any more whom it would concern
        in_force = recorded_in_force(self._tx, recorded)
        if standing is not None:
            in_force = _rebuilt(in_force, identity=standing.identity, boundary=standing.boundary)
        before = self._swap.before(in_force, principal_id)
        if before is None:
            return None
        after = self._swap.after(in_force, principal_id)
        return _Pair(before, after, frozenset(_keys(before) | _keys(after)))


def _rebuilt(in_force: InForce, **changed: Pool | None) -> InForce:
    return InForce(
        identity=changed["identity"] or Pool() if "identity" in changed else in_force.identity,
        resource=changed.get("resource", in_force.resource),
        boundary=changed.get("boundary", in_force.boundary),
        session=changed.get("session", in_force.session),
        scp=in_force.scp,
        rcp=in_force.rcp,
        endpoint=in_force.endpoint,
    )


def _keys(in_force: InForce) -> set[str]:
    single = (in_force.identity, in_force.resource, in_force.boundary, in_force.session, in_force.endpoint)
    pools: Sequence[Pool | None] = (*single, *(in_force.scp or ()), *(in_force.rcp or ()))
    found: set[str] = set()
    for pool in pools:
        for each in pool or ():
            found |= {key.lower() for key in policy.referenced_condition_keys(each.policy)}
    return found


def _verdict(in_force: InForce, request: Request) -> Verdict:
    return policy.decide(in_force, request).verdict


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
