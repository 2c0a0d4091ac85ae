"""What the answer to a refusal says beside its reason: where the whole story is kept.

Source: IAM User Guide, "Troubleshoot access denied error messages with authorization ID"; STS API Reference,
DecodeAuthorizationMessage; EC2's answers as seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ostiary.audit.authorization_id import authorization_id
from ostiary.authorization.caller import CallerKind
from ostiary.credentials.authorization_messages import PURPOSE, RefusedAsk, encode
from ostiary.gate.authorize import Refused
from ostiary.services.operation import Call

HEADER: Final = "x-amzn-authorization-id"


def with_references(refused: Refused, call: Call) -> Refused:
    """The refusal as it is answered and recorded. Anonymous callers are told nothing more."""
    if call.caller.kind is CallerKind.ANONYMOUS:
        return refused
    found = authorization_id(call.facts.request_id)
    told = _TOLD.get(call.service, _nothing_more)(refused, call, found)
    return Refused(refused.code, refused.message + told, refused.judgements, found)


def _nothing_more(_refused: Refused, _call: Call, _found: str) -> str:
    return ""


def _authorization_id(_refused: Refused, _call: Call, found: str) -> str:
    """AWS goes on with a link to its console, which knows nothing of this id."""
    return found and f". Call the GetRequestAuthorizationDetails API with the following authorization id: {found}"


def _encoded_message(refused: Refused, call: Call, _found: str) -> str:
    """EC2 tells it for what concerns a resource, not for its Describe operations."""
    if refused.judgements[-1].request.resource == "*":
        return ""
    ask = RefusedAsk(account=call.account, request_id=call.facts.request_id, number=len(refused.judgements) - 1)
    encoded = encode(call.house.vault.derive(PURPOSE), ask, call.house.entropy)
    return f". Encoded authorization failure message: {encoded}"


_TOLD: Final[Mapping[str, Callable[[Refused, Call, str], str]]] = {"iam": _authorization_id, "ec2": _encoded_message}
"""AWS's services whose messages say so; the header is every service's."""
