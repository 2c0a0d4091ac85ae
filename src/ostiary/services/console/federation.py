"""services/console: who comes from an identity provider, or from a broker, and as what they may sign in.

A SAML response names the roles; whose keys to try is read from it before it is verified, and nothing else is. A broker
trades temporary credentials for a token that signs in once.

Source: IAM User Guide, "Enable SAML 2.0 federated principals to access the AWS Management Console", "Enable custom
identity broker access to the AWS console".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from ostiary.credentials.sessions import Session, SessionKind, TokenInvalid
from ostiary.credentials.vault import SealBroken, seal, unseal
from ostiary.identifiers import AccountId
from ostiary.saml import Assertion, Rejected, read_response, unverified_values
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.saml_keys import opened_keys
from ostiary.services.iam.saml_providers import find_provider, provider_arn
from ostiary.services.operation import House
from ostiary.services.sts.role_sessions import find_role
from ostiary.services.sts.saml import expected_of
from ostiary.services.sts.saml_faults import fault_for, invalid, no_provider
from ostiary.store.records import AlreadyExists
from ostiary.store.saml import SamlProviderRecord

ROLE: Final = "https://aws.amazon.com/SAML/Attributes/Role"
_DURATION: Final = "https://aws.amazon.com/SAML/Attributes/SessionDuration"
_MOST_PROVIDERS: Final = 20
_SHORTEST, _LONGEST, _DEFAULT = 900, 43_200, 3600
TOKEN_SECONDS: Final = 900
"""A sign-in token is good for a quarter of an hour, as at AWS."""
_PURPOSE: Final = "console sign-in token"
_NOT_THESE: Final = "The credentials must be of AssumeRole or its relatives, or of GetFederationToken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A role that a verified response lists."""

    role_arn: str
    provider_arn: str
    account: str
    seconds: int
    """How long the session is to last."""


def offers(house: House, text: str, request_id: str, at: datetime, provider_id: str = "") -> Sequence[Offer]:
    """The roles that a SAML response lists, for each provider here that has signed it.

    Args:
        provider_id: the provider that the address names (`/saml/acs/ID`); encrypted responses need it.

    Raises:
        ServiceFault: nobody is to be believed.
    """
    try:
        candidates = _candidates(house, text, provider_id)
    except Rejected as rejected:
        raise fault_for(rejected.problem, request_id) from None
    if not candidates:
        raise no_provider(request_id)
    found: list[Offer] = []
    refused: ServiceFault | None = None
    for provider in candidates:
        try:
            assertion = believed(house, provider, text, at)
        except Rejected as rejected:
            refused = refused or fault_for(rejected.problem, request_id)
        else:
            found += _offered(house, provider, assertion)
    if not found:
        raise refused or invalid("The SAML assertion lists no role of this provider")
    return found


def named_account(house: House, text: str, provider_id: str = "") -> str:
    """The account that a response says to be for, which nobody has verified; empty when it names none of ours."""
    try:
        candidates = _candidates(house, text, provider_id)
    except Rejected:
        return ""
    return candidates[0].account if candidates else ""


def believed(house: House, provider: SamlProviderRecord, text: str, at: datetime) -> Assertion:
    """What a provider says, verified. Raises `Rejected`."""
    with house.store.read() as tx:
        keys = opened_keys(house.vault, tx, provider)
    return read_response(text, expected_of(house, provider, keys, at))


def _candidates(house: House, text: str, provider_id: str) -> list[SamlProviderRecord]:
    with house.store.read() as tx:
        if provider_id:
            found = tx.saml_providers.by_id(provider_id)
            return [] if found is None else [found]
        parts = (part.strip() for pair in unverified_values(text, ROLE) for part in pair.split(","))
        named = [each for each in dict.fromkeys(parts) if ":saml-provider/" in each][:_MOST_PROVIDERS]
        return [each for each in (find_provider(tx, arn) for arn in named) if each is not None]


