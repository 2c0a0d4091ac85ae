"""doors/console: what a user proves to be themselves with: password, access keys, devices, certificates."""

from __future__ import annotations

from typing import Any

from ostiary.credentials.passwords import generate_password
from ostiary.doors.console.pages.users_one import credentials_tab, user_of
from ostiary.doors.console.people import user_url
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.faults import ServiceFault

_LENGTH = 20
_DELETIONS: dict[str, tuple[str, str]] = {
    "key": ("DeleteAccessKey", "AccessKeyId"),
    "certificate": ("DeleteSigningCertificate", "CertificateId"),
    "ssh": ("DeleteSSHPublicKey", "SSHPublicKeyId"),
    "service": ("DeleteServiceSpecificCredential", "ServiceSpecificCredentialId"),
}


@page("POST", "/users/{name}/password", confirm=True)
def password(visit: Visit) -> Reply:
    """Set one, or another one; a generated one is shown, this once."""
    user = user_of(visit)
    form, name = visit.form, user["UserName"]
    generated = form.get("how") != "own"
    new = new_password(visit) if generated else form.raw("password")
    try:
        operation = "UpdateLoginProfile" if form.flag("has") else "CreateLoginProfile"
        visit.perform("iam", operation, UserName=name, Password=new, PasswordResetRequired=form.flag("must_change"))
    except ServiceFault as fault:
        return credentials_tab(visit, user, status=400, wrong=fault.message)
    if not generated:
        return visit.redirect(user_url(name, "credentials"), visit._("The password is set. Older sessions have ended."))
    return visit.page(
        "users/new_password.html",
        title=visit._("The new password of %(name)s", name=name),
        name=name,
        password=new,
        link=f"{visit.origin}/signin?account={visit.caller.account}&user={name}",
    )


@page("POST", "/users/{name}/password/delete", confirm=True)
def delete_password(visit: Visit) -> Reply:
    """No more signing in."""
    name = user_of(visit)["UserName"]
    visit.perform("iam", "DeleteLoginProfile", UserName=name)
    return visit.redirect(user_url(name, "credentials"), visit._("%(name)s can't sign in any more.", name=name))


@page("POST", "/users/{name}/keys/create", confirm=True)
def create_key(visit: Visit) -> Reply:
    """The secret is shown here, and never again."""
    user = user_of(visit)
    try:
        key = visit.perform("iam", "CreateAccessKey", UserName=user["UserName"])["AccessKey"]
    except ServiceFault as fault:
        return credentials_tab(visit, user, status=400, wrong=fault.message)
    return visit.page(
        "users/new_key.html",
        title=visit._("The new access key of %(name)s", name=user["UserName"]),
        name=user["UserName"],
        key=key,
        region=visit.facts.region,
    )


@page("POST", "/users/{name}/keys/status", confirm=True)
def switch_key(visit: Visit) -> Reply:
    """Activate or deactivate."""
    name, key, status = user_of(visit)["UserName"], visit.form.get("id"), visit.form.get("status")
    visit.perform("iam", "UpdateAccessKey", UserName=name, AccessKeyId=key, Status=status)
    said = visit._("%(key)s works again.", key=key)
    if status == "Inactive":
        said = visit._("%(key)s is off. Activate it again should something have stopped.", key=key)
    return visit.redirect(user_url(name, "credentials"), said)


@page("POST", "/users/{name}/credentials/delete", confirm=True)
def delete_credential(visit: Visit) -> Reply:
    """A key, a certificate, an SSH key, a credential of a service; its id is typed."""
    user = user_of(visit)
    name, kind, given = user["UserName"], visit.form.get("kind"), visit.form.get("id")
    if kind not in _DELETIONS or visit.form.get("typed") != given:
        wrong = visit._("Write the id of what is to be deleted: nothing was deleted.")
        return credentials_tab(visit, user, status=400, wrong=wrong)
    operation, parameter = _DELETIONS[kind]
    parameters: dict[str, Any] = {"UserName": name, parameter: given}
    visit.perform("iam", operation, **parameters)
    return visit.redirect(user_url(name, "credentials"), visit._("%(id)s is deleted.", id=given))


@page("POST", "/users/{name}/mfa/remove", confirm=True)
def remove_mfa(visit: Visit) -> Reply:
    """The device is nobody's then; a virtual one is deleted."""
    name, serial = user_of(visit)["UserName"], visit.form.get("serial")
    visit.perform("iam", "DeactivateMFADevice", UserName=name, SerialNumber=serial)
    if ":mfa/" in serial:
        visit.perform("iam", "DeleteVirtualMFADevice", SerialNumber=serial)
    return visit.redirect(user_url(name, "credentials"), visit._("The device is removed."))


def new_password(visit: Visit) -> str:
    """A generated one that the account's password policy takes."""
    return generate_password(visit.gate.house.entropy, _longest(visit))


def _longest(visit: Visit) -> int:
    """How long a generated password is: as long as the account's policy asks for."""
    try:
        policy = visit.see("iam", "GetAccountPasswordPolicy")
    except ServiceFault:  # the account has none
        return _LENGTH
    return max(_LENGTH, policy.value["PasswordPolicy"].get("MinimumPasswordLength", 0)) if policy else _LENGTH
