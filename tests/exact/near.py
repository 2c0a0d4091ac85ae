"""Patterns and values near what a request asks: some meet it, some just miss it."""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random
from typing import Any, Final

from tests.exact.vocabulary import ACCOUNTS, CANONICAL, JUNK, MOMENTS, PROVIDERS, SERVICES, Caller, a_value, spelled

ABSENT: Final = "svc:absent"
"""A condition key that no request has."""


def recased(draw: Random, text: str) -> str:
    return "".join(draw.choice((one.lower(), one.upper())) for one in text)


def blurred(draw: Random, text: str) -> str:
    """The text with wildcards in place of something, so that it still matches."""
    start = draw.randint(0, len(text))
    end = draw.randint(start, min(len(text), start + 5))
    how = draw.randrange(4)
    if how == 0:
        return text[:start] + "*"
    if how == 1 and start < len(text):
        return text[:start] + "?" + text[start + 1 :]
    return text[:start] + "*" + text[end:]


def missed(draw: Random, text: str) -> str:
    """Something else that looks like it."""
    how = draw.randrange(5)
    if how == 0:
        return text.swapcase()
    if how == 1:
        return text[:-1]
    if how == 2:
        return text + draw.choice(("?", "x", "/x"))
    at = draw.randint(0, len(text))
    return text[:at] + draw.choice(("?", "x", ".")) + text[at:]


def action(draw: Random, asked: str, *, hit: bool) -> str:
    """A pattern for actions."""
    service, _, name = asked.partition(":")
    if hit:
        near = (
            asked,
            "*",
            f"{service}:*",
            f"{service}:{blurred(draw, name)}",
            recased(draw, asked),
            f"{service}:{blurred(draw, name)}",
        )
    else:
        other = draw.choice(
            ("s3:PutObject", "sqs:*", "ec2:Describe*", "iam:PassRole", "kms:Decrypt", "sts:*", "logs:Put*")
        )
        near = (
            other,
            f"{service}:{missed(draw, name)}",
            f"{service}x:{name}",
            f"{service[:-1]}:*",
            f"{service}:?",
            other,
        )
    return draw.choice(near)


def resource(draw: Random, asked: str, context: dict[str, Any], *, hit: bool) -> str:
    """A pattern for resources: short forms, wildcards in components, variables."""
    if asked == "*":
        return "*" if hit else draw.choice(("arn:aws:s3:::*", "arn:*", "arn:aws:*:*:*:*"))
    if not hit and draw.random() < 0.15:
        return draw.choice(
            ("arn:aws:s3:::other/*", "arn:aws:s3:::", "arn:aws:sqs:us-east-1", "arn:aws:iam::111122223333:user/*")
        )
    *head, last = asked.split(":", 5)
    how = draw.randrange(8)
    if how == 0 and hit:
        return "*"
    if how == 1:  # R21: fewer than six components
        count = draw.randint(1, 5)
        short = asked.split(":")[:count]
        if draw.random() < 0.5:
            at = draw.randrange(count)
            short[at] = (blurred if hit or draw.random() < 0.5 else missed)(draw, short[at])
        return ":".join(short) + draw.choice(("*", ":*", "?*") if hit else ("", ":*", "*", "x*", ":?"))
    if how in (2, 3, 4):
        last = variable(draw, last, context, hit=hit)
    elif how in (5, 6):
        last = blurred(draw, last) if hit else missed(draw, last)
    elif not hit:
        at = draw.randrange(5)
        head[at] = draw.choice(("", "?", head[at] + "x", head[at].upper() + "A"))
    if draw.random() < 0.3:
        at = draw.randrange(5)
        head[at] = blurred(draw, head[at])
    return ":".join([*head, last])


def variable(draw: Random, text: str, context: dict[str, Any], *, hit: bool) -> str:
    """The text with a variable in it (R41 to R48)."""
    for character in "*?$":
        if character in text and draw.random() < 0.5:
            return text.replace(character, f"${{{character}}}", 1)
    inside = [key for key, value in context.items() if isinstance(value, str) and value and value in text]
    if inside and hit:
        key = draw.choice(inside)
        default = ", 'other'" if draw.random() < 0.2 else ""
        return text.replace(context[key], f"${{{maybe_recased(draw, key)}{default}}}", 1)
    start = draw.randint(0, len(text))
    end = draw.randint(start, len(text))
    if hit and not re.search(r"[}'$]", text[start:end]):
        return f"{text[:start]}${{{ABSENT}, '{text[start:end]}'}}{text[end:]}"
    key = draw.choice((ABSENT, "aws:TagKeys", "aws:username", "aws:PrincipalTag/team"))
    return f"{text[:start]}${{{key}}}{text[end:]}"


def maybe_recased(draw: Random, key: str) -> str:
    return recased(draw, key) if draw.random() < 0.25 else key


