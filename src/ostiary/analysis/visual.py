"""analysis: a document as a form, and back: both are views of the same text.

What a form can't show is kept as it stands, and so is every element that the form leaves as it was. A document whose
form nobody touched is the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ostiary.policy import MalformedPolicy
from ostiary.policy.number import Number
from ostiary.policy.parse import Json, read

_SHOWN: Final = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_KEPT: Final = frozenset({"Principal", "NotPrincipal"})
_EMPTY: Final = '{\n  "Version": "2012-10-17",\n  "Statement": []\n}'


@dataclass(frozen=True, slots=True)
class Row:
    """One test of a Condition."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A statement as a form."""

    of: int | None = None
    """Which statement of the document it is; None: a new one."""
    shown: bool = True
    """Whether a form can show it; if not, it is kept as it stands."""
    text: str = ""
    """The statement, where no form shows it."""
    sid: str = ""
    effect: str = "Allow"
    actions: tuple[str, ...] = ()
    all_but_actions: bool = False
    resources: tuple[str, ...] = ()
    all_but_resources: bool = False
    conditions: tuple[Row, ...] = ()
    principal: str = ""
    """Its Principal or NotPrincipal element, which is kept as it stands."""


def forms(text: str) -> tuple[Form, ...] | None:
    """The statements of a document; None: it can't be read, or is no policy. No text is an empty policy."""
    document = _document(text)
    if document is None:
        return None
    return tuple(_form(index, value) for index, value in enumerate(_statements(document)))


def applied(text: str, changed: Sequence[Form]) -> str:
    """The document with the statements as the forms have them, in their order; those that no form names are gone.

    Raises:
        ValueError: the text can't be shown as forms.
    """
    document = _document(text)
    if document is None:
        raise ValueError("the document can't be read")
    before = _statements(document)
    after = [
        before[form.of] if form.of is not None and not form.shown else _statement(before, form) for form in changed
    ]
    if after == before:
        return text
    single = isinstance(document.get("Statement"), dict) and len(after) == 1
    statements: Json = after[0] if single else list(after)
    return written({**document, "Statement": statements})


def written(value: Json) -> str:
    """JSON as people read it; numbers as they were written."""
    return "".join(_written(value, "\n"))


def readable(text: str) -> str:
    """A document that stands on one line, on several; any other as it is."""
    if "\n" in text.strip():
        return text
    try:
        return written(read(text))
    except MalformedPolicy:
        return text


def _document(text: str) -> dict[str, Json] | None:
    try:
        value = read(text if text.strip() else _EMPTY)
    except MalformedPolicy:
        return None
    if not isinstance(value, dict):
        return None
    body = value.get("Statement", [])
    return value if isinstance(body, dict | list) else None


def _statements(document: dict[str, Json]) -> list[Json]:
    body = document.get("Statement", [])
    return body if isinstance(body, list) else [body]


def _form(index: int, value: Json) -> Form:
    kept = Form(of=index, shown=False, text=written(value))
    if not isinstance(value, dict) or not set(value) <= (_SHOWN | _KEPT):
        return kept
    effect, sid = value.get("Effect"), value.get("Sid", "")
    actions = _texts(value, "Action", "NotAction")
    resources = _texts(value, "Resource", "NotResource")
    conditions = _rows(value.get("Condition", {}))
    if effect not in ("Allow", "Deny") or not _plain(sid, empty=True):
        return kept
    if actions is None or resources is None or conditions is None:
        return kept
    principal = {name: value[name] for name in _KEPT if name in value}
    return Form(
        of=index,
        sid=str(sid),
        effect=str(effect),
        actions=actions,
        all_but_actions="NotAction" in value,
        resources=resources,
        all_but_resources="NotResource" in value,
        conditions=conditions,
        principal=written(dict(principal)) if principal else "",
    )


def _texts(value: dict[str, Json], name: str, negated: str) -> tuple[str, ...] | None:
    """The texts of an element in one of its two forms; None: no form can show it."""
    if name in value and negated in value:
        return None
    return _list(value.get(name, value.get(negated, [])), strings=True)


