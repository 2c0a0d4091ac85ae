"""doors/console: going on as a session of a role, and back.

Source: IAM User Guide, "Switch from a user to an IAM role (console)".
"""

from __future__ import annotations

import re

from ostiary.doors.console import security
from ostiary.doors.console.registry import For, page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console import sessions


@page("POST", "/roles/{name}/switch")
def switch(visit: Visit) -> Reply:
    """Assume it; the session before waits."""
    role = visit.perform("iam", "GetRole", RoleName=visit.segments["name"])["Role"]
    who = re.sub(r"[^\w+=,.@-]", "-", visit.caller.name or "console", flags=re.ASCII)[:64].ljust(2, "-")
    given = visit.perform("sts", "AssumeRole", RoleArn=role["Arn"], RoleSessionName=who)
    begun = visit.gate.begin_session(given["Credentials"]["SessionToken"], visit.facts, "SwitchRole")
    if not visit.cookies.get(security.BACK_COOKIE):  # from role to role, the way back is to the first
        visit.set_cookie(security.BACK_COOKIE, visit.cookies[security.SESSION_COOKIE])
    visit.set_cookie(security.SESSION_COOKIE, begun.secret)
    return visit.redirect("/", visit._("You are %(name)s now.", name=role["RoleName"]))


@page("POST", "/switch-back", who=For.EVERYBODY)
def back(visit: Visit) -> Reply:
    """End the role's session; the one before goes on, if it holds still."""
    if visit.signed_in is not None:
        sessions.end(visit.gate.house, visit.signed_in.record.id)
    before = visit.cookies.get(security.BACK_COOKIE, "")
    holds = bool(before) and visit.gate.signed_in(before, visit.facts) is not None
    visit.set_cookie(security.BACK_COOKIE, "")
    visit.set_cookie(security.SESSION_COOKIE, before if holds else "")
    return visit.redirect("/" if holds else "/signin")
