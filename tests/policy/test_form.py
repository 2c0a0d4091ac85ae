"""The engine under test has the form that was meant: plain Python, or compiled (OSTIARY_FORM=compiled)."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest
from scripts.compiled import MODULES

FORM = os.environ.get("OSTIARY_FORM", "plain")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_decision_has_the_form_that_is_tested(name: str) -> None:
    module = importlib.import_module(f"ostiary.policy.{name}")
    assert Path(str(module.__file__)).suffix == {"plain": ".py", "compiled": ".so"}[FORM]


def test_everything_a_decision_runs_through_is_compiled() -> None:
    """All but two small modules that mypyc can't compile, and say why."""
    room = Path(__file__).parents[2] / "src/ostiary/policy"
    reached, left = set[str](), ["batch", "compile"]
    while left:
        name = left.pop()
        reached.add(name)
        lines = (room / f"{name}.py").read_text().splitlines()
        imported = {line.split()[1].rpartition(".")[2] for line in lines if line.startswith("from ostiary.policy.")}
        left += imported - reached
    assert reached - set(MODULES) == {"memory", "number"}
    assert set(MODULES) <= reached