def string(draw: Random, value: str, context: dict[str, Any], *, hit: bool) -> str:
    """A policy value for the string operators."""
    how = draw.randrange(8)
    if how < 3 and hit:
        return value
    if how in (3, 4):
        return variable(draw, value, context, hit=hit)
    if how == 5:
        return recased(draw, value)
    return blurred(draw, value) if hit else missed(draw, value)


def arn(draw: Random, value: str, context: dict[str, Any], *, hit: bool) -> str:
    """A policy value for the ARN operators."""
    if value.count(":") < 5 or draw.random() < 0.1:
        return draw.choice(
            ("arn:aws:*:*:*:*", "arn:*", "arn:aws:sns:*", "*", "arn:aws:sns:us-east-1:111122223333:orders")
        )
    *head, last = value.split(":", 5)
    at = draw.randrange(5)
    if not hit and draw.random() < 0.5:
        head[at] = draw.choice(("", "?", head[at] + "x", head[at].upper() + "A"))
    else:
        head[at] = blurred(draw, head[at]) if draw.random() < 0.5 else head[at]
        last = string(draw, last, context, hit=hit)
    return ":".join([*head, last])


def number(draw: Random, value: str, context: dict[str, Any], *, hit: bool) -> Any:
    if hit and draw.random() < 0.6:
        return draw.choice((value, value + ".0" if "." not in value else value + "0"))
    return draw.choice((0, 10, 9.5, "9", "10.00", "-1", "9007199254740993", "0.1", "1e3", 9007199254740992))


def date(draw: Random, value: str, context: dict[str, Any], *, hit: bool) -> Any:
    if hit and draw.random() < 0.4:
        return value
    moment = draw.choice(MOMENTS)
    if not hit:
        moment += draw.choice((timedelta(seconds=1), timedelta(seconds=-1), timedelta(days=1), timedelta()))
    return spelled(draw, moment) if moment.year >= 1970 else draw.choice(JUNK)


def ip(draw: Random, value: str, context: dict[str, Any], *, hit: bool) -> str:
    whole = 128 if ":" in value else 32
    if hit:
        return draw.choice((value, f"{value}/{whole}", f"{value}/{draw.randint(0, whole)}", value.upper()))
    other = (
        "10.0.0.0/8",
        "10.0.0.0/9",
        "203.0.113.0/24",
        "0.0.0.0/0",
        "::/0",
        "2001:DB8:1234::/48",
        "10.0.0.0/255.0.0.0",
        "8.8.8.8",
    )
    return draw.choice((*other, f"{value}/{whole + 1}"))


def boolean(draw: Random, value: str, context: dict[str, Any], *, hit: bool) -> Any:
    if hit:
        return draw.choice((value, value.upper(), value.lower() == "true"))
    return draw.choice(("true", "false", True, False, "0", "maybe"))


def binary(draw: Random, value: str, context: dict[str, Any], *, hit: bool) -> str:
    return value if hit else draw.choice((value.swapcase(), "QUJD", "QUI", "", "====", a_value(draw, "binary")))


def named(draw: Random, caller: Caller, *, hit: bool) -> tuple[str, str]:
    """An entry of a Principal element: its key and its value."""
    if hit:
        return draw.choice(names_of(caller))
    account = caller["account"] or ACCOUNTS[0]
    name = str(caller["arn"]).split("/")[-1]
    other = next(one for one in ACCOUNTS if one != account)
    return draw.choice(
        (
            ("AWS", f"arn:aws:iam::{account}:user/{name.swapcase()}"),
            ("AWS", f"arn:aws:iam::{account}:user/*"),
            ("AWS", f"arn:aws:iam::{account}:role/{name}"),
            ("AWS", f"arn:aws:sts::{account}:assumed-role/app/{name}x"),
            ("AWS", other),
            ("AWS", f"arn:aws:iam::{other}:root"),
            ("AWS", "AIDAEXAMPLEOTHER"),
            ("Service", draw.choice(SERVICES)),
            ("Federated", draw.choice(PROVIDERS)),
            ("CanonicalUser", CANONICAL[other]),
            ("CanonicalUser", CANONICAL[account]),
        )
    )


def names_of(caller: Caller) -> list[tuple[str, str]]:
    """The entries that name a caller."""
    if caller["type"] in ("service", "federated"):
        return [("Service" if caller["type"] == "service" else "Federated", caller["arn"]), ("AWS", "*")]
    if caller["type"] == "anonymous":
        return [("AWS", "*")]
    members = ("arn", "arn", "id", "role_arn", "role_arn", "issuer_arn", "issuer_id")
    entries = [("AWS", caller[member]) for member in members if caller.get(member)]
    if "canonical_id" in caller:
        entries.append(("CanonicalUser", caller["canonical_id"]))
    return [*entries, ("AWS", caller["account"]), ("AWS", f"arn:aws:iam::{caller['account']}:root"), ("AWS", "*")]


VALUES: Final = {
    "string": string,
    "number": number,
    "date": date,
    "bool": boolean,
    "binary": binary,
    "ip": ip,
    "arn": arn,
}
