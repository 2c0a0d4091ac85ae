"""doors/console: why a request was, or would be, allowed or denied; and what completes as one types."""

from __future__ import annotations

from typing import Any, Final

from ostiary import catalog
from ostiary.doors.console.conditions import context_of
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit, is_refusal
from ostiary.identifiers import iam_arn, root_arn
from ostiary.services.console.explaining import own_request, recorded_request, supposed_request
from ostiary.services.console.principals import principal_names
from ostiary.services.faults import ServiceFault

_OFFERED: Final = 40


@page("GET", "/explain")
def explain(visit: Visit) -> Reply:
    """A request of the record, or one that is typed."""
    query = visit.query
    if query.get("id"):
        return _recorded(visit, query.get("id"))
    if query.get("action"):
        return _typed(visit)
    return _form(visit)


def _recorded(visit: Visit, named: str) -> Reply:
    found = visit.glimpse(recorded_request, Id=named)
    if found:
        return _form(visit, explained=found.value, recorded=True)
    try:
        own = visit.look(own_request, Id=named)
    except ServiceFault as fault:
        if is_refusal(fault) or fault.status != 404:
            raise
        return _form(visit, refused=found.refused)
    return _form(visit, refused=found.refused, own=own)


def _typed(visit: Visit) -> Reply:
    query = visit.query
    try:
        context = context_of(query.raw("context"))
    except ValueError as error:
        return _form(
            visit, status=400, wrong={"context": visit._("Write a key and a value: %(line)s", line=str(error))}
        )
    given = {
        "PolicySourceArn": principal_arn(visit, query.get("principal")),
        "Action": query.get("action"),
        "Resource": query.get("resource") or "*",
        "Context": context,
    }
    try:
        found = visit.glimpse(supposed_request, **given)
    except ServiceFault as fault:
        field = "principal" if fault.code == "NoSuchEntity" or "Entity Arn" in fault.message else "resource"
        field = "action" if "is not an action" in fault.message else field
        field = "principal" if "group" in fault.message else field
        return _form(visit, status=fault.status or 400, wrong={field: fault.message})
    if not found:
        return _form(visit, status=403, refused=found.refused)
    return _form(visit, explained=found.value)


def _form(visit: Visit, *, status: int = 200, **told: Any) -> Reply:
    values = {"explained": None, "recorded": False, "refused": "", "own": None, "wrong": {}, **told}
    query = visit.query
    return visit.page(
        "understand/explain.html",
        status=status,
        title=visit._("Explain a request"),
        id=query.get("id"),
        principal=query.get("principal"),
        action=query.get("action"),
        resource=query.get("resource"),
        context=query.raw("context"),
        **values,
    )


def principal_arn(visit: Visit, typed: str) -> str:
    """What somebody typed, as an ARN: `ann`, `user/ann`, `role/Deploy`, `root`, or the ARN itself."""
    account = visit.caller.account
    if typed.startswith("arn:"):
        return typed
    if typed in ("root", "<root_account>"):
        return root_arn(account)
    kind, _, name = typed.partition("/") if typed.startswith(("user/", "role/", "group/")) else ("user", "", typed)
    path, _, last = name.rpartition("/")
    return iam_arn(account, kind, last, f"/{path}/" if path else "/")


@page("GET", "/complete/actions")
def complete_actions(visit: Visit) -> Reply:
    """Actions that begin as is typed; before the colon, services."""
    typed = visit.query.get("q") or visit.query.get("action") or visit.query.get("add")
    service, colon, begun = typed.lower().partition(":")
    if not colon:
        found = [f"{each}:" for each in catalog.services() if each.startswith(service)]
    else:
        found = [each for each in catalog.expand(f"{service}:*") if each.lower().startswith(f"{service}:{begun}")]
    return visit.page("understand/options.html", options=found[:_OFFERED])


@page("GET", "/complete/principals")
def complete_principals(visit: Visit) -> Reply:
    """Users and roles whose names begin as is typed."""
    typed = visit.query.get("principal") or visit.query.get("q")
    found = visit.glimpse(principal_names, Begins=typed.rpartition("/")[2], Limit=_OFFERED)
    return visit.page("understand/options.html", options=found.value if found else ())
