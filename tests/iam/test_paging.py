"""Markers as text: where they are typed, they have to be taken for values."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any

from ostiary.services.iam.paging import page_of


def call(**params: Any) -> Any:
    vault = SimpleNamespace(derive=lambda purpose: hashlib.sha256(purpose.encode()).digest())
    return SimpleNamespace(params=params, account="1" * 12, operation="ListGroups", house=SimpleNamespace(vault=vault))


def test_no_marker_looks_like_an_option_of_a_command_line() -> None:
    names = sorted(f"g{number}" for number in range(1000))
    markers = [page_of(call(MaxItems=1), names[each:], str)[1]["Marker"] for each in range(len(names) - 1)]
    assert not [each for each in markers if each.startswith("-")]
    for number, marker in enumerate(markers[:50]):
        assert page_of(call(MaxItems=1, Marker=marker), names, str)[0] == [names[number + 1]]
