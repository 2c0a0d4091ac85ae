"""doors/console: the list of users, and what is done to several of them at once."""

from __future__ import annotations

from typing import Any

from ostiary.doors.console import belongings
from ostiary.doors.console.registry import page
from ostiary.doors.console.rendering import day
from ostiary.doors.console.sheets import CSV, sheet
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console.thresholds import Thresholds
from ostiary.services.console.users import CHIPS, GROUPS, KEYS, MFA, PASSWORD, USED, UserRow, user_table
from ostiary.services.faults import ServiceFault

_DELETE = "delete"
_MOST = 500


@page("GET", "/users")
def users(visit: Visit) -> Reply:
    """A page of the list; all of its state is in the address."""
    table = visit.glimpse(user_table, **_asked(visit))
    return visit.page(
        "users/list.html",
        region="rows",
        title=visit._("Users"),
        table=table,
        chips=_chips(visit, table.value.thresholds) if table else {},
        may_create=visit.could("iam:CreateUser"),
        may_delete=visit.could("iam:DeleteUser"),
        may_switch=visit.could("iam:UpdateAccessKey"),
        may_add=visit.could("iam:AddUserToGroup"),
    )


@page("GET", "/users/export.csv")
def export(visit: Visit) -> Reply:
    """What the address finds, as a file."""
    table = visit.look(user_table, **_asked(visit), size=0)
    shown = [each for each in (GROUPS, KEYS, PASSWORD, MFA, USED) if each in table.shows]
    names = {
        GROUPS: visit._("Groups"),
        KEYS: visit._("Access key age (days)"),
        PASSWORD: visit._("Password age (days)"),
        MFA: visit._("MFA"),
        USED: visit._("Last activity"),
    }
    head = [visit._("User name"), visit._("ARN"), visit._("Created"), *(names[each] for each in shown)]
    rows = ([row.name, row.arn, day(row.created), *(_cell(row, each) for each in shown)] for row in table.rows)
    return visit.download(sheet(head, rows), "users.csv", CSV)


@page("POST", "/users/bulk", confirm=True)
def bulk(visit: Visit) -> Reply:
    """Do one thing to the users that are checked."""
    names, deed = visit.form.all("user")[:_MOST], visit.form.get("do")
    back = f"/users?{back_to}" if (back_to := visit.form.get("back")) else "/users"
    if not names:
        return visit.redirect(back, visit._("Choose users first."), "care")
    if deed == "deactivate":
        count, failed = _each(visit, names, _deactivate)
        said = visit.ngettext("%(num)s access key is deactivated.", "%(num)s access keys are deactivated.", count)
        return _told(visit, back, said, failed)
    if deed == "group":
        group = visit.form.get("to_group")
        if not group:
            return visit.redirect(back, visit._("Choose a group first."), "care")
        count, failed = _each(visit, names, lambda v, name: _add(v, name, group))
        said = visit.ngettext(
            "%(num)s user is added to %(group)s.", "%(num)s users are added to %(group)s.", count, group=group
        )
        return _told(visit, back, said, failed)
    return _delete(visit, names, back)


def _asked(visit: Visit) -> dict[str, Any]:
    query = visit.query
    return {
        "find": query.get("find")[:128],
        "group": query.get("group")[:128],
        "chips": tuple(each for each in query.all("show") if each in CHIPS),
        "sort": query.get("sort", "name"),
        "descending": query.get("order") == "desc",
        "page": query.number("page", 1, least=1),
    }


def _chips(visit: Visit, thresholds: Thresholds) -> dict[str, str]:
    return {
        "key-caution": visit._("Key over %(days)s days", days=thresholds.caution),
        "key-warning": visit._("Key over %(days)s days", days=thresholds.warning),
        "no-mfa": visit._("Password without MFA"),
        "never-used": visit._("Never used"),
    }


def _cell(row: UserRow, column: str) -> object:
    if column == GROUPS:
        return "; ".join(row.groups)
    if column == KEYS:
        return "" if row.key_days is None else row.key_days
    if column == PASSWORD:
        return "" if row.password_days is None else row.password_days
    if column == MFA:
        return "; ".join(row.devices)
    return "" if row.activity is None else day(row.activity)


def _each(visit: Visit, names: list[str], deed: Any) -> tuple[int, list[str]]:
    """Do it to each; how much was done, and what failed, in AWS's words."""
    count, failed = 0, []
    for name in names:
        try:
            count += deed(visit, name)
        except ServiceFault as fault:
            failed.append(f"{name}: {fault.message}")
    return count, failed


def _told(visit: Visit, back: str, said: str, failed: list[str]) -> Reply:
    if not failed:
        return visit.redirect(back, said)
    more = visit._("Failed: %(reasons)s", reasons=" ".join(failed)[:400])
    return visit.redirect(back, f"{said} {more}", "care")


def _deactivate(visit: Visit, name: str) -> int:
    done = 0
    for key in visit.every("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=name):
        if key["Status"] == "Active":
            visit.perform("iam", "UpdateAccessKey", UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
            done += 1
    return done


def _add(visit: Visit, name: str, group: str) -> int:
    visit.perform("iam", "AddUserToGroup", UserName=name, GroupName=group)
    return 1


def _remove(visit: Visit, name: str) -> int:
    belongings.dismantle(visit, belongings.of_user(visit, name), ("DeleteUser", {"UserName": name}))
    return 1


def _delete(visit: Visit, names: list[str], back: str) -> Reply:
    """Shows what will go until the word is typed."""
    typed = visit.form.get("typed")
    if typed == _DELETE:
        count, failed = _each(visit, names, _remove)
        return _told(
            visit, back, visit.ngettext("%(num)s user is deleted.", "%(num)s users are deleted.", count), failed
        )
    found: list[tuple[str, list[belongings.Belonging], str]] = []
    for name in names:
        try:
            found.append((name, belongings.of_user(visit, name), ""))
        except ServiceFault as fault:
            found.append((name, [], fault.message))
    return visit.page(
        "users/delete_several.html",
        status=400 if typed else 200,
        title=visit.ngettext("Delete %(num)s user", "Delete %(num)s users", len(names)),
        found=found,
        word=_DELETE,
        wrong=bool(typed),
        back=back,
        back_to=visit.form.get("back"),
    )
