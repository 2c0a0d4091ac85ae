"""The published vectors: decisions, grammar, messages, positions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.policy import (
    Attached,
    Decision,
    Effect,
    InForce,
    MalformedPolicy,
    Matched,
    PolicyKind,
    PolicyType,
    Position,
    Request,
    Source,
    Verdict,
    check,
    compile_policy,
    decide,
    denial_message,
    explain,
)
from ostiary.policy.cases import is_case, read_policies, read_request
from tests.policy.build import ALICE

VECTORS = Path(__file__).parent.parent / "vectors"


def entries(pattern: str) -> list[dict[str, Any]]:
    return [entry for path in sorted(VECTORS.glob(pattern)) for entry in json.loads(path.read_text("utf-8"))]


DECISIONS = entries("*.json")


def by_id(entry: dict[str, Any]) -> str:
    return str(entry["id"])


def test_the_vectors_are_all_there() -> None:
    assert len(DECISIONS) == 644
    assert all(is_case(entry) for entry in DECISIONS)
    assert len({entry["id"] for entry in DECISIONS}) == 644


@pytest.mark.parametrize("entry", DECISIONS, ids=by_id)
def test_a_decision_vector_holds(entry: dict[str, Any]) -> None:
    expected = entry["expected"]
    decision = decide(read_policies(entry["policies"]), read_request(entry["request"]))
    assert decision.verdict.value == expected["decision"], entry["description"]
    if "decided_by" in expected:
        assert decision.decided_by is not None
        assert decision.decided_by.value == expected["decided_by"], entry["description"]


@pytest.mark.parametrize("entry", DECISIONS, ids=by_id)
def test_an_explanation_agrees_with_the_decision_and_its_suggestions_have_been_tried(entry: dict[str, Any]) -> None:
    in_force, request = read_policies(entry["policies"]), read_request(entry["request"])
    explanation = explain(in_force, request)
    assert explanation.decision == decide(in_force, request)
    assert json.loads(json.dumps(explanation.as_dict()))["decision"] == entry["expected"]["decision"]
    allowed = explanation.decision.verdict is Verdict.ALLOWED
    if not allowed and entry["id"] != "spec-036":  # The root user can't assume a role, whatever the policies say.
        assert explanation.suggestions, entry["description"]
    assert all((one.verdict is Verdict.ALLOWED) is not allowed for one in explanation.suggestions)
    matched = {
        (report.type, one.statement.source.name, one.statement.statement_index)
        for report in explanation.types
        for one in report.statements
        if one.matched and report.applies
    }
    for one in explanation.decision.matched:
        assert (one.source.type, one.source.name, one.statement_index) in matched


@pytest.mark.parametrize("entry", entries("validation/*.json"), ids=by_id)
def test_a_document_is_accepted_or_refused_when_saved(entry: dict[str, Any]) -> None:
    expected = entry["expected"]
    if expected["valid"]:
        check(entry["document"], PolicyKind(entry["kind"]))
        return
    with pytest.raises(MalformedPolicy) as refusal:
        check(entry["document"], PolicyKind(entry["kind"]))
    assert refusal.value.code == expected.get("error", refusal.value.code)
    assert refusal.value.finding == expected.get("finding", refusal.value.finding)


@pytest.mark.parametrize("entry", entries("messages/*.json"), ids=by_id)
def test_a_refusal_is_worded_as_aws_words_it(entry: dict[str, Any]) -> None:
    reason = entry["reason"]
    kind, explicit = PolicyType(reason["type"]), reason["kind"] == "explicit"
    source = Source(type=kind, name="policy", arn=reason.get("policy_arn"))
    place = Position(1, 1, 0)
    matched = Matched(source=source, statement_index=0, sid=None, effect=Effect.DENY, start=place, end=place)
    decision = Decision(
        verdict=Verdict.EXPLICIT_DENY if explicit else Verdict.IMPLICIT_DENY,
        decided_by=kind,
        matched=(matched,) if explicit else (),
    )
    quoted = entry["action"].startswith("s3:")
    text = denial_message(decision, entry["principal_arn"], entry["action"], entry["resource"], quote_resource=quoted)
    assert text == entry["message"]


def positioned(entry: dict[str, Any]) -> bool:
    """Simulations without anything that only the simulator's API knows."""
    request, expected = entry["request"], entry["expected"]
    return "MatchedStatements" in expected and set(request) <= {"PolicyInputList", "ActionNames", "ResourceArns"}


POSITIONED = [entry for entry in entries("simulator/*.json") if positioned(entry)]


def test_there_are_positions_to_test() -> None:
    assert len(POSITIONED) >= 5


@pytest.mark.parametrize("entry", POSITIONED, ids=by_id)
def test_matched_statements_stand_where_the_simulator_says(entry: dict[str, Any]) -> None:
    asked, expected = entry["request"], entry["expected"]
    resource = asked.get("ResourceArns", ["*"])[0]
    pool = tuple(
        Attached(compile_policy(text), Source(type=PolicyType.IDENTITY, name=f"PolicyInputList.{number}"))
        for number, text in enumerate(asked["PolicyInputList"], 1)
    )
    request = Request(
        principal=ALICE,
        action=asked["ActionNames"][0],
        resource=resource,
        resource_account=ALICE.account,
        context={},
    )
    decision = decide(InForce(identity=pool), request)
    assert decision.verdict.value == expected["EvalDecision"]
    found = [
        {
            "SourcePolicyId": one.source.name,
            "StartPosition": {"Line": one.start.line, "Column": one.start.column},
            "EndPosition": {"Line": one.end.line, "Column": one.end.column},
        }
        for one in decision.matched
    ]
    wanted = [
        {name: value for name, value in one.items() if name != "SourcePolicyType"}
        for one in expected["MatchedStatements"]
    ]

    def key(one: dict[str, Any]) -> str:
        return json.dumps(one, sort_keys=True)

    assert sorted(found, key=key) == sorted(wanted, key=key)
