"""audit: who attempted what, of an event: what "last accessed" reports are made of.

Source: IAM API Reference, GenerateServiceLastAccessedDetails: every attempt of an authenticated principal counts,
whether it was allowed or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ostiary import catalog
from ostiary.audit.record import Happening
from ostiary.authorization.caller import CallerKind
from ostiary.store.reports import ServiceAccess

_AUTHENTICATED: Final = frozenset(
    {CallerKind.ROOT, CallerKind.USER, CallerKind.ROLE_SESSION, CallerKind.FEDERATED_USER}
)


def accesses(happenings: Iterable[Happening]) -> Iterable[ServiceAccess]:
    """The latest attempt of each principal at each action, once."""
    found: dict[tuple[str, str, str], ServiceAccess] = {}
    for happening in happenings:
        for one in _of(happening):
            key = (one.principal_id, one.service, one.action)
            known = found.get(key)
            if known is None or known.at <= one.at:
                found[key] = one
    return found.values()


def _of(happening: Happening) -> Iterator[ServiceAccess]:
    caller = happening.caller
    if caller is None or caller.kind not in _AUTHENTICATED or not caller.entity_id:
        return
    at, region = int(happening.facts.at.timestamp()), happening.facts.region
    for action in _actions(happening):
        service, _, name = action.partition(":")
        yield ServiceAccess(
            principal_id=caller.entity_id,
            service=service,
            action=name,
            account=caller.account,
            at=at,
            region=region,
        )


def _actions(happening: Happening) -> Iterable[str]:
    """The permissions that were asked; of a request that asked none, the operation by its own name."""
    asked = {judgement.request.action for judgement in happening.judgements}
    if asked:
        return asked
    prefix = happening.event_source.partition(".")[0]
    service = catalog.service(prefix)
    # INVARIANT: nobody adds rows by asking for what does not exist
    known = service is not None and happening.event_name in service.actions
    return (f"{prefix}:{happening.event_name}",) if known else ()
