"""doors/console: My security credentials: password, MFA devices, access keys, sessions, of whoever is signed in.

Source: IAM User Guide, "My security credentials page", "Allow IAM users to manage their own password, access keys".
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from ostiary.authorization.caller import CallerKind
from ostiary.doors.console import security
from ostiary.doors.console.agents import agent_name
from ostiary.doors.console.devices import MOST, device_kind, device_name, is_virtual
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Seen, Visit
from ostiary.services.console import mfa, own_sessions, sessions, thresholds
from ostiary.services.console.rotation import KEYS
from ostiary.services.faults import ServiceFault

_KEY_ID: Final = re.compile(r"[A-Z0-9]{16,128}")
_SECRET: Final = re.compile(r"[A-Za-z0-9/+=]{16,128}")
_WITH_CREDENTIALS: Final = (CallerKind.USER, CallerKind.ROOT)


@page("GET", "/me")
def mine(visit: Visit) -> Reply:
    """What I sign in and sign with."""
    return _mine(visit)


@page("POST", "/me/keys", confirm=True)
def create_key(visit: Visit) -> Reply:
    """A key of one's own: its secret is shown this once."""
    try:
        made = visit.perform("iam", "CreateAccessKey")["AccessKey"]
    except ServiceFault as fault:
        return _mine(visit, fault.message)
    return key_made(visit, made, "/me")


@page("POST", "/me/keys/switch", confirm=True)
def switch_key(visit: Visit) -> Reply:
    """On or off."""
    key, active = visit.form.get("key"), visit.form.get("to") == "Active"
    try:
        visit.perform("iam", "UpdateAccessKey", AccessKeyId=key, Status="Active" if active else "Inactive")
    except ServiceFault as fault:
        return _mine(visit, fault.message)
    told = visit._("Key %(key)s is on.") if active else visit._("Key %(key)s is off. Nothing signed with it gets in.")
    return visit.redirect("/me", told % {"key": key})


@page("GET", "/me/keys/delete")
def delete_key_form(visit: Visit) -> Reply:
    """What deleting a key means."""
    return _delete_form(visit)


@page("POST", "/me/keys/delete", confirm=True)
def delete_key(visit: Visit) -> Reply:
    """For good: its id is typed."""
    key = visit.form.get("key")
    if visit.form.get("typed") != key:
        return _delete_form(visit, visit._("Write the id of the key to delete it."))
    try:
        visit.perform("iam", "DeleteAccessKey", AccessKeyId=key)
    except ServiceFault as fault:
        return _delete_form(visit, fault.message)
    return visit.redirect("/me", visit._("Key %(key)s is deleted.", key=key))


@page("POST", "/me/keys/csv")
def key_file(visit: Visit) -> Reply:
    """A new key as a file, from the form that shows it: as AWS's console gives it."""
    key, secret = visit.form.get("key"), visit.form.get("secret")
    if not _KEY_ID.fullmatch(key) or not _SECRET.fullmatch(secret):
        return visit.redirect("/me")
    text = f"Access key ID,Secret access key\r\n{key},{secret}\r\n"
    return visit.download(text.encode("utf-8-sig"), f"{key}_accessKeys.csv", "text/csv; charset=utf-8")


@page("POST", "/me/sessions/end")
def end_sessions(visit: Visit) -> Reply:
    """One session; without one all others."""
    chosen = visit.form.get("session") or None
    ended = visit.look(own_sessions.ending(visit.session, chosen))["EndedSessions"]
    if chosen == visit.session.record.id:
        visit.set_cookie(security.SESSION_COOKIE, "")
        return visit.redirect("/signin", visit._("You are signed out."))
    if chosen is None:  # somebody else may have had this session's secret too
        visit.set_cookie(security.SESSION_COOKIE, sessions.renew_secret(visit.gate.house, visit.session).secret)
    told = visit.ngettext("%(num)s session has ended.", "%(num)s sessions have ended.", ended)
    return visit.redirect("/me", told)


def key_made(visit: Visit, made: dict[str, Any], back: str) -> Reply:
    """The answer that shows a new key with its secret."""
    return visit.page("me/key_made.html", title=visit._("The access key is made"), key=made, back=back)


def _mine(visit: Visit, wrong: str = "") -> Reply:
    caller = visit.caller
    credentials = caller.kind in _WITH_CREDENTIALS
    properties = visit.see("iam", "GetAccountProperties")
    limits = thresholds.read(properties.value["Properties"]) if properties else thresholds.DEFAULT
    listed = own_sessions.own(visit.gate.house, visit.session, visit.now)
    return visit.page(
        "me/me.html",
        status=400 if wrong else 200,
        title=visit._("My security credentials"),
        wrong=wrong,
        credentials=credentials,
        root=caller.kind is CallerKind.ROOT,
        caller=caller,
        password_since=_password_since(visit),
        has_password=bool(visit.session.record.mark),
        devices=_devices(visit) if credentials else None,
        most_devices=MOST,
        keys=visit.glimpse(KEYS) if credentials else None,
        age=lambda at: limits.of_days(thresholds.days_since(at, visit.now)),
        may_key=visit.may("iam", "CreateAccessKey") if credentials else None,
        may_switch=visit.could("iam:UpdateAccessKey", caller.arn) if credentials else None,
        sessions=[(each, agent_name(each.user_agent)) for each in listed],
        others=_others(visit) if caller.kind is CallerKind.USER else (),
    )


def _password_since(visit: Visit) -> Seen[datetime | None]:
    if visit.caller.kind is not CallerKind.USER:
        return Seen(found=None)
    try:
        found = visit.see("iam", "GetLoginProfile", UserName=visit.caller.name)
    except ServiceFault:
        return Seen(found=None)
    return Seen(found=found.value["LoginProfile"]["CreateDate"]) if found else Seen(refused=found.refused)


def _devices(visit: Visit) -> Seen[list[dict[str, Any]]]:
    found = visit.glimpse(mfa.DEVICES)
    if not found:
        return Seen(refused=found.refused)
    return Seen(
        found=[
            {
                "serial": each.serial,
                "name": device_name(each.serial),
                "kind": device_kind(visit, each.serial),
                "since": each.enabled or each.created,
                "codes": each.seed is not None,
                "virtual": is_virtual(each.serial),
            }
            for each in found.value[1]
        ]
    )


def _others(visit: Visit) -> list[tuple[str, Seen[Any], str, str, str]]:
    """What else a user may have: heading, answer, its member, the member that names one, the date."""
    rows = (
        (visit._("SSH public keys"), "ListSSHPublicKeys", "SSHPublicKeys", "SSHPublicKeyId"),
        (visit._("Signing certificates"), "ListSigningCertificates", "Certificates", "CertificateId"),
        (
            visit._("Service-specific credentials"),
            "ListServiceSpecificCredentials",
            "ServiceSpecificCredentials",
            "ServiceSpecificCredentialId",
        ),
    )
    dates = {"ServiceSpecificCredentials": "CreateDate"}
    return [
        (text, visit.see("iam", operation, UserName=visit.caller.name), member, name, dates.get(member, "UploadDate"))
        for text, operation, member, name in rows
    ]


def _delete_form(visit: Visit, wrong: str = "") -> Reply:
    key = visit.form.get("key") or visit.query.get("key")
    return visit.page(
        "me/delete_key.html",
        status=400 if wrong else 200,
        title=visit._("Delete access key"),
        key=key,
        root=visit.caller.kind is CallerKind.ROOT,
        wrong=wrong,
        may=visit.may("iam", "DeleteAccessKey", AccessKeyId=key),
    )
