"""What holds for every policy and every request."""

from __future__ import annotations

import ipaddress
import json
import random
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.policy import MalformedPolicy, PolicyKind, Principal, check, compile_policy, decide, explain
from ostiary.policy.globs import glob
from ostiary.policy.operators import OPERATORS
from ostiary.policy.scalars import read_address, read_moment, read_network, within
from tests.policy.build import (
    ACCOUNT,
    ALICE,
    BUCKET,
    OTHER,
    ROLE,
    SESSION,
    allow,
    deny,
    document,
    holds,
    in_force,
    outcome,
    request,
)

ACTIONS = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject", "ec2:*", "S3:GETOBJECT"])
RESOURCES = st.sampled_from(
    ["*", f"{BUCKET}/*", f"{BUCKET}/a", f"{BUCKET}/${{aws:username}}", "arn:aws:s3:::other/*", "arn:aws:s3:*", BUCKET]
)
CONTEXT_VALUES = {"aws:username": ["a", "alice"], "aws:SourceIp": ["10.0.0.1", "192.0.2.1"], "svc:n": ["1", "7"]}
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:username": "a"}},
        {"StringNotEquals": {"aws:username": "a"}},
        {"IpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"}},
        {"NumericLessThan": {"svc:n": "5"}, "Null": {"aws:username": "false"}},
        {"ForAllValues:StringLike": {"aws:username": ["a*", "b"]}},
    ]
)
PRINCIPALS = st.sampled_from(
    ["*", {"AWS": ACCOUNT}, {"AWS": ALICE.arn}, {"AWS": ROLE}, {"AWS": SESSION.arn}, {"Service": "ec2.amazonaws.com"}]
)
CALLERS: st.SearchStrategy[Principal] = st.sampled_from([ALICE, SESSION])


@st.composite
def statements(draw: st.DrawFn, *, resource: bool = False, effect: str | None = None) -> dict[str, Any]:
    made = (allow if (effect or draw(st.sampled_from(["Allow", "Deny"]))) == "Allow" else deny)(
        draw(ACTIONS), draw(RESOURCES), condition=draw(CONDITIONS)
    )
    if draw(st.integers(0, 5)) == 0:
        made["NotAction"] = made.pop("Action")
    if draw(st.integers(0, 5)) == 0:
        made["NotResource"] = made.pop("Resource")
    if resource:
        made["Principal"] = draw(PRINCIPALS)
    return made


def few(of: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(of, max_size=4)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    types: dict[str, Any] = {"identity": draw(few(statements()))}
    for name in ("boundary", "session"):
        if draw(st.booleans()):
            types[name] = draw(few(statements()))
    if draw(st.booleans()):
        types["resource"] = draw(few(statements(resource=True)))
    if draw(st.booleans()):
        types["scp"] = draw(st.lists(few(statements()), min_size=1, max_size=3))
    return types


@st.composite
def requests(draw: st.DrawFn) -> Any:
    context = {key: draw(st.sampled_from(values)) for key, values in CONTEXT_VALUES.items() if draw(st.booleans())}
    return request(
        draw(st.sampled_from(["s3:GetObject", "s3:PutObject", "ec2:RunInstances"])),
        draw(st.sampled_from([f"{BUCKET}/a", f"{BUCKET}/alice", "arn:aws:s3:::other/x", "*"])),
        draw(CALLERS),
        draw(st.sampled_from([ACCOUNT, OTHER])),
        context=context,
    )


def decided(types: dict[str, Any], asked: Any) -> str:
    return outcome(decide(in_force(**types), asked))


@given(worlds(), requests(), st.randoms(use_true_random=False))
def test_the_order_of_statements_is_irrelevant(types: dict[str, Any], asked: Any, random: random.Random) -> None:
    before = decided(types, asked)
    shuffled = {name: random.sample(value, len(value)) for name, value in types.items() if name != "scp"}
    if "scp" in types:
        shuffled["scp"] = [random.sample(level, len(level)) for level in types["scp"]]
    assert decided(shuffled, asked) == before


@given(worlds(), requests(), statements(effect="Deny"), st.data())
def test_adding_a_deny_never_widens(
    types: dict[str, Any], asked: Any, extra: dict[str, Any], data: st.DataObject
) -> None:
    before = decided(types, asked)
    name = data.draw(st.sampled_from([name for name in types if name != "scp"]))
    if name == "resource":
        extra = {**extra, "Principal": data.draw(PRINCIPALS)}
    after = decided({**types, name: [*types[name], extra]}, asked)
    assert after == before or after == "explicitDeny"


@given(worlds(), requests(), few(statements()), st.sampled_from(["boundary", "session", "scp"]))
def test_a_limit_that_is_put_on_never_widens(
    types: dict[str, Any], asked: Any, limit: list[dict[str, Any]], name: str
) -> None:
    without = {kind: value for kind, value in types.items() if kind != name}
    value: Any = [limit] if name == "scp" else limit
    if decided(without, asked) != "allowed":
        assert decided({**without, name: value}, asked) != "allowed"


@given(worlds(), requests(), statements(effect="Allow"))
def test_adding_an_allow_never_narrows(types: dict[str, Any], asked: Any, extra: dict[str, Any]) -> None:
    if decided(types, asked) == "allowed":
        assert decided({**types, "identity": [*types["identity"], extra]}, asked) == "allowed"


@given(worlds(), requests())
def test_nothing_is_allowed_without_an_allow(types: dict[str, Any], asked: Any) -> None:
    denies = {name: [one for one in value if one["Effect"] == "Deny"] for name, value in types.items() if name != "scp"}
    assert decided(denies, asked) != "allowed"


@given(worlds(), requests())
def test_statements_in_one_policy_or_in_many_are_the_same(types: dict[str, Any], asked: Any) -> None:
    many = in_force(**types)
    split = type(many)(
        identity=[one for statement in types["identity"] for one in in_force(identity=[statement]).identity],
        resource=many.resource,
        boundary=many.boundary,
        session=many.session,
        scp=many.scp,
    )
    assert decide(split, asked).verdict is decide(many, asked).verdict


@settings(max_examples=50)
@given(worlds(), requests())
def test_an_explanation_agrees_with_the_decision(types: dict[str, Any], asked: Any) -> None:
    policies = in_force(**types)
    explanation = explain(policies, asked)
    assert explanation.decision == decide(policies, asked)
    json.dumps(explanation.as_dict())


LETTERS = st.text("ab*?.\n", max_size=12)


@settings(max_examples=500)
@given(LETTERS, st.text("ab*?.\n", max_size=16))
def test_a_glob_matches_what_the_regular_expression_matches(pattern: str, text: str) -> None:
    translated = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern)
    assert glob(pattern).matches(text) == (re.fullmatch(translated, text, re.DOTALL) is not None)


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_ranges_hold_what_the_standard_library_says(address: Any, base: Any, length: int) -> None:
    length = min(length, base.max_prefixlen)
    network = ipaddress.ip_network(f"{base}/{length}", strict=False)
    read, wanted = read_address(str(address)), read_network(f"{base}/{length}")
    assert read is not None
    assert wanted is not None
    assert within(read, wanted) == (address in network)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-1439, 1439))
