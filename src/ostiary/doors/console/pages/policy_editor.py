"""doors/console: writing a policy: text or form, then a look at what the change would do, then the change.

The pages between opening and saving keep everything in the form: nothing is stored before the last button.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final
from urllib.parse import urlencode

from ostiary.analysis.meaning import Comparison, compare
from ostiary.analysis.visual import readable
from ostiary.audit.replay import DAYS, Replay
from ostiary.doors.console import visual_form
from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.drafting import (
    MANAGED,
    TRUST,
    Subject,
    begun,
    embedded_subject,
    managed_subject,
    saving,
    size_limit,
    tags_of,
)
from ostiary.doors.console.editing import Checked, as_typed, checked
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Seen, Visit, is_refusal
from ostiary.policy import MalformedPolicy
from ostiary.services.console.drafts import replayed
from ostiary.services.faults import ServiceFault

_NEW_FIELDS: Final = ("policy_name", "path", "description", "tags")
_AROUND: Final = 3
"""Unchanged lines that are shown around a change."""
_EMPTY: Final = '{"Version":"2012-10-17","Statement":[]}'


@page("GET", "/policies/create")
def create_form(visit: Visit) -> Reply:
    """An empty policy."""
    return _editor(visit, _new(visit), begun(_new(visit)))


@page("POST", "/policies/create")
def create_step(visit: Visit) -> Reply:
    """Between the steps."""
    return _step(visit, _new(visit))


@page("POST", "/policies/create/save", confirm=True)
def create(visit: Visit) -> Reply:
    """Make the policy."""
    return _save(visit, _new(visit))


@page("GET", "/policies/edit")
def edit_form(visit: Visit) -> Reply:
    """The default version's text."""
    subject = managed_subject(visit, visit.query.get("arn"))
    return _editor(visit, subject, begun(subject))


@page("POST", "/policies/edit")
def edit_step(visit: Visit) -> Reply:
    """Between the steps."""
    return _step(visit, managed_subject(visit, visit.query.get("arn")))


@page("POST", "/policies/save", confirm=True)
def edit(visit: Visit) -> Reply:
    """Save a version and put it in force."""
    return _save(visit, managed_subject(visit, visit.query.get("arn")))


@page("GET", "/inline/edit")
def inline_form(visit: Visit) -> Reply:
    """A policy of a user, group or role, or a trust policy."""
    subject = _embedded(visit)
    return _editor(visit, subject, begun(subject))


@page("POST", "/inline/edit")
def inline_step(visit: Visit) -> Reply:
    """Between the steps."""
    return _step(visit, _embedded(visit))


@page("POST", "/inline/save", confirm=True)
def inline(visit: Visit) -> Reply:
    """Save it."""
    return _save(visit, _embedded(visit))


def _new(_visit: Visit) -> Subject:
    return Subject(kind=MANAGED)


def _embedded(visit: Visit) -> Subject:
    query = visit.query
    policy = query.get("policy") or visit.form.get("policy_name")
    try:
        return embedded_subject(visit, query.get("kind"), query.get("name"), policy)
    except ValueError:
        raise ServiceFault("ValidationError", visit._("There are no such policies."), 404) from None


def _step(visit: Visit, subject: Subject) -> Reply:
    step = visit.form.get("step") or "check"
    mode = "visual" if visit.form.get("mode") == "visual" else "json"
    try:
        text = _written(visit, step) if mode == "visual" else as_typed(visit.form.raw("document"))
    except ValueError:
        text, mode = as_typed(visit.form.raw("document")), "json"
    if step == "review":
        return _review(visit, subject, text, mode)
    if step in ("json", "visual"):
        mode = step
    return _editor(visit, subject, text, mode=mode)


def _written(visit: Visit, step: str) -> str:
    word, _, number = step.partition("-")
    without = int(number) if word == "remove" and number.isascii() and number.isdecimal() else None
    return visual_form.read(visit.form, without=without, more=step == "add")


def _editor(
    visit: Visit, subject: Subject, text: str, *, mode: str = "json", fault: str = "", about: str = ""
) -> Reply:
    statements = visual_form.shown(text, visit.form, visit.caller.account) if mode == "visual" else None
    return visit.page(
        "policies/write.html",
        status=400 if fault or about else 200,
        title=_title(visit, subject),
        subject=subject,
        text=readable(text),
        limit=size_limit(visit, subject),
        mode="visual" if statements is not None else "json",
        not_visual=mode == "visual" and statements is None,
        statements=statements,
        operators=visual_form.operator_names() if statements is not None else (),
        fault=fault,
        about=about,
        permission=subject.permission(visit),
        given={name: visit.form.raw(name) for name in _NEW_FIELDS} | {"path": visit.form.get("path", "/")},
    )


