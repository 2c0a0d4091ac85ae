"""AssumeRoleWithWebIdentity: a role for whom an OpenID Connect provider vouches for.

Source: STS API Reference, AssumeRoleWithWebIdentity; IAM User Guide, "OIDC federation"; the texts of refusals as seen.
R91, R93, R116, R118–R124.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from ostiary.authorization.caller import CallerKind, Vouched
from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.federation.connection import CannotFetch, UnknownCertificate
from ostiary.federation.tokens import BadSignature, NoToken, Token, read_token
from ostiary.identifiers import AccountId, Arn, sts_arn
from ostiary.policy import ContextValue
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.openid_providers import client_ids, find_provider, provider_arn, thumbprints
from ostiary.services.operation import Call, operation
from ostiary.services.sts.roles import find_role, role_seconds, role_tag_context, trust_pool
from ostiary.services.sts.session_parameters import (
    SessionParameters,
    credentials,
    read_session_parameters,
    read_tags,
    tag_context,
    validation_error,
)
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
    try:
        call.house.issuers.verify(token, token.issuer, thumbprints(provider))
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
    arn: str = call.params["RoleArn"]
    role = find_role(tx, arn)
    tags = read_tags(found.tags)
    context: dict[str, ContextValue] = {
        **found.keys,
        "sts:RoleSessionName": call.params["RoleSessionName"],
        "sts:RoleAuthorizedByIdp": "true" if found.role_authorized else "false",
        **role_tag_context(tx, role),
        **tag_context(tags, found.transitive),
    }
    actions = ["sts:AssumeRoleWithWebIdentity"]
    if tags:
        actions.append("sts:TagSession")
    if found.source_identity is not None:
        context["sts:SourceIdentity"] = found.source_identity
        actions.append("sts:SetSourceIdentity")
    account, trust = Arn.parse(arn).account, trust_pool(role)
    return [
        Ask(action=action, resource=arn, account=account, context=context, resource_policy=trust) for action in actions
    ]


def _parameters(call: Call, tx: Transaction, account: str, found: WebIdentity) -> SessionParameters:
    """Session policies come from the request, tags from the token."""
    params = {**call.params, "Tags": found.tags, "TransitiveTagKeys": found.transitive}
    return read_session_parameters(replace(call, params=params), tx, account)


@operation("sts", "AssumeRoleWithWebIdentity", asks=_asks, blocking=True, anonymous=True, vouch=_vouch)
def assume_role_with_web_identity(call: Call, tx: Transaction) -> dict[str, Any]:
    """Credentials of a role for the subject of a token, for a time. Needs no signature."""
    found = _said(call)
    role = find_role(tx, call.params["RoleArn"])
    assert role is not None and call.vouched is not None  # its trust policy has just allowed the call
    seconds = role_seconds(call, role)
    asked = _parameters(call, tx, role.account, found)
    name: str = call.params["RoleSessionName"]
    session = Session(
        kind=SessionKind.ROLE,
        account=role.account,
        principal_id=role.id,
        access_key_id=call.house.seal.new_access_key_id(AccountId(role.account)),
        issued=call.now,
        expires=call.now + seconds,
        name=name,
        policies=asked.policies,
        policy_arns=asked.policy_arns,
        tags=asked.tags,
        transitive_tag_keys=asked.transitive,
        source_identity=found.source_identity,
        provider=call.vouched.provider,
        context=found.session_keys,
    )
    answer: dict[str, Any] = {
        "Credentials": credentials(call.house.seal.issue(session)),
        "SubjectFromWebIdentityToken": found.subject,
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.id}:{name}",
            "Arn": sts_arn(role.account, "assumed-role", f"{role.name}/{name}"),
        },
        "Provider": call.vouched.provider,
        "Audience": found.audience,
    }
    if asked.packed_percent is not None:
        answer["PackedPolicySize"] = asked.packed_percent
    if found.source_identity is not None:
        answer["SourceIdentity"] = found.source_identity
    return answer
