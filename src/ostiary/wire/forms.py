"""Wire: query strings and form bodies, taken apart.

Source: WHATWG URL, "application/x-www-form-urlencoded parsing"; IAM API reference, "Making query requests".
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ostiary.wire.faults import WireFault

MAX_PARAMETERS: Final = 20_000
BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode(text: str) -> str:
    """Percent-decode; a plus sign is a space.

    Raises:
        WireFault: MalformedQueryString, a bad escape; MalformedInput, not UTF-8.
    """
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    if BAD_ESCAPE.search(text):
        raise WireFault("MalformedQueryString", "The query string contains a syntax error.")
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise WireFault("MalformedInput", "The request is not valid UTF-8.") from None


def pairs(text: str) -> list[tuple[str, str]]:
    """The parameters in the order sent.

    Raises:
        WireFault: as `decode`; MalformedQueryString, too many of them.
    """
    if text.count("&") >= MAX_PARAMETERS:
        raise WireFault("MalformedQueryString", "The request has too many parameters.")
    found = []
    for item in text.split("&"):
        if item:
            name, _, value = item.partition("=")
            found.append((decode(name), decode(value)))
    return found


def read_form(query: str, body: bytes = b"") -> dict[str, str]:
    """The parameters of a query-protocol request: those of the URL, then those of the body; the first of a name counts.

    Args:
        query: as sent, without the question mark.
        body: the form, or nothing.

    Raises:
        WireFault: MalformedQueryString or MalformedInput.
    """
    try:
        # The form itself is ASCII; anything else must be escaped, but raw UTF-8 is understood.
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise WireFault("MalformedInput", "The request is not valid UTF-8.") from None
    found: dict[str, str] = {}
    if not query and "%" not in text and "+" not in text and text.count("&") < MAX_PARAMETERS:
        for item in text.split("&"):
            if item:
                name, _, value = item.partition("=")
                found.setdefault(name, value)
        return found
    for part in (query, text):
        if part:
            for name, value in pairs(part):
                found.setdefault(name, value)
    return found


def read_query(query: str) -> dict[str, list[str]]:
    """The parameters of a REST request's URL, all values of a name in order.

    Raises:
        WireFault: MalformedQueryString or MalformedInput.
    """
    found: dict[str, list[str]] = {}
    if query:
        for name, value in pairs(query):
            found.setdefault(name, []).append(value)
    return found
