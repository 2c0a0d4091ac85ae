"""doors/console: what the policy editor asks for while somebody writes."""

from __future__ import annotations

import json
import re
from typing import Final

from ostiary.analysis.completion import offers
from ostiary.doors.console.editing import KINDS, checked
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.policy import DOCUMENT_LIMIT

_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,40}", re.ASCII)
_MOST_ACTIONS: Final = 60


@page("POST", "/editor/check")
def check(visit: Visit) -> Reply:
    """Findings, summary and size of a text. Nothing is saved, nothing recorded."""
    kind, name = visit.query.get("kind"), visit.query.get("name")
    if kind not in KINDS or _NAME.fullmatch(name) is None:
        return visit.text("there is no such editor\n", status=400)
    text = visit.form.raw(name)
    if len(text) > 2 * DOCUMENT_LIMIT:
        return visit.text("the document is too long\n", status=413)
    limit = visit.query.number("limit", -1)
    return visit.page("policies/checked.html", found=checked(text, kind, None if limit < 0 else limit), name=name)


@page("GET", "/editor/complete")
def complete(visit: Visit) -> Reply:
    """What may be written at a place, as JSON."""
    actions = visit.query.all("action")[:_MOST_ACTIONS]
    found = offers(visit.query.get("what"), visit.query.get("text"), actions, visit.caller.account)
    told = [{"text": each.text, "kind": each.kind, "about": each.about} for each in found]
    return visit.text(json.dumps(told), "application/json")
