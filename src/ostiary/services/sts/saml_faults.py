"""STS: what is answered to an assertion that is not believed.

Texts as AWS was seen to answer them; those that nobody published are ours.

Source: STS API Reference, AssumeRoleWithSAML, errors; IAM User Guide, "Troubleshoot SAML federation with IAM".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ostiary.saml import Problem
from ostiary.services.faults import ServiceFault

INVALID: Final = "InvalidIdentityToken"
EXPIRED: Final = "ExpiredTokenException"
_TOO_OLD: Final = "Token must be redeemed within 5 minutes of issuance"
_RESPONSE: Final = "AuthSamlInvalidSamlResponseException"

_WORDS: Final[Mapping[Problem, tuple[str, str, int]]] = {
    Problem.STATUS: (
        "IDPRejectedClaim",
        "The identity provider (IdP) reported that authentication failed. This might be because the claim is invalid.",
        403,
    ),
    Problem.SIGNATURE: (INVALID, "Response signature invalid", 400),
    Problem.NOT_ENCRYPTED: (INVALID, "The SAML provider requires encrypted assertions", 400),
    Problem.UNDECIPHERABLE: (INVALID, "The encrypted SAML assertion could not be decrypted", 400),
    Problem.SUBJECT: ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403),
    Problem.CONFIRMATION: (
        INVALID,
        "Responses must contain SubjectConfirmatonData with a Recipient and NotOnOrAfter",  # AWS's spelling
        400,
    ),
    Problem.RECIPIENT: (INVALID, "Response is meant for another recipient", 400),
    Problem.AUDIENCE: (INVALID, "Response does not contain the required audience.", 400),
    Problem.CONDITION: (INVALID, "The SAML assertion has a condition that is not supported", 400),
    Problem.NOT_YET: (INVALID, "The SAML assertion is not valid yet", 400),
    Problem.EXPIRED: (EXPIRED, "The SAML assertion has expired", 400),
    Problem.TOO_OLD: (EXPIRED, _TOO_OLD, 400),
}
_DISCOVERY: Final[Mapping[Problem, str]] = {
    Problem.NOT_BASE64: "Invalid base64 SAMLResponse",
    Problem.MALFORMED: "Invalid SAML response",
    Problem.ISSUER: "Issuer not present in specified provider",
}


def fault_for(problem: Problem, request_id: str) -> ServiceFault:
    """The fault that tells a problem."""
    text = _DISCOVERY.get(problem)
    if text is not None:
        return _discovery(text, _RESPONSE, request_id)
    return ServiceFault(*_WORDS[problem])


def no_provider(request_id: str) -> ServiceFault:
    """The provider is unknown."""
    return _discovery("Specified provider doesn't exist", "AuthSamlManifestNotFoundException", request_id)


def invalid(message: str) -> ServiceFault:
    """InvalidIdentityToken (400)."""
    return ServiceFault(INVALID, message, 400)


def _discovery(text: str, code: str, request_id: str) -> ServiceFault:
    """In the words of the service behind AWS's, which STS passes on."""
    behind = f"Service: AWSOpenIdDiscoveryService; Status Code: 400; Error Code: {code}"
    return invalid(f"{text} ({behind}; Request ID: {request_id}; Proxy: null)")
