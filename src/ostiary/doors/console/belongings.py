"""doors/console: what a user or a group must lose before it can be deleted, and losing it: one operation each.

Source: IAM API Reference, DeleteUser, DeleteGroup: what must be removed first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ostiary.doors.console.visit import Visit
from ostiary.services.faults import ServiceFault

Step = tuple[str, dict[str, Any]]
"""An operation and its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A thing that goes with a user or a group."""

    kind: str
    """For people."""
    name: str
    steps: tuple[Step, ...]


def of_user(visit: Visit, name: str) -> list[Belonging]:
    """What a user has. Raises `ServiceFault`: what there is must be seen before it is deleted."""
    return list(_of_user(visit, name))


def of_group(visit: Visit, name: str) -> list[Belonging]:
    """What a group has."""
    return list(_of_group(visit, name))


def dismantle(visit: Visit, belongings: list[Belonging], last: Step) -> None:
    """Remove them all and then the thing itself. Raises the first `ServiceFault`; what is removed stays so."""
    for belonging in belongings:
        for operation, params in belonging.steps:
            visit.perform("iam", operation, **params)
    operation, params = last
    visit.perform("iam", operation, **params)


def _of_user(visit: Visit, name: str) -> Iterator[Belonging]:
    who = {"UserName": name}
    for each in visit.every("iam", "ListAccessKeys", "AccessKeyMetadata", **who):
        key = {**who, "AccessKeyId": each["AccessKeyId"]}
        yield Belonging(kind=visit._("Access key"), name=each["AccessKeyId"], steps=(("DeleteAccessKey", key),))
    if has_password(visit, name):
        yield Belonging(kind=visit._("Console password"), name="", steps=(("DeleteLoginProfile", who),))
    for each in visit.every("iam", "ListMFADevices", "MFADevices", **who):
        serial = {"SerialNumber": each["SerialNumber"]}
        steps: tuple[Step, ...] = (("DeactivateMFADevice", {**who, **serial}),)
        if ":mfa/" in each["SerialNumber"]:
            steps += (("DeleteVirtualMFADevice", serial),)
        yield Belonging(kind=visit._("MFA device"), name=each["SerialNumber"].rsplit("/", 1)[-1], steps=steps)
    for each in visit.every("iam", "ListGroupsForUser", "Groups", **who):
        group = {"GroupName": each["GroupName"], **who}
        yield Belonging(kind=visit._("Membership"), name=each["GroupName"], steps=(("RemoveUserFromGroup", group),))
    yield from _policies(visit, "User", name)
    for each in visit.every("iam", "ListSigningCertificates", "Certificates", **who):
        gone = {**who, "CertificateId": each["CertificateId"]}
        certificate = visit._("Signing certificate")
        yield Belonging(kind=certificate, name=each["CertificateId"], steps=(("DeleteSigningCertificate", gone),))
    for each in visit.every("iam", "ListSSHPublicKeys", "SSHPublicKeys", **who):
        gone = {**who, "SSHPublicKeyId": each["SSHPublicKeyId"]}
        yield Belonging(kind=visit._("SSH key"), name=each["SSHPublicKeyId"], steps=(("DeleteSSHPublicKey", gone),))
    for each in visit.every("iam", "ListServiceSpecificCredentials", "ServiceSpecificCredentials", **who):
        gone = {**who, "ServiceSpecificCredentialId": each["ServiceSpecificCredentialId"]}
        yield Belonging(
            kind=visit._("Credential of a service"),
            name=each["ServiceSpecificCredentialId"],
            steps=(("DeleteServiceSpecificCredential", gone),),
        )


def _of_group(visit: Visit, name: str) -> Iterator[Belonging]:
    for each in visit.every("iam", "GetGroup", "Users", GroupName=name):
        gone = {"GroupName": name, "UserName": each["UserName"]}
        yield Belonging(kind=visit._("Membership"), name=each["UserName"], steps=(("RemoveUserFromGroup", gone),))
    yield from _policies(visit, "Group", name)


def _policies(visit: Visit, noun: str, name: str) -> Iterator[Belonging]:
    who = {f"{noun}Name": name}
    for each in visit.every("iam", f"ListAttached{noun}Policies", "AttachedPolicies", **who):
        gone = {**who, "PolicyArn": each["PolicyArn"]}
        yield Belonging(
            kind=visit._("Attachment of a policy"), name=each["PolicyName"], steps=((f"Detach{noun}Policy", gone),)
        )
    for policy in visit.every("iam", f"List{noun}Policies", "PolicyNames", **who):
        gone = {**who, "PolicyName": policy}
        yield Belonging(kind=visit._("Inline policy"), name=policy, steps=((f"Delete{noun}Policy", gone),))


def has_password(visit: Visit, name: str) -> bool:
    """Whether a user can sign in to the console. Raises `ServiceFault`."""
    try:
        visit.perform("iam", "GetLoginProfile", UserName=name)
    except ServiceFault as fault:
        if fault.code == "NoSuchEntity":
            return False
        raise
    return True
