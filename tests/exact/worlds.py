"""Generated cases in the vectors' format: a request, and policies of every kind near it."""

from __future__ import annotations

import re
from random import Random
from typing import Any, Final

from tests.exact import near
from tests.exact.vocabulary import ACCOUNTS, KEYS, MANY, Thing, a_caller, a_context, a_thing, a_value

Case = dict[str, Any]
Statement = dict[str, Any]

TYPES: Final = {
    "string": (
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "StringNotLike",
    ),
    "number": tuple(
        f"Numeric{one}"
        for one in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "date": tuple(
        f"Date{one}"
        for one in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "bool": ("Bool",),
    "binary": ("BinaryEquals",),
    "ip": ("IpAddress", "NotIpAddress"),
    "arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
    "null": ("Null",),
}
OPERATORS: Final = tuple((kind, name) for kind, names in TYPES.items() for name in names)
UNKNOWN: Final = (
    "StringMatches",
    "NullIfExists",
    "ForAnyValues:StringEquals",
    "StringLikeIgnoreCase",
    "NotStringEquals",
)

WELL_FORMED: Final = re.compile(r"\$\{(?:[*?$]|[A-Za-z0-9:/_.-]+(?:, '[^'}]*')?)\}")


def well_formed(text: Any) -> Any:
    """A pattern whose variables can be read; what a broken one means, no rule says."""
    if isinstance(text, str) and "${" in WELL_FORMED.sub("", text):
        return text.replace("${", "$*")
    return text


def as_written(draw: Random, listed: list[Any]) -> Any:
    """R11: one value may stand by itself."""
    return listed[0] if len(listed) == 1 and draw.random() < 0.6 else listed


class Near:
    """Draws statements near one request."""

    def __init__(self, draw: Random, caller: dict[str, Any], thing: Thing, context: dict[str, Any]) -> None:
        self.draw = draw
        self.caller = caller
        self.thing = thing
        self.context = context

    def chance(self, of: float) -> bool:
        return self.draw.random() < of

    def statement(self, effect: str, *, principal: bool = False, resource: bool = True) -> Statement:
        """One statement; each part meets the request more often than not."""
        made: Statement = {"Effect": effect}
        if self.chance(0.1):
            made["Sid"] = f"S{self.draw.randrange(100)}"
        if principal:
            made |= self.principal(effect)
        made |= self.listed("Action", lambda hit: near.action(self.draw, self.thing.action, hit=hit))
        if resource:
            asked = self.thing.resource
            made |= self.listed(
                "Resource", lambda hit: well_formed(near.resource(self.draw, asked, self.context, hit=hit))
            )
        if self.chance(0.5):
            made["Condition"] = self.condition()
        return made

    def listed(self, name: str, one: Any) -> Statement:
        """`Action` or `NotAction` (`Resource` or `NotResource`) with a few patterns."""
        if self.chance(0.01):
            return {name: []}
        if self.chance(0.15):  # To match, every pattern of Not… has to miss.
            hit = self.chance(0.2)
            count = self.draw.choice((1, 1, 2))
            return {f"Not{name}": as_written(self.draw, [one(hit) for _ in range(count)])}
        return {name: as_written(self.draw, [one(self.chance(0.85)) for _ in range(self.draw.choice((1, 1, 2, 3)))])}

    def principal(self, effect: str) -> Statement:
        if self.chance(0.03):  # R25
            return {}
        if effect == "Deny" and self.chance(0.4):
            return {"NotPrincipal": self.spared()}
        if self.chance(0.1):
            return {"Principal": self.draw.choice(("*", "*", {}, [], {"AWS": []}))}
        entries = [
            near.named(self.draw, self.caller, hit=self.chance(0.75)) for _ in range(self.draw.choice((1, 1, 2, 3)))
        ]
        return {"Principal": self.grouped(entries)}

    def spared(self) -> Any:
        """A NotPrincipal: the whole of R38's list, or a part of it."""
        whole = [(key, entry) for key, entry in near.names_of(self.caller) if entry != "*"]
        if self.chance(0.1) or not whole:
            return self.draw.choice(("*", {"AWS": "*"}, {}, {"AWS": []}))
        entries = [one for one in dict.fromkeys(whole) if self.chance(0.85)]
        return self.grouped(entries or [near.named(self.draw, self.caller, hit=False)])

    def grouped(self, entries: list[tuple[str, str]]) -> dict[str, Any]:
        keys = dict.fromkeys(key for key, _ in entries)
        return {key: as_written(self.draw, [entry for at, entry in entries if at == key]) for key in keys}

    def condition(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for _ in range(self.draw.choice((1, 1, 1, 2, 3))):
            kind, base = self.draw.choice(OPERATORS)
            many = self.chance(0.45)
            qualifier = (
                self.draw.choice(("ForAllValues:", "ForAnyValue:")) if self.chance(0.85 if many else 0.2) else ""
            )
            if_exists = "IfExists" if base != "Null" and self.chance(0.3) else ""
            name = self.draw.choice(UNKNOWN) if self.chance(0.01) else f"{qualifier}{base}{if_exists}"
            key, values = self.tested(kind, base, many=many)
            made.setdefault(name, {})[near.maybe_recased(self.draw, key)] = values
        if self.chance(0.02):
            made[f"{self.draw.choice(OPERATORS)[1]}"] = {}
        return made

    def tested(self, kind: str, base: str, *, many: bool) -> tuple[str, Any]:
        """A key and the values it is held against."""
        if base == "Null":
            key = self.draw.choice((*self.context, near.ABSENT, *KEYS["bool"]))
            return key, as_written(self.draw, [self.draw.choice(("true", "false", "True", True, False, "yes"))])
        known = (MANY if many else KEYS)[kind if not self.chance(0.04) else self.draw.choice(tuple(KEYS))]
        key = near.ABSENT if self.chance(0.05) else self.draw.choice(known)
        if self.chance(0.03):
            return key, []
        found = self.context.get(key)
        found = (
            self.draw.choice(found or [a_value(self.draw, kind)]) if found is None or isinstance(found, list) else found
        )
        often = 0.35 if "Not" in base else 0.8
        value = near.VALUES[kind]
        wanted = [
            well_formed(value(self.draw, found, self.context, hit=self.chance(often)))
            for _ in range(self.draw.choice((1, 1, 2, 3)))
        ]
        return key, as_written(self.draw, wanted)

    def document(self, denies: float, *, generous: float = 0.0, **more: Any) -> dict[str, Any]:
        """A policy; `generous` is how often it allows everything."""
        made = [
            self.statement("Deny" if self.chance(denies) else "Allow", **more)
            for _ in range(self.draw.choice((1, 1, 2, 3)))
        ]
        if self.chance(generous):
            everybody = {"Principal": "*"} if more.get("principal") else {}
            made.insert(
                self.draw.randint(0, len(made)), {"Effect": "Allow", **everybody, "Action": "*", "Resource": "*"}
            )
        if self.chance(0.01):
            made = []
        version = self.draw.choices(({"Version": "2012-10-17"}, {"Version": "2008-10-17"}, {}), weights=(85, 8, 7))[0]
        return {**version, "Statement": as_written(self.draw, made)}

    def policies(self) -> dict[str, Any]:
        """What bears on the request, or might seem to."""
        held: dict[str, Any] = {
            "identity": [self.document(0.08, generous=0.3) for _ in range(self.draw.choice((0, 1, 1, 2, 2, 3)))],
        }
        if self.chance(0.75 if self.wants_resource_policy() else 0.5):
            held["resource"] = self.document(0.1, principal=True, resource=self.chance(0.7))
        if self.chance(0.25):
            held["boundary"] = self.document(0.05, generous=0.5)
        if self.chance(0.45 if self.caller["type"] in ("assumed-role", "federated-user", "root") else 0.05):
            held["session"] = [self.document(0.05, generous=0.4) for _ in range(self.draw.choice((0, 1, 1, 2)))]
        if self.chance(0.25):
            held["scp"] = [self.level() for _ in range(self.draw.choice((1, 2, 3)))]
        if self.chance(0.2):
            held["rcp"] = [self.rcp_level() for _ in range(self.draw.choice((1, 2, 3)))]
        if self.chance(0.04):
            held["vpce"] = self.document(0.05, generous=0.7, principal=True)
        return held

    def wants_resource_policy(self) -> bool:
        return self.thing.action.startswith(("sts:", "kms:")) or self.caller["type"] not in (
            "user",
            "assumed-role",
            "federated-user",
        )

    def level(self) -> list[dict[str, Any]]:
        if self.chance(0.02):
            return []
        return [self.document(0.06, generous=0.8) for _ in range(self.draw.choice((1, 1, 2)))]

    def rcp_level(self) -> list[dict[str, Any]]:
        """R79: the default policy at every level, and Denies."""
        whole = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        level = [] if self.chance(0.01) else [{"Version": "2012-10-17", "Statement": [whole]}]
        if self.chance(0.3):
            denied = {**self.statement("Deny"), "Principal": "*"}
            level.append({"Version": "2012-10-17", "Statement": [denied]})
        return level


def a_case(draw: Random) -> Case:
    """A whole world and one request, in the vectors' format, without what is expected."""
    caller = a_caller(draw)
    home = caller["account"] or ACCOUNTS[0]
    other = next(one for one in ACCOUNTS if one != home)
    owner = other if draw.random() < 0.25 else home
    thing = a_thing(draw, owner)
    drawn = Near(draw, caller, thing, a_context(draw))
    request = {
        "principal": caller,
        "action": thing.action,
        "resource": thing.resource,
        "resource_account": home if thing.resource == "*" else owner,
        "context": drawn.context,
    }
    if draw.random() < 0.03:
        request["resource_in_management_account"] = True
    return {"policies": drawn.policies(), "request": request}
