"""doors/console: what a form or a query says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlencode


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values in their order; a name may stand several times."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """From `application/x-www-form-urlencoded`. Raises `ValueError` when there are too many."""
        return cls(tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=20_000)))

    def __contains__(self, name: str) -> bool:
        return any(each == name for each, _ in self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def get(self, name: str, default: str = "") -> str:
        """The last value, without blanks around it."""
        found = [value for each, value in self.pairs if each == name]
        return found[-1].strip() if found else default

    def raw(self, name: str) -> str:
        """The last value as it was written: a password, a policy."""
        found = [value for each, value in self.pairs if each == name]
        return found[-1] if found else ""

    def all(self, name: str) -> list[str]:
        """Every value that is not empty, each once."""
        return list(dict.fromkeys(value.strip() for each, value in self.pairs if each == name and value.strip()))

    def flag(self, name: str) -> bool:
        """Whether a box is checked."""
        return bool(self.get(name))

    def number(self, name: str, default: int, *, least: int = 0, most: int = 1_000_000) -> int:
        """A whole number within bounds; what is none counts as the default."""
        text = self.get(name)
        return min(max(int(text), least), most) if text.isascii() and text.isdecimal() and len(text) < 10 else default

    def query(self, changes: Mapping[str, object] | None = None) -> str:
        """As a query with some names set anew; None removes one."""
        changes = changes or {}
        kept = [(name, value) for name, value in self.pairs if name not in changes and value]
        new: list[tuple[str, str]] = []
        for name, value in changes.items():
            values = value if isinstance(value, list | tuple) else [] if value is None or value == "" else [value]
            new += [(name, str(each)) for each in values]
        return urlencode(kept + new)
