"""doors/console: the pages on which a user or a group is renamed or moved, and deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ostiary.doors.console import belongings
from ostiary.doors.console.people import group_url, user_url
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.faults import ServiceFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """What can be renamed and deleted with what it has."""

    kind: str
    """As operations and members call it: `UpdateUser`, `UserName`."""
    base: str
    """Where the list is."""
    url: Callable[[str], str]
    belongings: Callable[[Visit, str], list[belongings.Belonging]]


USER: Final = Noun(kind="User", base="/users", url=user_url, belongings=belongings.of_user)
GROUP: Final = Noun(kind="Group", base="/groups", url=group_url, belongings=belongings.of_group)


def rename_page(visit: Visit, noun: Noun, entity: Any, *, said: str, **values: Any) -> Reply:
    """GET shows the form; POST renames or moves: the unique id stays.

    Args:
        entity: as the API shows it.
        said: when it is done.
        values: further ones of the template.
    """
    kind = noun.kind
    name, wrong = entity[f"{kind}Name"], ""
    new, path = visit.form.get("user_name"), visit.form.get("path")
    if visit.method == "POST":
        changes = {
            f"New{kind}Name": new if new != name else None,
            "NewPath": (path or "/") if (path or "/") != entity["Path"] else None,
        }
        try:
            visit.perform("iam", f"Update{kind}", **{f"{kind}Name": name}, **changes)
        except ServiceFault as fault:
            wrong = fault.message
        else:
            return visit.redirect(noun.url(new or name), said)
    return visit.page(
        f"{noun.base[1:]}/edit.html",
        status=400 if wrong else 200,
        title=visit._("Rename %(name)s", name=name),
        new=new or name,
        new_path=path or entity["Path"],
        wrong=wrong,
        may=visit.may("iam", f"Update{kind}", **{f"{kind}Name": name, f"New{kind}Name": name}),
        **{kind.lower(): entity},
        **values,
    )


def delete_page(visit: Visit, noun: Noun, name: str, *, above: str, mistyped: str) -> Reply:
    """GET shows what will go; POST, with the name typed, deletes it with all that it has.

    Args:
        above: the list's title.
        mistyped: when it is not the name that was typed.
    """
    things, wrong = noun.belongings(visit, name), ""
    if visit.method == "POST":
        if visit.form.get("typed") == name:
            belongings.dismantle(visit, things, (f"Delete{noun.kind}", {f"{noun.kind}Name": name}))
            return visit.redirect(noun.base, visit._("%(name)s is deleted.", name=name))
        wrong = mistyped
    return visit.page(
        "users/delete.html",
        status=400 if wrong else 200,
        title=visit._("Delete %(name)s", name=name),
        name=name,
        url=noun.url(name),
        above=((above, noun.base), (name, noun.url(name))),
        things=things,
        wrong=wrong,
        may=visit.may("iam", f"Delete{noun.kind}", **{f"{noun.kind}Name": name}),
    )
