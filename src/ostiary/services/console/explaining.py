"""services/console: why a request was, or would be, allowed or denied: the Explain page.

A recorded request is told to those who may ask the IAM toolbox for it, and of its policies those that they may read.
What became of one's own request one may always see: the answer has said it already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ostiary.audit.authorization_id import request_id
from ostiary.audit.explanation import AskExplained, ask_explained
from ostiary.audit.reading import Reading
from ostiary.authorization.judge import Ask
from ostiary.identifiers import root_arn
from ostiary.policy import Source
from ostiary.services.console.ladder import Ladder, ladder
from ostiary.services.console.supposing import about, explained, who
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.entities_by_arn import on_entity
from ostiary.services.iam_toolbox.evaluated import Evaluated
from ostiary.services.iam_toolbox.readable import Reader
from ostiary.services.operation import Call, nothing, on_everything
from ostiary.services.view import view
from ostiary.store.transaction import Transaction

_MISSING = "The requested authorization details do not exist in this account, or are not kept any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A request with each permission that it asked for."""

    record: Mapping[str, Any]
    """CloudTrail's part of the event; empty for a request that nobody has made."""
    asks: tuple[Ladder, ...]
    foreign: bool = False
    """The resource is another account's, whose policies are not told here."""

    @property
    def allowed(self) -> bool | None:
        """Whether every permission was given; None when none was asked for."""
        return all(ask.verdict == "allowed" for ask in self.asks) if self.asks else None


@view("iam-toolbox", "GetRequestAuthorizationDetails", asks=on_everything("iam:GetRequestAuthorizationDetails"))
def recorded_request(call: Call, _tx: Transaction) -> Explained:
    """A request of the record. Raises ResourceNotFound; another account's is not told from one that never was."""
    call.house.write_record()
    with call.house.store.read() as tx:
        record, asks = _find(call, tx)
        sees = Reader(call, tx)
        told = tuple(ladder(each, _seer(sees, each)) for each in (ask_explained(tx, ask) for ask in asks))
    return Explained(record=record, asks=told)


@view("iam-toolbox", "GetRequestAuthorizationDetails", asks=nothing)
def own_request(call: Call, _tx: Transaction) -> Mapping[str, Any]:
    """What became of a request that the one who asks has made. Raises ResourceNotFound for everybody else's."""
    call.house.write_record()
    with call.house.store.read() as tx:
        record, _ = _find(call, tx)
    if record["userIdentity"].get("principalId") != call.caller.user_id:
        raise ServiceFault("ResourceNotFoundException", _MISSING, 404)
    return record


def _on_principal(call: Call, tx: Transaction) -> Iterable[Ask]:
    if call.params["PolicySourceArn"] == root_arn(call.account):
        return (Ask(action="iam:SimulatePrincipalPolicy", resource=root_arn(call.account)),)
    return _on_entity(call, tx)


_on_entity = on_entity("iam:SimulatePrincipalPolicy", "PolicySourceArn")


@view("iam", "SimulatePrincipalPolicy", asks=_on_principal)
def supposed_request(call: Call, tx: Transaction) -> Explained:
    """A request as it would be decided now. Raises `InvalidInput`, `NoSuchEntity`."""
    params = call.params
    caller = who(call, tx, params["PolicySourceArn"])
    supposed = about(call, tx, params["Action"], params["Resource"], params.get("Context") or {})
    told = explained(call.house.judge.suppose(caller, supposed.ask))
    return Explained(record={}, asks=(ladder(told, _seer(Reader(call, tx), told)),), foreign=supposed.foreign)


def _find(call: Call, tx: Transaction) -> tuple[dict[str, Any], list[Any]]:
    named = call.params["Id"]
    asks: list[Any] = []
    first: dict[str, Any] | None = None
    for event in tx.events.find(named) or tx.events.find(request_id(named.replace("-", "")) or ""):
        if event.account == call.account:
            body = Reading(tx).whole(event.body)
            asks += body.pop("ostiary", {}).get("asks", ())
            first = first or body
    if first is None:
        raise ServiceFault("ResourceNotFoundException", _MISSING, 404)
    return first, asks


def _seer(reader: Reader, ask: AskExplained) -> Any:
    def sees(source: Source) -> bool:
        account = ask.resource_account or ""
        return reader.sees(
            Evaluated(source=source, digest="", resource=ask.resource, resource_account=account, attached_to=())
        )

    return sees
