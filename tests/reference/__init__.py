"""A second, slow reading of the evaluation rules, to hold the engine against.

Written from the numbered rules alone (R14 to R107 of `tests/vectors/README.md`): no index, no cache, nothing compiled,
nothing shared with `ostiary.policy`. Everything is worked out anew from the documents, one function a rule.
"""

from __future__ import annotations

from tests.reference.decision import Answer, decide

__all__ = ["Answer", "decide"]
