"""AssumeRoleWithSAML: a role for whom a SAML provider vouches for.

The response is verified before any transaction: XML and keys cost, and nobody has proven anything yet.

Source: STS API Reference, AssumeRoleWithSAML; IAM User Guide, "Configure SAML assertions for the authentication
response"; R91, R93, R116, R118–R124.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ostiary.authorization.caller import CallerKind, Vouched
from ostiary.authorization.judge import Ask
from ostiary.identifiers import Arn
from ostiary.saml import Expected, Rejected, read_metadata, read_response, usable_until
from ostiary.services.iam.saml_keys import REQUIRED, opened_keys
from ostiary.services.iam.saml_providers import find_provider, provider_arn
from ostiary.services.operation import Call, House, operation
from ostiary.services.sts.role_sessions import (
    asks_of_identity,
    find_role,
    parameters_of_identity,
    role_seconds,
    start_session,
)
from ostiary.services.sts.saml_claims import SamlIdentity, read_identity
from ostiary.services.sts.saml_faults import fault_for, invalid, no_provider
from ostiary.settings import Settings
from ostiary.store.records import AlreadyExists
from ostiary.store.saml import SamlProviderRecord
from ostiary.store.transaction import Transaction

SKEW_SECONDS: Final = 60
"""How far a provider's clock may differ from ours."""
LIFETIME_SECONDS: Final = 300
"""An assertion is redeemed within this time of its issuance (AWS's five minutes)."""
_SIGN_IN: Final = re.compile(r"https://(?:[a-z]{2}(?:-[a-z]+)+-[0-9]\.)?signin\.aws\.amazon\.com/saml")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SERVICE: Final = "urn:amazon:webservices"
_METADATA_ENDED: Final = "The metadata of the specified provider is no longer valid"
_REDEEMED: Final = "The SAML assertion was redeemed already"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What was verified, and until when it could be believed again."""

    identity: SamlIdentity
    until: int


def _vouch(call: Call) -> Vouched:
    """Who calls, by an assertion that was verified with its provider's keys."""
    role_arn: str = call.params["RoleArn"]
    named: str = call.params["PrincipalArn"]
    with call.house.store.read() as tx:
        find_role(tx, role_arn)  # raises ValidationError for what is no ARN of a role
        provider = find_provider(tx, named)
        keys = () if provider is None else opened_keys(call.house.vault, tx, provider)
    if provider is None:
        raise no_provider(call.facts.request_id)
    if provider.valid_until <= call.now:
        raise invalid(_METADATA_ENDED)
    expected = expected_of(call.house, provider, keys, call.facts.at)
    try:
        assertion = read_response(call.params["SAMLAssertion"], expected)
    except Rejected as rejected:
        raise fault_for(rejected.problem, call.facts.request_id) from None
    identity = read_identity(assertion, role_arn, named, provider.account, provider.name)
    return Vouched(
        kind=CallerKind.SAML,
        provider=provider_arn(provider),
        account=Arn.parse(role_arn).account,
        subject=assertion.subject,
        principal_id=f"{identity.name_qualifier}:{assertion.subject}",
        said=_Said(identity=identity, until=int(usable_until(assertion, expected)) + 1),
        told=identity.told(),
    )


def expected_of(house: House, provider: SamlProviderRecord, keys: Sequence[RSAPrivateKey], at: datetime) -> Expected:
    """What a provider's response must be now, to be believed here."""
    own = own_addresses(house.settings)

    def ours(address: str) -> bool:
        """AWS's sign-in addresses and our own, each with or without the provider's own path."""
        bare = address.removesuffix(f"/acs/{provider.id}")
        return _SIGN_IN.fullmatch(bare) is not None or own(bare)

    return Expected(
        metadata=read_metadata(provider.document),
        recipient=ours,
        audience=lambda name: name == _SERVICE or ours(name),
        now=at.timestamp(),
        skew=SKEW_SECONDS,
        lifetime=LIFETIME_SECONDS,
        keys=keys,
        encrypted=provider.encryption == REQUIRED,
    )


def own_addresses(settings: Settings) -> Callable[[str], bool]:
    """Whether an address is one of ours for assertions: `/saml` at the endpoint's public URL and at the console's.

    A console without a URL of its own is reached from this machine alone, and under this machine's names.
    """
    known = {f"{url.rstrip('/')}/saml" for url in (settings.public_url, settings.console_url) if url is not None}
    local = settings.console_url is None and settings.host in _LOCAL
    port = str(settings.console_port) if settings.console_port else "[0-9]{1,5}"
    here = re.compile(rf"https?://(?:localhost|127\.0\.0\.1|\[::1\]):{port}/saml")

    def ours(address: str) -> bool:
        return address in known or (local and here.fullmatch(address) is not None)

    return ours


def _said(call: Call) -> _Said:
    assert call.vouched is not None  # the gate asked `_vouch` first
    found: _Said = call.vouched.said
    return found


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    identity = _said(call).identity
    return asks_of_identity(
        call, tx, "sts:AssumeRoleWithSAML", identity, {"sts:RoleSessionName": identity.session_name}
    )


def _redeem(call: Call, tx: Transaction, said: _Said) -> None:
    """Once a role: a client may ask for each of the roles that an assertion lists, and for each of them once.

    Raises:
        ServiceFault: InvalidIdentityToken.
    """
    assertion = said.identity.assertion
    text = "\0".join((assertion.issuer, assertion.id, call.params["RoleArn"]))
    try:
        tx.saml_redemptions.add(hashlib.sha256(text.encode()).hexdigest(), now=call.now, until=said.until)
    except AlreadyExists:
        raise invalid(_REDEEMED) from None


@operation("sts", "AssumeRoleWithSAML", asks=_asks, changes=True, anonymous=True, vouch=_vouch)
def assume_role_with_saml(call: Call, tx: Transaction) -> dict[str, Any]:
    """Credentials of a role for the subject of an assertion, for a time. Needs no signature."""
    said = _said(call)
    identity, assertion = said.identity, said.identity.assertion
    role = find_role(tx, call.params["RoleArn"])
    assert role is not None and call.vouched is not None  # its trust policy has just allowed the call
    expires = _expires(call, role_seconds(call, role), identity)
    asked = parameters_of_identity(call, tx, role, identity)
    _redeem(call, tx, said)
    answer = start_session(
        call,
        role,
        identity.session_name,
        asked,
        expires=expires,
        source_identity=identity.source_identity,
        provider=call.vouched.provider,
        context=identity.session_keys,
    )
    return {
        **answer,
        "Subject": assertion.subject,
        "SubjectType": identity.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": identity.name_qualifier,
    }


def _expires(call: Call, seconds: int, identity: SamlIdentity) -> int:
    """The earliest of what the request, the attribute SessionDuration and SessionNotOnOrAfter say."""
    ends = [call.now + seconds]
    if identity.seconds is not None:
        ends.append(call.now + identity.seconds)
    if identity.assertion.session_ends is not None:
        ends.append(int(identity.assertion.session_ends))
    return min(ends)