def _list(value: Json, *, strings: bool) -> tuple[str, ...] | None:
    listed = value if isinstance(value, list) else [value]
    if strings and not all(isinstance(each, str) and not isinstance(each, Number) for each in listed):
        return None
    texts = tuple(_text(each) for each in listed)
    return texts if all(_plain(text) for text in texts) and len(set(texts)) == len(texts) else None


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str) else ""


def _plain(value: Json, *, empty: bool = False) -> bool:
    """Whether a field of a form gives a text back as it is."""
    if not isinstance(value, str) or (isinstance(value, Number) and empty):
        return False
    return value == value.strip() and (empty or bool(value)) and value.isprintable()


def _rows(block: Json) -> tuple[Row, ...] | None:
    found: list[Row] = []
    if not isinstance(block, dict):
        return None
    for operator, keys in block.items():
        if not isinstance(keys, dict) or not _plain(operator) or not keys:
            return None
        for key, value in keys.items():
            values = _list(value, strings=False)
            if not values or not _plain(key):
                return None
            found.append(Row(operator, key, values))
    return tuple(found)


def _statement(statements: Sequence[Json], form: Form) -> Json:
    before = None if form.of is None else statements[form.of]
    old = dict(before) if isinstance(before, dict) else {}
    known = _form(0, before) if before is not None else Form()
    if before is not None and not known.shown:
        return before
    if form.sid != known.sid or before is None:
        old = _put(old, ("Sid",), "Sid", form.sid or None)
    if form.effect != known.effect or before is None:
        old = _put(old, ("Effect",), "Effect", form.effect)
    for name, negated, (was, was_not), (now, now_not) in (
        ("Action", "NotAction", (known.actions, known.all_but_actions), (form.actions, form.all_but_actions)),
        ("Resource", "NotResource", (known.resources, known.all_but_resources),
         (form.resources, form.all_but_resources)),
    ):  # fmt: skip
        if (was, was_not) == (now, now_not) and before is not None:
            continue
        present = old.get(name, old.get(negated))
        value = _joined(now, listed=isinstance(present, list))
        old = _put(old, (name, negated), negated if now_not else name, value)
    if form.conditions != known.conditions:
        old = _put(old, ("Condition",), "Condition", _condition(old.get("Condition"), form.conditions) or None)
    return old


def _joined(values: Sequence[str], *, listed: bool) -> Json:
    return values[0] if len(values) == 1 and not listed else list(values)


def _put(statement: dict[str, Json], names: tuple[str, ...], name: str, value: Json) -> dict[str, Json]:
    """The statement with one of an element's names in the place where one stood; None takes it out."""
    made: dict[str, Json] = {}
    for key, each in statement.items():
        if key not in names:
            made[key] = each
        elif value is not None:
            made[name] = value
    if value is not None:
        made.setdefault(name, value)
    return made


def _condition(before: Json, rows: Iterable[Row]) -> dict[str, Json]:
    """Tests that are as they were keep their values as they were written."""
    old = before if isinstance(before, dict) else {}
    found: dict[str, dict[str, Json]] = {}
    for row in rows:
        inner = old.get(row.operator)
        raw = inner.get(row.key) if isinstance(inner, dict) else None
        block = found.setdefault(row.operator, {})
        if row.key in block:
            present = block[row.key]
            texts = (*(_list(present, strings=False) or ()), *row.values)
            block[row.key] = list(dict.fromkeys(texts))
        elif raw is not None and _list(raw, strings=False) == row.values:
            block[row.key] = raw
        else:
            block[row.key] = _joined(row.values, listed=isinstance(raw, list))
    return {operator: dict(block) for operator, block in found.items()}


def _written(value: Json, line: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        inner = line + "  "
        yield "{"
        for number, (key, each) in enumerate(value.items()):
            yield f"{',' if number else ''}{inner}{json.dumps(key, ensure_ascii=False)}: "
            yield from _written(each, inner)
        yield line + "}"
    elif isinstance(value, list) and value:
        inner = line + "  "
        yield "["
        for number, each in enumerate(value):
            yield f"{',' if number else ''}{inner}"
            yield from _written(each, inner)
        yield line + "]"
    elif isinstance(value, Number):
        yield str(value)
    else:
        yield json.dumps(value, ensure_ascii=False)
