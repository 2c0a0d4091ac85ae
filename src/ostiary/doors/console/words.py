"""doors/console: the languages that the pages are written in: English in the source, others in gettext catalogues.

The catalogues are read as they stand in the source (`locale/LANGUAGE/*.po`), all of a language as one.

Source: GNU gettext manual, "The Format of PO Files"; RFC 9110 section 12.5.4 (Accept-Language).
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = {"en": "English", "ko": "한국어"}
"""Each by its own name."""


def chosen(cookie: str | None, accepted: str) -> str:
    """The language of a page: what was chosen before, else the first of the browser's that there is."""
    if cookie in LANGUAGES:
        return cookie
    for part in sorted(accepted.lower().split(","), key=_weight, reverse=True):
        tag = part.partition(";")[0].strip().partition("-")[0]
        if tag in LANGUAGES and _weight(part) > 0:
            return tag
    return "en"


def _weight(part: str) -> float:
    _, found, weight = part.partition(";q=")
    try:
        return float(weight) if found else 1.0
    except ValueError:
        return 0.0


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language."""
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    whole = Catalog(locale=language)
    for part in sorted((files("ostiary.doors.console") / "locale" / language).iterdir(), key=lambda path: path.name):
        if part.name.endswith(".po"):
            for message in read_po(io.StringIO(part.read_text("utf-8")), locale=language):
                if message.id:
                    whole[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
