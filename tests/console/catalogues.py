"""What is written in the source for people, and what the catalogues make of it.

`python -m tests.console.catalogues` prints what Korean lacks, ready to be filled in.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.live import REPOSITORY

ROOM = REPOSITORY / "src" / "ostiary" / "doors" / "console"
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
OPTIONS = {
    "**/templates/**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "silent": "false", "trimmed": "false"}
}

Message = str | tuple[str, str]


def written() -> dict[Message, str]:
    """Every text of the pages, and a place where it stands."""
    found: dict[Message, str] = {}
    for file, line, message, _comments, _context in extract_from_dir(
        ROOM, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
    ):
        key = message if isinstance(message, str) else (message[0], message[1])
        found.setdefault(key, f"{file}:{line}")
    return found


def catalogues(language: str) -> Iterator[tuple[Path, Catalog]]:
    for path in sorted((ROOM / "locale" / language).glob("*.po")):
        with path.open(encoding="utf-8") as file:
            yield path, read_po(file, locale=language)


def translated(language: str) -> dict[Message, tuple[Path, str | tuple[str, ...]]]:
    """What the catalogues of a language have."""
    found = {}
    for path, catalogue in catalogues(language):
        for message in catalogue:
            if message.id:
                key = message.id if isinstance(message.id, str) else (message.id[0], message.id[1])
                found[key] = (path, message.string)
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


if __name__ == "__main__":
    there = translated("ko")
    for message, place in written().items():
        if message not in there or not there[message][1]:
            print(f"# {place}")
            if isinstance(message, str):
                print(f'msgid {_quoted(message)}\nmsgstr ""\n')
            else:
                print(f'msgid {_quoted(message[0])}\nmsgid_plural {_quoted(message[1])}\nmsgstr[0] ""\n')
