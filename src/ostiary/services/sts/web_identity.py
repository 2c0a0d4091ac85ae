"""AssumeRoleWithWebIdentity: a role for whom an OpenID Connect provider vouches for.

Source: STS API Reference, AssumeRoleWithWebIdentity; IAM User Guide, "OIDC federation"; the texts of refusals as seen.
R91, R93, R116, R118–R124.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ostiary.authorization.caller import CallerKind, Vouched
from ostiary.authorization.judge import Ask
from ostiary.federation.connection import CannotFetch, UnknownCertificate
from ostiary.federation.tokens import BadSignature, NoToken, Token, read_token
from ostiary.identifiers import Arn
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.openid_providers import client_ids, find_provider, provider_arn, thumbprints
from ostiary.services.operation import Call, MustWait, operation
from ostiary.services.sts.role_sessions import (
    asks_of_identity,
    find_role,
    parameters_of_identity,
    role_seconds,
    start_session,
)
from ostiary.services.sts.session_parameters import validation_error
from ostiary.services.sts.web_identity_claims import (
    NO_JWT,
    WebIdentity,
    audience_of,
    check_required,
    check_times,
    invalid,
    read_identity,
)
from ostiary.store.openid import OpenIdProviderRecord
from ostiary.store.transaction import Transaction

_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
_THUMBPRINT = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
_NOT_REACHED = "The identity provider that was asked to verify the identity token could not be reached."


def _vouch(call: Call) -> Vouched:
    """Who calls, by a token that was verified with its issuer's keys. No transaction is open while they are fetched."""
    if call.params.get("ProviderId") is not None:
        raise validation_error(
            "ProviderId is not supported: identity providers of OAuth 2.0 access tokens are unknown."
        )
    token = _read(call.params["WebIdentityToken"])
    check_required(token.claims)
    arn: str = call.params["RoleArn"]
    with call.house.store.read() as tx:
        find_role(tx, arn)  # raises ValidationError for what is no ARN of a role
        account = Arn.parse(arn).account
        provider = find_provider(tx, account, token.issuer)
    if provider is None:
        raise invalid(f"No OpenIDConnect provider found in your account for {token.issuer}")
    check_times(token.claims, call.now)
    audience = audience_of(token.claims, client_ids(provider))
    _verify(call, token, provider)
    found = read_identity(token.claims, provider.name, audience, arn)
    named = provider_arn(provider)
    return Vouched(
        kind=CallerKind.WEB_IDENTITY,
        provider=named,
        account=account,
        subject=found.subject,
        principal_id=f"{named}:{found.audience}:{found.subject}",
        said=found,
    )


def _read(text: str) -> Token:
    try:
        return read_token(text)
    except NoToken:
        raise invalid(NO_JWT) from None


def _verify(call: Call, token: Token, provider: OpenIdProviderRecord) -> None:
    issuers, believed = call.house.issuers, thumbprints(provider)
    if not call.patient and not issuers.knows(token, token.issuer, believed):
        raise MustWait
    try:
        issuers.verify(token, token.issuer, believed)
    except UnknownCertificate:
        raise invalid(_THUMBPRINT) from None
    except CannotFetch as reason:
        if reason.passing:
            raise ServiceFault("IDPCommunicationError", _NOT_REACHED, 400) from None
        raise invalid(_NO_KEY) from None
    except BadSignature:
        raise invalid("The signature of the ID Token does not match any key of its issuer") from None


def _said(call: Call) -> WebIdentity:
    assert call.vouched is not None  # the gate asked `_vouch` first
    found: WebIdentity = call.vouched.said
    return found


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    found = _said(call)
    further = {
        "sts:RoleSessionName": call.params["RoleSessionName"],
        "sts:RoleAuthorizedByIdp": "true" if found.role_authorized else "false",
    }
    return asks_of_identity(call, tx, "sts:AssumeRoleWithWebIdentity", found, further)


@operation("sts", "AssumeRoleWithWebIdentity", asks=_asks, anonymous=True, vouch=_vouch)
def assume_role_with_web_identity(call: Call, tx: Transaction) -> dict[str, Any]:
    """Credentials of a role for the subject of a token, for a time. Needs no signature."""
    found = _said(call)
    role = find_role(tx, call.params["RoleArn"])
    assert role is not None and call.vouched is not None  # its trust policy has just allowed the call
    expires = call.now + role_seconds(call, role)
    answer = start_session(
        call,
        role,
        call.params["RoleSessionName"],
        parameters_of_identity(call, tx, role, found),
        expires=expires,
        source_identity=found.source_identity,
        provider=call.vouched.provider,
        context=found.session_keys,
    )
    return {
        **answer,
        "SubjectFromWebIdentityToken": found.subject,
        "Provider": call.vouched.provider,
        "Audience": found.audience,
    }
