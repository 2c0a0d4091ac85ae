"""services/organizations: what Organizations answers when it can't. Statuses are those of the API model.

Source: Organizations API Reference, the errors of each operation and the reasons of `ConstraintViolationException` and
`InvalidInputException`. Where AWS's message was not seen, the text of the reference stands for it.
"""

from __future__ import annotations

from typing import ClassVar

from ostiary.services.faults import ServiceFault


class OrganizationsFault(ServiceFault):
    """A fault of one code, with AWS's message for it."""

    CODE: ClassVar[str]
    MESSAGE: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.CODE, self.MESSAGE)


class AccessDenied(OrganizationsFault):
    CODE, MESSAGE = "AccessDeniedException", "You don't have permissions to access this resource."


class NotInUse(OrganizationsFault):
    CODE, MESSAGE = "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."


class AlreadyInOrganization(OrganizationsFault):
    CODE = "AlreadyInOrganizationException"
    MESSAGE = "The provided account is already a member of an organization."


class RootNotFound(OrganizationsFault):
    CODE, MESSAGE = "RootNotFoundException", "You specified a root that doesn't exist."


class AccountNotFound(OrganizationsFault):
    CODE, MESSAGE = "AccountNotFoundException", "You specified an account that doesn't exist."


class CreateAccountStatusNotFound(OrganizationsFault):
    CODE = "CreateAccountStatusNotFoundException"
    MESSAGE = "We can't find a create account request with the CreateAccountRequestId that you specified."


class OrganizationalUnitNotFound(OrganizationsFault):
    CODE = "OrganizationalUnitNotFoundException"
    MESSAGE = "You specified an organizational unit that doesn't exist."


class OrganizationalUnitNotEmpty(OrganizationsFault):
    CODE = "OrganizationalUnitNotEmptyException"
    MESSAGE = (
        "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and "
        "try the operation again."
    )


class DuplicateOrganizationalUnit(OrganizationsFault):
    CODE, MESSAGE = "DuplicateOrganizationalUnitException", "An OU with the same name already exists."


class ParentNotFound(OrganizationsFault):
    CODE, MESSAGE = "ParentNotFoundException", "You specified parent that doesn't exist."


class SourceParentNotFound(OrganizationsFault):
    CODE = "SourceParentNotFoundException"
    MESSAGE = "We can't find a source root or OU with the ParentId that you specified."


class DestinationParentNotFound(OrganizationsFault):
    CODE = "DestinationParentNotFoundException"
    MESSAGE = "We can't find the destination container (a root or OU) with the ParentId that you specified."


class ChildNotFound(OrganizationsFault):
    CODE = "ChildNotFoundException"
    MESSAGE = "We can't find an organizational unit (OU) or AWS account with the ChildId that you specified."


class AccountAlreadyRegistered(OrganizationsFault):
    CODE = "AccountAlreadyRegisteredException"
    MESSAGE = "The specified account is already a delegated administrator for this Amazon Web Services service."


class AccountNotRegistered(OrganizationsFault):
    CODE = "AccountNotRegisteredException"
    MESSAGE = "The specified account is not a delegated administrator for this Amazon Web Services service."


class DuplicateAccount(OrganizationsFault):
    CODE = "DuplicateAccountException"
    MESSAGE = "That account is already present in the specified destination."


class PolicyTypeNotAvailable(OrganizationsFault):
    CODE = "PolicyTypeNotAvailableForOrganizationException"
    MESSAGE = "You can't use the specified policy type with the feature set currently enabled for this organization."


class PolicyTypeAlreadyEnabled(OrganizationsFault):
    CODE, MESSAGE = "PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled."


class PolicyTypeNotEnabled(OrganizationsFault):
    CODE = "PolicyTypeNotEnabledException"
    MESSAGE = "This operation can be performed only for enabled policy types."


class PolicyNotFound(OrganizationsFault):
    CODE, MESSAGE = "PolicyNotFoundException", "You specified a policy that doesn't exist."


class DuplicatePolicy(OrganizationsFault):
    CODE, MESSAGE = "DuplicatePolicyException", "A policy with the specified name and type already exists."


class PolicyInUse(OrganizationsFault):
    CODE = "PolicyInUseException"
    MESSAGE = (
        "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before "
        "performing this operation."
    )


class MalformedPolicyDocument(OrganizationsFault):
    CODE = "MalformedPolicyDocumentException"
    MESSAGE = "The provided policy document does not meet the requirements of the specified policy type."


class TargetNotFound(OrganizationsFault):
    CODE, MESSAGE = "TargetNotFoundException", "You specified a target that doesn't exist."


class DuplicatePolicyAttachment(OrganizationsFault):
    CODE = "DuplicatePolicyAttachmentException"
    MESSAGE = "The selected policy is already attached to the specified target."


class PolicyNotAttached(OrganizationsFault):
    CODE = "PolicyNotAttachedException"
    MESSAGE = "The policy isn't attached to the specified target in the specified root."


class ConstraintViolation(ServiceFault):
    """A limit that would be exceeded; the reason is one of the API's enumeration."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__("ConstraintViolationException", message, extra={"Reason": reason})


class InvalidInput(ServiceFault):
    """A value that can't be; the reason is one of the API's enumeration."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__("InvalidInputException", message, extra={"Reason": reason})
