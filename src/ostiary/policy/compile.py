"""policy: a document made ready for decisions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy ready for decisions. Immutable; shared by everyone who has the same text attached."""

    text: str
    version: str


def compile_policy(text: str) -> CompiledPolicy:
    """Make a document ready for decisions; cached by content."""
    raise NotImplementedError