def _offered(house: House, provider: SamlProviderRecord, assertion: Assertion) -> list[Offer]:
    arn = provider_arn(provider)
    given = assertion.values(_DURATION)
    asked = int(given[0]) if given and given[0].isascii() and given[0].isdecimal() else _DEFAULT
    found = []
    with house.store.read() as tx:
        for pair in assertion.values(ROLE):
            parts = [part.strip() for part in pair.split(",")]
            if len(parts) != 2 or arn not in parts:
                continue
            named = parts[0] if parts[1] == arn else parts[1]
            try:
                role = find_role(tx, named)
            except ServiceFault:
                continue  # it is no ARN of a role
            most = role.max_session if role is not None else _DEFAULT
            account = named.split(":")[4]
            seconds = max(_SHORTEST, min(asked, most))
            found.append(Offer(role_arn=named, provider_arn=arn, account=account, seconds=seconds))
    return found


def sign_in_token(house: House, credentials: Mapping[str, Any], seconds: int | None, now: int) -> tuple[str, Session]:
    """A token that signs in once, for temporary credentials.

    Args:
        credentials: `sessionId`, `sessionKey`, `sessionToken`.
        seconds: how long the console session is to last; None: as long as the credentials.

    Raises:
        ServiceFault: they are no such credentials, or must not last so long.
    """
    session = _session_of(house, credentials, now)
    if seconds is not None:
        if session.kind is SessionKind.FEDERATED_USER or session.chained:
            raise _bad("SessionDuration is for the credentials of AssumeRole alone, and not for a chained role")
        if not _SHORTEST <= seconds <= _LONGEST:
            raise _bad(f"SessionDuration must be a number between {_SHORTEST} and {_LONGEST}")
        with house.store.read() as tx:
            role = tx.roles.by_id(session.principal_id)
        most = role.max_session if role is not None else _DEFAULT
        session = replace(
            session,
            expires=now + min(seconds, most),
            access_key_id=house.seal.new_access_key_id(AccountId(session.account)),
        )
    told = json.dumps([house.seal.issue(session).session_token, now]).encode()
    sealed = seal(house.vault.derive(_PURPOSE), told, _PURPOSE, house.entropy)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("="), session


def redeemed(house: House, text: str, now: int) -> str:
    """The session token that a sign-in token stands for; it is good once. Raises `ServiceFault`."""
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        token, issued = json.loads(unseal(house.vault.derive(_PURPOSE), sealed, _PURPOSE))
    except (binascii.Error, ValueError, SealBroken):
        raise _bad("The SigninToken is not valid") from None
    if not 0 <= now - issued < TOKEN_SECONDS:
        raise _bad("The SigninToken has expired")
    digest = hashlib.sha256(sealed).hexdigest()
    try:
        with house.store.write() as tx:
            tx.saml_redemptions.add(digest, now=now, until=issued + TOKEN_SECONDS)
    except AlreadyExists:
        raise _bad("The SigninToken was used already") from None
    return str(token)


def _session_of(house: House, credentials: Mapping[str, Any], now: int) -> Session:
    values = [credentials.get(name) for name in ("sessionId", "sessionKey", "sessionToken")]
    if not all(isinstance(each, str) for each in values):
        raise _bad("Session must have sessionId, sessionKey and sessionToken")
    key_id, secret, token = map(str, values)
    try:
        session, right = house.seal.read(token)
    except TokenInvalid:
        raise _bad("The session token is not valid") from None
    if session.access_key_id != key_id or not hmac.compare_digest(right.encode(), secret.encode("utf-8", "replace")):
        raise _bad("The credentials are not valid")
    if now >= session.expires:
        raise _bad("The credentials have expired")
    if session.kind not in (SessionKind.ROLE, SessionKind.FEDERATED_USER):
        raise _bad(_NOT_THESE)
    return session


def _bad(message: str) -> ServiceFault:
    return ServiceFault("InvalidRequest", message, 400)
