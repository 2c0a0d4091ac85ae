"""doors/console: the visual editor's fields: from a document's statements to names and values, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ostiary import catalog
from ostiary.analysis.completion import Offer, arn_formats, operators
from ostiary.analysis.summary import LEVELS
from ostiary.analysis.visual import Form, Row, applied, forms
from ostiary.doors.console.forms import Fields

_MOST: Final = 200
"""Statements of a form."""
_NUMBER: Final = re.compile(r"s([0-9]{1,3})\.", re.ASCII)
_ROW: Final = re.compile(r"s[0-9]{1,3}\.c([0-9]{1,3})\.operator", re.ASCII)
_FORMATS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A statement as the template has it."""

    number: int
    form: Form
    service: str
    """Whose actions are offered."""
    levels: tuple[tuple[str, tuple[catalog.Action, ...]], ...]
    """These, by access level, without those that are chosen already."""
    formats: tuple[Offer, ...]
    """ARNs of what the actions can be limited to."""

    @property
    def prefix(self) -> str:
        """What the names of its fields begin with."""
        return f"s{self.number}."


def shown(text: str, fields: Fields | None = None, account: str = "") -> tuple[Shown, ...] | None:
    """The statements of a document; None: it can't be shown as a form.

    Args:
        fields: of the form before, which say whose actions are offered.
        account: for ARNs.
    """
    found = forms(text)
    if found is None:
        return None
    services = {} if fields is None else {number: fields.get(f"s{number}.service") for number in range(len(found))}
    return tuple(_shown(number, form, services.get(number, ""), account) for number, form in enumerate(found))


def read(fields: Fields, *, without: int | None = None, more: bool = False) -> str:
    """The document that a form makes of the one it was made of.

    Args:
        without: the statement that is taken out.
        more: a new statement is added.

    Raises:
        ValueError: these are not the fields of a form of ours.
    """
    text = fields.raw("document").replace("\r\n", "\n")
    before = forms(text)
    if before is None:
        raise ValueError("the document can't be read")
    numbers = sorted({int(found[1]) for name, _ in fields if (found := _NUMBER.match(name))})[:_MOST]
    made = [_form(fields, number, before) for number in numbers if number != without]
    if more:
        made.append(Form())
    return applied(text, made)


def fields_of(statements: tuple[Form, ...]) -> list[tuple[str, str]]:
    """What a browser sends of statements that nobody touched."""
    sent: list[tuple[str, str]] = []
    for number, form in enumerate(statements):
        start = f"s{number}."
        sent += [(f"{start}of", "" if form.of is None else str(form.of)), (f"{start}sid", form.sid)]
        sent += [(f"{start}effect", form.effect), (f"{start}resources", "\r\n".join(form.resources))]
        sent += [(f"{start}action", action) for action in form.actions]
        sent += [(f"{start}not_action", "on")] if form.all_but_actions else []
        sent += [(f"{start}not_resource", "on")] if form.all_but_resources else []
        for at, row in enumerate(form.conditions):
            sent += [(f"{start}c{at}.operator", row.operator), (f"{start}c{at}.key", row.key)]
            sent.append((f"{start}c{at}.values", "\r\n".join(row.values)))
    return sent


def _form(fields: Fields, number: int, before: tuple[Form, ...]) -> Form:
    start = f"s{number}."
    of = fields.get(f"{start}of")
    index = int(of) if of.isascii() and of.isdecimal() else None
    if index is not None and index >= len(before):
        raise ValueError("there is no such statement")
    if index is not None and not before[index].shown:
        return before[index]
    added = fields.get(f"{start}add").replace(",", " ").split()
    return Form(
        of=index,
        sid=fields.get(f"{start}sid"),
        effect="Deny" if fields.get(f"{start}effect") == "Deny" else "Allow",
        actions=tuple(dict.fromkeys((*fields.all(f"{start}action"), *added))),
        all_but_actions=fields.flag(f"{start}not_action"),
        resources=_lines(fields.raw(f"{start}resources")),
        all_but_resources=fields.flag(f"{start}not_resource"),
        conditions=tuple(_rows(fields, start)),
        principal=before[index].principal if index is not None else "",
    )


def _rows(fields: Fields, start: str) -> list[Row]:
    matches = (_ROW.fullmatch(name) for name, _ in fields if name.startswith(start))
    found = []
    for number in sorted({int(match[1]) for match in matches if match}):
        operator, key = fields.get(f"{start}c{number}.operator"), fields.get(f"{start}c{number}.key")
        values = _lines(fields.raw(f"{start}c{number}.values"))
        if operator and key:
            found.append(Row(operator, key, values))
    return found


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _shown(number: int, form: Form, service: str, account: str) -> Shown:
    if not service:
        prefixes = dict.fromkeys(action.partition(":")[0].lower() for action in form.actions if ":" in action)
        service = next(iter(prefixes)) if len(prefixes) == 1 else ""
    known = catalog.service(service) if service else None
    chosen = {action.lower() for action in form.actions}
    levels = []
    for level in LEVELS if known is not None else ():
        actions = known.actions.values() if known is not None else ()
        left = (each for each in actions if f"{service}:{each.name}".lower() not in chosen)
        levels.append((level, tuple(each for each in left if each.access_level == level)))
    formats = tuple(arn_formats([] if form.all_but_actions else form.actions, account))[:_FORMATS]
    return Shown(
        number=number,
        form=form,
        service=service,
        levels=tuple((level, actions) for level, actions in levels if actions),
        formats=formats,
    )


def operator_names() -> tuple[str, ...]:
    """Those that the form offers."""
    return operators()
