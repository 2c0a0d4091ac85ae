"""Every operation × every kind of caller, each in a world of policies drawn for it, against the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.s3.house import S3House
from tests.s3.matrix import CALLERS, FORMS, ROWS, SIGNERS, STRANGERS, allowed, cases, form_cases, told


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3House]:
    with pytest.MonkeyPatch.context() as patch:
        made = S3House(tmp_path_factory.mktemp("matrix") / "data", patch)
        yield made
        made.close()


def test_the_gate_lets_through_what_the_rules_allow_and_nothing_else(house: S3House) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    round_of_all = len(ROWS) * (len(CALLERS) + len(STRANGERS)) - len(STRANGERS)
    for case in islice(cases("the same in every run"), round_of_all):
        expected = allowed(case)
        assert house.outcome(case) == expected, told(case)
        seen[case.caller, expected[0]] += 1
    for caller in CALLERS:
        assert seen[caller, True] > 5, caller
        assert seen[caller, False] > 20, caller


def test_a_form_is_let_through_when_its_signer_may_put_the_object_and_what_its_fields_ask(house: S3House) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    round_of_all = len(FORMS) * (len(SIGNERS) + len(STRANGERS))
    for case in islice(form_cases("the same in every run"), 14 * round_of_all):
        expected = allowed(case)
        assert house.outcome(case) == expected, told(case)
        seen[case.caller, expected[0]] += 1
    for caller in SIGNERS:
        assert seen[caller, True] > 5, (caller, seen)
        assert seen[caller, False] > 5, (caller, seen)
