"""doors/console: the key rotation assistant, for a user's keys and for one's own."""

from __future__ import annotations

from urllib.parse import quote

from ostiary.authorization.caller import CallerKind
from ostiary.doors.console.agents import agent_name
from ostiary.doors.console.pages.me import key_made
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console.rotation import CHOICES, KEYS, SILENT_DAYS, Step, rotation
from ostiary.services.faults import ServiceFault


@page("GET", "/me/rotate")
def own(visit: Visit) -> Reply:
    """One's own keys."""
    return _show(visit)


@page("POST", "/me/rotate", confirm=True)
def own_step(visit: Visit) -> Reply:
    """The next step with them."""
    return _step(visit)


@page("GET", "/users/{name}/rotate")
def of_user(visit: Visit) -> Reply:
    """A user's keys."""
    return _show(visit)


@page("POST", "/users/{name}/rotate", confirm=True)
def step_of_user(visit: Visit) -> Reply:
    """The next step with them."""
    return _step(visit)


def _step(visit: Visit) -> Reply:
    name, do = visit.segments.get("name"), visit.form.get("do")
    found = rotation(visit.look(KEYS, UserName=name), visit.now, _days(visit))
    # INVARIANT: a key goes off, or goes, only as the facts of this moment have it
    if do != found.step and do not in (Step.SWITCH, "on"):
        return _show(visit, visit._("The keys have changed meanwhile. Look again."))
    try:
        if do == Step.CREATE:
            made = visit.perform("iam", "CreateAccessKey", UserName=name)["AccessKey"]
            return key_made(visit, made, visit.path)
        if found.old is None:
            return _show(visit)
        if do == "on" and not found.old.active:
            visit.perform("iam", "UpdateAccessKey", UserName=name, AccessKeyId=found.old.id, Status="Active")
            return visit.redirect(_here(visit), visit._("Key %(key)s is on.", key=found.old.id))
        if do == Step.OFF:
            visit.perform("iam", "UpdateAccessKey", UserName=name, AccessKeyId=found.old.id, Status="Inactive")
            told = visit._("Key %(key)s is off. Nothing signed with it gets in.", key=found.old.id)
            return visit.redirect(_here(visit), told)
        if do == Step.DELETE and found.ready:
            visit.perform("iam", "DeleteAccessKey", UserName=name, AccessKeyId=found.old.id)
            return visit.redirect(_here(visit), visit._("Key %(key)s is deleted.", key=found.old.id))
    except ServiceFault as fault:
        return _show(visit, fault.message)
    return _show(visit, visit._("The key was used too lately for that."))


def _here(visit: Visit) -> str:
    return f"{visit.path}?days={_days(visit)}"


def _days(visit: Visit) -> int:
    found = (visit.form if visit.method == "POST" else visit.query).number("days", SILENT_DAYS)
    return found if found in CHOICES else SILENT_DAYS


def _show(visit: Visit, wrong: str = "") -> Reply:
    name = visit.segments.get("name")
    keys, days = visit.look(KEYS, UserName=name), _days(visit)
    found = rotation(keys, visit.now, days)
    key_id = found.old.id if found.old is not None else "A" * 20
    return visit.page(
        "me/rotate.html",
        status=400 if wrong else 200,
        title=visit._("Rotate access key"),
        user=name,
        whose=name or (visit._("root user") if visit.caller.kind is CallerKind.ROOT else visit.caller.name),
        back=f"/users/{quote(name, safe='')}/credentials" if name else "/me",
        root=name is None and visit.caller.kind is CallerKind.ROOT,
        found=found,
        days=days,
        choices=CHOICES,
        silent=found.old.silent_for(visit.now) // 86_400 if found.old is not None else 0,
        at_step=list(Step).index(found.step) + 1,
        wrong=wrong,
        agent=agent_name,
        may_create=visit.may("iam", "CreateAccessKey", UserName=name),
        may_switch=visit.may("iam", "UpdateAccessKey", UserName=name, AccessKeyId=key_id),
        may_delete=visit.may("iam", "DeleteAccessKey", UserName=name, AccessKeyId=key_id),
    )
