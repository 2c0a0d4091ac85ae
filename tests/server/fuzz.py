"""Requests that are nearly right, drawn from botocore's model: every operation, with parameters of every kind.

Whoever sends them may tell what was answered (`Fuzzer.learn`): then identifiers, names and markers that were given out
come back in later requests, where they belong and where they don't.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from tests.server.hostile import ODD, material, materials, policies

Pair = tuple[str, str]
MOST, MUCH = 2_000_000, 30_000
"""Characters of a form: no longer ones are drawn, and few that are longer than the second."""
KEPT = 40
"""How many values of a name are remembered."""
ARN_OF = {
    "PolicyArn": "policy",
    "PermissionsBoundary": "policy",
    "RoleArn": "role",
    "PolicySourceArn": "user",
    "SAMLProviderArn": "saml-provider",
    "PrincipalArn": "saml-provider",
    "OpenIDConnectProviderArn": "oidc-provider",
    "SerialNumber": "mfa",
    "TemplateArn": "role-template",
}
"""Which resources a parameter names by their ARN."""
WORDS = {
    "AWSServiceName": ("ecs.amazonaws.com", "autoscaling.amazonaws.com", "es.amazonaws.com"),
    "ServiceName": ("codecommit.amazonaws.com", "cassandra.amazonaws.com"),
    "ServiceNamespaces": ("iam", "s3", "ec2"),
    "ServiceNamespace": ("iam", "s3", "ec2"),
    "ActionNames": ("iam:GetUser", "s3:GetObject", "iam:*", "sts:AssumeRole"),
    "Password": ("Correct-1-horse", "Correct-2-horse"),
    "OldPassword": ("Correct-1-horse", "Correct-2-horse"),
    "NewPassword": ("Correct-1-horse", "Correct-2-horse"),
    "SigningAlgorithm": ("RS256", "ES384"),
    "ThumbprintList": ("0" * 40, "a" * 40),
    "SourceIdentity": ("alice", "bob"),
    "Status": ("Active", "Inactive"),
}
"""Words that mean something, by parameter."""
NUMBERS = (1, 2, 3, 100, 900, 3600, 43200, 1000, 1001, 0, -5, 2**31, 2**63, 10**25, "1.5", "１", "1_000", "0x10", "NaN")
TIMES = ("2026-01-01T00:00:00Z", "2026-01-01", "yesterday", "1e9", "9999-12-31T23:59:60Z", "-1", "0001-01-01T00:00:00Z")
URLS = (
    "https://localhost/a",
    "https://localhost:444/b/c",
    "https://example.invalid",
    "https://192.0.2.1",
    "https://[::1]:80/x",
    "http://localhost",
    "https://",
    "https://user:password@localhost/",
    "https://localhost/a?b=c#d",
    "https://ex\u0430mple.invalid/" + "y" * 300,
)


@cache
def service_model(name: str) -> ServiceModel:
    """botocore's."""
    return botocore.session.get_session().get_service_model(name)


