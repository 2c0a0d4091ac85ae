"""policy: a number in a document (RFC 8259).

Not compiled (`scripts/compiled.py`): mypyc makes no class that is a `str`.
"""

from __future__ import annotations


class Number(str):
    """A JSON number, as it was written."""

    __slots__ = ()
