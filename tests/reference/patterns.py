"""Wildcards and policy variables: R16, R20, R41 to R48.

A pattern is read into tokens: `("char", c)` a character of the policy, `("value", c)` one that a variable stands for,
then there are `("any", "*")` and `("one", "?")`.
"""

from __future__ import annotations

from typing import Any

Token = tuple[str, str]
Context = dict[str, Any]
"""Condition keys as the vectors write them: a string, or a list for a multivalued key."""

WITH_VARIABLES = "2012-10-17"


def covers(pattern: list[Token], text: str) -> bool:
    """R16, R20: `*` any run of characters, also none; `?` exactly one; everything else is itself; the whole text."""
    reached = [True] + [False] * len(text)  # reached[n]: the tokens so far cover the first n characters
    for kind, character in pattern:
        if kind == "any":
            after, so_far = [], False
            for place in reached:
                so_far = so_far or place
                after.append(so_far)
        else:
            after = [False]
            for n, found in enumerate(text):
                after.append(reached[n] and (kind == "one" or found == character))
        reached = after
    return reached[-1]


def with_wildcards(text: str) -> list[Token]:
    """A pattern that takes no variables."""
    return [_token(character) for character in text]


def _token(character: str) -> Token:
    return ("any", "*") if character == "*" else ("one", "?") if character == "?" else ("char", character)


def context_value(context: Context, key: str) -> Any:
    """R51: the names of keys are compared without case. None when the key is absent."""
    found = None
    for name, value in context.items():
        if name.lower() == key.lower():
            found = value
    return found


def read(text: str, version: str | None, context: Context) -> list[Token] | None:
    """R41, R42: a value with its variables replaced. None: one of them has no value (R44)."""
    if version != WITH_VARIABLES:  # R42: plain text, and a `*` or `?` in it an ordinary wildcard
        return with_wildcards(text)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        end = text.find("}", at)
        if text[at : at + 2] == "${" and end > 0:
            value = variable(text[at + 2 : end], context)
            if value is None:
                return None
            tokens += [("value", character) for character in value]  # R48: literal, whatever it is
            at = end + 1
        else:
            tokens.append(_token(text[at]))
            at += 1
    return tokens


def variable(inside: str, context: Context) -> str | None:
    """R44 to R47: what stands for `${inside}`."""
    if inside in ("*", "?", "$"):  # R46
        return inside
    name, comma, default = inside.partition(", ")
    value = context_value(context, name)  # R43: without case, tag keys included
    if isinstance(value, list):  # R47
        return None
    if comma:  # R45: the quotes are required
        quoted = len(default) >= 2 and default[0] == default[-1] == "'"
        return None if not quoted else default[1:-1] if value is None else value
    return None if value is None else str(value)


def plain(tokens: list[Token]) -> str:
    """The text of a value in which `*` and `?` are ordinary characters (R55)."""
    return "".join(character for _, character in tokens)


def six(tokens: list[Token]) -> list[list[Token]]:
    """R19, R43, R48: split at the first five colons of the policy's own text, once variables are resolved."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token == ("char", ":") and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
