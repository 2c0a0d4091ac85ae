"""audit: who attempted what, of an event: what "last accessed" reports are made of.

Source: IAM API Reference, GenerateServiceLastAccessedDetails: every attempt of an authenticated principal counts,
whether it was allowed or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ostiary import catalog
from ostiary.audit.record import Happening
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.store.reports import ServiceAccess

_AUTHENTICATED: Final = frozenset(
    {CallerKind.ROOT, CallerKind.USER, CallerKind.ROLE_SESSION, CallerKind.FEDERATED_USER}
)


def accesses(happenings: Iterable[Happening]) -> Iterable[ServiceAccess]:
    """The latest attempt of each principal at each action, once."""
    found: dict[tuple[str, str, str], ServiceAccess] = {}
    seen: set[tuple[str, str, bool, int, str]] = set()
    for happening in happenings:
        caller = happening.caller
        if caller is None or caller.kind not in _AUTHENTICATED or not caller.entity_id:
            continue
        at, region = happening.facts.second, happening.facts.region
        for action, allowed in _actions(happening).items():
            mark = (caller.entity_id, action, allowed, at, region)
            if mark in seen:  # most of what somebody does in a second is the same again
                continue
            seen.add(mark)
            one = _access(caller, action, allowed, at, region)
            key = (one.principal_id, one.service, one.action)
            known = found.get(key)
            found[key] = one if known is None else _together(known, one)
    return found.values()


def _together(known: ServiceAccess, one: ServiceAccess) -> ServiceAccess:
    latest = one if known.at <= one.at else known
    if known.allowed == one.allowed and known.refused == one.refused:
        return latest
    allowed, refused = (max(filter(None, times), default=None) for times in _times(known, one))
    return replace(latest, allowed=allowed, refused=refused)


def _times(one: ServiceAccess, other: ServiceAccess) -> Iterable[tuple[int | None, ...]]:
    return (one.allowed, other.allowed), (one.refused, other.refused)


def _access(caller: Caller, action: str, allowed: bool, at: int, region: str) -> ServiceAccess:
    service, _, name = action.partition(":")
    return ServiceAccess(
        principal_id=caller.entity_id,
        service=service,
        action=name,
        account=caller.account,
        at=at,
        region=region,
        allowed=at if allowed else None,
        refused=None if allowed else at,
    )


def _actions(happening: Happening) -> Mapping[str, bool]:
    """The permissions that were asked, and whether each was given; of a request that asked none, the operation's."""
    asked: dict[str, bool] = {}
    for judgement in happening.judgements:
        action = judgement.request.action
        asked[action] = judgement.allowed and asked.get(action, True)
    if asked:
        return asked
    own = _own_action(happening.event_source, happening.event_name)
    return {own: happening.error is None} if own else {}


@lru_cache(maxsize=1024)
def _own_action(source: str, name: str) -> str:
    """The action of an operation; empty where there is none. INVARIANT: nobody adds rows by asking for what does not
    exist.
    """
    prefix = source.partition(".")[0]
    service = catalog.service(prefix)
    return f"{prefix}:{name}" if service is not None and name in service.actions else ""
