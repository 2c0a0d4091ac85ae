"""doors/console: condition keys with values, as people write them: `aws:SourceIp=10.0.0.1`, a line each."""

from __future__ import annotations

from ostiary.policy import ContextValue


def context_of(text: str) -> dict[str, ContextValue]:
    """A key on several lines has several values. Raises `ValueError` with the line that says nothing."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.strip():
            key, equals, value = line.partition("=")
            if not equals or not key.strip():
                raise ValueError(line.strip()[:200])
            found.setdefault(key.strip(), []).append(value.strip())
    return {key: values[0] if len(values) == 1 else tuple(values) for key, values in found.items()}


def entries_of(context: dict[str, ContextValue]) -> list[dict[str, object]]:
    """The same as the simulator's operations are given it."""
    return [
        {
            "ContextKeyName": key,
            "ContextKeyValues": [value] if isinstance(value, str) else list(value),
            "ContextKeyType": "string" if isinstance(value, str) else "stringList",
        }
        for key, value in context.items()
    ]