def test_moments_are_those_of_the_standard_library(moment: datetime, minutes: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    since = zoned - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = Decimal(since.days * 86400 + since.seconds) + Decimal(since.microseconds) / 1_000_000
    assert read_moment(zoned.isoformat(timespec="microseconds")) == seconds


NAMES = [
    *("Version", "Id", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"),
    *("Principal", "NotPrincipal", "AWS", "Condition", "StringLike", "DateLessThan", "other"),
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["*", "Allow"])
)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


def only_malformed(text: str) -> None:
    for kind in PolicyKind:
        try:
            check(text, kind)
        except MalformedPolicy as fault:
            assert fault.line >= 1
            assert fault.column >= 1
    try:
        compile_policy(text)
    except MalformedPolicy:
        return


@settings(max_examples=200)
@given(JSON_VALUES)
def test_any_json_is_read_or_malformed(value: Any) -> None:
    only_malformed(json.dumps(value))


@settings(max_examples=200)
@given(statements(), JSON_VALUES, st.sampled_from(["Effect", "Action", "Resource", "Condition", "Sid", "Principal"]))
def test_a_statement_with_any_element_is_read_or_malformed(statement: dict[str, Any], value: Any, name: str) -> None:
    only_malformed(document({**statement, name: value}))


@settings(max_examples=200)
@given(st.text(), st.integers(0, 200), st.integers(0, 200))
def test_a_damaged_document_is_read_or_malformed(noise: str, start: int, length: int) -> None:
    text = document(allow(condition={"StringLike": {"aws:username": ["a", "b"]}}), deny("s3:*"))
    only_malformed(text[:start] + noise + text[start + length :])


@pytest.mark.parametrize("name", [*OPERATORS, *(f"{one}IfExists" for one in OPERATORS)])
@given(value=st.text(max_size=20), wanted=st.text(max_size=20))
@settings(max_examples=20)
def test_no_value_breaks_an_operator(name: str, value: str, wanted: str) -> None:
    for key in ("svc:k", "svc:absent"):
        for form in (name, f"ForAllValues:{name}", f"ForAnyValue:{name}"):
            assert holds({form: {key: wanted}}, {"svc:k": value}) in (True, False)


def test_there_are_27_operators() -> None:
    assert len(OPERATORS) + 1 == 27  # Null is a test of presence and stands apart.


def seconds(length: int, pattern: str) -> float:
    compiled, text = glob(pattern), "a" * length
    best = 1.0
    for _ in range(3):
        start = time.perf_counter()
        assert not compiled.matches(text)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("pattern", ["*a" * 200 + "b", "*" * 500 + "b*c", "a*" * 300 + "?b", "*?a" * 100 + "*b*"])
def test_t31_many_stars_take_time_in_proportion_to_the_text(pattern: str) -> None:
    assert seconds(100_000, pattern) < 0.5


@pytest.mark.parametrize("operator", ["StringLike", "ArnLike"])
def test_t31_an_adversarial_condition_is_decided_at_once(operator: str) -> None:
    pattern = "arn:aws:s3:::" + "*a" * 500 + "b"
    start = time.perf_counter()
    assert not holds({operator: {"svc:k": [pattern] * 20}}, {"svc:k": "arn:aws:s3:::" + "a" * 20_000})
    assert time.perf_counter() - start < 2


def test_the_same_text_is_compiled_once_and_the_cache_is_bounded() -> None:
    from ostiary.policy import compile as compiling

    text = document(allow("s3:GetBucketTagging"))
    assert compile_policy(text) is compile_policy(str(text))
    for number in range(compiling._REMEMBERED_POLICIES + 10):
        compile_policy(document(allow(f"s3:Get{number}")))
    assert len(compiling._compiled) == compiling._REMEMBERED_POLICIES


def test_a_decision_is_no_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(decide(in_force(identity=[]), request()))
