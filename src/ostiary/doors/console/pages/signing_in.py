"""doors/console: signing in and out.

Source: IAM User Guide, "How IAM users sign in to your AWS account", "Sign in as the root user".
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from ostiary.doors.console import security
from ostiary.doors.console.ceremonies import answer_of, asking_any, asking_owner
from ostiary.doors.console.registry import For, page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.gate.console import PENDING_SECONDS, Pending, Shown
from ostiary.services.console import sessions
from ostiary.services.console.guessing import LOCKED_SECONDS
from ostiary.services.console.sign_in import Claim, Known, Refusal, SignInRefused
from ostiary.store.mfa import MfaDeviceRecord

_MINUTE: Final = 60


@page("GET", "/signin", who=For.EVERYBODY)
def sign_in_form(visit: Visit) -> Reply:
    """Name and password: of a user, or of the root user."""
    return _form(visit)


@page("POST", "/signin", who=For.EVERYBODY, slow=True)
def sign_in(visit: Visit) -> Reply:
    """The first step."""
    form = visit.form
    as_root = form.get("as") == "root"
    if as_root:
        claim = Claim(email=form.get("email"), password=form.raw("password"))
    else:
        claim = Claim(account=form.get("account"), user=form.get("user"), password=form.raw("password"))
    if not claim.subject.strip("/") or (not as_root and not claim.user):
        return _form(visit, visit._("Fill in every field."))
    try:
        pending = visit.gate.password(claim, visit.facts)
    except SignInRefused as refused:
        return _form(visit, _told(visit, refused.refusal))
    if not pending.known.devices:
        return _begin(visit, pending.known)
    visit.set_cookie(security.PENDING_COOKIE, pending.text, seconds=PENDING_SECONDS)
    following = visit.query.query({"next": _next(visit)})
    return visit.redirect(f"/signin/mfa?{following}" if following else "/signin/mfa")


@page("GET", "/signin/mfa", who=For.EVERYBODY)
def code_form(visit: Visit) -> Reply:
    """The second step: what a device shows."""
    pending = _pending(visit)
    return _device_form(visit, pending) if pending is not None else _too_late(visit)


@page("POST", "/signin/mfa", who=For.EVERYBODY, slow=True)
def check_code(visit: Visit) -> Reply:
    """A code of the chosen device."""
    pending = _pending(visit)
    if pending is None:
        return _too_late(visit)
    serials = [device.serial for device in code_devices(pending)]
    serial = visit.form.get("serial") or (serials[0] if serials else "")
    shown = visit.gate.code(pending, serial, visit.form.get("code"), visit.facts) if serial in serials else None
    if shown is None:
        return _device_form(visit, pending, visit._("That code is not right, or was used already. Wait for the next."))
    return _begin(visit, pending.known, shown)


@page("POST", "/signin/mfa/passkey", who=For.EVERYBODY)
def check_passkey(visit: Visit) -> Reply:
    """A passkey, or a security key, in the place of a code."""
    pending = _pending(visit)
    if pending is None:
        return _too_late(visit)
    answer = answer_of(visit, pending.known.principal_id)
    shown = visit.gate.passkey(pending, answer, visit.facts) if answer is not None else None
    if shown is None:
        return _device_form(visit, pending, visit._("That passkey was not accepted. Try again."))
    return _begin(visit, pending.known, shown)


@page("POST", "/signin/passkey", who=For.EVERYBODY)
def sign_in_by_passkey(visit: Visit) -> Reply:
    """A passkey in the place of name, password and code."""
    answer = answer_of(visit)
    shown = visit.gate.passkey_alone(answer, visit.facts) if answer is not None else None
    if shown is None:
        return _form(
            visit, visit._("That passkey does not sign in alone here. Sign in with your password, and show it then.")
        )
    return _begin(visit, shown.known, shown)


@page("POST", "/signout", who=For.EVERYBODY)
def sign_out(visit: Visit) -> Reply:
    """End this session."""
    if visit.signed_in is not None:
        sessions.end(visit.gate.house, visit.signed_in.record.id)
    before = visit.cookies.get(security.BACK_COOKIE)
    waiting = visit.gate.signed_in(before, visit.facts) if before else None
    if waiting is not None:
        sessions.end(visit.gate.house, waiting.record.id)
    visit.set_cookie(security.BACK_COOKIE, "")
    visit.set_cookie(security.SESSION_COOKIE, "")
    return visit.redirect("/signin", visit._("You are signed out."))


@page("POST", "/language", who=For.EVERYBODY)
def choose_language(visit: Visit) -> Reply:
    """In which language pages are written."""
    visit.set_cookie(security.LANGUAGE_COOKIE, visit.form.get("language")[:8], seconds=365 * 86_400)
    return visit.redirect(own_path(visit.form.get("next")))


@page("POST", "/theme", who=For.EVERYBODY)
def choose_theme(visit: Visit) -> Reply:
    """Light, dark, or as the system has it."""
    theme = visit.form.get("theme")
    visit.set_cookie(security.THEME_COOKIE, theme if theme in ("light", "dark") else "", seconds=365 * 86_400)
    return visit.redirect(own_path(visit.form.get("next")))


def own_path(text: str) -> str:
    """A path of ours to go to: never another site's.

    Browsers take a backslash for a slash, and leave out tabs and line ends: none of them has a place in a path.
    """
    plain = all(each > " " and each not in "\\\x7f" for each in text)
    if not plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    return quote(text, safe="/?&=%:;@!$'()*+,~#-._")


def code_devices(pending: Pending) -> list[MfaDeviceRecord]:
    """The devices that show codes."""
    return [each for each in pending.known.devices if each.seed is not None]


def _begin(visit: Visit, known: Known, shown: Shown | None = None) -> Reply:
    """The session, and where to go."""
    begun = visit.gate.begin(known, visit.facts, shown)
    visit.set_cookie(security.PENDING_COOKIE, "")
    visit.set_cookie(security.BACK_COOKIE, "")
    visit.set_cookie(security.SESSION_COOKIE, begun.secret)
    return visit.redirect(own_path(_next(visit)))


def _next(visit: Visit) -> str:
    return visit.form.get("next") or visit.query.get("next")


def _pending(visit: Visit) -> Pending | None:
    text = visit.cookies.get(security.PENDING_COOKIE)
    return visit.gate.pending(text, visit.facts) if text else None


def _form(visit: Visit, wrong: str = "") -> Reply:
    given = visit.form if visit.method == "POST" else visit.query
    return visit.page(
        "signing_in/sign_in.html",
        status=401 if wrong else 200,
        title=visit._("Sign in"),
        as_root=given.get("as") == "root",
        account=given.get("account"),
        user=given.get("user"),
        email=given.get("email"),
        next=_next(visit),
        wrong=wrong,
        ceremony=asking_any(visit),
    )


def _device_form(visit: Visit, pending: Pending, wrong: str = "") -> Reply:
    return visit.page(
        "signing_in/mfa.html",
        status=401 if wrong else 200,
        title=visit._("Show your MFA device"),
        devices=code_devices(pending),
        ceremony=asking_owner(visit, pending.known),
        next=_next(visit),
        wrong=wrong,
    )


def _too_late(visit: Visit) -> Reply:
    visit.set_cookie(security.PENDING_COOKIE, "")
    return visit.redirect("/signin", visit._("That took too long. Sign in again."), "care")


def _told(visit: Visit, refusal: Refusal) -> str:
    if refusal is Refusal.LOCKED:
        minutes = LOCKED_SECONDS // _MINUTE
        return visit._("Too many sign-ins failed. Nothing is tried any more for %(num)s minutes.", num=minutes)
    if refusal is Refusal.EXPIRED:
        return visit._("This password has expired. An administrator must set another one.")
    return visit._("There is nobody with this name and this password.")
