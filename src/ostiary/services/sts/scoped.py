"""GetScopedCredentials: the same session with fewer permissions, for a shorter time, or both.

Source: STS API Reference, GetScopedCredentials; IAM User Guide, "Permissions for GetScopedCredentials".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import Session
from ostiary.identifiers import AccountId
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.sts.session_parameters import credentials, read_session_parameters, validation_error
from ostiary.store.transaction import Transaction

MOST_SCOPES: Final = 3
_LONG_TERM: Final = "Cannot call GetScopedCredentials with long-term credentials"
_NEITHER: Final = "At least one of Policy or DurationSeconds must be specified."
_TOO_MANY: Final = f"A session can have at most {MOST_SCOPES} scope down policies."


def _asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    _session(call)
    return (Ask(action="sts:GetScopedCredentials"),)


@operation("sts", "GetScopedCredentials", asks=_asks)
def get_scoped_credentials(call: Call, tx: Transaction) -> dict[str, Any]:
    """Credentials of the caller's own session, under one more policy or with an earlier end."""
    session = _session(call)
    asked = read_session_parameters(call, tx, call.account)
    seconds: int | None = call.params.get("DurationSeconds")
    if asked.policies is None and seconds is None:
        raise validation_error(_NEITHER)
    remaining = session.expires - call.now
    if seconds is not None and seconds > remaining:
        raise ServiceFault(
            "InsufficientSessionLifetime",
            f"The requested DurationSeconds {seconds} exceeds the remaining lifetime of the calling session.",
        )
    scopes = (*session.scopes, *(asked.policies or ()))
    if len(scopes) > MOST_SCOPES:
        raise ServiceFault("AccessDenied", _TOO_MANY, 403)
    scoped = replace(
        session,
        access_key_id=call.house.seal.new_access_key_id(AccountId(session.account)),
        expires=session.expires if seconds is None else call.now + seconds,
        scopes=scopes,
    )
    given = call.house.seal.issue(scoped)
    answer: dict[str, Any] = {
        "Credentials": credentials(given),
        "SessionInfo": {"ScopedSessionId": call.caller.user_id, "Arn": call.caller.arn},
        "SessionTokenSize": len(given.session_token),
        "ScopedPoliciesCount": len(scopes),
    }
    if session.source_identity is not None:
        answer["SourceIdentity"] = session.source_identity
    return answer


def _session(call: Call) -> Session:
    session = call.caller.session
    if session is None:
        raise ServiceFault("AccessDenied", _LONG_TERM, 403)
    return session