class Fuzzer:
    """Draws requests; the same seed (and the same answers) draw the same."""

    def __init__(
        self, seed: int | str, account: str, built: Container[tuple[str, str]], spared: Container[str] = frozenset()
    ) -> None:
        """`spared`: what no request names, such as the keys that sign the requests."""
        self.draw, self.spared = random.Random(seed), spared
        self.account, self.built = account, built
        self.models = [service_model(name) for name in ("iam", "sts")]
        self.operations: list[tuple[ServiceModel, OperationModel]] = [
            (model, model.operation_model(name)) for model in self.models for name in sorted(model.operation_names)
        ]
        self.known: defaultdict[str, list[str]] = defaultdict(list)

    def requests(self, count: int) -> Iterator[tuple[str, str, bytes]]:
        """Service, operation and form body. Every operation comes up; the built ones seven times as often."""
        often = [each for each in self.operations if (each[0].service_name, each[1].name) in self.built]
        turn: list[tuple[ServiceModel, OperationModel]] = []
        for _ in range(count):
            if not turn:
                many = [*self.operations, *often * 6]
                turn = self.draw.sample(many, len(many))
            model, operation = turn.pop()
            yield model.service_name, operation.name, self.written(self.form(model, operation))

    def form(self, model: ServiceModel, operation: OperationModel) -> list[Pair]:
        """A request of an operation, seldom a long one."""
        while True:
            pairs = [("Action", operation.name), ("Version", model.api_version), *self.parameters(operation)]
            size = sum(len(value) for _, value in pairs)
            if size < MUCH or (size < MOST and self.draw.random() < 0.02):
                return pairs

    def learn(self, answer: Mapping[str, Any]) -> None:
        """Remember what an answer named."""
        for name, value in answer.items():
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, Mapping):
                    self.learn(each)
                elif isinstance(each, str) and 0 < len(each) < 4_000:
                    self._keep(name, each)
                    if each.startswith("arn:"):
                        self._keep(each.split(":", 5)[-1].partition("/")[0], each)

    def _keep(self, name: str, value: str) -> None:
        if value in self.spared or value in self.known[name]:
            return
        kept = self.known[name]
        kept.append(value)
        if len(kept) > KEPT:
            kept.pop(self.draw.randrange(KEPT))

    def parameters(self, operation: OperationModel) -> list[Pair]:
        """Members of the input, most of the required ones among them; of the others none, some or most."""
        shape, further = operation.input_shape, self.draw.choice((0, 0.15, 0.35, 0.7))
        if shape is None:
            return []
        pairs: list[Pair] = []
        for name, member in shape.members.items():
            if self.draw.random() < (0.98 if name in shape.required_members else further):
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
        """A value of the shape; now and then of another."""
        draw = self.draw
        if draw.random() < 0.01:
            wrong = draw.choice(("", ".member.1", ".1", ".entry.1.key", ".Key", ".member.1.member.1", "." * 50))
            return [(prefix + wrong, draw.choice(ODD))]
        if isinstance(shape, StructureShape):
            pairs: list[Pair] = []
            for inner, member in shape.members.items():
                if draw.random() < 0.9:
                    pairs += self.value(f"{prefix}.{inner}", inner, member, depth + 1)
            return pairs
        if isinstance(shape, ListShape):
            count = draw.choice((0, 1, 1, 2, 3, 60)) if depth < 2 else 1
            if draw.random() < 0.003:
                count = 1_500
            joint = prefix if shape.serialization.get("flattened") else f"{prefix}.member"
            return [
                pair for n in range(1, count + 1) for pair in self.value(f"{joint}.{n}", name, shape.member, depth + 1)
            ] or [(prefix, "")]
        if isinstance(shape, MapShape):
            count = draw.choice((1, 1, 2, 40))
            return [
                pair
                for n in range(1, count + 1)
                for pair in (
                    (f"{prefix}.entry.{n}.key", self.text(name, shape.key)),
                    *self.value(f"{prefix}.entry.{n}.value", name, shape.value, depth + 1),
                )
            ]
        return [(prefix, self.scalar(name, shape))]

    def scalar(self, name: str, shape: Shape) -> str:
        draw = self.draw
        if draw.random() < 0.05:
            return draw.choice(ODD)
        if shape.type_name in ("integer", "long"):
            least, most = int(shape.metadata.get("min", 1)), int(shape.metadata.get("max", 50))
            if draw.random() < 0.6:
                return str(draw.randint(least, max(least, min(most, 2**31))))
            return str(draw.choice((*NUMBERS, least, most, least - 1, most + 1)))
        if shape.type_name == "boolean":
            return draw.choice(("true", "false") * 4 + ("True", "1", ""))
        if shape.type_name == "timestamp":
            return draw.choice(TIMES)
        if shape.type_name == "blob":
            return draw.choice(("AAAA", "====", "ä"))
        return self.text(name, shape)

    def text(self, name: str, shape: Shape) -> str:
        draw, n = self.draw, self.draw.randrange(4)
        if name in materials():
            return material(draw, name)
        if "PolicyDocument" in name or name in ("Policy", "PolicyInputList"):
            return policies(draw)
        enum = shape.metadata.get("enum")
        if enum:
            return str(draw.choice(enum))
        given_out = self.given_out(name)
        if given_out is not None:
            return given_out
        if name in ARN_OF and draw.random() < 0.7:
            return f"arn:aws:iam::{self.account}:{ARN_OF[name]}/{ARN_OF[name][0]}{n}"
        if name in WORDS and draw.random() < 0.7:
            return draw.choice(WORDS[name])
        if "Arn" in name or "ARN" in name or name == "PermissionsBoundary":
            noun = draw.choice(("policy/p", "role/r", "user/u", "group/g", "instance-profile/i", "policy/path/p"))
            return f"arn:aws:iam::{self.account}:{noun}{n}"
        if name.endswith("Path") or name == "PathPrefix":
            return draw.choice(("/", "/a/", "/a/b/", "/path/", "a", "/" + "x" * 600 + "/"))
        if name == "Marker":
            return draw.choice(("AAAA", "eyJhIjoxfQ==", "x" * 300, "AAE="))
        if "Url" in name or name == "ProviderId":
            return draw.choice(URLS)
        if "VersionId" in name:
            return draw.choice(("v1", "v2", "v7", "v0", "v01", "latest"))
        if "Code" in name:
            return draw.choice(("000000", "123456", "12345", "１２３４５６"))
        for word, letter in (("User", "u"), ("Group", "g"), ("Role", "r"), ("Profile", "i"), ("Policy", "p")):
            if word in name and name.endswith("Name"):
                return f"{letter}{n}" if draw.random() < 0.9 else f"{letter}{n}".upper()
        return self.of_length(n, shape)

    def given_out(self, name: str) -> str | None:
        """A value that an answer had: mostly of this name, sometimes of any."""
        draw = self.draw
        if draw.random() < 0.02 and self.known:
            return draw.choice(self.known[draw.choice(sorted(self.known))] or [name])
        kept = self.known.get(ARN_OF.get(name, name))
        return draw.choice(kept) if kept and draw.random() < 0.45 else None

    def of_length(self, n: int, shape: Shape) -> str:
        """A text of some length between the bounds, at them, or just beyond."""
        least = int(shape.metadata.get("min", 0) or 0)
        most = min(int(shape.metadata.get("max", 40) or 40), 200_000)
        if self.draw.random() < 0.6:
            return f"value{n}".ljust(min(least, most), "v")
        return self.draw.choice("xy/") * self.draw.choice((least, most, max(least - 1, 0), most + 1))

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
