"""services/iam_toolbox: GetRequestAuthorizationDetails, GetRequestAuthorizationPolicy.

The record is the store: there are details for as long as the event is kept, of allowed requests too. They are shown to
callers of the account whose record it is; of the policies only those that the caller may read.

Source: IAM Toolbox API Reference; IAM User Guide, "Troubleshoot access denied error messages with authorization ID".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ostiary.audit.authorization_id import request_id
from ostiary.audit.explanation import ask_explained
from ostiary.audit.reading import Reading
from ostiary.policy import PolicyType, Source
from ostiary.services.faults import ServiceFault
from ostiary.services.iam_toolbox.checks import EFFECTS, Visible, checks, matched_policies
from ostiary.services.iam_toolbox.evaluated import Evaluated, evaluated, target_arn, uri_of
from ostiary.services.iam_toolbox.readable import Reader
from ostiary.services.operation import Call, on_everything, operation
from ostiary.services.principals import to_shown
from ostiary.store.transaction import Transaction

PAGE: Final = 100
"""Evaluations in an answer."""
LEFT_OUT: Final = "ostiary:PoliciesLeftOut"
"""A key of the request context, of our own: how many policies the caller may not see."""
_MISSING: Final = "The requested authorization details do not exist in this account, or are not kept any more."
_MISSING_POLICY: Final = "The requested policy is not among those of the authorization details."
_WITH_PRINCIPALS: Final = frozenset({PolicyType.RESOURCE, PolicyType.TRUST})

Recorded = Mapping[str, Any]
"""A permission as an event keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What the record has of a request, and what of it the caller may see."""

    asks: Sequence[Recorded]
    policies: tuple[Evaluated, ...]


@operation(
    "iam-toolbox",
    "GetRequestAuthorizationDetails",
    asks=on_everything("iam:GetRequestAuthorizationDetails"),
    blocking=True,
)
def get_request_authorization_details(call: Call, _tx: Transaction) -> dict[str, Any]:
    """How each permission of a request was decided, and by which policies."""
    call.house.write_record()
    with call.house.store.read() as tx:  # begun only now, it sees what was just written
        details = _details(call, tx)
        start = _start(call.params.get("nextToken"), len(details.asks))
        reader = Reader(call, tx)
        seen = [each for each in details.policies if reader.sees(each)]
        visible = _visible(seen)
        common = _common(details.asks)
        evaluations = [_evaluation(call, tx, ask, common, visible) for ask in details.asks[start : start + PAGE]]
    left_out = len(details.policies) - len(seen)
    answer = {
        "requestContext": {**common, LEFT_OUT: left_out} if left_out else common,
        "evaluations": evaluations,
        "policies": [each.info() for each in seen],
    }
    more = start + PAGE < len(details.asks)
    return {**answer, "nextToken": str(start + PAGE)} if more else answer


@operation(
    "iam-toolbox",
    "GetRequestAuthorizationPolicy",
    asks=on_everything("iam:GetRequestAuthorizationPolicy"),
    blocking=True,
)
def get_request_authorization_policy(call: Call, _tx: Transaction) -> dict[str, Any]:
    """A policy as it was at the moment of the request."""
    call.house.write_record()
    with call.house.store.read() as tx:
        reader = Reader(call, tx)
        found = [each for each in _details(call, tx).policies if each.uri == call.params["policyUri"]]
        if not found:
            raise _not_found(_MISSING_POLICY)
        refusal = reader.refusal(found[0])
        if refusal is not None:
            raise ServiceFault("AccessDeniedException", refusal, 403)
        text = tx.documents.get(found[0].digest)
        if text is None:
            raise _not_found(_MISSING_POLICY)
        shown = to_shown(text, tx) if found[0].source.type in _WITH_PRINCIPALS else text
    return {"policyDocument": json.loads(shown)}


def _not_found(message: str) -> ServiceFault:
    return ServiceFault("ResourceNotFoundException", message, 404)


def _details(call: Call, tx: Transaction) -> Details:
    """Raises ResourceNotFound; another account's request is not told from one that never was."""
    wanted = request_id(call.params["authorizationId"])
    asks: list[Recorded] = []
    for event in tx.events.find(wanted) if wanted else ():
        if event.account == call.account:
            asks += Reading(tx).whole(event.body).get("ostiary", {}).get("asks", ())
    if not asks:
        raise _not_found(_MISSING)
    return Details(asks=asks, policies=evaluated(tx, call.account, asks))


def _start(token: str | None, count: int) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit() and int(token) < count and not int(token) % PAGE):
        raise ServiceFault("ValidationException", "The pagination token is not valid.", 400)
    return int(token)


def _visible(seen: Sequence[Evaluated]) -> Visible:
    uris = {(each.source.type, each.uri) for each in seen}
    return lambda source: (source.type, uri_of(source)) in uris


def _common(asks: Sequence[Recorded]) -> dict[str, Any]:
    """The keys that all permissions of the request have, with the same values."""
    first, *others = (ask["context"] for ask in asks)
    return {key: value for key, value in first.items() if all(key in each and each[key] == value for each in others)}


def _evaluation(
    call: Call, tx: Transaction, ask: Recorded, common: Mapping[str, Any], visible: Visible
) -> dict[str, Any]:
    found = checks(ask_explained(tx, ask), ask, partial(_target, tx, call.account))
    told = {
        "action": ask["action"],
        "resource": ask["resource"],
        "context": {key: value for key, value in ask["context"].items() if key not in common},
        "evaluatedEffect": EFFECTS[ask["decision"]],
        "matchedPolicies": matched_policies((one for check in found for one in check.matched), visible),
    }
    return {**told, "checks": [check.shown(visible) for check in found]} if found else told


def _target(tx: Transaction, account: str, source: Source) -> str | None:
    return target_arn(tx, account, source.owner or "")
