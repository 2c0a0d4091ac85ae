"""The documented errors of IAM and STS that the table of tests/iam/documented.py does not give.

Either no call is answered with one here, for a reason; or another test gives it.

Source: botocore's service models, and what they say of each error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.iam.calls import model

Pair = tuple[str, str]
"""An operation such as `iam:CreateUser`, and a code."""


def documented() -> Iterator[Pair]:
    """Every operation with each of its errors."""
    for service in ("iam", "sts"):
        for name in model(service).operation_names:
            for shape in model(service).operation_model(name).error_shapes:
                yield f"{service}:{name}", shape.metadata.get("error", {}).get("code", shape.name)


def of_code(code: str) -> list[str]:
    """The operations that document a code."""
    return [operation for operation, each in documented() if each == code]


CODES: Final[Mapping[str, str]] = {
    "ServiceFailure": "IAM's own failure: no call asks for it",
    "PolicyEvaluation": "an evaluation that fails for no fault of the request: none does",
    "ConcurrentModification": "changes are done one after the other, each seeing the one before",
    "OrganizationNotInAllFeaturesModeException": "every organization here has all features",
    "RegionDisabledException": "STS is active in every region",
    "ReportInProgress": "a credential report is there at once",
    "ReportGenerationLimitExceeded": "a report is there at once: there are no concurrent ones",
    "RoleModified": "a template can't change while a role is made of it: it is one transaction",
}
"""Codes that no operation answers with; those of ANYWAY apart."""
ANYWAY: Final = frozenset({("iam:AcceptDelegationRequest", "ConcurrentModification")})
"""What is answered in spite of it."""

GROWS_NOT: Final = "nothing is added that a quota counts"
_SHRINKING: Final = ("Deactivate", "Delete", "Detach", "Remove", "Resync")
_LIMITLESS: Final[Mapping[str, str]] = {
    "ChangePassword": GROWS_NOT,
    "CreateAccountAlias": "an account has one alias: a new one takes its place",
    "CreateDelegationRequest": "no quota of delegation requests is published",
    "CreateLoginProfile": "a user has one: a second is `EntityAlreadyExists`",
    "GenerateCredentialReport": "AWS bounds how often; here a report of less than four hours is given again",
    "SetDefaultPolicyVersion": "one version takes another's place: as many are in use as before",
    "UpdateAccessKey": GROWS_NOT,
    "UpdateAccountPasswordPolicy": GROWS_NOT,
    "UpdateGroup": GROWS_NOT,
    "UpdateLoginProfile": GROWS_NOT,
    "UpdateServerCertificate": GROWS_NOT,
    "UpdateSigningCertificate": GROWS_NOT,
    "UpdateUser": GROWS_NOT,
}
_CONSTRAINTS: Final = "whatever breaks the model's constraints is a `ValidationError`, and nothing else can be wrong"
_STATUSES: Final = "AWS says `ValidationError` of a status that can't be set"
_INSTANTLY: Final = "a change is there for every reader once it is answered"
_NO_TOKEN: Final = "it takes none; the caller's own session is refused before any operation, as `ExpiredToken`"
_SINGLE: Final[Mapping[Pair, str]] = {
    ("iam:AddRoleToInstanceProfile", "EntityAlreadyExists"): "a profile holds one role: a second is `LimitExceeded`",
    ("iam:CreateGroup", "NoSuchEntity"): "the one thing that it needs, the account, is there",
    ("iam:CreateServiceLinkedRole", "NoSuchEntity"): "an unknown service is `InvalidInput`",
    ("iam:CreateServiceLinkedRole", "LimitExceeded"): "service-linked roles can be made when no other role can",
    ("iam:UpdateRoleDescription", "UnmodifiableEntity"): "the description of a service-linked role may be edited",
    ("iam:CreateServiceSpecificCredential", "NotSupportedService"): "AWS says `NoSuchEntity` of a service without any",
    ("iam:ListServiceSpecificCredentials", "NotSupportedService"): "AWS says `NoSuchEntity` of a service without any",
    ("iam:DeleteServerCertificate", "DeleteConflict"): "no load balancer is here that could use a certificate",
    ("iam:DeactivateMFADevice", "EntityTemporarilyUnmodifiable"): _INSTANTLY,
    ("iam:DeleteLoginProfile", "EntityTemporarilyUnmodifiable"): _INSTANTLY,
    ("iam:EnableMFADevice", "EntityTemporarilyUnmodifiable"): _INSTANTLY,
    ("iam:UpdateUser", "EntityTemporarilyUnmodifiable"): _INSTANTLY,
    ("iam:GetSSHPublicKey", "UnrecognizedPublicKeyEncoding"): "the encodings are an enumeration of the model",
    ("iam:ListDelegationRequests", "NoSuchEntity"): "whoever owns none has an empty list",
    ("iam:UpdateAccountPasswordPolicy", "MalformedPolicyDocument"): "the policy is no document",
    ("iam:UpdateAccountPasswordPolicy", "NoSuchEntity"): "the policy is made when there is none",
    ("iam:UploadSigningCertificate", "EntityAlreadyExists"): "the same certificate is `DuplicateCertificate`",
    ("sts:AssumeRole", "ExpiredTokenException"): _NO_TOKEN,
    ("sts:AssumeRoot", "ExpiredTokenException"): _NO_TOKEN,
    ("sts:GetScopedCredentials", "InvalidSubjectCredentials"): "such a session is refused before any operation",
    ("sts:AssumeRoleWithWebIdentity", "IDPRejectedClaim"): "tokens are verified by their signature: nobody is asked",
    ("sts:GetDelegatedAccessToken", "PackedPolicyTooLarge"): "it takes neither policies nor tags",
    ("iam:UpdateAccessKey", "InvalidInput"): _STATUSES,
    ("iam:UpdateSSHPublicKey", "InvalidInput"): _STATUSES,
    ("iam:UpdateSigningCertificate", "InvalidInput"): _STATUSES,
    **{
        (f"iam:{name}", "InvalidInput"): _CONSTRAINTS
        for name in (
            "GetAccountProperties",
            "GetServiceLastAccessedDetails",
            "ListAttachedGroupPolicies",
            "ListAttachedRolePolicies",
            "ListAttachedUserPolicies",
            "ListDelegationRequests",
            "ListMFADeviceTags",
            "UpdateLoginProfile",
            "UpdateRole",
            "UntagInstanceProfile",
            "UntagMFADevice",
            "UntagServerCertificate",
        )
    },
}


def never() -> dict[Pair, str]:
    """Every pair that is never seen, and why."""
    found: dict[Pair, str] = {}
    for operation, code in documented():
        name = operation.partition(":")[2]
        if (operation, code) in ANYWAY:
            continue
        if code in CODES:
            found[operation, code] = CODES[code]
        elif code == "LimitExceeded" and name.startswith(_SHRINKING):
            found[operation, code] = GROWS_NOT
        elif code == "LimitExceeded" and name in _LIMITLESS:
            found[operation, code] = _LIMITLESS[name]
    return {**found, **_SINGLE}


NEVER: Final = never()
_FEATURES: Final = "iam/test_organizations_features.py"
_REFUSALS: Final = "sts/test_saml_refusals.py"
_SCOPED: Final = "sts/test_scoped.py"
_TOKENS: Final = "sts/test_identity_tokens.py"
_WEB: Final = "sts/test_web_identity.py"


def elsewhere() -> dict[Pair, str]:
    """What needs another setting than one account, with the file whose tests give it."""
    features = (
        "AccountNotManagementOrDelegatedAdministratorException",
        "CallerIsNotManagementAccountException",
        "OrganizationNotFoundException",
        "ServiceAccessNotEnabledException",
    )
    single = {
        ("iam:ChangePassword", "EntityTemporarilyUnmodifiable"): "iam/test_password_policy.py",
        ("iam:UpdateLoginProfile", "EntityTemporarilyUnmodifiable"): "iam/test_password_policy.py",
        ("iam:EnableMFADevice", "LimitExceeded"): "iam/test_mfa_devices.py",
        ("iam:GetCredentialReport", "ReportExpired"): "iam/test_credential_report.py",
        ("iam:UpdateSAMLProvider", "LimitExceeded"): "iam/test_saml_providers.py",
        ("sts:AssumeRoleWithSAML", "ExpiredTokenException"): _REFUSALS,
        ("sts:AssumeRoleWithSAML", "IDPRejectedClaim"): _REFUSALS,
        ("sts:AssumeRoleWithSAML", "InvalidIdentityToken"): _REFUSALS,
        ("sts:AssumeRoleWithSAML", "MalformedPolicyDocument"): _REFUSALS,
        ("sts:AssumeRoleWithSAML", "PackedPolicyTooLarge"): _REFUSALS,
        ("sts:AssumeRoleWithWebIdentity", "ExpiredTokenException"): _WEB,
        ("sts:AssumeRoleWithWebIdentity", "IDPCommunicationError"): _WEB,
        ("sts:AssumeRoleWithWebIdentity", "InvalidIdentityToken"): _WEB,
        ("sts:AssumeRoleWithWebIdentity", "MalformedPolicyDocument"): _WEB,
        ("sts:AssumeRoleWithWebIdentity", "PackedPolicyTooLarge"): _WEB,
        ("sts:GetDelegatedAccessToken", "ExpiredTradeInTokenException"): "iam/test_delegation.py",
        ("sts:GetScopedCredentials", "InsufficientSessionLifetime"): _SCOPED,
        ("sts:GetScopedCredentials", "MalformedPolicyDocument"): _SCOPED,
        ("sts:GetScopedCredentials", "PackedPolicyTooLarge"): _SCOPED,
        ("sts:GetWebIdentityToken", "JWTPayloadSizeExceededException"): _TOKENS,
        ("sts:GetWebIdentityToken", "OutboundWebIdentityFederationDisabledException"): _TOKENS,
        ("sts:GetWebIdentityToken", "SessionDurationEscalationException"): _TOKENS,
    }
    return {**{pair: _FEATURES for pair in documented() if pair[1] in features}, **single}


ELSEWHERE: Final = elsewhere()
