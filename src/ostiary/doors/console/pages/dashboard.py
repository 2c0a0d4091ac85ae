"""doors/console: the first page: what of the account its owner should look at."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from ostiary.doors.console.navigation import _
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console.posture import NEEDS, account_posture, affected

TITLES: Final = {
    "root-no-mfa": _("The root user has no MFA device"),
    "root-keys": _("The root user has access keys"),
    "root-used": _("The root user was used of late"),
    "open-trust": _("Roles that anybody may assume"),
    "password-no-mfa": _("Users with a password and no MFA"),
    "key-warning": _("Access keys that are far too old"),
    "key-caution": _("Access keys that are old"),
    "key-never-used": _("Access keys that were never used"),
    "password-never-used": _("Passwords that were never used"),
    "direct-policies": _("Users with policies of their own"),
    "administrators": _("Many administrators"),
    "no-password-policy": _("No password policy"),
    "unused-roles": _("Roles that nobody uses"),
}
ADVICE: Final = {
    "root-no-mfa": _("Whoever learns its password owns the account. Give it a device."),
    "root-keys": _("They can do everything, and nothing can be taken from them. Delete them."),
    "root-used": _("Daily work is done by users and roles that may only do what they need."),
    "open-trust": _("Name who may assume them in their trust policy."),
    "password-no-mfa": _("A password alone can be guessed or stolen. Ask them for a device."),
    "key-warning": _("A key that leaked long ago still opens. Rotate them now."),
    "key-caution": _("Rotate them: make a new one, switch over, delete the old one."),
    "key-never-used": _("What nobody needs can only be stolen. Delete them."),
    "password-never-used": _("Most people need keys alone, or nothing. Take the passwords away."),
    "direct-policies": _("Permissions of groups are seen at one place and end with the membership."),
    "administrators": _("They may do everything, everywhere. Few people need that every day."),
    "no-password-policy": _("Say how long passwords must be, and when they end."),
    "unused-roles": _("Nobody used them for 90 days. Delete them, or take away what they may do."),
}
PASSED: Final = {
    "root-no-mfa": _("The root user has an MFA device"),
    "root-keys": _("The root user has no access keys"),
    "root-used": _("The root user was not used for 90 days"),
    "open-trust": _("No role trusts everybody"),
    "password-no-mfa": _("Everybody with a password has MFA"),
    "key-warning": _("No access key is far too old"),
    "key-caution": _("No access key is old"),
    "key-never-used": _("Every access key is used"),
    "password-never-used": _("Every password is used"),
    "direct-policies": _("Permissions come from groups"),
    "administrators": _("There are few administrators"),
    "no-password-policy": _("There is a password policy"),
    "unused-roles": _("Every role is used"),
}
_ACTS: Final = {
    "root-no-mfa": (_("Set up MFA"), "/me"),
    "root-keys": (_("Delete keys"), "/me"),
    "root-used": (_("See what it did"), "/audit?who=root"),
    "password-no-mfa": (_("Show users"), "/users?show=no-mfa"),
    "key-warning": (_("Show users"), "/users?show=key-warning"),
    "key-caution": (_("Show users"), "/users?show=key-caution"),
    "no-password-policy": (_("Set a policy"), "/settings"),
    "open-trust": (_("Show roles"), "/findings/open-trust"),
    "unused-roles": (_("Show roles"), "/findings/unused-roles"),
    "administrators": (_("Show administrators"), "/findings/administrators"),
}
_PAGE: Final = 100


@page("GET", "/")
def dashboard(visit: Visit) -> Reply:
    """What to look at, the most dangerous first."""
    posture = visit.look(account_posture)
    return visit.page(
        "watch/dashboard.html",
        title=visit._("Security dashboard"),
        posture=posture,
        titles=TITLES,
        advice=ADVICE,
        passed=PASSED,
        acts={name: _ACTS.get(name, (_("Show users"), f"/findings/{name}")) for name in TITLES},
        address=entity_url,
        bars=_bars(posture.denials),
    )


@page("GET", "/findings/{name}")
def finding(visit: Visit) -> Reply:
    """All that a finding is about."""
    name = visit.segments["name"]
    if name not in NEEDS:
        return visit.page("faults/not_found.html", status=404, title=visit._("Not found"))
    number = visit.query.number("page", 1, least=1, most=1000)
    found = visit.look(affected, Finding=name, Skip=(number - 1) * _PAGE)
    return visit.page(
        "watch/finding.html",
        title=visit._(TITLES[name]),
        advice=ADVICE[name],
        found=found,
        page=number,
        pages=-(-found.count // _PAGE),
        address=entity_url,
    )


def entity_url(named: str) -> str:
    """The page of `user/ann` or `role/Deploy`."""
    kind, _slash, name = named.partition("/")
    return f"/{kind}s/{quote(name, safe='')}"


def _bars(denials: tuple[int, ...] | None) -> list[tuple[int, int, int]]:
    """Place, top and height of each hour, in a picture of 240 by 100."""
    most = max(denials or (0,)) or 1
    return [
        (number * 10 + 1, 98 - round(96 * count / most), max(2, round(96 * count / most)))
        for number, count in enumerate(denials or ())
    ]
