"""Wire: which operation of a REST service a method and a path name.

A template such as `/{Bucket}/{Key+}?uploads` is a path with labels and constants that the query must hold. Operations
with the same method and template are told apart by the query members and headers they can't do without
(`uploadId`, `x-amz-copy-source`). A request that fits two operations equally well, or that names a sub-resource
the chosen operation knows nothing about, fits none: `DELETE /bucket?acl` must never be DeleteBucket.

Source: Smithy, "HTTP bindings", `http` trait; S3 API reference, "Actions".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ostiary.wire.faults import WireFault
from ostiary.wire.models import Operation, Service


@dataclass(frozen=True, slots=True)
class Match:
    """The operation a request names, and the labels of its path, decoded."""

    operation: Operation
    path_params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One operation behind a path template."""

    operation: Operation
    constants: tuple[tuple[str, str | None], ...]
    """What the query must hold; no value: any will do."""
    needs_query: frozenset[str]
    needs_headers: frozenset[str]
    knows: frozenset[str]
    """The query names that are its members."""

    def holds(self, query: Mapping[str, str]) -> bool:
        return all(name in query and (value is None or query[name] == value) for name, value in self.constants)


@dataclass(frozen=True, slots=True)
class Path:
    """The path of some templates: literals and labels."""

    segments: tuple[str, ...]
    greedy: int | None
    """The index of the label that swallows slashes."""

    @property
    def specificity(self) -> tuple[int, int, bool]:
        """Literals before labels, long before short, greedy last."""
        literals = sum(not s.startswith("{") for s in self.segments)
        return (literals, len(self.segments), self.greedy is None)

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """The labels, still encoded, when the path fits."""
        segments, extra = self.segments, len(parts) - len(self.segments)
        if extra and (extra < 0 or self.greedy is None):
            return None
        if self.greedy is not None:
            end = self.greedy + extra + 1
            parts = [*parts[: self.greedy], "/".join(parts[self.greedy : end]), *parts[end:]]
        labels = {}
        for segment, part in zip(segments, parts, strict=True):
            if segment.startswith("{"):
                if not part:
                    return None
                labels[segment.strip("{}+")] = part
            elif segment != part:
                return None
        return labels


@dataclass(frozen=True, slots=True)
class Branch:
    """A method and a path, and the operations behind it, the most specific first."""

    path: Path
    candidates: tuple[Candidate, ...]
    subresources: frozenset[str]
    """Query names that choose an operation here, whatever the method."""


def split_template(uri: str) -> tuple[Path, tuple[tuple[str, str | None], ...]]:
    """Take `/{Bucket}/{Key+}?select&select-type=2` apart."""
    path, _, query = uri.partition("?")
    segments = tuple(path.removeprefix("/").split("/"))
    greedy = next((i for i, s in enumerate(segments) if s.endswith("+}")), None)
    pairs = (item.partition("=") for item in query.split("&") if item)
    return Path(segments, greedy), tuple((name, value if eq else None) for name, eq, value in pairs)


def candidate(operation: Operation, constants: tuple[tuple[str, str | None], ...]) -> Candidate:
    """An operation with what tells it apart."""
    members = list(operation.input.members()) if operation.input else []
    required = set(operation.input.shape.required) if operation.input else set()
    query = {n: node.wire_name or n for n, node in members if node.ref.location == "querystring"}
    headers = {n: (node.wire_name or n).lower() for n, node in members if node.ref.location == "header"}
    return Candidate(
        operation,
        constants,
        frozenset(wire for name, wire in query.items() if name in required),
        frozenset(wire for name, wire in headers.items() if name in required),
        frozenset(query.values()),
    )


def routes(service: Service) -> Mapping[str, tuple[Branch, ...]]:
    """The branches of a REST service by method, the most specific path first."""
    if service.routes is None:
        service.routes = build_routes(service)
    found: Mapping[str, tuple[Branch, ...]] = service.routes
    return found


def build_routes(service: Service) -> Mapping[str, tuple[Branch, ...]]:
    """Sort the operations of a service into branches."""
    found: dict[tuple[str, Path], list[Candidate]] = defaultdict(list)
    subresources: dict[Path, set[str]] = defaultdict(set)
    for name in service.operation_names:
        operation = service.operation(name)
        path, constants = split_template(operation.http.request_uri)
        found[operation.http.method, path].append(candidate(operation, constants))
        subresources[path].update(c for c, _ in constants)
    table: dict[str, list[Branch]] = defaultdict(list)
    for (method, path), candidates in found.items():
        # Siblings differ in what they can't do without; the more the first. Deprecated twins come last.
        candidates.sort(key=lambda c: c.operation.deprecated)
        candidates.sort(key=lambda c: (len(c.constants), len(c.needs_query) + len(c.needs_headers)), reverse=True)
        choosing = {n for c in candidates for n in c.needs_query if len(candidates) > 1}
        table[method].append(Branch(path, tuple(candidates), frozenset(subresources[path] | choosing)))
    return {
        method: tuple(sorted(branches, key=lambda b: b.path.specificity, reverse=True))
        for method, branches in table.items()
    }


def match_rest(
    service: Service, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> Match | None:
    """Find the operation a REST request names.

    Args:
        path: as sent, percent-encoded, beginning with `/`; for S3 path-style (`/bucket/key`).
        query: decoded; the first value of each name.
        headers: names in lower case.

    Raises:
        WireFault: InvalidURI, the path isn't percent-encoded UTF-8.
    """
    parts = path.removeprefix("/").split("/")
    if service.name == "s3" and len(parts) == 2 and not parts[1]:
        parts.pop()  # `/bucket/` is the bucket
    for branch in routes(service).get(method, ()):
        labels = branch.path.match(parts)
        if labels is not None and (chosen := choose(branch, query, headers)) is not None:
            return Match(chosen.operation, {name: decode(part) for name, part in labels.items()})
    return None


def choose(branch: Branch, query: Mapping[str, str], headers: Mapping[str, str]) -> Candidate | None:
    """The one operation of a branch that the query and the headers name."""
    fitting = [c for c in branch.candidates if c.holds(query)]
    if not fitting:
        return None
    most = len(fitting[0].constants)
    siblings = [c for c in fitting if c.constants == fitting[0].constants]
    if most and any(len(c.constants) == most and c.constants != fitting[0].constants for c in fitting):
        return None  # two sub-resources at once
    chosen = siblings[0]
    if len(siblings) > 1:
        able = (c for c in siblings if c.needs_query <= query.keys() and c.needs_headers <= headers.keys())
        chosen = next(able, siblings[-1])
    understood = chosen.knows.union(name for name, _ in chosen.constants)
    if any(name in query and name not in understood for name in branch.subresources):
        return None
    return chosen


def decode(part: str) -> str:
    """Percent-decode a part of a path; a plus sign stays one."""
    if "%" not in part:
        return part
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise WireFault("InvalidURI", "Couldn't parse the specified URI.") from None
