"""Requests that are nearly right, drawn from botocore's model: every operation, with parameters of every kind."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Container, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

Pair = tuple[str, str]

ODD = (
    "",
    " ",
    "0",
    "-1",
    "*",
    "?",
    "None",
    "null",
    "\x00",
    "\x1b[31m",
    "\ud7ff",
    "ünïcødé",
    "한글 이름",
    "🔑" * 20,
    "<a>&amp;</a>",
    "]]>",
    "${aws:username}",
    "%s%n%d",
    "'; DROP TABLE users; --",
    "../../etc/passwd",
    "a/b/c",
    "/",
    "//",
    "/a b/",
    "arn:",
    "arn:aws:iam::",
    "arn:aws:iam::123456789012:user/x",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "9" * 400,
    "x" * 2_100,
)
STATEMENT = {"Effect": "Allow", "Action": ["iam:Get*", "s3:GetObject"], "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}


def deep(levels: int) -> str:
    """JSON that is nested and nothing else."""
    return "[" * levels + "]" * levels


def policies(draw: random.Random) -> str:
    """A document: right, or wrong in one of many ways."""
    body = dict(draw.choice((STATEMENT, TRUST)))
    if draw.random() < 0.3:
        body["Condition"] = {
            draw.choice(("StringEquals", "ForAllValues:StringLike", "IpAddress", "Bool", "DateLessThan", "Nope")): {
                draw.choice(("aws:username", "aws:SourceIp", "aws:TagKeys", "iam:PassedToService", "")): draw.choice(
                    ("x", ["a", "b"], True, 5, None, [], "10.0.0.0/33", "${aws:username", {"a": 1})
                )
            }
        }
    if draw.random() < 0.2:
        body[draw.choice(list(body))] = draw.choice((None, 1, [], {}, "*", ["*", 1], "Deny", {"AWS": ["*", 7]}))
    if draw.random() < 0.1:
        body.pop(draw.choice(list(body)))
    document: Any = {"Version": draw.choice(("2012-10-17", "2008-10-17", "2020-01-01")), "Statement": [body]}
    text = json.dumps(document)
    broken: tuple[Callable[[], str], ...] = (
        lambda: text[: draw.randrange(len(text))],
        lambda: text.replace('"', "'"),
        lambda: text + text,
        lambda: deep(draw.choice((5, 500, 50_000))),
        lambda: '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
        lambda: '{"a":1e999,"b":NaN}',
        lambda: '"\\ud800"',
        lambda: text.replace("Allow", "A\u0000llow"),
        lambda: text.replace("*", "x" * draw.choice((3_000, 150_000))),
    )
    return text if draw.random() < 0.6 else draw.choice(broken)()


@cache
def service_model(name: str) -> ServiceModel:
    """botocore's."""
    return botocore.session.get_session().get_service_model(name)


