"""doors/console: templates. Autoescape is on, what is missing is an error, components are macros (`parts.html`).

Source: Jinja documentation, "API", "i18n Extension".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ostiary.doors.console.assets import asset_url
from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.editing import checked
from ostiary.doors.console.people import data_url, group_url, user_url
from ostiary.doors.console.words import LANGUAGES, translations

DAY: Final = 86_400


@cache
def environment(language: str) -> Environment:
    """The templates in a language."""
    made = Environment(
        loader=PackageLoader("ostiary.doors.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        asset=asset_url, languages=LANGUAGES, language=language, cli_line=cli_line, check_document=checked
    )
    made.filters.update(
        moment=moment, day=day, clock=clock, ago=Ago(language), number=lambda value: f"{value:,}", marked=marked
    )
    made.filters.update(user_url=user_url, group_url=group_url, data_url=data_url)
    return made


def render(language: str, template: str, values: Mapping[str, Any], region: str | None = None) -> str:
    """A page, or one of its blocks."""
    found = environment(language).get_template(template)
    if region is None:
        return found.render(values)
    return "".join(found.blocks[region](found.new_context(dict(values))))


def _datetime(value: datetime | int | float) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)


def moment(value: datetime | int | float) -> str:
    """`2026-11-30 08:05:09 UTC`."""
    return _datetime(value).strftime("%Y-%m-%d %H:%M:%S UTC")


def day(value: datetime | int | float) -> str:
    """`2026-11-30`."""
    return _datetime(value).strftime("%Y-%m-%d")


def clock(value: datetime | int | float) -> str:
    """`2026-11-30T08:05:09Z`, for a `time` element."""
    return _datetime(value).strftime("%Y-%m-%dT%H:%M:%SZ")


def marked(text: str, words: str) -> Markup:
    """A text with each word of a search marked in it."""
    wanted = [word for word in words.lower().split() if word]
    folded, out, at = text.lower(), [], 0
    while at < len(text):
        hit = next((word for word in wanted if folded.startswith(word, at)), None)
        if hit is None:
            out.append(escape(text[at]))
            at += 1
        else:
            out.append(Markup("<mark>{}</mark>").format(text[at : at + len(hit)]))
            at += len(hit)
    return Markup("").join(out)


class Ago:
    """How long ago a moment was, roughly: "Today", "12 days ago"."""

    def __init__(self, language: str) -> None:
        self._words = translations(language)

    def __call__(self, value: datetime | int | float, now: datetime) -> str:
        days = (now.astimezone(UTC).date() - _datetime(value).date()).days
        _, ngettext = self._words.gettext, self._words.ngettext
        if days <= 0:
            return _("Today")
        return ngettext("%(num)d day ago", "%(num)d days ago", days) % {"num": days}
