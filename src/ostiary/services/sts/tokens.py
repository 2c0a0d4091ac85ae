"""GetSessionToken and GetFederationToken.

Source: STS API Reference; R101, R105, R106, R110, R116.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.caller import CallerKind
from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.identifiers import AccountId, sts_arn
from ostiary.services.operation import Call, nothing, operation
from ostiary.services.sts.mfa import prove_mfa
from ostiary.services.sts.session_parameters import credentials, read_session_parameters, read_tags, tag_context
from ostiary.store.transaction import Transaction

DEFAULT_SECONDS: Final = 43_200
ROOT_SECONDS: Final = 3600


@operation("sts", "GetSessionToken", asks=nothing, prove=prove_mfa)
def get_session_token(call: Call, _tx: Transaction) -> dict[str, Any]:
    """The caller's own permissions, for a time. Needs no permission and can't be denied."""
    session = Session(
        kind=SessionKind.SESSION_TOKEN,
        account=call.account,
        principal_id=call.caller.entity_id,
        access_key_id=call.house.seal.new_access_key_id(AccountId(call.account)),
        issued=call.now,
        expires=call.now + _seconds(call),
        mfa_at=call.proven,
    )
    return {"Credentials": credentials(call.house.seal.issue(session))}


def _federation_asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    tags = read_tags(call.params.get("Tags") or ())
    arn = sts_arn(call.account, "federated-user", call.params["Name"])
    actions = ["sts:GetFederationToken", "sts:TagSession"] if tags else ["sts:GetFederationToken"]
    return [Ask(action=action, resource=arn, context=tag_context(tags, ())) for action in actions]


@operation("sts", "GetFederationToken", asks=_federation_asks)
def get_federation_token(call: Call, tx: Transaction) -> dict[str, Any]:
    """Credentials of a user that the caller vouches for; no more than the caller's own permissions."""
    asked = read_session_parameters(call, tx, call.account)
    name: str = call.params["Name"]
    session = Session(
        kind=SessionKind.FEDERATED_USER,
        account=call.account,
        principal_id=call.caller.entity_id,
        access_key_id=call.house.seal.new_access_key_id(AccountId(call.account)),
        issued=call.now,
        expires=call.now + _seconds(call),
        name=name,
        policies=asked.policies,
        policy_arns=asked.policy_arns,
        tags=asked.tags,
    )
    return {
        "Credentials": credentials(call.house.seal.issue(session)),
        "FederatedUser": {
            "FederatedUserId": f"{call.account}:{name}",
            "Arn": sts_arn(call.account, "federated-user", name),
        },
        "PackedPolicySize": asked.packed_percent or 0,  # AWS says 0 here, where AssumeRole leaves it out
    }


def _seconds(call: Call) -> int:
    """As asked, 12 hours if not; the root user gets one hour at most, without an error (R116)."""
    asked: int = call.params.get("DurationSeconds") or DEFAULT_SECONDS
    return min(asked, ROOT_SECONDS) if call.caller.kind is CallerKind.ROOT else asked