class Fuzzer:
    """Draws requests; the same seed draws the same."""

    def __init__(self, seed: int, account: str, built: Container[tuple[str, str]]) -> None:
        self.draw = random.Random(seed)
        self.account, self.built = account, built
        self.models = [service_model(name) for name in ("iam", "sts")]
        self.operations: list[tuple[ServiceModel, OperationModel]] = [
            (model, model.operation_model(name)) for model in self.models for name in sorted(model.operation_names)
        ]

    def requests(self, count: int) -> Iterator[tuple[str, str, bytes]]:
        """Service, operation and form body. Every operation comes up; the built ones seven times as often."""
        often = [each for each in self.operations if (each[0].service_name, each[1].name) in self.built]
        turn: list[tuple[ServiceModel, OperationModel]] = []
        for _ in range(count):
            if not turn:
                many = [*self.operations, *often * 6]
                turn = self.draw.sample(many, len(many))
            model, operation = turn.pop()
            pairs = [("Action", operation.name), ("Version", model.api_version), *self.parameters(operation)]
            yield model.service_name, operation.name, self.written(pairs)

    def parameters(self, operation: OperationModel) -> list[Pair]:
        """Members of the input, most of the required ones among them."""
        shape = operation.input_shape
        if shape is None:
            return []
        pairs: list[Pair] = []
        for name, member in shape.members.items():
            if self.draw.random() < (0.97 if name in shape.required_members else 0.35):
                pairs += self.value(name, name, member)
        return pairs + self.surplus(pairs)

    def surplus(self, pairs: list[Pair]) -> list[Pair]:
        """What nobody asked for, now and then."""
        draw = self.draw
        found: list[Pair] = []
        if draw.random() < 0.05 and pairs:
            name = draw.choice(pairs)[0]
            found.append((name, draw.choice(ODD)))
        if draw.random() < 0.05:
            found.append((draw.choice(("Nope", "", "member.1", "Tags", "Tags.member.x.Key", "a.b.c.d", "Path.1")), "1"))
        if draw.random() < 0.03:
            found += [(f"Tags.member.{n}.Key", f"k{n}") for n in (0, 1, 99, 10**9, 10**30)]
        return found

    def value(self, prefix: str, name: str, shape: Shape, depth: int = 0) -> list[Pair]:
        draw = self.draw
        if isinstance(shape, StructureShape):
            pairs: list[Pair] = []
            for inner, member in shape.members.items():
                if draw.random() < 0.9:
                    pairs += self.value(f"{prefix}.{inner}", inner, member, depth + 1)
            return pairs
        if isinstance(shape, ListShape):
            count = draw.choice((0, 1, 1, 2, 3, 60)) if depth < 2 else 1
            joint = prefix if shape.serialization.get("flattened") else f"{prefix}.member"
            return [
                pair for n in range(1, count + 1) for pair in self.value(f"{joint}.{n}", name, shape.member, depth + 1)
            ] or [(prefix, "")]
        if isinstance(shape, MapShape):
            return [(f"{prefix}.entry.1.key", self.text(name, shape)), (f"{prefix}.entry.1.value", "x")]
        return [(prefix, self.scalar(name, shape))]

    def scalar(self, name: str, shape: Shape) -> str:
        draw = self.draw
        if draw.random() < 0.06:
            return draw.choice(ODD)
        if shape.type_name in ("integer", "long"):
            return str(draw.choice((1, 2, 100, 900, 3600, 1000, 1001, 0, -5, 2**31, 10**25, "1.5", "１")))
        if shape.type_name == "boolean":
            return draw.choice(("true", "false", "true", "false", "True", "1", ""))
        if shape.type_name == "timestamp":
            return draw.choice(("2026-01-01T00:00:00Z", "2026-01-01", "yesterday", "1e9", "9999-12-31T23:59:60Z"))
        if shape.type_name == "blob":
            return draw.choice(("AAAA", "====", "ä"))
        return self.text(name, shape)

    def text(self, name: str, shape: Shape) -> str:
        draw, n = self.draw, self.draw.randrange(4)
        if "PolicyDocument" in name or name in ("Policy", "PolicyInputList"):
            return policies(draw)
        enum = shape.metadata.get("enum")
        if enum:
            return str(draw.choice(enum))
        if "Arn" in name or "ARN" in name or name == "PermissionsBoundary":
            noun = draw.choice(("policy/p", "role/r", "user/u", "group/g", "instance-profile/i", "policy/path/p"))
            return f"arn:aws:iam::{self.account}:{noun}{n}"
        if name.endswith("Path") or name == "PathPrefix":
            return draw.choice(("/", "/a/", "/a/b/", "/path/", "a", "/" + "x" * 600 + "/"))
        if name == "Marker":
            return draw.choice(("AAAA", "eyJhIjoxfQ==", "x" * 300, "AAE="))
        if "VersionId" in name:
            return draw.choice(("v1", "v2", "v7", "v0", "v01", "latest"))
        for word, letter in (("User", "u"), ("Group", "g"), ("Role", "r"), ("Profile", "i"), ("Policy", "p")):
            if word in name and name.endswith("Name"):
                return f"{letter}{n}"
        least = int(shape.metadata.get("min", 0) or 0)
        return draw.choice((f"value{n}", "x" * max(least, 1), "y" * int(shape.metadata.get("max", 40) or 40)))

    def written(self, pairs: list[Pair]) -> bytes:
        """The form, now and then not quite in form."""
        draw = self.draw
        parts = [f"{quote(k, safe='.')}={quote(v.encode('utf-8', 'surrogatepass'), safe='')}" for k, v in pairs]
        chance = draw.random()
        if chance < 0.02:
            parts.insert(
                draw.randrange(len(parts)), draw.choice(("%", "a=%zz", "%ff=%fe", "=", "&&", "a", ";", "%00=%00"))
            )
        body = "&".join(parts).encode()
        if 0.02 < chance < 0.03:
            place = draw.randrange(len(body))
            body = body[:place] + bytes([draw.randrange(256)]) + body[place:]
        return body
