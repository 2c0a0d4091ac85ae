"""doors/console: one's own password."""

from __future__ import annotations

from ostiary.authorization.caller import CallerKind
from ostiary.doors.console import security
from ostiary.doors.console.registry import For, page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console import sessions
from ostiary.services.faults import ServiceFault


@page("GET", "/password", who=For.CHANGING)
def password_form(visit: Visit) -> Reply:
    """Old and new."""
    return _form(visit)


@page("POST", "/password", who=For.CHANGING, slow=True)
def change_password(visit: Visit) -> Reply:
    """Other sessions end with the old password; this one goes on."""
    old, new = visit.form.raw("old"), visit.form.raw("new")
    if new != visit.form.raw("again"):
        return _form(visit, visit._("The new password was written in two ways."))
    try:
        visit.perform("iam", "ChangePassword", OldPassword=old, NewPassword=new)
    except ServiceFault as fault:
        return _form(visit, fault.message)
    house = visit.gate.house
    sessions.keep_after_new_password(house, visit.session.record.id)
    sessions.end_all(house, visit.session.record.principal_id, but=visit.session.record.id)
    visit.set_cookie(security.SESSION_COOKIE, sessions.renew_secret(house, visit.session).secret)
    return visit.redirect("/", visit._("Your password is changed. Your other sessions have ended."))


def _form(visit: Visit, wrong: str = "") -> Reply:
    return visit.page(
        "signing_in/password.html",
        status=400 if wrong else 200,
        title=visit._("Change your password"),
        must=visit.session.must_change_password,
        user=visit.caller.kind is CallerKind.USER,
        wrong=wrong,
    )
