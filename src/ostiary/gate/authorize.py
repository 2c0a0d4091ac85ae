"""May they? Every permission an operation asks for is decided; only this module makes a `Permitted`.

Source: IAM User Guide, "Troubleshoot access denied error messages"; the codes of each service from its API reference.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ostiary import policy
from ostiary.authorization.caller import BY_WORD, Caller, CallerKind
from ostiary.authorization.judge import Judgement
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, Operation
from ostiary.store.transaction import Transaction

_DENIED: Final = {"ec2": "UnauthorizedOperation"}
_JSON_DENIED: Final = "AccessDeniedException"
_PLAIN_DENIED: Final = frozenset({"iam", "sts", "s3", "s3control"})


class Permitted(msgspec.Struct, frozen=True, kw_only=True):
    """A call that may be done. INVARIANT: made by `authorize` alone."""

    operation: Operation
    call: Call
    judgements: tuple[Judgement, ...]


class Refused(ServiceFault):
    """A call that may not be done, with what was asked."""

    def __init__(self, code: str, message: str, judgements: tuple[Judgement, ...], authorization_id: str = "") -> None:
        super().__init__(code, message, 403)
        self.judgements = judgements
        self.authorization_id = authorization_id
        """Under which the record tells more; empty when the caller is not told."""


def authorize(operation: Operation, call: Call, tx: Transaction) -> Permitted:
    """Decide every ask of an operation, in order.

    Raises:
        Refused: at the first ask that is not allowed.
    """
    judgements: list[Judgement] = []
    for ask in operation.asks(call, tx):
        judgement = call.house.judge.judge(call.caller, ask, call.facts)
        judgements.append(judgement)
        if not judgement.allowed:
            raise Refused(
                denial_code(call.service), denial_text(call.service, call.caller, judgement), tuple(judgements)
            )
    return Permitted(operation=operation, call=call, judgements=tuple(judgements))


def denial_code(service: str) -> str:
    """The error code of a service for a refusal."""
    return _DENIED.get(service) or ("AccessDenied" if service in _PLAIN_DENIED else _JSON_DENIED)


def denial_text(service: str, caller: Caller, judgement: Judgement) -> str:
    """AWS's words for it (R125–R127).

    Anonymous callers of S3 learn nothing more than "Access Denied", those whom a provider vouches for the action alone.
    """
    if caller.kind is CallerKind.ANONYMOUS:
        return "Access Denied"
    request = judgement.request
    if caller.kind in BY_WORD:
        return f"Not authorized to perform {request.action}"
    resource = None if request.resource == "*" else request.resource
    text = policy.denial_message(
        judgement.decision, caller.arn, request.action, resource, quote_resource=service == "s3"
    )
    return f"You are not authorized to perform this operation. {text}" if service == "ec2" else text
