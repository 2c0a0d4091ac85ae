"""Wire: a shape together with the traits of the member that refers to it.

Source: the Smithy specification's protocol traits, as botocore's API models write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import RLock

from ostiary.wire.model_files import Namespace, RawShape, Ref

COMPILING = RLock()
"""Held while shapes are compiled: a half-compiled shape refers to itself, and must not be seen by another thread."""
MAX_DEPTH = 64
"""How deep a value may nest, in any protocol."""


@dataclass(frozen=True, slots=True)
class Node:
    """A shape as one member sees it; two equal nodes are read, checked and written alike."""

    ref: Ref
    shapes: dict[str, RawShape] = field(compare=False, repr=False)

    @property
    def shape(self) -> RawShape:
        return self.shapes[self.ref.shape]

    @property
    def type(self) -> str:
        """structure, list, map, string, integer, long, boolean, timestamp, blob, float, double, …"""
        return self.shape.type

    @property
    def name(self) -> str:
        """The name of the shape."""
        return self.ref.shape

    @property
    def wire_name(self) -> str | None:
        """The name on the wire when it is not the member's own."""
        return self.ref.location_name or self.shape.location_name

    @property
    def flattened(self) -> bool:
        """Elements stand side by side, without a list around them."""
        return self.ref.flattened or self.shape.flattened

    @property
    def streaming(self) -> bool:
        """The bytes are not part of the parameters: the door streams them."""
        return self.ref.streaming or self.shape.streaming or self.shape.eventstream

    @property
    def timestamp_format(self) -> str | None:
        return self.ref.timestamp_format or self.shape.timestamp_format

    @property
    def namespace(self) -> Namespace | None:
        found = self.ref.xml_namespace or self.shape.xml_namespace
        return Namespace(found) if isinstance(found, str) else found

    def at(self, ref: Ref) -> Node:
        """The node another reference of the same model leads to."""
        return Node(ref, self.shapes)

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of a structure, in the order of the model."""
        for name, ref in self.shape.members.items():
            yield name, Node(ref, self.shapes)

    @property
    def element(self) -> Node:
        """What a list holds."""
        assert self.shape.member is not None
        return self.at(self.shape.member)

    @property
    def key(self) -> Node:
        """What a map's keys are."""
        assert self.shape.key is not None
        return self.at(self.shape.key)

    @property
    def value(self) -> Node:
        """What a map's values are."""
        assert self.shape.value is not None
        return self.at(self.shape.value)
