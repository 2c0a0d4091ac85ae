"""What temporary credentials can't call, whatever their policies say.

Source: IAM User Guide, "Compare AWS STS credentials"; R106.
"""

from __future__ import annotations

from typing import Final

from ostiary.authorization.caller import Caller
from ostiary.credentials.sessions import SessionKind

_INVALID_TOKEN: Final = ("InvalidClientTokenId", "The security token included in the request is invalid.")
_STS_OF: Final = {
    SessionKind.SESSION_TOKEN: frozenset({"AssumeRole", "GetCallerIdentity", "GetScopedCredentials"}),
    SessionKind.FEDERATED_USER: frozenset({"GetCallerIdentity", "GetScopedCredentials"}),
}
_LONG_TERM_ONLY: Final = frozenset({"GetSessionToken", "GetFederationToken"})


def refusal(caller: Caller, service: str, operation: str) -> tuple[str, str] | None:
    """Code and message when these credentials can't make this call; None when policies decide."""
    session = caller.session
    if session is None:
        return None
    if service == "sts":
        if operation in _LONG_TERM_ONLY:
            return "AccessDenied", f"Cannot call {operation} with session credentials"
        allowed = _STS_OF.get(session.kind)
        if allowed is not None and operation not in allowed:
            return "AccessDenied", f"Cannot call {operation} with session credentials"
    if service == "iam":
        if session.kind is SessionKind.FEDERATED_USER:
            return _INVALID_TOKEN
        if session.kind is SessionKind.SESSION_TOKEN and session.mfa_at is None:
            return _INVALID_TOKEN
    return None
