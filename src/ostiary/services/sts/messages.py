"""services/sts: DecodeAuthorizationMessage: what an encoded refusal says, from the record.

Source: STS API Reference, DecodeAuthorizationMessage; decoded messages as published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ostiary.audit.explanation import AskExplained, ask_explained
from ostiary.audit.reading import Reading
from ostiary.credentials.authorization_messages import PURPOSE, RefusedAsk, decode
from ostiary.credentials.vault import SealBroken
from ostiary.policy import Effect, Matched
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.transaction import Transaction

_ELEMENTS: Final[Mapping[str, str]] = {
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}
"""Those with Not are named by analogy."""


@operation("sts", "DecodeAuthorizationMessage", asks=on_everything("sts:DecodeAuthorizationMessage"), blocking=True)
def decode_authorization_message(call: Call, _tx: Transaction) -> dict[str, Any]:
    """The decision behind an encoded message of the caller's account."""
    key = call.house.vault.derive(PURPOSE)
    try:
        refused = decode(key, call.params["EncodedMessage"])
    except SealBroken:
        raise _invalid() from None
    if refused.account != call.account:
        raise _invalid()
    call.house.write_record()
    with call.house.store.read() as tx:  # begun only now, it sees what was just written
        told = _told(tx, refused)
    return {"DecodedMessage": json.dumps(told, separators=(",", ":"), ensure_ascii=False)}


def _invalid() -> ServiceFault:
    return ServiceFault("InvalidAuthorizationMessageException", "Message is not valid", 400)


def _told(tx: Transaction, refused: RefusedAsk) -> dict[str, Any]:
    for event in tx.events.find(refused.request_id):
        body = Reading(tx).whole(event.body)
        asks = body.get("ostiary", {}).get("asks", ())
        if event.account == refused.account and refused.number < len(asks):
            recorded = asks[refused.number]
            return _message(body["userIdentity"], recorded, ask_explained(tx, recorded))
    raise _invalid()


def _message(identity: Mapping[str, Any], recorded: Mapping[str, Any], ask: AskExplained) -> dict[str, Any]:
    """AWS's shape. Only Deny statements are told: an Allow that matched did not suffice."""
    matched = ask.explanation.decision.matched if ask.explanation is not None else ()
    denies = [one for one in matched if one.effect is Effect.DENY]
    principal = {"id": identity.get("principalId"), "name": identity.get("userName"), "arn": identity.get("arn")}
    return {
        "allowed": recorded["decision"] == "allowed",
        "explicitDeny": recorded["decision"] == "explicitDeny",
        "matchedStatements": _items(_statement(ask, one, identity) for one in denies),
        "failures": _items(()),
        "context": {
            "principal": {name: value for name, value in principal.items() if value},
            "action": recorded["action"],
            "resource": recorded["resource"],
            "conditions": _items(_condition(key, value) for key, value in recorded["context"].items()),
        },
    }


def _statement(ask: AskExplained, matched: Matched, identity: Mapping[str, Any]) -> dict[str, Any]:
    written = json.loads(ask.text_of(matched))
    elements = {name: _values(written[element]) for name, element in _ELEMENTS.items() if element in written}
    tests = (test for operator in (written.get("Condition") or {}).values() for test in operator.items())
    return {
        "statementId": matched.sid or "",
        "effect": matched.effect.value.upper(),
        "principals": _values(identity.get("principalId") or []),
        "principalGroups": _items(()),
        **elements,
        "conditions": _items(_condition(key, value) for key, value in tests),
    }


def _condition(key: str, value: Any) -> dict[str, Any]:
    return {"key": key, "values": _values(value)}


def _values(value: Any) -> dict[str, Any]:
    values = value if isinstance(value, list) else [value]
    return _items({"value": each if isinstance(each, str) else json.dumps(each)} for each in values)


def _items(found: Iterable[Any]) -> dict[str, Any]:
    return {"items": list(found)}