def _title(visit: Visit, subject: Subject) -> str:
    if subject.kind == TRUST:
        return visit._("Edit trust policy of %(name)s", name=subject.name)
    if subject.kind != MANAGED:
        if subject.new:
            return visit._("Create inline policy for %(name)s", name=subject.name)
        return visit._("Edit %(name)s", name=subject.policy)
    return visit._("Edit %(name)s", name=subject.arn.rsplit("/", 1)[-1]) if subject.arn else visit._("Create policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a change would do."""

    meaning: Comparison | None
    lines: tuple[tuple[str, int | None, int | None, str], ...]
    """The difference of the texts: sign, line before, line after, text."""
    replay: Seen[Replay | None] | None
    """None: nobody has used it yet."""
    lost: tuple[str, ...]
    """Permissions to undo the change that whoever makes it would lose."""

    @property
    def breaking(self) -> bool:
        """Whether it needs a second look."""
        found = self.replay.found if self.replay is not None else None
        return bool(self.lost) or (found is not None and bool(found.now_denied))


def outlook(visit: Visit, subject: Subject, text: str, *, replay: bool = True) -> Outlook:
    """Look at a draft before it is saved.

    Args:
        replay: with the recorded requests.
    """
    try:
        meaning = compare(subject.present or _EMPTY, text)
    except MalformedPolicy:
        meaning = None
    found: Seen[Replay | None] | None = None
    lost: list[str] = []
    if replay and meaning is not None and (subject.arn or subject.kind != MANAGED):
        told = subject.replayed(text)
        found = visit.glimpse(replayed, **told)
        lost = visit.gate.would_lose(visit.caller, visit.facts, told, subject.undoing())
    before = "" if subject.present is None else readable(as_typed(subject.present))
    return Outlook(meaning=meaning, lines=tuple(differing(before, text)), replay=found, lost=tuple(lost))


def _review(visit: Visit, subject: Subject, text: str, mode: str, fault: str = "") -> Reply:
    if subject.kind == MANAGED and not subject.arn and not visit.form.get("policy_name"):
        return _editor(visit, subject, text, mode=mode, about=visit._("A policy needs a name."))
    if subject.kind not in (MANAGED, TRUST) and not subject.policy:
        return _editor(visit, subject, text, mode=mode, about=visit._("A policy needs a name."))
    found = checked(text, subject.kind, size_limit(visit, subject))
    if found.fault is not None or not text.strip():
        return _editor(visit, subject, text, mode="json", fault=_fault(visit, found))
    versions = _versions(visit, subject)
    told = _given(visit) | ({"make_room": versions[-1]} if versions else {})
    operations = saving(subject, text, told)
    return visit.page(
        "policies/review.html",
        title=_title(visit, subject),
        subject=subject,
        text=text,
        found=found,
        outlook=outlook(visit, subject, text),
        permission=subject.permission(visit),
        fields=[(name, visit.form.raw(name)) for name in _NEW_FIELDS if visit.form.raw(name)],
        mode=mode,
        fault=fault,
        versions=versions,
        days=DAYS,
        commands=[cli_line("iam", name, params) for name, params in operations],
    )


def _fault(visit: Visit, found: Checked) -> str:
    return found.fault.message if found.fault is not None else visit._("There is no text yet.")


def _versions(visit: Visit, subject: Subject) -> list[str]:
    """The versions of which one must go before there can be another, the newest first."""
    if subject.kind != MANAGED or not subject.arn:
        return []
    try:
        found = list(visit.every("iam", "ListPolicyVersions", "Versions", PolicyArn=subject.arn))
    except ServiceFault as fault:
        if not is_refusal(fault):
            raise
        return []
    if len(found) < visit.gate.quota(visit.caller, "VersionsPerPolicy"):
        return []
    return [each["VersionId"] for each in found if not each["IsDefaultVersion"]]


def _given(visit: Visit) -> dict[str, Any]:
    form = visit.form
    return {
        "policy_name": form.get("policy_name"),
        "path": form.get("path") if form.get("path") != "/" else "",
        "description": form.get("description"),
        "tags": tags_of(form.raw("tags")),
        "make_room": form.get("make_room"),
    }


def _save(visit: Visit, subject: Subject) -> Reply:
    text = as_typed(visit.form.raw("document"))
    mode = "visual" if visit.form.get("mode") == "visual" else "json"
    if not visit.form.flag("warned") and outlook(visit, subject, text).breaking:
        return _review(visit, subject, text, mode, visit._("Confirm that you have read the warning."))
    made: dict[str, Any] = {}
    malformed = checked(text, subject.kind, size_limit(visit, subject)).fault
    if malformed is not None and visit.form.get("make_room"):  # no version goes for one that can't come
        return _editor(visit, subject, text, fault=malformed.message)
    try:
        for name, params in saving(subject, text, _given(visit)):
            made = visit.perform("iam", name, **params)
    except ServiceFault as fault:
        if is_refusal(fault):
            raise
        beside_document = fault.code in ("MalformedPolicyDocument", "LimitExceeded")
        if beside_document:
            return _editor(visit, subject, text, fault=fault.message)
        return _editor(visit, subject, text, about=fault.message)
    if subject.kind == MANAGED and not subject.arn:
        name = made["Policy"]["PolicyName"]
        to = f"/policies/detail?{urlencode({'arn': made['Policy']['Arn']})}"
        return visit.redirect(to, visit._("Policy %(name)s is there.", name=name))
    if subject.kind == MANAGED:
        saved = made["PolicyVersion"]["VersionId"]
        to = f"{subject.back}&{urlencode({'undo': subject.version, 'saved': saved})}"
        return visit.redirect(to)
    return visit.redirect(subject.back, visit._("The policy is saved."))


def differing(before: str, after: str) -> list[tuple[str, int | None, int | None, str]]:
    """Two texts line by line: sign, number before, number after, text; `…` where unchanged lines are left out."""
    old, new = before.splitlines(), after.splitlines()
    found: list[tuple[str, int | None, int | None, str]] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_AROUND):
        if found:
            found.append(("…", None, None, ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [(" ", i1 + n + 1, j1 + n + 1, line) for n, line in enumerate(old[i1:i2])]
            else:
                found += [("-", i1 + n + 1, None, line) for n, line in enumerate(old[i1:i2])]
                found += [("+", None, j1 + n + 1, line) for n, line in enumerate(new[j1:j2])]
    return found
