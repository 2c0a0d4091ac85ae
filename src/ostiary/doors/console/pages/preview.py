"""doors/console: Change preview: what a draft would have done to the recorded requests, without changing anything."""

from __future__ import annotations

from ostiary.audit.replay import DAYS
from ostiary.doors.console.drafting import MANAGED, Subject, begun, embedded_subject, managed_subject, size_limit
from ostiary.doors.console.editing import as_typed, checked
from ostiary.doors.console.pages.policy_editor import Outlook, outlook
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console import policies as views
from ostiary.services.faults import ServiceFault


@page("GET", "/preview")
def choose_or_write(visit: Visit) -> Reply:
    """Which policy; and then its draft."""
    subject = _subject(visit)
    if subject is not None:
        return _shown(visit, subject, begun(subject), None)
    query = visit.query
    found = visit.glimpse(views.listing, words=query.get("q"), used="attached", page=query.number("page", 1, least=1))
    return visit.page("policies/preview_choose.html", region="rows", title=visit._("Change preview"), found=found)


@page("POST", "/preview")
def preview(visit: Visit) -> Reply:
    """What the draft would do."""
    subject = _subject(visit)
    if subject is None:
        return visit.redirect("/preview")
    text = as_typed(visit.form.raw("document"))
    found = checked(text, subject.kind, size_limit(visit, subject))
    if found.fault is not None or not text.strip():
        return _shown(
            visit, subject, text, None, found.fault.message if found.fault else visit._("There is no text yet.")
        )
    return _shown(visit, subject, text, outlook(visit, subject, text))


def _subject(visit: Visit) -> Subject | None:
    query = visit.query
    if query.get("arn"):
        return managed_subject(visit, query.get("arn"))
    if query.get("kind"):
        try:
            return embedded_subject(visit, query.get("kind"), query.get("name"), query.get("policy"))
        except ValueError:
            raise ServiceFault("ValidationError", visit._("There are no such policies."), 404) from None
    return None


def _shown(visit: Visit, subject: Subject, text: str, found: Outlook | None, fault: str = "") -> Reply:
    aws = subject.arn.startswith("arn:aws:iam::aws:")
    name = subject.arn.rsplit("/", 1)[-1] if subject.kind == MANAGED else f"{subject.name}: {subject.policy}"
    return visit.page(
        "policies/preview.html",
        status=400 if fault else 200,
        title=visit._("Preview a change of %(name)s", name=name),
        subject=subject,
        text=text,
        limit=size_limit(visit, subject),
        fault=fault,
        outlook=found,
        may_save=None if aws else subject.permission(visit),
        days=DAYS,
    )
