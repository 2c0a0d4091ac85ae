"""services/iam: what IAM answers when it can't. Codes and statuses are those of the API model.

Source: IAM API Reference, "Common errors" and the errors of each operation.
"""

from __future__ import annotations

from typing import ClassVar

from ostiary.services.faults import ServiceFault


class IamFault(ServiceFault):
    """A fault of one code, raised with AWS's message."""

    CODE: ClassVar[str]
    STATUS: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(self.CODE, message, self.STATUS)


class NoSuchEntity(IamFault):
    CODE, STATUS = "NoSuchEntity", 404


class EntityAlreadyExists(IamFault):
    CODE, STATUS = "EntityAlreadyExists", 409


class LimitExceeded(IamFault):
    CODE, STATUS = "LimitExceeded", 409


class DeleteConflict(IamFault):
    CODE, STATUS = "DeleteConflict", 409


class EntityTemporarilyUnmodifiable(IamFault):
    CODE, STATUS = "EntityTemporarilyUnmodifiable", 409


class ConcurrentModification(IamFault):
    CODE, STATUS = "ConcurrentModification", 409


class UnmodifiableEntity(IamFault):
    CODE = "UnmodifiableEntity"


class InvalidInput(IamFault):
    CODE = "InvalidInput"


class ValidationError(IamFault):
    CODE = "ValidationError"


class MalformedPolicyDocument(IamFault):
    CODE = "MalformedPolicyDocument"


class PolicyNotAttachable(IamFault):
    CODE = "PolicyNotAttachable"


class PasswordPolicyViolation(IamFault):
    CODE = "PasswordPolicyViolation"


class InvalidUserType(IamFault):
    CODE = "InvalidUserType"


class InvalidAuthenticationCode(IamFault):
    CODE, STATUS = "InvalidAuthenticationCode", 403


class AccessDenied(IamFault):
    """A refusal that no policy made."""

    CODE, STATUS = "AccessDenied", 403


class AccountNotManagementOrDelegatedAdministrator(IamFault):
    CODE = "AccountNotManagementOrDelegatedAdministratorException"


class CallerIsNotManagementAccount(IamFault):
    CODE = "CallerIsNotManagementAccountException"


class OrganizationNotFound(IamFault):
    CODE = "OrganizationNotFoundException"


class ServiceAccessNotEnabled(IamFault):
    CODE = "ServiceAccessNotEnabledException"


class RoleTemplateDisabled(IamFault):
    CODE = "RoleTemplateDisabled"


class NameConflict(IamFault):
    CODE, STATUS = "NameConflict", 409


class OpenIdIdpCommunicationError(IamFault):
    CODE = "OpenIdIdpCommunicationError"


class FeatureEnabled(IamFault):
    CODE, STATUS = "FeatureEnabled", 409


class FeatureDisabled(IamFault):
    CODE, STATUS = "FeatureDisabled", 404


class MalformedCertificate(IamFault):
    CODE = "MalformedCertificate"


class InvalidCertificate(IamFault):
    CODE = "InvalidCertificate"


class DuplicateCertificate(IamFault):
    CODE, STATUS = "DuplicateCertificate", 409


class KeyPairMismatch(IamFault):
    CODE = "KeyPairMismatch"


class InvalidPublicKey(IamFault):
    CODE = "InvalidPublicKey"


class DuplicateSSHPublicKey(IamFault):
    CODE = "DuplicateSSHPublicKey"


class UnrecognizedPublicKeyEncoding(IamFault):
    CODE = "UnrecognizedPublicKeyEncoding"


class CredentialReportNotPresent(IamFault):
    CODE, STATUS = "ReportNotPresent", 410


class CredentialReportExpired(IamFault):
    CODE, STATUS = "ReportExpired", 410
