"""What the answer to a refusal says beside its reason: where the whole story is kept.

Source: IAM User Guide, "Troubleshoot access denied error messages with authorization ID"; STS API Reference,
DecodeAuthorizationMessage; EC2's answers as seen.
"""

from __future__ import annotations

from typing import Final

from ostiary.audit.authorization_id import authorization_id
from ostiary.authorization.caller import CallerKind
from ostiary.credentials.authorization_messages import PURPOSE, RefusedAsk, encode
from ostiary.gate.authorize import Refused
from ostiary.services.operation import Call

HEADER: Final = "x-amzn-authorization-id"
"""Every refusal by policy has it. AWS's preview puts the id at the end of IAM's messages; ours stay as R125–R127."""


def with_references(refused: Refused, call: Call) -> Refused:
    """The refusal as it is answered and recorded. Anonymous callers are told nothing more."""
    if call.caller.kind is CallerKind.ANONYMOUS:
        return refused
    found = authorization_id(call.facts.request_id)
    told = _encoded_message(refused, call) if call.service == "ec2" else ""
    return Refused(refused.code, refused.message + told, refused.judgements, found)


def _encoded_message(refused: Refused, call: Call) -> str:
    """EC2 tells it for what concerns a resource, not for its Describe operations."""
    if refused.judgements[-1].request.resource == "*":
        return ""
    ask = RefusedAsk(account=call.account, request_id=call.facts.request_id, number=len(refused.judgements) - 1)
    encoded = encode(call.house.vault.derive(PURPOSE), ask, call.house.entropy)
    return f". Encoded authorization failure message: {encoded}"
