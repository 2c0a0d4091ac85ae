"""GetWebIdentityToken: who the caller is, signed for services beyond AWS.

Source: STS API Reference, GetWebIdentityToken; IAM User Guide, "Understanding token claims"; tokens as AWS issues them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from ostiary.authorization.caller import CallerKind
from ostiary.authorization.context import base_context, iso, principal_arn
from ostiary.authorization.judge import Ask
from ostiary.policy import ContextValue
from ostiary.services.faults import ServiceFault
from ostiary.services.issuer import ALGORITHMS, issuer_url, new_uuid, renew_keys, sign, signing_key
from ostiary.services.operation import Call, operation
from ostiary.services.sts.session_parameters import read_tags, tag_context, validation_error
from ostiary.store.openid import OutboundRecord
from ostiary.store.transaction import Transaction

DEFAULT_SECONDS: Final = 300
MOST_PAYLOAD: Final = 8192
_NAMESPACE: Final = "https://sts.amazonaws.com/"
_PRINCIPAL_TAG: Final = "aws:PrincipalTag/"
_SESSION_CLAIMS: Final[Mapping[str, str]] = MappingProxyType(
    {"ec2:SourceInstanceARN": "ec2_source_instance_arn", "ec2:RoleDelivery": "ec2_role_delivery"}
)
_NOT_ENABLED: Final = "The outbound web identity federation feature is not enabled for this account."
_ESCALATION: Final = "The requested token duration would extend the session beyond its original expiration time."
_TOO_LARGE: Final = "The requested token payload size exceeds the maximum allowed size."


def _seconds(call: Call) -> int:
    asked: int | None = call.params.get("DurationSeconds")
    return DEFAULT_SECONDS if asked is None else asked


def _asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    algorithm: str = call.params["SigningAlgorithm"]
    if algorithm not in ALGORITHMS:
        raise validation_error(
            f"1 validation error detected: Value '{algorithm}' at 'signingAlgorithm' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(ALGORITHMS)}]"
        )
    tags = read_tags(call.params.get("Tags") or ())
    context: dict[str, ContextValue] = {
        "sts:IdentityTokenAudience": tuple(call.params["Audience"]),
        "sts:SigningAlgorithm": algorithm,
        "sts:DurationSeconds": str(_seconds(call)),
        **tag_context(tags, ()),
    }
    actions = ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"] if tags else ["sts:GetWebIdentityToken"]
    return [Ask(action=action, context=context) for action in actions]


def _issuer(call: Call, tx: Transaction) -> OutboundRecord:
    record = tx.issuers.get(call.account)
    if record is None or not record.enabled:
        raise ServiceFault("OutboundWebIdentityFederationDisabledException", _NOT_ENABLED, 403)
    return record


def _prepare_keys(call: Call, tx: Transaction) -> None:
    """New keys are made where one is due."""
    _issuer(call, tx)
    account = tx.accounts.get(call.account)
    assert account is not None
    renew_keys(call.house, account, tx.issuers.keys(call.account), call.now)


@operation("sts", "GetWebIdentityToken", asks=_asks, blocking=True, prepare=_prepare_keys)
def get_web_identity_token(call: Call, tx: Transaction) -> dict[str, Any]:
    """A signed statement of who calls, for those whom the caller names as its audience."""
    issuer, account = _issuer(call, tx), tx.accounts.get(call.account)
    assert account is not None
    expires = call.now + _seconds(call)
    session = call.caller.session
    if session is not None and expires > session.expires:
        raise ServiceFault("SessionDurationEscalationException", _ESCALATION, 403)
    audience: list[str] = call.params["Audience"]
    claims = {
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "sub": principal_arn(call.caller),
        _NAMESPACE: _about(call),
        "iss": issuer_url(call.house.settings, issuer.issuer_id),
        "exp": expires,
        "iat": call.now,
        "jti": new_uuid(call.house.entropy),
    }
    if len(json.dumps(claims, ensure_ascii=False).encode()) > MOST_PAYLOAD:
        raise ServiceFault("JWTPayloadSizeExceededException", _TOO_LARGE, 400)
    key = signing_key(tx.issuers.keys(call.account), call.params["SigningAlgorithm"], call.now)
    token = sign(call.house, account, key, claims)
    return {"WebIdentityToken": token, "Expiration": datetime.fromtimestamp(expires, UTC)}


def _about(call: Call) -> dict[str, Any]:
    """AWS's own claims. What has no value is left out."""
    caller, session = call.caller, call.caller.session
    membership = call.house.book.membership(call.account)
    about: dict[str, Any] = {
        "aws_account": call.account,
        "source_region": call.facts.region,
        "principal_id": principal_arn(caller),
    }
    if membership.organization_id:
        about |= {"org_id": membership.organization_id, "ou_path": [membership.path]}
    if session is not None:
        about["original_session_exp"] = iso(session.expires)
        about |= {
            name: value
            for name, value in (
                ("source_identity", session.source_identity),
                ("federated_provider", session.provider),
                *((_SESSION_CLAIMS[key], value) for key, value in session.context if key in _SESSION_CLAIMS),
            )
            if value is not None
        }
    tags = _principal_tags(call)
    if tags:
        about["principal_tags"] = tags
    given = call.params.get("Tags")
    if given:
        about["request_tags"] = {tag["Key"]: tag["Value"] for tag in given}
    return about


def _principal_tags(call: Call) -> dict[str, str]:
    """As policies see them: those of the user or role, overridden by those of the session."""
    caller, book = call.caller, call.house.book
    standing = None
    if caller.kind is CallerKind.USER:
        standing = book.user(caller.entity_id)
    elif caller.kind is CallerKind.ROLE_SESSION:
        standing = book.role(caller.entity_id)
    context = base_context(caller, call.facts, standing.tags if standing else {})
    found = {
        key.removeprefix(_PRINCIPAL_TAG): value for key, value in context.items() if key.startswith(_PRINCIPAL_TAG)
    }
    return {key: value for key, value in found.items() if isinstance(value, str)}
