"""analysis: `aws:ResourceTag` where requests never have it (IAM User Guide, "Controlling access using tags")."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.paper import Paper, Statement, Test
from ostiary.analysis.reference import expanded, keys_of_actions

_PREFIX: Final = "aws:resourcetag/"
_KEY: Final = "aws:resourcetag/${tagkey}"
_SHOWN: Final = "aws:ResourceTag"


@lru_cache(maxsize=8192)
def _never_tagged(pattern: str) -> bool:
    """Whether no action that a pattern covers can have the key; patterns that cover nothing are judged elsewhere."""
    if pattern == "*":
        return False
    covered = expanded(pattern)
    return bool(covered) and not any(
        _KEY in keys_of_actions(service).get(name.lower(), frozenset())
        for service, _, name in (each.partition(":") for each in covered)
    )


def _tagged(paper: Paper, effect: str, element: str) -> Iterator[tuple[Statement, Test]]:
    """Tests of the key that fail when it is absent."""
    for statement, test in paper.tests():
        fits = statement.effect == effect and statement.action_element == element
        if fits and test.strict and test.key.lower().startswith(_PREFIX):
            yield statement, test


def _unsupported(paper: Paper, effect: str) -> Iterator[Hit]:
    for statement, test in _tagged(paper, effect, "Action"):
        wrong = [one for one in statement.actions if _never_tagged(one.text)]
        if wrong:
            services = ", ".join(sorted({one.service for one in wrong}))
            yield hit(*(one.path for one in wrong), key_at(test.path), key=_SHOWN, services=services)


def _not_action(paper: Paper, effect: str) -> Iterator[Hit]:
    for statement, test in _tagged(paper, effect, "NotAction"):
        yield hit(key_at((*statement.path, "NotAction")), key_at(test.path), key=_SHOWN)


@check("DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE")
def _deny(paper: Paper) -> Iterator[Hit]:
    yield from _unsupported(paper, "Deny")


@check("ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE")
def _allow(paper: Paper) -> Iterator[Hit]:
    yield from _unsupported(paper, "Allow")


@check("DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE")
def _deny_not_action(paper: Paper) -> Iterator[Hit]:
    yield from _not_action(paper, "Deny")


@check("ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE")
def _allow_not_action(paper: Paper) -> Iterator[Hit]:
    yield from _not_action(paper, "Allow")
