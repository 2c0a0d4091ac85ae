"""Every text is there in every language."""

from __future__ import annotations

import re

import pytest

from ostiary.doors.console.words import LANGUAGES, chosen
from tests.console.catalogues import Message, catalogues, translated, written

OTHERS = [each for each in LANGUAGES if each != "en"]
_PLACE = re.compile(r"%\((\w+)\)[sd]")


def _places(text: str) -> set[str]:
    return set(_PLACE.findall(text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    there = translated(language)
    missing = {message: place for message, place in written().items() if not _strings(there, message)}
    assert not missing, f"`python -m tests.console.catalogues` prints them: {missing}"


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_same_places_for_values(language: str) -> None:
    there = translated(language)
    for message, (path, _) in there.items():
        wanted = _places(message) if isinstance(message, str) else _places(message[0]) | _places(message[1])
        for text in _strings(there, message):
            assert _places(text) == wanted, (path, message)


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_translated_twice_in_two_ways(language: str) -> None:
    seen: dict[Message, object] = {}
    for path, catalogue in catalogues(language):
        for message in catalogue:
            if message.id:
                key = message.id if isinstance(message.id, str) else (message.id[0], message.id[1])
                assert seen.setdefault(key, message.string) == message.string, (path, message.id)


def _strings(there: dict[Message, tuple[object, str | tuple[str, ...]]], message: Message) -> list[str]:
    found = there.get(message)
    if found is None:
        return []
    return [each for each in ([found[1]] if isinstance(found[1], str) else found[1]) if each]


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        (None, "fr, en;q=0.5, ko;q=0.4", "en"),
        (None, "fr", "en"),
        (None, "", "en"),
        (None, "ko;q=0, en;q=0.1", "en"),
        ("en", "ko", "en"),
        ("xx", "ko", "ko"),
    ],
)
def test_the_language_is_the_browsers_unless_chosen(cookie: str | None, accepted: str, language: str) -> None:
    assert chosen(cookie, accepted) == language
