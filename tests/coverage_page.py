"""Writes docs/coverage.md: each operation of IAM and STS, whether it is built, what it asks, and which tests call it.

`python -m tests.coverage_page [FILE]`: what stands in the page about tests is kept, and what FILE has recorded is added
in its place; without FILE only the table of operations is brought up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import botocore.session

from ostiary import catalog
from ostiary.services.catalogue import load_operations
from ostiary.services.operation import OPERATIONS

PAGE: Final = Path(__file__).parent.parent / "docs" / "coverage.md"
SERVICES: Final = ("iam", "sts")
NAMES: Final = {"iam": "IAM", "sts": "STS"}
HEAD: Final = """# Which operations there are

Every operation of the models of IAM and STS in botocore. `make coverage` writes this page: what is built is told by the
table of operations, what was asked for it and which files called it by a run of the tests, what AWS asks by the service
authorization reference.

* **asks**: the permissions that a call was seen to ask in the tests, each with the type of the resource (`*`: none);
  for what no test saw, those of the reference, in parentheses. AWS lets some operations be called without a permission.
* **condition keys**: those that were seen with these permissions beside the global ones; in parentheses those that the
  reference has for the action and that no test sent.
* **errors**: those that the model has for the operation and that a call was answered with; in parentheses those that no
  test saw, for the reasons in `tests/iam/never.py`. Left out: `ServiceFailure`, which is IAM's own failure.
* **tests**: the files under `tests/` that called it with success.
"""
_PROVIDER: Final = re.compile(r"localhost:\d+:(\w+)")
COLUMNS: Final = ("operation", "built", "asks", "condition keys", "errors", "tests")
_CELLS: Final = ("asks", "keys", "errors", "tests")
_ROW: Final = re.compile(
    r"\| (?P<operation>\w+) \| (?P<built>yes|no)" + "".join(rf" \| (?P<{name}>.*?)" for name in _CELLS) + r" \|"
)


@dataclass
class Seen:
    """What a run recorded of an operation."""

    files: set[str] = field(default_factory=set)
    asks: set[tuple[str, str]] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)


def recorded(path: Path) -> dict[str, Seen]:
    """A run's record, by operation."""
    found: dict[str, Seen] = defaultdict(Seen)
    for line in path.read_text().splitlines():
        operation, file, asks, error = json.loads(line)
        seen = found[operation]
        if error:
            seen.errors.add(error)
        elif file:
            seen.files.add(file.removeprefix("tests/"))
        for action, kind, keys in asks:
            seen.asks.add((action, kind))
            seen.keys.update(map(template_of, keys))
    return found


def template_of(key: str) -> str:
    """`aws:RequestTag/team` is `aws:RequestTag/…`; `localhost:4711:aud` is `…:aud`, of whatever provider of a test."""
    if provider := _PROVIDER.fullmatch(key):
        return f"…:{provider[1]}"
    return f"{key.partition('/')[0]}/…" if "/" in key else key


def rows_of(page: str) -> dict[str, dict[str, str]]:
    """The rows of a page, by operation."""
    found: dict[str, dict[str, str]] = {}
    service = ""
    for line in page.splitlines():
        if line.startswith("## "):
            service = next((name for name, title in NAMES.items() if line[3:].startswith(title)), "")
        row = _ROW.fullmatch(line)
        if row and service:
            found[f"{service}:{row['operation']}"] = row.groupdict()
    return found


def operations(service: str) -> list[str]:
    """botocore's."""
    names: list[str] = sorted(botocore.session.get_session().get_service_model(service).operation_names)
    return names


def built() -> set[str]:
    """What is in the table of operations."""
    load_operations()
    return {f"{service}:{name}" for service, name in OPERATIONS if service in SERVICES}


def row(operation: str, there: set[str], seen: Seen | None, before: dict[str, str] | None) -> dict[str, str]:
    """A row of the page."""
    if operation not in there:
        return {"built": "no", **dict.fromkeys(_CELLS, "")}
    if seen is None and before is not None and before["built"] == "yes":
        return before
    seen = seen or Seen()
    asks = [f"`{action}` on {kind}" for action, kind in sorted(seen.asks)] or referred(operation)
    missing = sorted(reference_keys(operation) - seen.keys)
    keys = [f"`{key}`" for key in sorted(seen.keys)] + [f"(`{key}`)" for key in missing]
    return {
        "built": "yes",
        "asks": "<br>".join(asks),
        "keys": ", ".join(keys),
        "errors": ", ".join(shown_errors(operation, seen.errors)),
        "tests": ", ".join(f"`{file}`" for file in sorted(seen.files)),
    }


def errors_of(operation: str) -> list[str]:
    """The codes that the model has for an operation, `ServiceFailure` apart."""
    service, name = operation.split(":")
    shapes = botocore.session.get_session().get_service_model(service).operation_model(name).error_shapes
    codes = {str(shape.metadata.get("error", {}).get("code", shape.name)) for shape in shapes}
    return sorted(codes - {"ServiceFailure"})


def shown_errors(operation: str, seen: set[str]) -> list[str]:
    """The documented errors, those that were not seen in parentheses."""
    codes = errors_of(operation)
    return [f"`{code}`" for code in codes if code in seen] + [f"(`{code}`)" for code in codes if code not in seen]


def errors_seen(page: str) -> dict[str, set[str]]:
    """The documented errors that a page says were seen, by operation."""
    return {operation: set(re.findall(r"(?<!\()`(\w+)`", row["errors"])) for operation, row in rows_of(page).items()}


def _action(operation: str) -> Any:
    prefix, name = operation.split(":")
    service = catalog.service(prefix)
    assert service is not None
    return service.actions.get(name)


def referred(operation: str) -> list[str]:
    """What the reference has for an operation."""
    action = _action(operation)
    if action is None:
        return []
    kinds = [each.name for each in action.resources] or ["*"]
    return [f"(`{operation}` on {', '.join(kinds)})"]


def reference_keys(operation: str) -> set[str]:
    """The condition keys that the reference has for an operation's action."""
    action = _action(operation)
    return set() if action is None else {template_of(key) for key in action.condition_keys}


def page(seen: dict[str, Seen], before: dict[str, dict[str, str]]) -> str:
    """The whole page."""
    return HEAD + "".join(_sections(seen, before))


def _sections(seen: dict[str, Seen], before: dict[str, dict[str, str]]) -> Iterator[str]:
    there = built()
    for service in SERVICES:
        names = [f"{service}:{name}" for name in operations(service)]
        yield f"\n## {NAMES[service]}: {len(there & set(names))} of {len(names)} operations\n\n"
        yield "| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|\n"
        for operation in names:
            found = row(operation, there, seen.get(operation), before.get(operation))
            cells = (operation.partition(":")[2], found["built"], *(found[name] for name in _CELLS))
            yield "| " + " | ".join(cells) + " |\n"


def main(arguments: list[str]) -> None:
    """Write the page."""
    seen = recorded(Path(arguments[0])) if arguments else {}
    before = rows_of(PAGE.read_text()) if PAGE.exists() else {}
    PAGE.write_text(page(seen, before))


if __name__ == "__main__":
    main(sys.argv[1:])
