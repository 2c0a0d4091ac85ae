"""Service S3: the CORS rules of a bucket: what may be kept, which rule a request meets, what browsers are told.

Source: Amazon S3 API Reference, PutBucketCors and CORSRule; Amazon S3 User Guide, "Using cross-origin resource sharing"
and "Elements of a CORS configuration"; what is left open there, as AWS was seen to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.outcome import Headers
from ostiary.services.s3.faults import malformed_xml

LARGEST: Final = 64 * 1024
"""Bytes of a configuration."""
_MOST_RULES: Final = 100
METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})
_VARIES: Final = ("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")


def check(rules: Sequence[Mapping[str, Any]]) -> str:
    """Rules, in the model's shape, as they are kept. Raises `ServiceFault` MalformedXML, InvalidRequest."""
    if not rules or not all(rule.get("AllowedOrigins") and rule.get("AllowedMethods") for rule in rules):
        raise malformed_xml()
    if len(rules) > _MOST_RULES:
        raise _invalid(f"The number of CORS rules should not exceed allowed limit of {_MOST_RULES} rules.")
    for rule in rules:
        _check_rule(rule)
    return json.dumps([dict(rule) for rule in rules])


def _check_rule(rule: Mapping[str, Any]) -> None:
    for method in rule["AllowedMethods"]:
        if method not in METHODS:
            raise _invalid(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
    for name, element in (("AllowedOrigins", "AllowedOrigin"), ("AllowedHeaders", "AllowedHeader")):
        for value in rule.get(name, ()):
            if value.count("*") > 1:
                raise _invalid(f'{element} "{value}" can not have more than one wildcard.')
    for value in rule.get("ExposeHeaders", ()):
        if "*" in value:
            raise _invalid(
                f'ExposeHeader "{value}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
            )
        if not value.isascii() or not value.isprintable():
            raise malformed_xml()  # it is to stand in a header


def _invalid(message: str) -> ServiceFault:
    return ServiceFault("InvalidRequest", message, 400)


class _Pattern:
    """A text in which one `*` stands for any text, also for none."""

    __slots__ = ("_end", "_start", "_wild")

    def __init__(self, text: str) -> None:
        self._start, self._wild, self._end = text.partition("*")

    def matches(self, text: str) -> bool:
        if not self._wild:
            return text == self._start
        long_enough = len(text) >= len(self._start) + len(self._end)
        return long_enough and text.startswith(self._start) and text.endswith(self._end)


@dataclass(frozen=True, slots=True)
class _Rule:
    origins: tuple[_Pattern, ...]
    everybody: bool
    """Whether `*` is among the origins."""
    methods: tuple[str, ...]
    headers: tuple[_Pattern, ...]
    told: Headers
    """What a browser is told whatever it asked."""

    def meets(self, origin: str, method: str, headers: Sequence[str]) -> bool:
        return (
            method in self.methods
            and any(each.matches(origin) for each in self.origins)
            and all(any(each.matches(name) for each in self.headers) for name in headers)
        )


@lru_cache(maxsize=1024)
def _rules(text: str) -> tuple[_Rule, ...]:
    return tuple(_read(rule) for rule in json.loads(text))


def _read(rule: Mapping[str, Any]) -> _Rule:
    methods = tuple(rule["AllowedMethods"])
    told = [("access-control-allow-methods", ", ".join(methods))]
    if rule.get("ExposeHeaders"):
        told.append(("access-control-expose-headers", ", ".join(rule["ExposeHeaders"])))
    if "MaxAgeSeconds" in rule:
        told.append(("access-control-max-age", str(rule["MaxAgeSeconds"])))
    return _Rule(
        origins=tuple(map(_Pattern, rule["AllowedOrigins"])),
        everybody="*" in rule["AllowedOrigins"],
        methods=methods,
        headers=tuple(_Pattern(name.lower()) for name in rule.get("AllowedHeaders", ())),
        told=(*told, _VARIES),
    )


def told(kept: str, method: str, headers: Mapping[str, str]) -> Headers | None:
    """What a browser is told of a request, by the first rule that it meets; None: it meets none.

    `Access-Control-Request-Method` and `-Headers` count wherever they are said; the headers that a request has do not.

    Args:
        kept: the rules, as `check` gave them.
        method: of the request.
        headers: of the request, by lower-case name.
    """
    origin = headers.get("origin", "")
    method = headers.get("access-control-request-method") or method
    asked = [name for each in headers.get("access-control-request-headers", "").split(",") if (name := each.strip())]
    asked = [name.lower() for name in asked]
    for rule in _rules(kept):
        if rule.meets(origin, method, asked):
            who = [("access-control-allow-origin", "*" if rule.everybody else origin)]
            if not rule.everybody:
                who.append(("access-control-allow-credentials", "true"))
            if asked:
                who.append(("access-control-allow-headers", ", ".join(asked)))
            return [*who, *rule.told]
    return None
