"""Explanations of generated worlds, held against the reference: every statement, every type, every suggestion."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import islice, product
from typing import Any

from ostiary.policy import (
    ContextChange,
    Explanation,
    PolicyChange,
    PolicyType,
    Request,
    Verdict,
    decide,
    explain,
)
from ostiary.policy.cases import read_policies, read_request
from ostiary.policy.options import Drafter
from tests.exact.agree import Case, by_engine, by_reference
from tests.exact.run import cases
from tests.exact.told import carried_out, meant, of_case
from tests.reference.decision import Inquiry

WORLDS = 250


def explained(case: Case) -> Explanation:
    return explain(read_policies(case["policies"]), read_request(case["request"]))


def worlds(seed: str) -> list[tuple[Case, Explanation]]:
    return [(case, explained(case)) for case in islice(cases(f"explained {seed}"), WORLDS)]


def test_of_every_statement_it_is_told_truly_what_failed() -> None:
    failed: Counter[str] = Counter()
    for case, explanation in worlds("statements"):
        for report in explanation.types:
            if not report.applies:
                continue
            for one in report.statements:
                told = one.as_dict()
                parts, tests = meant(case, told)
                assert told["failed"] == parts, json.dumps(case)
                assert [test["holds"] for test in told["conditions"]] == tests, json.dumps(case)
                assert told["matched"] is not bool(parts)
                failed.update(parts or ["nothing"])
    assert min(failed[part] for part in ("action", "resource", "principal", "condition", "nothing")) > 50, failed


def test_what_each_type_says_is_what_the_reference_hears_it_say() -> None:
    said: Counter[tuple[str, str]] = Counter()
    for case, explanation in worlds("types"):
        inquiry = Inquiry(case["policies"], case["request"])
        for report in explanation.types:
            kind = of_case(report.type.value)
            assert report.applies is inquiry.applies(kind), json.dumps(case)
            if report.applies:
                denies = any(True for _ in inquiry.matching(kind, "Deny"))
                silent = "allowed" if inquiry.every_level_allows(kind) and inquiry.levels(kind) else "implicitDeny"
                assert report.verdict.value == ("explicitDeny" if denies else silent), json.dumps(case)
                said[kind, report.verdict.value] += 1
        if case["request"]["principal"]["type"] != "root":  # Whom no policy lets assume a role.
            check_by_type(explanation)
    assert len(said) > 15, said


def check_by_type(explanation: Explanation) -> None:
    """What types say and what was decided go together."""
    decision = explanation.decision
    verdicts = {report.type: report.verdict for report in explanation.types if report.applies}
    denies = Verdict.EXPLICIT_DENY in verdicts.values()
    if decision.verdict is Verdict.EXPLICIT_DENY:
        assert decision.decided_by is not None
        assert verdicts[decision.decided_by] is Verdict.EXPLICIT_DENY
    elif decision.verdict is Verdict.IMPLICIT_DENY:
        assert not denies
        assert decision.decided_by is None or verdicts.get(decision.decided_by) is not Verdict.ALLOWED
    elif decision.decided_by is not None:
        assert verdicts[decision.decided_by] is Verdict.ALLOWED


def test_every_suggestion_turns_engine_and_reference_round() -> None:
    remedies: Counter[str] = Counter()
    several, helped, refused = 0, 0, 0
    for case, explanation in worlds("suggestions"):
        before = explanation.decision.verdict
        refused += before is not Verdict.ALLOWED
        helped += before is not Verdict.ALLOWED and bool(explanation.suggestions)
        told = [one.as_dict() for one in explanation.suggestions]
        assert [one["width"] for one in told] == sorted(one["width"] for one in told)
        assert len({one["text"] for one in told}) == len(told)
        for one in told:
            assert (one["verdict"] == "allowed") is (before is not Verdict.ALLOWED)
            assert_turns(case, one)
            several += len(one["changes"]) > 1
            remedies.update(change["remedy"] for change in one["changes"])
            if len(one["changes"]) > 1:
                assert_least(case, one, before is Verdict.ALLOWED)
    assert helped > refused * 0.97, (helped, refused)
    assert several > 50
    assert len(remedies) == 8 and min(remedies.values()) >= 3, remedies


def test_no_more_neighbours_are_turned_round_than_the_width_says() -> None:
    """Every combination is decided before and after the change; the width bounds how many are answered otherwise."""
    tried, turned = 0, 0
    for case in islice(cases("explained widths"), 400):
        if "${" in json.dumps(case["policies"]) or "NotPrincipal" in json.dumps(case["policies"]):
            continue  # Variables are filled in once; NotPrincipal spares nobody who has a boundary.
        explanation = explained(case)
        allowed = explanation.decision.verdict is Verdict.ALLOWED
        before = read_policies(case["policies"])
        hood = neighbourhood(case, explanation)
        for one in explanation.suggestions:
            (change, *others) = one.changes
            if others or isinstance(change, ContextChange) or one.among > 1_500:
                continue
            after = read_policies(carried_out(case, [change.as_dict()])["policies"])
            asked = [replace(each, resource_account=case["request"]["resource_account"]) for each in hood(change)]
            was = [decide(before, each).verdict is Verdict.ALLOWED for each in asked]
            now = [decide(after, each).verdict is Verdict.ALLOWED for each in asked]
            otherwise = sum(a is not b for a, b in zip(was, now, strict=True))
            assert otherwise <= one.width <= len(asked), json.dumps([case, one.as_dict()])
            assert not any(a is not allowed and a is not b for a, b in zip(was, now, strict=True)), json.dumps(case)
            tried, turned = tried + 1, turned + otherwise
    assert tried > 30
    assert turned > tried


def neighbourhood(case: Case, explanation: Explanation) -> Callable[[PolicyChange], list[Request]]:
    """The neighbours that count for a change, all combinations of them."""
    request = read_request(case["request"])
    found = Drafter(read_policies(case["policies"]), request, explanation.types).neighbours

    def asked(change: PolicyChange) -> list[Request]:
        callers = found.principals
        if change.type in (PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION):
            callers = callers[:1]
        elif change.type is PolicyType.SCP:
            callers = tuple(one for one in callers if one.account == request.principal.account)
        return [
            replace(request, action=action, resource=resource, principal=caller, context=context)
            for action, resource, caller, context in product(found.actions, found.resources, callers, found.contexts)
        ]

    return asked


def assert_turns(case: Case, suggestion: dict[str, Any]) -> None:
    after = carried_out(case, suggestion["changes"])
    wrong = json.dumps([case, suggestion])
    assert by_engine(after).decision == suggestion["verdict"], wrong
    assert by_reference(after).decision == suggestion["verdict"], wrong


def assert_least(case: Case, suggestion: dict[str, Any], allowed: bool) -> None:
    """None of several changes can be spared."""
    for change in suggestion["changes"]:
        fewer = carried_out(case, [one for one in suggestion["changes"] if one is not change])
        assert (by_reference(fewer).decision == "allowed") is allowed, json.dumps([case, suggestion])
