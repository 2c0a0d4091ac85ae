"""analysis: what could be left out without a change (IAM User Guide, check reference, "Redundant …")."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from ostiary.analysis.check import Hit, check, hit
from ostiary.analysis.paper import Paper
from ostiary.policy.globs import Glob, glob
from ostiary.policy.parse import Path

_WILD: Final = re.compile(r"[*?]")
_MOST_COMPARISONS: Final = 100_000
"""After so many of one list, no more redundancy is looked for."""


class _Text(Protocol):
    @property
    def path(self) -> Path: ...
    @property
    def text(self) -> str: ...


def _redundant(items: Sequence[_Text], fold: Callable[[str], str]) -> list[_Text]:
    """Those of a list that another covers; of equal ones, all but the first."""
    texts = [fold(item.text) for item in items]
    patterns: dict[str, list[tuple[int, Glob]]] = defaultdict(list)  # by the text before the first wildcard
    for index, text in enumerate(texts):
        head = _WILD.split(text, 1)[0]
        if head != text and "${" not in text:
            patterns[head].append((index, glob(text)))
    lengths = sorted({len(head) for head in patterns})
    seen: set[str] = set()
    found: list[_Text] = []
    left = _MOST_COMPARISONS
    for index, text in enumerate(texts):
        near = [one for length in lengths for one in patterns.get(text[:length], ())] if left > 0 else []
        left -= len(near)
        if text in seen or any(_covers(texts, other, one, index) for other, one in near):
            found.append(items[index])
        seen.add(text)
    return found


def _covers(texts: list[str], other: int, pattern: Glob, index: int) -> bool:
    """Whether one pattern covers all that another does. Its stars are read as text, so its `?` must not meet a star."""
    text = texts[index]
    if other == index or texts[other] == text or ("?" in texts[other] and "*" in text):
        return False
    return pattern.matches(text)


@check("REDUNDANT_ACTION")
def _action(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        found = _redundant(statement.actions, str.lower)
        if found:
            yield hit(*(one.path for one in found), count=str(len(found)), action=found[0].text)


@check("REDUNDANT_RESOURCE")
def _resource(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        found = _redundant(statement.resources, str)
        if found:
            yield hit(*(one.path for one in found), count=str(len(found)))


@check("REDUNDANT_STATEMENT")
def _statement(paper: Paper) -> Iterator[Hit]:
    same: dict[str, list[Path]] = defaultdict(list)
    for statement in paper.statements:
        said = {name: value for name, value in statement.value.items() if name != "Sid"}
        same[json.dumps(said, sort_keys=True)].append(statement.path)
    for paths in same.values():
        if len(paths) > 1:
            yield hit(*paths)
