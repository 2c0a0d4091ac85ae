"""A document as a form and back: what nobody touched stays, to the byte; what was written into it is what it means."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary import catalog
from ostiary.analysis.meaning import compare
from ostiary.analysis.visual import Form, Row, applied, forms, readable, written
from ostiary.doors.console import visual_form
from ostiary.doors.console.forms import Fields
from ostiary.policy.parse import read

names = st.sampled_from(("s3:GetObject", "s3:*", "iam:PassRole", "*", "ec2:Describe*"))
arns = st.sampled_from(("*", "arn:aws:s3:::box", "arn:aws:s3:::box/*", "arn:aws:iam::111122223333:role/x"))
some = st.integers(0, 3)


def maybe_list(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, max_size=3)


values = st.sampled_from(("a", "10.0.0.0/8", "${aws:username}", "한글", " padded ", ""))
scalars = values | st.booleans() | st.integers() | st.sampled_from((1.0, 1e30))
blocks = st.dictionaries(
    st.sampled_from(("StringEquals", "IpAddress", "ForAnyValue:StringLike", "Bool", "NoSuchOperator")),
    st.dictionaries(
        st.sampled_from(("aws:SourceIp", "s3:prefix", "aws:MultiFactorAuthPresent")),
        scalars | st.lists(scalars, max_size=3),
        max_size=2,
    ),
    max_size=2,
)


@st.composite
def statements(draw: st.DrawFn) -> Any:
    made: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Deny")))}
    if draw(st.booleans()):
        made["Sid"] = draw(st.sampled_from(("One", "", "Two")))
    made[draw(st.sampled_from(("Action", "NotAction")))] = draw(maybe_list(names))
    if draw(st.booleans()):
        made[draw(st.sampled_from(("Resource", "NotResource")))] = draw(maybe_list(arns))
    if draw(st.booleans()):
        made["Condition"] = draw(blocks)
    if draw(st.integers(0, 5)) == 0:
        made["Principal"] = draw(st.sampled_from(("*", {"AWS": ["111122223333"]})))
    if draw(st.integers(0, 8)) == 0:
        made["Strange"] = draw(st.none() | st.integers())
    return draw(st.just(made) | st.sampled_from((None, 1, "text", []))) if draw(some) == 0 else made


documents = st.builds(
    lambda body, indent: json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": body}, indent=indent),
    statements().filter(lambda each: isinstance(each, dict)) | st.lists(statements(), max_size=3),
    st.sampled_from((None, 1, 4)),
)


def sent(text: str) -> Fields:
    """What a browser sends back of the form of a document, through the wire and back."""
    found = forms(text)
    assert found is not None
    pairs = [("document", text.replace("\n", "\r\n")), *visual_form.fields_of(found)]
    return Fields.read(Fields(tuple(pairs)).query({"x": None})) if all(v for _, v in pairs) else Fields(tuple(pairs))


@settings(max_examples=120, deadline=None)
@given(documents)
def test_a_form_that_nobody_touched_gives_the_same_text(text: str) -> None:
    found = forms(text)
    assert found is not None
    assert applied(text, found) == text
    assert visual_form.read(sent(text)) == text


@settings(max_examples=80, deadline=None)
@given(documents, st.data())
def test_what_is_changed_in_a_form_changes_nothing_else(text: str, data: st.DataObject) -> None:
    found = forms(text)
    assert found is not None
    shown = [number for number, form in enumerate(found) if form.shown]
    if not shown:
        return
    at = data.draw(st.sampled_from(shown))
    changed = [*found]
    changed[at] = replace(found[at], effect="Deny" if found[at].effect == "Allow" else "Allow")
    before, after = read(text), read(applied(text, changed))
    assert isinstance(before, dict) and isinstance(after, dict)
    body = before["Statement"]
    one: Any = body[at] if isinstance(body, list) else body
    one["Effect"] = changed[at].effect
    assert before == after


form = st.builds(
    Form,
    sid=st.sampled_from(("", "Name")),
    effect=st.sampled_from(("Allow", "Deny")),
    actions=st.lists(names, max_size=3, unique=True).map(tuple),
    all_but_actions=st.booleans(),
    resources=st.lists(arns, min_size=1, max_size=3, unique=True).map(tuple),
    all_but_resources=st.booleans(),
    conditions=st.lists(
        st.builds(
            Row,
            st.sampled_from(("StringEquals", "IpAddress")),
            st.sampled_from(("aws:SourceIp", "s3:prefix")),
            st.lists(st.sampled_from(("a", "b", "10.0.0.0/8")), min_size=1, max_size=2, unique=True).map(tuple),
        ),
        max_size=2,
        unique_by=lambda row: (row.operator, row.key),
    ).map(tuple),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(form, max_size=3))
def test_a_form_says_what_was_written_into_it(wanted: list[Form]) -> None:
    text = applied("", wanted)
    found = forms(text)
    assert found is not None
    told = [replace(each, of=None) for each in found]
    assert [{**_as(each)} for each in told] == [{**_as(each)} for each in wanted]
    again = visual_form.read(sent(text))
    assert again == text


def _as(each: Form) -> dict[str, Any]:
    rows = sorted((row.operator, row.key, row.values) for row in each.conditions)
    return {
        "sid": each.sid,
        "effect": each.effect,
        "actions": (each.actions, each.all_but_actions),
        "resources": (each.resources, each.all_but_resources),
        "conditions": rows,
    }


def test_every_policy_of_aws_keeps_its_meaning_through_the_form() -> None:
    for known in catalog.managed_policies()[::80]:
        text = catalog.document(known.arn, known.default_version)
        assert text is not None
        assert visual_form.read(sent(text)) == text
        longer = visual_form.read(sent(text), more=True)
        assert longer != text
        without = visual_form.read(
            Fields((("document", longer), *visual_form.fields_of(forms(longer) or ()))),
            without=len(forms(longer) or ()) - 1,
        )
        assert compare(text, without).same


def test_a_text_that_is_no_policy_has_no_form() -> None:
    assert forms("{") is None
    assert forms("[]") is None
    with pytest.raises(ValueError, match="can't be read"):
        visual_form.read(Fields((("document", "{"),)))


def test_a_document_on_one_line_is_made_readable_and_numbers_stay() -> None:
    assert (
        readable('{"a":[1.0,{"b":true,"c":[]}]}')
        == '{\n  "a": [\n    1.0,\n    {\n      "b": true,\n      "c": []\n    }\n  ]\n}'
    )
    assert readable('{\n"a":1}') == '{\n"a":1}'
    assert read(written(read('{"n": 1e400, "s": "é\\n"}'))) == read('{"n": 1e400, "s": "é\\n"}')
