"""The CLI reference's own examples (they come with awscli): what a command is documented to print, held to its shape.

A documented example is a JSON document of AWS's writers. What Ostiary prints must have every member that one of a
command's examples has, with values of the same type; a list that has items, of items that look like the example's.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

_OUTPUT: Final = re.compile(r"^Output:+ *\n\s*\n((?:[ \t]+.*\n?|[ \t]*\n)+)", re.M)

MENDED: Final = (
    (re.compile(r"\.\.\.,?"), ""),
    (re.compile(r",(\s*[}\]])"), r"\1"),
    (re.compile(r'(["\]}])(\s*\n\s*")(?![\s]*[:,}\]])'), r"\1,\2"),
)
"""Some examples are no JSON: ellipses, commas too many or too few. With these they are, but for those of
`create-virtual-mfa-device`, `get-organizations-access-report` and `get-ssh-public-key`."""

TURNED: Final = frozenset({"IsTruncated", "Marker", "NextToken"})
"""What the CLI keeps for itself when it turns pages (some examples were written before it did)."""


def examples(service: str, command: str) -> list[Any]:
    """The documents that the reference prints under a command; none for one that prints nothing."""
    return list(_read(service, command))


def lacking(service: str, command: str, printed: Any) -> list[str]:
    """What the nearest example has and this has not, as paths; empty when the shape is one that is documented."""
    found = [list(_missing(each, printed, "")) for each in examples(service, command)]
    return min(found, key=len, default=[])


@cache
def _read(service: str, command: str) -> tuple[Any, ...]:
    spec = importlib.util.find_spec("awscli")  # found, never imported: it would replace botocore
    assert spec is not None and spec.origin is not None
    file = Path(spec.origin).parent / "examples" / service / f"{command}.rst"
    if not file.exists():
        return ()
    return tuple(filter(None, (_document(block) for block in _OUTPUT.findall(file.read_text()))))


def _document(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except ValueError:
        for wrong, right in MENDED:
            text = wrong.sub(right, text)
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return None


def _missing(documented: Any, printed: Any, path: str) -> Iterator[str]:
    if isinstance(documented, str) and "JSON" in documented:  # <URL-encoded-JSON>, and the CLI decodes it
        return
    if isinstance(documented, dict) and isinstance(printed, dict):
        if "Statement" in documented:  # a policy is the caller's own
            return
        for name, value in documented.items():
            if name in TURNED and name not in printed:
                continue
            if name not in printed:
                yield f"{path}.{name}"
            else:
                yield from _missing(value, printed[name], f"{path}.{name}")
    elif isinstance(documented, list) and isinstance(printed, list):
        if documented and printed:
            yield from min((list(_missing(each, printed[0], f"{path}[]")) for each in documented), key=len)
    elif type(documented) is not type(printed):
        yield f"{path}: {type(printed).__name__}, documented as {type(documented).__name__}"
