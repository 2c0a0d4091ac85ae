"""doors/console: from a visit to a reply: what a page gives, what its faults look like, who must prove to be there."""

from __future__ import annotations

from ostiary.authorization.caller import CallerKind
from ostiary.doors.console.registry import Page
from ostiary.doors.console.visit import Reply, Visit, is_refusal
from ostiary.services.console.sign_in import Claim
from ostiary.services.faults import ServiceFault

_MISSING = ("NoSuchEntity", "EntityNotFoundException", "ResourceNotFoundException")


def answer(page: Page, visit: Visit) -> Reply:
    """What a page answers; a fault is a page of its own."""
    try:
        return page.handler(visit)
    except ServiceFault as fault:
        return fault_page(visit, fault)
    except Exception as error:
        return fault_page(visit, visit.gate.unforeseen(visit.facts, error))


def fault_page(visit: Visit, fault: ServiceFault) -> Reply:
    """A fault that the page itself does not show."""
    if is_refusal(fault):
        return visit.page("faults/refused.html", status=403, fault=fault, title=visit._("Not allowed"))
    missing = fault.code in _MISSING
    status = 404 if missing else fault.status or 400
    title = visit._("Not found") if missing else visit._("It could not be done")
    return visit.page("faults/fault.html", status=status, fault=fault, title=title)


def not_found(visit: Visit) -> Reply:
    """There is no such page."""
    return visit.page("faults/not_found.html", status=404, title=visit._("Not found"))


def refused_form(visit: Visit) -> Reply:
    """A form that is not of this session: nothing is done."""
    return visit.page("faults/form.html", status=403, title=visit._("Send the form again"))


def too_busy(visit: Visit) -> Reply:
    """As many sign-ins wait as may."""
    return visit.page("faults/busy.html", status=503, title=visit._("Too many sign-ins at once"))


def confirm_first(visit: Visit, within: int) -> Reply | None:
    """None when whoever is signed in has proved to be there of late, or does now; else the page that asks for it.

    The page carries the form along, so that it is done as it was meant. The session of a role has no password: it is
    signed in again.
    """
    record = visit.session.record
    if visit.now - record.confirmed < within:
        return None
    wrong = False
    if visit.method == "POST" and "confirm_password" in visit.form and record.mark:
        claim = _claim(visit, visit.form.raw("confirm_password"))
        if visit.gate.confirmed(visit.session, claim, visit.facts):
            return None
        wrong = True
    fields = [(name, value) for name, value in visit.form if name not in ("token", "confirm_password")]
    return visit.page(
        "faults/confirm.html",
        status=200 if not wrong else 401,
        title=visit._("Confirm that it is you"),
        fields=fields if visit.method == "POST" else [],
        wrong=wrong,
        has_password=bool(record.mark),
        posts=visit.method == "POST",
    )


def _claim(visit: Visit, password: str) -> Claim:
    if visit.caller.kind is CallerKind.ROOT:
        found = visit.gate.house.book.account(visit.caller.account)
        return Claim(email=found.email if found is not None else "", password=password)
    return Claim(account=visit.caller.account, user=visit.caller.name, password=password)
