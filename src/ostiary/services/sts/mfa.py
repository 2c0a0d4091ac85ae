"""services/sts: a code of the caller's MFA device, with AssumeRole and GetSessionToken.

Source: STS API Reference, `SerialNumber` and `TokenCode`; IAM User Guide, "Secure API access with MFA"; R110, R122.
"""

from __future__ import annotations

from typing import Final

from ostiary.authorization.caller import CallerKind
from ostiary.credentials.sessions import SessionKind
from ostiary.policy import ContextValue
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.mfa_codes import Code, take_code
from ostiary.services.operation import Call, MustWait

_BOTH: Final = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
_FAILED: Final = {
    Code.WRONG: "MultiFactorAuthentication failed with invalid MFA one time pass code.",
    Code.NO_DEVICE: (
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is "
        "valid and associated with this user."
    ),
}
_HAVE_DEVICES: Final = (CallerKind.USER, CallerKind.ROOT)


def prove_mfa(call: Call) -> int | None:
    """When the caller has just shown a code: the moment, seconds since 1970; None: no code was passed.

    Raises:
        ServiceFault: AccessDenied: the code, or the device, is not the caller's.
        MustWait: the code is taken in a transaction, for which the event loop does not wait.
    """
    serial, code = call.params.get("SerialNumber"), call.params.get("TokenCode")
    if not serial and not code:
        return None
    if not serial or not code:
        raise _denied(_BOTH)
    if call.caller.kind not in _HAVE_DEVICES or _acts_for_another(call):
        raise _denied(_FAILED[Code.NO_DEVICE])
    if not call.patient:
        raise MustWait
    found = take_code(call.house, call.caller.entity_id, serial, code, call.now)
    if found is not Code.RIGHT:
        raise _denied(_FAILED[found])
    return call.now


def _acts_for_another(call: Call) -> bool:
    """Whether somebody else has these credentials: a partner, or who assumed the root. They try none of its codes."""
    session = call.caller.session
    return session is not None and session.kind in (SessionKind.DELEGATED, SessionKind.ROOT)


def mfa_context(call: Call) -> dict[str, ContextValue]:
    """The condition keys of a code that came with the request; without one those of the caller's session hold."""
    if call.proven is None:
        return {}
    return {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}


def _denied(message: str) -> ServiceFault:
    return ServiceFault("AccessDenied", message, 403)
